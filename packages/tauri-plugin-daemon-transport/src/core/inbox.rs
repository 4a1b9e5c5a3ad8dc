//! What the page sends, until it is written to the socket. Frames are numbered by the page, so that a request
//! that runs twice takes effect once; one that would leave a gap, or exceed a limit, changes nothing.

use std::collections::VecDeque;

use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use crate::limits::{SEND_QUEUE_BYTES, SEND_QUEUE_MESSAGES};

/// One message of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Frame {
    /// Bytes of its payload.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Why frames were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// They do not fit: too many bytes, or too many messages.
    Full,
    /// Frames before these are missing; this number is expected.
    Gap(u64),
}

/// See the module.
#[derive(Debug)]
pub struct Inbox {
    next: u64,
    frames: VecDeque<Frame>,
    /// Payload bytes taken from the page and not yet written, those that a writer holds included.
    payload: usize,
    /// Their number.
    waiting: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            next: 1,
            frames: VecDeque::new(),
            payload: 0,
            waiting: 0,
        }
    }
}

impl Inbox {
    /// Takes frames of which the first has this number. Those that were taken before are skipped.
    pub fn take(&mut self, first: u64, frames: Vec<Frame>) -> Result<(), Refusal> {
        if first > self.next {
            return Err(Refusal::Gap(self.next));
        }
        let known = usize::try_from(self.next - first).unwrap_or(usize::MAX);
        let new = || frames.iter().skip(known);
        let payload = self.payload + new().map(Frame::len).sum::<usize>();
        let waiting = self.waiting + new().count();
        if payload > SEND_QUEUE_BYTES || waiting > SEND_QUEUE_MESSAGES {
            return Err(Refusal::Full);
        }
        self.next += new().count() as u64;
        self.payload = payload;
        self.waiting = waiting;
        self.frames.extend(frames.into_iter().skip(known));
        Ok(())
    }

    /// The number that the next frame gets.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Gives the frames to the writer; they go on counting until [`Inbox::written`].
    pub fn drain(&mut self) -> VecDeque<Frame> {
        std::mem::take(&mut self.frames)
    }

    /// So many frames with so many payload bytes have been handed to the network.
    pub fn written(&mut self, frames: usize, payload: usize) {
        self.payload = self.payload.saturating_sub(payload);
        self.waiting = self.waiting.saturating_sub(frames);
    }

    /// Payload bytes taken and not yet handed to the network.
    pub fn buffered(&self) -> usize {
        self.payload
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MESSAGE_BYTES;

    fn text(number: u64) -> Frame {
        Frame::Text(number.to_string().into())
    }

    #[test]
    fn a_gap_is_refused_and_changes_nothing() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.take(2, vec![text(2)]), Err(Refusal::Gap(1)));
        assert_eq!(inbox.take(1, vec![text(1)]), Ok(()));
        assert_eq!(inbox.drain(), [text(1)]);
    }

    #[test]
    fn two_messages_of_the_largest_size_fit_and_no_byte_more_until_they_are_written() {
        let mut inbox = Inbox::default();
        let big = || Frame::Binary(vec![0; MESSAGE_BYTES].into());
        assert_eq!(inbox.take(1, vec![big(), big()]), Ok(()));
        assert_eq!(inbox.take(3, vec![text(3)]), Err(Refusal::Full));
        let taken = inbox.drain();
        assert_eq!(inbox.take(3, vec![text(3)]), Err(Refusal::Full));
        assert_eq!(inbox.buffered(), 2 * MESSAGE_BYTES);
        inbox.written(taken.len(), 2 * MESSAGE_BYTES);
        assert_eq!(inbox.buffered(), 0);
        assert_eq!(inbox.take(3, vec![text(3)]), Ok(()));
    }

    #[test]
    fn a_flood_of_empty_messages_is_bounded_too() {
        let empty = Frame::Text(Utf8Bytes::default());
        let mut inbox = Inbox::default();
        let many = vec![empty.clone(); SEND_QUEUE_MESSAGES];
        assert_eq!(
            inbox.take(1, [&many[..], std::slice::from_ref(&empty)].concat()),
            Err(Refusal::Full)
        );
        assert_eq!(inbox.take(1, many), Ok(()));
        assert_eq!(inbox.take(inbox.next(), vec![empty]), Err(Refusal::Full));
    }
}
