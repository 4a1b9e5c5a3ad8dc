//! What the page sends, until it is written to the socket. Frames are numbered by the page, so that a request
//! that runs twice takes effect once; one that would leave a gap, or exceed the byte limit, changes nothing.

use std::collections::VecDeque;

use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use crate::limits::{ENTRY_BYTES, SEND_QUEUE_BYTES};

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
    /// They do not fit into the byte limit.
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
    cost: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            next: 1,
            frames: VecDeque::new(),
            payload: 0,
            cost: 0,
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
        let cost: usize = frames
            .iter()
            .skip(known)
            .map(|frame| frame.len() + ENTRY_BYTES)
            .sum();
        if self.cost > 0 && self.cost + cost > SEND_QUEUE_BYTES {
            return Err(Refusal::Full);
        }
        for frame in frames.into_iter().skip(known) {
            self.next += 1;
            self.payload += frame.len();
            self.frames.push_back(frame);
        }
        self.cost += cost;
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
        self.cost = self.cost.saturating_sub(payload + frames * ENTRY_BYTES);
    }

    /// Payload bytes taken and not yet handed to the network.
    pub fn buffered(&self) -> usize {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    fn the_byte_limit_holds_until_the_bytes_are_written() {
        let mut inbox = Inbox::default();
        let big = || Frame::Binary(vec![0; MESSAGE_BYTES].into());
        assert_eq!(inbox.take(1, vec![big()]), Ok(()));
        assert_eq!(inbox.take(2, vec![big()]), Err(Refusal::Full));
        let taken = inbox.drain();
        assert_eq!(inbox.take(2, vec![big()]), Err(Refusal::Full));
        assert_eq!(inbox.buffered(), MESSAGE_BYTES);
        inbox.written(taken.len(), MESSAGE_BYTES);
        assert_eq!(inbox.buffered(), 0);
        assert_eq!(inbox.take(2, vec![big()]), Ok(()));
    }

    proptest! {
        /// Requests are repeated, overlap and arrive late; what comes out is each frame once and in order.
        #[test]
        fn requests_that_run_again_take_effect_once(steps in prop::collection::vec((0_u64..40, 1_u64..10), 0..200)) {
            let mut inbox = Inbox::default();
            let mut out = Vec::new();
            let mut next = 1;
            for (first, count) in steps {
                let first = first + 1;
                let result = inbox.take(first, (first..first + count).map(text).collect());
                prop_assert_eq!(result.is_ok(), first <= next);
                if result.is_ok() {
                    next = next.max(first + count);
                }
                out.extend(inbox.drain());
            }
            prop_assert_eq!(out, (1..next).map(text).collect::<Vec<_>>());
        }
    }
}
