//! Bytes after the upgrade that are not the frames of RFC 6455, or more than a page can be given.

use super::*;

/// Upgrades, and then sends these bytes.
async fn sent(bytes: Vec<u8>) -> Met {
    meet(async |peer| {
        peer.upgrade().await;
        peer.write(&bytes).await;
    })
    .await
}

/// All of them are protocol errors, and the peer is told so by this close code (RFC 6455 section 7.4.1).
async fn are_refused_with(code: u16, faults: Vec<(String, Vec<u8>)>) {
    join_all(faults.into_iter().map(async |(what, bytes)| {
        let met = sent(bytes).await;
        met.failed(&what, true, "protocol_error");
        assert_eq!(met.close_frame(), Some(code), "{what}");
    }))
    .await;
}

fn named(name: &str, bytes: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (name.to_owned(), bytes.into())
}

#[tokio::test]
async fn frames_against_the_standard_are_a_protocol_error_and_the_peer_is_told() {
    let mut faults = vec![
        named("a masked frame", [0x81, 0x81, 0, 0, 0, 0, b'x']),
        named("a continuation of nothing", frame(0x80, b"x")),
        named(
            "a message within a message",
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
        ),
        named("a fragmented ping", frame(0x09, b"x")),
        named("a fragmented close", frame(0x08, &[3, 232])),
        named("a close payload of one byte", frame(0x88, &[3])),
        named(
            "the page of another program",
            b"<html><body>Hello".as_slice(),
        ),
    ];
    for (bit, name) in [(0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3")] {
        faults.push(named(name, frame(0x81 | bit, b"x")));
        faults.push(named(&format!("{name} on a ping"), frame(0x89 | bit, b"")));
    }
    for opcode in (3..=7).chain(0xb..=0xf) {
        faults.push(named(
            &format!("opcode {opcode:#x}"),
            frame(0x80 | opcode, b""),
        ));
    }
    for (opcode, name) in [(0x8, "close"), (0x9, "ping"), (0xa, "pong")] {
        faults.push(named(
            &format!("a {name} of 126 bytes"),
            frame(0x80 | opcode, &[0; 126]),
        ));
    }
    are_refused_with(1002, faults).await;
}

#[tokio::test]
async fn close_codes_that_nobody_may_send_are_a_protocol_error() {
    let codes = [
        0_u16, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535,
    ];
    let faults = codes.map(|code| {
        (
            format!("close code {code}"),
            frame(0x88, &[&code.to_be_bytes()[..], b"why"].concat()),
        )
    });
    are_refused_with(1002, faults.into()).await;
}

#[tokio::test]
async fn text_that_is_not_utf8_is_a_protocol_error_however_it_is_cut() {
    let faults = vec![
        named("one byte", frame(0x81, &[0xff])),
        named("a surrogate", frame(0x81, &[0xed, 0xa0, 0x80])),
        named("cut off at its end", frame(0x81, &[b'a', 0xe2, 0x82])),
        named(
            "spoiled in a second frame",
            [frame(0x01, &[0xe2, 0x82]), frame(0x80, b"x")].concat(),
        ),
        named(
            "overlong, byte by byte",
            [frame(0x01, &[0xc0]), frame(0x00, &[]), frame(0x80, &[0x80])].concat(),
        ),
        named("in the reason of a close", frame(0x88, &[3, 232, 0xff])),
    ];
    are_refused_with(1007, faults).await;
}

#[tokio::test]
async fn what_is_larger_than_a_message_may_be_is_refused_before_it_is_read() {
    let announced = |length: u64| {
        let mut head = vec![0x82, 127];
        head.extend(length.to_be_bytes());
        head
    };
    let mut faults = vec![
        named("2^63-1 bytes", announced(i64::MAX as u64)),
        named("2^64-1 bytes", announced(u64::MAX)),
        named("one byte too many", announced(MESSAGE_BYTES as u64 + 1)),
    ];
    let mut fragments = frame(0x02, &vec![0; 1024 * 1024]);
    for _ in 0..MESSAGE_BYTES / (1024 * 1024) {
        fragments.extend(frame(0x00, &vec![0; 1024 * 1024]));
    }
    faults.push(named("fragments of 17 MiB together", fragments));
    are_refused_with(1009, faults).await;
}

#[tokio::test]
async fn a_message_in_endless_fragments_is_cut_off() {
    let met = meet(async |peer| {
        peer.upgrade().await;
        peer.write(&frame(0x01, b"")).await;
        peer.flood(&frame(0x00, b"").repeat(32 * 1024)).await;
    })
    .await;
    met.failed("endless fragments", true, "protocol_error");
}

#[tokio::test]
async fn a_message_that_a_lawful_peer_cuts_up_arrives_whole() {
    let text = "ä€\u{1f600}".repeat(1000);
    let met = meet(async |peer| {
        peer.upgrade().await;
        let mut bytes = frame(0x01, b"");
        for byte in text.as_bytes() {
            bytes.extend(frame(0x00, &[*byte]));
            bytes.extend(frame(0x89, b"still there?"));
        }
        bytes.extend(frame(0x80, b""));
        bytes.extend(frame(0x88, &[0x0f, 0xa0]));
        peer.write(&bytes).await;
    })
    .await;
    let [("daemon://open", _), ("daemon://message", message), ("daemon://close", close)] =
        met.events.as_slice()
    else {
        panic!("not open, a message and one close: {:?}", met.events);
    };
    assert_eq!(message["data"], text);
    assert_eq!(close["code"], 4000);
}
