//! The raw body of `daemon_send`, as the guest library writes it. Numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version of this form: 1 |
//! | 16 | connection id |
//! | 16 | page id |
//! | 8 | acknowledgement: everything up to this number has been taken by the page |
//! | 8 | serial number of the last hand-over that the page has evaluated, or 0 |
//! | 8 | number of the first frame below (meaningless when there is none) |
//! | for each frame: 1 + 4 + n | kind (1 text, 2 binary), length, bytes |
//!
//! A body that breaks this form is refused whole, whatever its bytes are.

use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use super::{id::Id, inbox::Frame};
use crate::limits::{MESSAGE_BYTES, REQUEST_BYTES, SEND_QUEUE_MESSAGES};

const VERSION: u8 = 1;
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// A decoded body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The connection it is for.
    pub connection: Id,
    /// The page that sends it.
    pub page: Id,
    /// What the page has taken.
    pub acknowledged: u64,
    /// Serial number of the last hand-over that the page has evaluated.
    pub evaluated: Option<u64>,
    /// Number of the first frame.
    pub first: u64,
    /// The frames, in order.
    pub frames: Vec<Frame>,
}

/// Reads a body; the error says which part of it is wrong.
pub fn decode(body: Vec<u8>) -> Result<Request, &'static str> {
    if body.len() > REQUEST_BYTES {
        return Err("the body is larger than a request may be");
    }
    let mut rest = Bytes::from(body);
    if take(&mut rest, 1)?.first() != Some(&VERSION) {
        return Err("the body has another version than 1");
    }
    let connection = id(&mut rest)?;
    let page = id(&mut rest)?;
    let acknowledged = number(&mut rest)?;
    let evaluated = Some(number(&mut rest)?).filter(|&serial| serial != 0);
    let first = number(&mut rest)?;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let kind = take(&mut rest, 1)?;
        let length = take(&mut rest, 4)?;
        let length = u32::from_le_bytes(
            length
                .as_ref()
                .try_into()
                .map_err(|_| "a frame has no length")?,
        );
        let length = usize::try_from(length).map_err(|_| "a frame is too long")?;
        if length > MESSAGE_BYTES {
            return Err("a message is larger than 16 MiB");
        }
        // Before they are kept: a frame costs more here than the five bytes that it may have in the body.
        if frames.len() == SEND_QUEUE_MESSAGES {
            return Err("the body has more frames than may wait");
        }
        let bytes = take(&mut rest, length)?;
        frames.push(match kind.first() {
            Some(&TEXT) => {
                Frame::Text(Utf8Bytes::try_from(bytes).map_err(|_| "a text frame is not UTF-8")?)
            }
            Some(&BINARY) => Frame::Binary(bytes),
            _ => return Err("a frame is neither text nor binary"),
        });
    }
    Ok(Request {
        connection,
        page,
        acknowledged,
        evaluated,
        first,
        frames,
    })
}

fn take(rest: &mut Bytes, count: usize) -> Result<Bytes, &'static str> {
    if rest.len() < count {
        return Err("the body ends too early");
    }
    Ok(rest.split_to(count))
}

fn id(rest: &mut Bytes) -> Result<Id, &'static str> {
    let bytes = take(rest, 16)?;
    Ok(Id::from_bytes(
        bytes
            .as_ref()
            .try_into()
            .map_err(|_| "an id is incomplete")?,
    ))
}

fn number(rest: &mut Bytes) -> Result<u64, &'static str> {
    let bytes = take(rest, 8)?;
    Ok(u64::from_le_bytes(
        bytes
            .as_ref()
            .try_into()
            .map_err(|_| "a number is incomplete")?,
    ))
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_text_and_oversized_lengths_are_refused() {
        let mut head = [0; 57];
        head[0] = VERSION;
        let with = |frame: &[u8]| decode([&head[..], frame].concat());
        assert_eq!(
            with(&[TEXT, 1, 0, 0, 0, 0xff]),
            Err("a text frame is not UTF-8")
        );
        assert_eq!(
            with(&[BINARY, 0xff, 0xff, 0xff, 0xff]),
            Err("a message is larger than 16 MiB")
        );
        assert_eq!(
            with(&[3, 0, 0, 0, 0]),
            Err("a frame is neither text nor binary")
        );
        assert_eq!(decode(vec![]), Err("the body ends too early"));
        assert_eq!(
            decode(vec![VERSION; REQUEST_BYTES + 1]),
            Err("the body is larger than a request may be")
        );
    }

    #[test]
    fn a_flood_of_empty_frames_is_refused_before_it_costs_memory() {
        let mut body = vec![0; 57];
        body[0] = VERSION;
        let empty = [TEXT, 0, 0, 0, 0];
        body.extend(empty.repeat(SEND_QUEUE_MESSAGES));
        let read = decode(body.clone()).expect("as many as may wait");
        assert_eq!(read.frames.len(), SEND_QUEUE_MESSAGES);
        body.extend(empty);
        assert_eq!(decode(body), Err("the body has more frames than may wait"));
    }
}
