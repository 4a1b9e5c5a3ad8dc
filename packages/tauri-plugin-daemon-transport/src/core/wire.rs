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
use crate::limits::MESSAGE_BYTES;

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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(request: &Request) -> Vec<u8> {
        let mut body = vec![VERSION];
        for id in [request.connection, request.page] {
            let hex = id.to_string();
            body.extend(
                (0..16).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")),
            );
        }
        for number in [
            request.acknowledged,
            request.evaluated.unwrap_or(0),
            request.first,
        ] {
            body.extend(number.to_le_bytes());
        }
        for frame in &request.frames {
            let (kind, bytes): (u8, &[u8]) = match frame {
                Frame::Text(text) => (TEXT, text.as_bytes()),
                Frame::Binary(bytes) => (BINARY, bytes),
            };
            body.push(kind);
            body.extend(u32::try_from(bytes.len()).expect("short").to_le_bytes());
            body.extend(bytes);
        }
        body
    }

    fn frame() -> impl Strategy<Value = Frame> {
        prop_oneof![
            any::<String>().prop_map(|text| Frame::Text(text.into())),
            any::<Vec<u8>>().prop_map(|bytes| Frame::Binary(bytes.into())),
        ]
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            ids in any::<([u8; 16], [u8; 16])>(), numbers in any::<(u64, u64, u64)>(),
            frames in prop::collection::vec(frame(), 0..20), cut in any::<prop::sample::Index>(),
        ) {
            let request = Request {
                connection: Id::from_bytes(ids.0), page: Id::from_bytes(ids.1),
                acknowledged: numbers.0, evaluated: Some(numbers.1).filter(|&n| n != 0), first: numbers.2, frames,
            };
            let body = encode(&request);
            prop_assert_eq!(decode(body.clone()), Ok(request.clone()));
            // Cut anywhere, it is refused, or is a body with fewer frames; it is never misread.
            let shorter = body[..cut.index(body.len())].to_vec();
            if let Ok(read) = decode(shorter) {
                prop_assert!(request.frames.starts_with(&read.frames));
            }
        }

        #[test]
        fn no_bytes_crash_the_reader(body in any::<Vec<u8>>(), rest in any::<Vec<u8>>()) {
            let _ = decode(body);
            let mut plausible = vec![0; 57];
            plausible[0] = VERSION;
            plausible.extend(rest);
            let _ = decode(plausible);
        }
    }

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
    }
}
