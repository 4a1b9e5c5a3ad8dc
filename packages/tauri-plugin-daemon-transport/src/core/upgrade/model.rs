//! The answer to the upgrade, from a server that is right, almost right or hostile, in pieces of any size: agreement
//! only where RFC 6455 section 4.1 has it, the same verdict however the bytes come, and never more kept than the
//! limits allow.

use proptest::prelude::*;

use super::*;
use crate::core::cases::CASES;

/// One line of an answer's head.
#[derive(Debug, Clone)]
enum Line {
    Upgrade(&'static str),
    Connection(&'static str),
    Accept(&'static str),
    Extra(String),
}

#[derive(Debug, Clone)]
struct Told {
    start: &'static str,
    lines: Vec<Line>,
    end: &'static str,
    body: Vec<u8>,
}

/// The key of RFC 6455 section 1.3.
const RIGHT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        prop::sample::select(vec![
            "websocket",
            "WebSocket",
            "h2c, websocket",
            "h2c",
            "web socket",
            ""
        ])
        .prop_map(Line::Upgrade),
        prop::sample::select(vec![
            "Upgrade",
            "keep-alive, upgrade",
            "close",
            "Upgraded",
            ""
        ])
        .prop_map(Line::Connection),
        prop::sample::select(vec![
            RIGHT,
            RIGHT,
            RIGHT,
            "s3pplmbitxaq9kygzzhzrbk+xoo=",
            ""
        ])
        .prop_map(Line::Accept),
        prop::sample::select(vec![
            "Sec-WebSocket-Extensions: permessage-deflate",
            "Sec-WebSocket-Protocol: chat",
            "Content-Length: 5",
            "Content-Length: 18446744073709551616",
            "Content-Length: -1",
            "Transfer-Encoding: chunked",
            "Location: ws://evil.test/",
            "Set-Cookie: a=b",
            "X: \u{1}",
            ": empty",
            "no colon",
            " folded",
        ])
        .prop_map(|text| Line::Extra(text.to_owned())),
        // Never empty: that would end the head.
        "[!-~][ -~]{0,20}".prop_map(Line::Extra),
        // One of these is most of what a head may have.
        Just(Line::Extra(format!(
            "X: {}",
            "x".repeat(RESPONSE_HEAD_BYTES / 2)
        ))),
    ]
}

/// Mostly a right head with a few lines more, in any order.
fn told() -> impl Strategy<Value = Told> {
    let start = prop_oneof![
        6 => Just("HTTP/1.1 101 Switching Protocols"),
        4 => prop::sample::select(vec![
            "HTTP/1.0 101 Switching Protocols", "HTTP/1.1 101", "HTTP/1.1 403 Forbidden", "HTTP/1.1 301 Moved",
            "HTTP/1.1 200 OK", "HTTP/1.1 100 Continue", "HTTP/2 101", "HTTP/1.1 1010 X", "SSH-2.0-OpenSSH", "",
        ]),
    ];
    let right = prop::collection::vec(prop::sample::select(vec![0_u8, 0, 0, 0, 0, 0, 0, 1]), 3);
    let end = prop_oneof![8 => Just("\r\n\r\n"), 1 => Just("\n\n"), 1 => Just("\r\n")];
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "([0-9a-f]{1,3}\r\n.{0,8}\r\n){0,3}(0\r\n\r\n)?".prop_map(String::into_bytes),
        "\\{\"(message|error)\":(\"[a-z]{0,5}\"|\\{\"message\":\"x\"\\}|1)\\}"
            .prop_map(String::into_bytes),
        Just(vec![b'x'; 2 * REFUSAL_BODY_BYTES + 1]),
    ];
    (
        start,
        right,
        prop::collection::vec(line(), 0..4),
        any::<prop::sample::Index>(),
        end,
        body,
    )
        .prop_map(|(start, right, more, turn, end, body)| {
            let mut lines = vec![
                Line::Upgrade("websocket"),
                Line::Connection("Upgrade"),
                Line::Accept(RIGHT),
            ];
            let mut missing = right.iter();
            lines.retain(|_| missing.next() == Some(&0));
            lines.extend(more);
            let turn = if lines.is_empty() {
                0
            } else {
                turn.index(lines.len())
            };
            lines.rotate_left(turn);
            Told {
                start,
                lines,
                end,
                body,
            }
        })
}

impl Told {
    fn head(&self) -> Vec<u8> {
        let mut head = self.start.to_owned();
        for line in &self.lines {
            head.push_str("\r\n");
            match line {
                Line::Upgrade(value) => head.push_str(&format!("Upgrade: {value}")),
                Line::Connection(value) => head.push_str(&format!("connection: {value}")),
                Line::Accept(value) => head.push_str(&format!("Sec-WebSocket-Accept: {value}")),
                Line::Extra(text) => head.push_str(text),
            }
        }
        head.push_str(self.end);
        head.into_bytes()
    }

    /// Nothing in it but the lines that matter, and a whole head.
    fn plain(&self) -> bool {
        self.end != "\r\n" && !self.lines.iter().any(|line| matches!(line, Line::Extra(_)))
    }

    /// What RFC 6455 section 4.1 wants of an answer that agrees, read from the lines and not from the bytes.
    fn agrees(&self) -> bool {
        let count =
            |which: &dyn Fn(&Line) -> bool| self.lines.iter().filter(|line| which(line)).count();
        let accepts = count(&|line| matches!(line, Line::Accept(_)));
        let refused =
            count(&|line| matches!(line, Line::Extra(text) if text.starts_with("Sec-WebSocket-")));
        matches!(
            self.start,
            "HTTP/1.1 101" | "HTTP/1.1 101 Switching Protocols"
        ) && count(&|line| {
            matches!(
                line,
                Line::Upgrade("websocket" | "WebSocket" | "h2c, websocket")
            )
        }) > 0
            && count(&|line| matches!(line, Line::Connection("Upgrade" | "keep-alive, upgrade")))
                > 0
            && accepts == 1
            && count(&|line| matches!(line, Line::Accept(RIGHT))) == 1
            && refused == 0
    }
}

fn upgrade() -> Upgrade {
    let wanted = Request {
        target: "/ws",
        host: "localhost:6767",
        headers: &Headers::default(),
        token: None,
    };
    Upgrade::new(&wanted, *b"the sample nonce")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn only_a_right_answer_is_agreement_and_the_pieces_do_not_matter(
        told in told(), cut in any::<prop::sample::Index>()
    ) {
        let head = told.head();
        let whole = [head.as_slice(), &told.body].concat();
        let upgrade = upgrade();
        let verdict = upgrade.answer(&whole);
        if told.agrees() && told.plain() {
            prop_assert_eq!(&verdict, &Ok(Answer::Agreed { head: head.len() }));
        }
        match &verdict {
            Ok(Answer::Agreed { head }) => {
                prop_assert!(told.agrees(), "it does not agree");
                prop_assert!(*head <= RESPONSE_HEAD_BYTES && *head <= whole.len());
            }
            Ok(Answer::Refused(refusal)) => {
                prop_assert_ne!(refusal.status, 101);
                let failure = refusal.failure(&whole);
                prop_assert_eq!(failure.code, "upgrade_refused");
                prop_assert!(failure.message.starts_with(&refusal.status.to_string()));
                // Bytes that are no text become U+FFFD, of three bytes each.
                prop_assert!(failure.body.is_some_and(|body| body.len() <= 3 * REFUSAL_BODY_BYTES));
                // What is awaited is bounded, whatever length was announced.
                let long = [whole.as_slice(), &[b'x'; 2 * REFUSAL_BODY_BYTES]].concat();
                prop_assert!(refusal.body_is_complete(&long));
            }
            Ok(Answer::Incomplete) => prop_assert!(whole.len() < RESPONSE_HEAD_BYTES),
            Err(failure) => prop_assert_eq!(failure.code.as_str(), "handshake_failed"),
        }
        // In pieces: nothing, or the same verdict as with the rest.
        let piece = &whole[..cut.index(whole.len() + 1)];
        match upgrade.answer(piece) {
            Ok(Answer::Incomplete) => {}
            Err(_) => prop_assert!(verdict.is_err(), "the rest heals nothing"),
            decided => prop_assert_eq!(decided, verdict),
        }
    }
}
