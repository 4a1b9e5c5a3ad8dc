//! The HTTP side of a WebSocket connection (RFC 6455 section 4): the request, and what the answer means. Done
//! here rather than by the WebSocket library, because a refusal's body, which tells the reason, would be lost.

use base64::{engine::general_purpose::STANDARD, Engine as _};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use zeroize::Zeroizing;

use super::{headers::Headers, token::Token};
use crate::{
    error::Failure,
    limits::{REFUSAL_BODY_BYTES, RESPONSE_HEADERS, RESPONSE_HEAD_BYTES},
};

/// What is asked for.
pub struct Request<'a> {
    /// The request target: path and query.
    pub target: &'a str,
    /// The value of the `Host` header.
    pub host: &'a str,
    /// Headers of the page.
    pub headers: &'a Headers,
    /// The token that Rust attaches.
    pub token: Option<&'a Token>,
}

/// What is sent, and what the answer must hold. Not to be printed: the request can hold a token.
pub struct Upgrade {
    request: Zeroizing<Vec<u8>>,
    accept: String,
}

/// What the bytes received so far mean.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// More bytes are needed.
    Incomplete,
    /// The server agreed; the bytes from here on are frames.
    Agreed {
        /// Length of the head.
        head: usize,
    },
    /// The server answered with another status.
    Refused(Refusal),
}

/// The head of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    reason: String,
    head: usize,
    framing: Framing,
}

#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilEnd,
}

impl Upgrade {
    /// The request with its random key (RFC 6455 section 4.1).
    pub fn new(wanted: &Request<'_>, nonce: [u8; 16]) -> Self {
        let key = STANDARD.encode(nonce);
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n",
            wanted.target, wanted.host
        );
        let mut pieces = vec![head.as_str()];
        for (name, value) in wanted.headers.iter() {
            pieces.extend([name, ": ", value, "\r\n"]);
        }
        if let Some(token) = wanted.token {
            pieces.extend(["Authorization: Bearer ", token.reveal(), "\r\n"]);
        }
        pieces.push("\r\n");
        // Large enough from the start: a buffer that grows leaves copies of the token behind.
        let size = pieces.iter().map(|piece| piece.len()).sum();
        let mut request = Zeroizing::new(Vec::with_capacity(size));
        for piece in pieces {
            request.extend_from_slice(piece.as_bytes());
        }
        Self {
            request,
            accept: derive_accept_key(key.as_bytes()),
        }
    }

    /// The whole request.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// The request has been written and is not needed any more.
    pub fn sent(&mut self) {
        self.request = Zeroizing::default();
    }

    /// Reads what has arrived so far.
    pub fn answer(&self, received: &[u8]) -> Result<Answer, Failure> {
        let mut fields = [httparse::EMPTY_HEADER; RESPONSE_HEADERS];
        let mut response = httparse::Response::new(&mut fields);
        let head = match response.parse(received) {
            Ok(httparse::Status::Complete(head)) if head <= RESPONSE_HEAD_BYTES => head,
            Ok(httparse::Status::Partial) if received.len() < RESPONSE_HEAD_BYTES => {
                return Ok(Answer::Incomplete)
            }
            Ok(_) => {
                return Err(Failure::handshake(format!(
                    "the server's answer has more than {RESPONSE_HEAD_BYTES} bytes of headers"
                )))
            }
            Err(error) => {
                return Err(Failure::handshake(format!(
                    "the server did not answer with HTTP ({error}); is it a WebSocket server?"
                )))
            }
        };
        let status = response.code.unwrap_or(0);
        let values = |name: &str| -> Vec<&[u8]> {
            response
                .headers
                .iter()
                .filter(|field| field.name.eq_ignore_ascii_case(name))
                .map(|field| field.value)
                .collect()
        };
        if status != 101 {
            let length = values("content-length")
                .first()
                .and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
            let chunked = values("transfer-encoding")
                .iter()
                .any(|value| has_token(value, "chunked"));
            return Ok(Answer::Refused(Refusal {
                status,
                reason: response.reason.unwrap_or("").to_owned(),
                head,
                framing: match (chunked, length) {
                    (true, _) => Framing::Chunked,
                    (false, Some(length)) => Framing::Length(length),
                    (false, None) => Framing::UntilEnd,
                },
            }));
        }
        let wrong = |what: &str| {
            Err(Failure::handshake(format!(
                "the server agreed to the upgrade, but {what}"
            )))
        };
        if response.version != Some(1) {
            return wrong("not in HTTP/1.1");
        }
        if !values("upgrade")
            .iter()
            .any(|value| has_token(value, "websocket"))
        {
            return wrong("not to the protocol `websocket`");
        }
        if !values("connection")
            .iter()
            .any(|value| has_token(value, "upgrade"))
        {
            return wrong("without the header `Connection: Upgrade`");
        }
        match values("sec-websocket-accept").as_slice() {
            [accept] if accept.trim_ascii() == self.accept.as_bytes() => {}
            [] => return wrong("without a Sec-WebSocket-Accept header"),
            _ => {
                return wrong(
                    "with a wrong Sec-WebSocket-Accept header; a cache or proxy may have answered",
                )
            }
        }
        if !values("sec-websocket-extensions").is_empty()
            || !values("sec-websocket-protocol").is_empty()
        {
            return wrong("with an extension or a subprotocol that was not asked for");
        }
        Ok(Answer::Agreed { head })
    }
}

impl Refusal {
    /// Whether the part of the body that is reported has arrived.
    pub fn body_is_complete(&self, received: &[u8]) -> bool {
        let body = received.get(self.head..).unwrap_or_default();
        match self.framing {
            Framing::Length(length) => body.len() >= length.min(REFUSAL_BODY_BYTES),
            // The sizes between the chunks are not part of the body: read on a little further.
            Framing::Chunked => {
                body.ends_with(b"0\r\n\r\n") || body.len() >= 2 * REFUSAL_BODY_BYTES
            }
            Framing::UntilEnd => body.len() >= REFUSAL_BODY_BYTES,
        }
    }

    /// The refusal as the page sees it: `403 Origin not allowed`.
    pub fn failure(&self, received: &[u8]) -> Failure {
        let raw = received.get(self.head..).unwrap_or_default();
        let mut body = match self.framing {
            Framing::Length(length) => raw.get(..length).unwrap_or(raw).to_vec(),
            Framing::Chunked => unchunk(raw),
            Framing::UntilEnd => raw.to_vec(),
        };
        body.truncate(REFUSAL_BODY_BYTES);
        let body = String::from_utf8_lossy(&body).into_owned();
        let told = serde_json::from_str::<serde_json::Value>(&body)
            .ok()
            .and_then(|json| match (json.get("message"), json.get("error")) {
                (Some(serde_json::Value::String(message)), _) => Some(message.clone()),
                (_, Some(serde_json::Value::String(message))) => Some(message.clone()),
                (_, Some(serde_json::Value::Object(error))) => {
                    Some(error.get("message")?.as_str()?.to_owned())
                }
                _ => None,
            });
        let line = body.trim().lines().next().unwrap_or("").trim();
        let plain = !line.is_empty() && line.len() <= 200 && !line.starts_with(['<', '{', '[']);
        let reason = match told {
            Some(message) => message,
            None if plain => line.to_owned(),
            None if self.reason.is_empty() => "the server refused the upgrade".to_owned(),
            None => self.reason.clone(),
        };
        Failure {
            code: "upgrade_refused".to_owned(),
            message: format!("{} {reason}", self.status),
            status: Some(self.status),
            body: Some(body),
        }
    }
}

fn has_token(value: &[u8], token: &str) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// The chunks that are there; what breaks the chunked coding ends it.
fn unchunk(mut raw: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(raw) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let rest = raw.get(line..).unwrap_or_default();
        let chunk = rest.get(..size).unwrap_or(rest);
        body.extend_from_slice(chunk);
        raw = rest.get(size.saturating_add(2)..).unwrap_or_default();
        if size == 0 || body.len() >= REFUSAL_BODY_BYTES {
            break;
        }
    }
    body
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::endpoint::{parse, Endpoint};

    fn upgrade() -> Upgrade {
        let Ok(Endpoint::WebSocket(endpoint)) = parse("ws://localhost:6767/ws?a=b") else {
            panic!("refused");
        };
        let wanted = Request {
            target: &endpoint.target,
            host: &endpoint.authority(),
            headers: &Headers::default(),
            token: None,
        };
        // The nonce and accept key of RFC 6455 section 1.3.
        Upgrade::new(&wanted, *b"the sample nonce")
    }

    const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    #[test]
    fn the_request_names_no_origin() {
        let request = String::from_utf8(upgrade().request().to_vec()).expect("ASCII");
        assert!(
            request.starts_with("GET /ws?a=b HTTP/1.1\r\nHost: localhost:6767\r\n"),
            "{request}"
        );
        assert!(
            request.contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\n"));
        assert!(!request.to_ascii_lowercase().contains("origin"));
    }

    #[test]
    fn a_right_answer_is_agreement_and_frames_may_follow_it() {
        let received = format!("{GOOD}\u{1}");
        assert_eq!(
            upgrade().answer(received.as_bytes()),
            Ok(Answer::Agreed { head: GOOD.len() })
        );
        for cut in 0..GOOD.len() {
            assert_eq!(
                upgrade().answer(&GOOD.as_bytes()[..cut]),
                Ok(Answer::Incomplete),
                "{cut}"
            );
        }
    }

    #[test]
    fn a_wrong_answer_is_a_failed_handshake() {
        for (from, to) in [
            ("s3pP", "S3pP"),
            ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", ""),
            ("Upgrade: WebSocket\r\n", ""),
            ("Upgrade: WebSocket", "Upgrade: h2c"),
            ("keep-alive, Upgrade", "keep-alive"),
            ("HTTP/1.1", "HTTP/1.0"),
            ("HTTP/1.1", "SSH-2.0"),
            (
                "\r\n\r\n",
                "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            ),
            ("\r\n\r\n", "\r\nSec-WebSocket-Accept: x\r\n\r\n"),
        ] {
            let received = GOOD.replace(from, to);
            let failure = upgrade().answer(received.as_bytes()).expect_err(&received);
            assert_eq!(failure.code, "handshake_failed");
        }
    }

    #[test]
    fn endless_headers_are_a_failed_handshake() {
        let mut received = b"HTTP/1.1 101 Switching Protocols\r\nX: ".to_vec();
        received.resize(RESPONSE_HEAD_BYTES, b'x');
        assert_eq!(
            upgrade().answer(&received).expect_err("too long").code,
            "handshake_failed"
        );
        let many = format!(
            "HTTP/1.1 101 S\r\n{}",
            "X: y\r\n".repeat(RESPONSE_HEADERS + 1)
        );
        assert_eq!(
            upgrade()
                .answer(many.as_bytes())
                .expect_err("too many")
                .code,
            "handshake_failed"
        );
    }

    fn refusal(received: &str) -> (bool, Failure) {
        match upgrade().answer(received.as_bytes()) {
            Ok(Answer::Refused(refusal)) => (
                refusal.body_is_complete(received.as_bytes()),
                refusal.failure(received.as_bytes()),
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_keeps_its_status_and_tells_its_reason() {
        for (received, complete, message) in [
            (
                "HTTP/1.1 403 Forbidden\r\nContent-Length: 52\r\n\r\n\
                 {\"code\":\"origin\",\"message\":\"Origin not allowed\"}     ",
                true,
                "403 Origin not allowed",
            ),
            ("HTTP/1.1 403 Forbidden\r\nContent-Length: 18\r\n\r\nOrigin not allowed", true, "403 Origin not allowed"),
            ("HTTP/1.1 403 Forbidden\r\nContent-Length: 18\r\n\r\nOrigin", false, "403 Origin"),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true, "404 Not Found"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", true, "200 OK"),
            ("HTTP/1.1 302 Found\r\nLocation: ws://evil.test/\r\n\r\n", false, "302 Found"),
            (
                "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nLog i\r\n1\r\nn\r\n0\r\n\r\n",
                true,
                "401 Log in",
            ),
        ] {
            let (is_complete, failure) = refusal(received);
            assert_eq!(failure.message, message);
            assert_eq!(failure.code, "upgrade_refused");
            assert_eq!(is_complete, complete, "{received}");
            assert_eq!(failure.status.map(|status| status.to_string()), Some(message[..3].to_owned()));
        }
    }

    #[test]
    fn a_long_body_is_cut() {
        let received = format!(
            "HTTP/1.1 500 Oops\r\n\r\n{}",
            "x".repeat(REFUSAL_BODY_BYTES * 2)
        );
        let (complete, failure) = refusal(&received);
        assert!(complete);
        assert_eq!(
            failure.body.map(|body| body.len()),
            Some(REFUSAL_BODY_BYTES)
        );
        assert_eq!(failure.message, "500 Oops");
    }
}
