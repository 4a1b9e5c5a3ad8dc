//! Wrong answers to the upgrade request, of each kind.

use super::*;
use crate::limits::{REFUSAL_BODY_BYTES, REFUSAL_BODY_TIME, RESPONSE_HEADERS, RESPONSE_HEAD_BYTES};

/// An answer, made of the right accept key.
type Answer = fn(&str) -> String;

/// Answers with what this makes of the right accept key, and stays connected.
async fn answered(answer: impl FnOnce(&str) -> Vec<u8>) -> Met {
    meet(async |peer| {
        let accept = accept_of(&head(&mut peer.stream).await);
        peer.write(&answer(&accept)).await;
    })
    .await
}

#[tokio::test]
async fn an_answer_that_is_no_agreement_is_a_failed_handshake() {
    let answers: Vec<(&str, Answer)> = vec![
        ("another protocol", |accept| {
            format!("HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
        }),
        ("no Upgrade header", |accept| {
            format!(
                "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            )
        }),
        ("no Connection header", |accept| {
            format!(
                "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            )
        }),
        ("Connection: keep-alive", |accept| {
            format!("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: keep-alive\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
        }),
        ("no accept key", |_| format!("{AGREED}\r\n")),
        ("an empty accept key", |_| {
            format!("{AGREED}Sec-WebSocket-Accept:\r\n\r\n")
        }),
        ("the accept key of another request", |_| {
            format!("{AGREED}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
        }),
        ("the accept key in another case", |accept| {
            format!(
                "{AGREED}Sec-WebSocket-Accept: {}\r\n\r\n",
                accept.to_lowercase()
            )
        }),
        ("two accept keys", |accept| {
            format!(
                "{AGREED}Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            )
        }),
        ("a subprotocol", |accept| {
            format!(
                "{AGREED}Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
            )
        }),
        ("an extension", |accept| {
            format!("{AGREED}Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
        }),
        ("HTTP/1.0", |accept| {
            format!("HTTP/1.0 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
        }),
        ("HTTP/2.0", |_| "HTTP/2.0 101 S\r\n\r\n".into()),
        ("a request", |_| {
            "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n".into()
        }),
        ("a mail server", |_| "220 mail.test ESMTP\r\n".into()),
        ("a TLS alert", |_| {
            "\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{28}".into()
        }),
        ("a header without a colon", |_| {
            "HTTP/1.1 101 S\r\nUpgrade\r\n\r\n".into()
        }),
        ("NUL in a header", |_| {
            "HTTP/1.1 101 S\r\nX: a\0b\r\n\r\n".into()
        }),
        ("a header name with a space", |_| {
            "HTTP/1.1 101 S\r\nX Y: a\r\n\r\n".into()
        }),
        ("a folded header", |_| {
            "HTTP/1.1 101 S\r\nX: a\r\n b\r\n\r\n".into()
        }),
        ("a status of four digits", |_| {
            "HTTP/1.1 1010 S\r\n\r\n".into()
        }),
        ("one header too many", |accept| {
            let many = "X: y\r\n".repeat(RESPONSE_HEADERS);
            format!("{AGREED}{many}Sec-WebSocket-Accept: {accept}\r\n\r\n")
        }),
        ("a head of 1 MB", |accept| {
            let long = "y".repeat(1024 * 1024);
            format!("{AGREED}X: {long}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
        }),
    ];
    join_all(answers.into_iter().map(async |(what, answer)| {
        let met = answered(|accept| answer(accept).into_bytes()).await;
        met.failed(what, false, "handshake_failed");
    }))
    .await;
}

#[tokio::test]
async fn every_other_status_is_a_refusal_that_keeps_it() {
    let statuses = [
        100, 200, 204, 301, 307, 400, 401, 403, 404, 426, 500, 503, 999,
    ];
    join_all(statuses.map(async |status| {
        let met = answered(|_| {
            format!(
                "HTTP/1.1 {status} Said\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            )
            .into_bytes()
        })
        .await;
        let error = met.failed("a status", false, "upgrade_refused");
        assert_eq!(error["status"], status);
        assert_eq!(error["message"], format!("{status} Said"));
    }))
    .await;
}

#[tokio::test]
async fn a_body_of_a_refusal_that_is_endless_or_never_comes_is_cut_off() {
    let bodies: [(&str, &str, &[u8]); 4] = [
        ("endless", "", b"0123456789abcdef"),
        (
            "chunked without end",
            "Transfer-Encoding: chunked\r\n",
            b"4\r\nabcd\r\n",
        ),
        ("longer than said", "Content-Length: 4\r\n", b"abcd"),
        (
            "of 2^64 bytes",
            "Content-Length: 18446744073709551615\r\n",
            b"abcd",
        ),
    ];
    join_all(bodies.map(async |(what, header, piece)| {
        let met = meet(async |peer| {
            head(&mut peer.stream).await;
            let head = format!("HTTP/1.1 403 Forbidden\r\n{header}\r\n");
            peer.write(head.as_bytes()).await;
            peer.flood(&piece.repeat(256)).await;
        })
        .await;
        let error = met.failed(what, false, "upgrade_refused");
        let body = error["body"].as_str().expect("a body");
        assert!(body.len() <= REFUSAL_BODY_BYTES, "{what}: {}", body.len());
    }))
    .await;
    let timeouts = Timeouts {
        upgrade: 3 * REFUSAL_BODY_TIME,
        ..quick()
    };
    let silent = meet_within(timeouts, async |peer| {
        head(&mut peer.stream).await;
        peer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\n")
            .await;
    })
    .await;
    silent.failed("a body that never comes", false, "upgrade_refused");
}

#[tokio::test]
async fn a_head_without_end_is_cut_off_at_its_limit() {
    let heads: [(&str, &[u8]); 3] = [
        ("header lines", b"X: y\r\n"),
        ("one header", b"y"),
        ("a status line", b"z"),
    ];
    join_all(heads.map(async |(what, piece)| {
        let met = meet(async |peer| {
            head(&mut peer.stream).await;
            peer.write(match what {
                "header lines" => b"HTTP/1.1 101 S\r\n".as_slice(),
                "one header" => b"HTTP/1.1 101 S\r\nX: ",
                _ => b"HTTP/1.1 101 ",
            })
            .await;
            peer.flood(&piece.repeat(4096)).await;
        })
        .await;
        met.failed(what, false, "handshake_failed");
        // What the system buffers for both ends comes on top.
        assert!(
            met.taken < RESPONSE_HEAD_BYTES + 16 * 1024 * 1024,
            "{what}: {}",
            met.taken
        );
    }))
    .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_at_any_byte_is_a_reset() {
    let whole = format!("{AGREED}Sec-WebSocket-Accept: x\r\n\r\n").len();
    let places = [0, 1, 8, 12, 20, AGREED.len(), whole - 3, whole - 1];
    join_all(
        places
            .iter()
            .flat_map(|&length| [(length, false), (length, true)])
            .map(async |(length, reset)| {
                let met = meet(async |peer| {
                    let accept = accept_of(&head(&mut peer.stream).await);
                    let answer = format!("{AGREED}Sec-WebSocket-Accept: {accept}\r\n\r\n");
                    peer.write(&answer.as_bytes()[..length]).await;
                    if reset {
                        peer.stream.set_zero_linger().expect("set");
                    }
                    peer.stream.shutdown().await.expect("ended");
                })
                .await;
                met.failed(&format!("{length} bytes"), false, "connection_reset");
            }),
    )
    .await;
}
