//! What holds for any bytes whatever on the two ways into the plugin from outside: the URL that a page names, and
//! the frames of peer and page. The fuzz targets look for bytes that break it; the tests below feed it the corpus.

use std::{
    collections::BTreeMap,
    future::Future as _,
    io,
    pin::{pin, Pin},
    task::{Context, Poll, Waker},
};

use serde_json::{json, Value};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    core::{
        endpoint::{self, Endpoint},
        headers,
        inbox::Frame,
        policy::{Agreed, Policy},
        reach::Reach,
        upgrade::{Answer, Request, Upgrade},
        wire,
    },
    limits::{MESSAGE_BYTES, REFUSAL_BODY_BYTES, RESPONSE_HEAD_BYTES},
    link::{close_code_of, failure_of, Link},
};

/// The URL path: the first line is what a page names, the second a scope entry. Broken promises panic.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (url, entry) = text.split_once('\n').unwrap_or((text, ""));
    let endpoint = match endpoint::parse(url) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            assert!(!error.message.is_empty());
            return;
        }
    };
    if let Endpoint::WebSocket(target) = &endpoint {
        // What is accepted is written in one way only, and says nothing that a log or a request may not hold.
        let scheme = target.security.scheme();
        let normal = format!("{scheme}://{}{}", target.authority(), target.target);
        assert_eq!(normal, url, "it changes when it is written again");
        assert!(target.target.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(!target.authority().contains('@'));
        assert!(target.target.starts_with(&target.path) && target.path.starts_with('/'));
    }

    // The ready-made scope for this computer lets nobody go anywhere else.
    let everywhere_here = json!([
        { "scheme": "ws", "host": "127.0.0.1", "port": "*", "path": "*" },
        { "scheme": "ws", "host": "[::1]", "port": "*", "path": "*" },
        { "scheme": "ws", "host": "localhost", "port": "*", "path": "*" },
    ]);
    let here = everywhere_here.as_array().map_or(&[][..], Vec::as_slice);
    if let Ok(Agreed::WebSocket(agreed)) = Policy::read(here, []).check(endpoint.clone()) {
        let Reach::Addresses(addresses) = &agreed.reach else {
            panic!("a name is left to DNS");
        };
        assert!(!addresses.is_empty());
        assert!(addresses.iter().all(|address| address.is_loopback()));
    }
    // Nobody is allowed anything by nothing, and what is denied is denied whatever allows it.
    assert!(Policy::default().check(endpoint.clone()).is_err());
    let Ok(entry) = serde_json::from_str::<Value>(entry) else {
        return;
    };
    let alone = std::slice::from_ref(&entry);
    let allowed = Policy::read(alone, []).check(endpoint.clone());
    if allowed.is_ok() {
        let place: serde_json::Map<String, Value> = ["scheme", "host", "port", "path"]
            .into_iter()
            .filter_map(|field| Some((field.to_owned(), entry.get(field)?.clone())))
            .collect();
        let denial = [Value::Object(place)];
        assert!(Policy::read(alone, &denial).check(endpoint).is_err());
    }
}

/// The frame path: the first byte chooses who speaks, the rest is what it says. Broken promises panic.
pub fn frames(data: &[u8]) {
    let Some((&speaker, said)) = data.split_first() else {
        return;
    };
    match speaker % 4 {
        0 => answer(said),
        1 => body(said),
        2 => header(said),
        _ => peer(said),
    }
}

/// A server answers the upgrade request.
fn answer(received: &[u8]) {
    let request = Request {
        target: "/ws",
        host: "127.0.0.1:6767",
        headers: &headers::Headers::default(),
        token: None,
    };
    match Upgrade::new(&request, *b"the sample nonce").answer(received) {
        Ok(Answer::Incomplete) => assert!(received.len() < RESPONSE_HEAD_BYTES),
        Ok(Answer::Agreed { head }) => {
            assert!(head <= received.len() && head <= RESPONSE_HEAD_BYTES)
        }
        Ok(Answer::Refused(refusal)) => {
            let failure = refusal.failure(received);
            // Bytes that are no text become U+FFFD, of three bytes each.
            assert!(failure
                .body
                .is_some_and(|body| body.len() <= 3 * REFUSAL_BODY_BYTES));
            let more = [received, &[b'x'; 2 * REFUSAL_BODY_BYTES]].concat();
            assert!(refusal.body_is_complete(&more), "the wait is bounded");
        }
        Err(failure) => assert_eq!(failure.code, "handshake_failed"),
    }
}

/// A page sends a raw body.
fn body(said: &[u8]) {
    if let Ok(request) = wire::decode(said.to_vec()) {
        let payload: usize = request.frames.iter().map(Frame::len).sum();
        // The head, and a kind and a length for each frame: nothing is left over and nothing is made up.
        assert_eq!(said.len(), 57 + 5 * request.frames.len() + payload);
    }
}

/// A page asks for headers: names and values, line by line.
fn header(said: &[u8]) {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.split('\u{1}').collect();
    let wish: BTreeMap<String, String> = lines
        .chunks_exact(2)
        .filter_map(|pair| Some((pair.first()?.to_string(), pair.get(1)?.to_string())))
        .collect();
    if let Ok(accepted) = headers::check(wish) {
        let request = Request {
            target: "/ws",
            host: "127.0.0.1:6767",
            headers: &accepted,
            token: None,
        };
        let upgrade = Upgrade::new(&request, [0; 16]);
        let sent = String::from_utf8_lossy(upgrade.request());
        // One head, with the lines that we wrote and one for each header: nothing was smuggled in.
        assert_eq!(sent.matches("\r\n\r\n").count(), 1);
        assert_eq!(sent.lines().count(), 7 + accepted.iter().count());
        let lower = sent.to_ascii_lowercase();
        for name in ["origin:", "cookie:", "proxy-authorization:"] {
            assert!(!lower.contains(&format!("\r\n{name}")), "{name}");
        }
        for name in ["host:", "upgrade:", "sec-websocket-key:"] {
            assert_eq!(lower.matches(&format!("\r\n{name}")).count(), 1, "{name}");
        }
    }
}

/// A peer speaks WebSocket, or something else, in pieces; and may take nothing itself.
fn peer(said: &[u8]) {
    let Some((&manner, said)) = said.split_first() else {
        return;
    };
    let piece = usize::from(manner >> 1) + 1;
    let (early, rest) = said.split_at(piece.min(said.len()));
    let stream = Memory {
        said: rest.to_vec(),
        at: 0,
        piece,
        takes: manner & 1 == 0,
    };
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(mut link) = pin!(Link::over(stream, early.to_vec())).poll(&mut context) else {
        panic!("nothing is awaited yet");
    };
    let mut payload = 0;
    // Each step reads, ends, or waits for the peer to take something: more steps than bytes cannot be needed.
    for _ in 0..said.len() + 2 {
        let Poll::Ready(step) = pin!(link.step(true)).poll(&mut context) else {
            break;
        };
        for message in step.received {
            assert!(message.len() <= MESSAGE_BYTES);
            // A close frame that breaks the protocol is read as another one; data never is.
            if matches!(message, Message::Text(_) | Message::Binary(_)) {
                payload += message.len();
            }
            if let Message::Text(text) = message {
                quoted(&text);
            }
        }
        match step.ended {
            None => {}
            Some(Ok(())) => break,
            Some(Err(error)) => {
                assert!(!failure_of(&error).message.is_empty());
                assert!(close_code_of(&error).is_none_or(|code| (1002..1010).contains(&code)));
                break;
            }
        }
    }
    assert!(
        payload <= said.len(),
        "{payload} bytes of messages out of {}",
        said.len()
    );
}

/// The text crosses into the page as a literal whose value is the text and of which nothing is run.
fn quoted(text: &str) {
    let mut script = String::new();
    crate::delivery::literal::push_string(&mut script, text);
    // JSON reads the same escapes but for \x.
    let json = script.replace("\\\\", "\\u005c").replace("\\x", "\\u00");
    let value: Option<String> = serde_json::from_str(&json).ok();
    assert_eq!(value.as_deref(), Some(text));
    assert!(!script.contains(['\n', '\r', '\u{2028}', '\u{2029}']));
}

/// A stream in memory: what the peer says, and its end. A stand-in for sockets, so that nothing but bytes decides.
struct Memory {
    said: Vec<u8>,
    at: usize,
    piece: usize,
    takes: bool,
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = (self.at + self.piece.min(buffer.remaining())).min(self.said.len());
        buffer.put_slice(&self.said[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.takes {
            Poll::Ready(Ok(bytes.len()))
        } else {
            Poll::Pending
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    fn corpus(name: &str, promise: fn(&[u8])) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(name);
        let mut count = 0;
        for entry in fs::read_dir(&directory).expect("the corpus") {
            let path = entry.expect("an entry").path();
            // Shown where one of them fails.
            println!("{}", path.display());
            promise(&fs::read(&path).expect("a file of the corpus"));
            count += 1;
        }
        assert!(count > 10, "{} has only {count} files", directory.display());
    }

    #[test]
    fn every_url_of_the_corpus_keeps_the_promises() {
        corpus("url", super::url);
    }

    #[test]
    fn every_frame_of_the_corpus_keeps_the_promises() {
        corpus("frames", super::frames);
    }
}
