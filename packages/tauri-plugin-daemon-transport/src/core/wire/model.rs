//! The raw body: what the page writes is what is read, and no bytes of a page that writes something else are
//! misread, crash the reader or make it keep more than it was given.

use proptest::prelude::*;

use super::*;
use crate::core::cases::CASES;

/// Writes a body as `guest-js/request-body.ts` does.
fn encode(request: &Request) -> Vec<u8> {
    let mut body = vec![VERSION];
    for id in [request.connection, request.page] {
        let digits = u128::from_str_radix(&id.to_string(), 16).expect("hexadecimal");
        body.extend(digits.to_be_bytes());
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
        "\\PC{0,12}".prop_map(|text| Frame::Text(text.into())),
        prop::collection::vec(any::<u8>(), 0..24).prop_map(|bytes| Frame::Binary(bytes.into())),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let ids = any::<([u8; 16], [u8; 16])>();
    let numbers = any::<(u64, u64, u64)>();
    (ids, numbers, prop::collection::vec(frame(), 0..8)).prop_map(|(ids, numbers, frames)| {
        Request {
            connection: Id::from_bytes(ids.0),
            page: Id::from_bytes(ids.1),
            acknowledged: numbers.0,
            evaluated: Some(numbers.1).filter(|&serial| serial != 0),
            first: numbers.2,
            frames,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn what_was_written_is_read(request in request(), cut in any::<prop::sample::Index>()) {
        let body = encode(&request);
        prop_assert_eq!(decode(body.clone()), Ok(request.clone()));
        // Cut anywhere, it is refused, or is a body with fewer frames.
        if let Ok(read) = decode(body[..cut.index(body.len())].to_vec()) {
            prop_assert!(request.frames.starts_with(&read.frames));
            prop_assert!(read.frames.len() < request.frames.len());
        }
    }

    /// Bytes that differ from a right body in a few places: what is read is exactly what stands there.
    #[test]
    fn what_is_read_is_what_stands_there(
        request in request(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        more in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut body = encode(&request);
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.extend(more);
        if let Ok(read) = decode(body.clone()) {
            prop_assert_eq!(encode(&read), body);
        }
    }
}
