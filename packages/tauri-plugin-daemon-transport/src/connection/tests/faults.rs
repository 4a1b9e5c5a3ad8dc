//! A faulty peer of our own, on raw TCP: each connection meets one fault. Whatever the fault is, the page is told
//! one error with its documented code and then one close, within the deadlines, and the peer sees the socket end.
//! The peer counts what it did wrong, so that a test cannot pass without its fault.

use futures_util::future::join_all;

use super::*;

mod ends;
mod frames;
mod silences;
mod upgrade_answers;

/// The peer's end of one connection.
struct Peer {
    stream: TcpStream,
    /// What was done wrong so far.
    faults: usize,
    /// Bytes that the system took for the client.
    taken: usize,
}

impl Peer {
    /// Writes a fault. False: the client has hung up, which is its right.
    async fn write(&mut self, bytes: &[u8]) -> bool {
        self.faults += 1;
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.stream.write(rest).await {
                Ok(count) => {
                    self.taken += count;
                    rest = &rest[count..];
                }
                Err(_) => return false,
            }
        }
        true
    }

    /// Goes on for ever, until the client hangs up. What it sends meanwhile stays unread.
    async fn flood(&mut self, bytes: &[u8]) {
        while self.write(bytes).await {}
    }

    /// Reads what the client still sends, until it hangs up.
    async fn until_hung_up(&mut self) -> Vec<u8> {
        let mut received = Vec::new();
        // A reset is an end as well.
        let _ = self.stream.read_to_end(&mut received).await;
        received
    }

    /// Answers the upgrade as an honest server does.
    async fn upgrade(&mut self) {
        let accept = accept_of(&head(&mut self.stream).await);
        let answer = format!("{AGREED}Sec-WebSocket-Accept: {accept}\r\n\r\n");
        self.stream
            .write_all(answer.as_bytes())
            .await
            .expect("written");
    }
}

/// An agreement to the upgrade, without the accept key.
const AGREED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

fn accept_of(request: &str) -> String {
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .expect("a key");
    derive_accept_key(key.as_bytes())
}

/// What a page was told, and what the peer saw.
struct Met {
    events: Vec<(&'static str, Value)>,
    /// What the client sent after the fault.
    received: Vec<u8>,
    taken: usize,
}

/// One connection to a peer with this fault, from its begin to its end on both sides.
async fn meet(fault: impl AsyncFnOnce(&mut Peer)) -> Met {
    meet_within(quick(), fault).await
}

async fn meet_within(timeouts: Timeouts, fault: impl AsyncFnOnce(&mut Peer)) -> Met {
    let (listener, port) = listener().await;
    let client = connect(port, timeouts);
    let peer = async {
        let mut peer = Peer {
            stream: accept(&listener).await,
            faults: 0,
            taken: 0,
        };
        fault(&mut peer).await;
        let received = peer.until_hung_up().await;
        assert!(peer.faults > 0, "no fault was made, so nothing was shown");
        (received, peer.taken)
    };
    let both = async { tokio::join!(client.rest(), peer) };
    let (events, (received, taken)) = tokio::time::timeout(PATIENCE, both)
        .await
        .expect("ends on both sides");
    Met {
        events,
        received,
        taken,
    }
}

impl Met {
    /// One error with this code, then one abrupt close, and nothing else. Gives the error.
    fn failed(&self, what: &str, opened: bool, code: &str) -> &Value {
        let mut events = self.events.as_slice();
        if let ([("daemon://open", _), rest @ ..], true) = (events, opened) {
            events = rest;
        }
        let [("daemon://error", error), ("daemon://close", close)] = events else {
            panic!("{what}: not one error and one close: {:?}", self.events);
        };
        assert_eq!(error["code"], code, "{what}: {error}");
        assert_ne!(error["message"], "", "{what}");
        assert_eq!(
            (&close["code"], &close["wasClean"]),
            (&json!(1006), &json!(false)),
            "{what}"
        );
        error
    }

    /// The code of the close frame that the peer was sent, if one was.
    fn close_frame(&self) -> Option<u16> {
        let mut rest = self.received.as_slice();
        // Frames of a client are masked (RFC 6455 section 5.3); these are short ones.
        while let [first, second, m0, m1, _, _, ..] = rest {
            let length = usize::from(second & 0x7f);
            let payload = rest.get(6..6 + length)?;
            if first & 0x0f == 8 {
                return Some(u16::from_be_bytes([payload[0] ^ m0, payload[1] ^ m1]));
            }
            rest = &rest[6 + length..];
        }
        None
    }
}

/// One unmasked frame, as a server sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}
