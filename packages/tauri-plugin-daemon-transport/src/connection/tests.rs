//! Connections against real sockets on loopback: a WebSocket server, and raw peers with one fault each.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{json, Value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_tungstenite::{accept_async, tungstenite::handshake::derive_accept_key, WebSocketStream};

use super::*;
use crate::{
    core::{
        endpoint::parse,
        headers,
        id::Id,
        inbox::Frame,
        ownership::Owner,
        policy::{Agreed, Policy},
    },
    limits::{IN_FLIGHT_BYTES, MESSAGE_BYTES, OUTBOX_BYTES},
    local_daemon::{LocalDaemon, LocalDaemonError, Resolver},
    mailbox::Delivered,
};

mod faults;

/// A page that listens to events, and acknowledges each while it is awake.
struct TestPage {
    mailbox: Arc<Mailbox>,
    events: mpsc::UnboundedSender<(&'static str, Value)>,
    awake: bool,
}

impl Page for TestPage {
    fn evaluate(&self, script: String) {
        panic!("the event lane evaluates nothing: {script}");
    }

    fn emit(&self, event: &'static str, payload: String) {
        let payload: Value = serde_json::from_str(&payload).expect("JSON");
        if self.awake {
            let acknowledged = payload["seq"].as_u64().expect("a number");
            let delivered = Delivered {
                acknowledged,
                ..Delivered::default()
            };
            self.mailbox.deliver(delivered).expect("accepted");
        }
        // The test may have seen enough.
        let _ = self.events.send((event, payload));
    }
}

struct Client {
    mailbox: Arc<Mailbox>,
    events: mpsc::UnboundedReceiver<(&'static str, Value)>,
    task: JoinHandle<()>,
}

fn quick() -> Timeouts {
    Timeouts {
        dial: Duration::from_millis(500),
        upgrade: Duration::from_millis(500),
        ping_interval: Duration::from_millis(150),
        pong_deadline: Duration::from_millis(150),
        write_stall: Duration::from_millis(500),
        close: Duration::from_millis(500),
    }
}

fn patient() -> Timeouts {
    Timeouts::default()
}

fn start(agreed: Agreed, resolver: Option<Resolver>, timeouts: Timeouts, awake: bool) -> Client {
    let id = Id::random().expect("randomness");
    let owner = Owner {
        webview: "main".into(),
        epoch: 0,
        page: None,
    };
    let mailbox = Arc::new(Mailbox::new(id, owner, "main".into()));
    let (sender, events) = mpsc::unbounded_channel();
    let page = TestPage {
        mailbox: Arc::clone(&mailbox),
        events: sender,
        awake,
    };
    let headers = BTreeMap::from([("X-Client".to_owned(), "test".to_owned())]);
    let plan = Plan {
        agreed,
        resolver,
        headers: headers::check(headers).expect("allowed"),
    };
    let connection = Connection::new(Arc::clone(&mailbox), Box::new(page), Lane::Event, timeouts);
    Client {
        mailbox,
        events,
        task: tokio::spawn(connection.run(plan)),
    }
}

fn connect(port: u16, timeouts: Timeouts) -> Client {
    start(agreed(port), None, timeouts, true)
}

fn agreed(port: u16) -> Agreed {
    let allow = json!({ "scheme": "ws", "host": "127.0.0.1", "port": port, "path": "/ws" });
    let endpoint = parse(&format!("ws://127.0.0.1:{port}/ws")).expect("a URL");
    Policy::read([&allow], []).check(endpoint).expect("allowed")
}

impl Client {
    async fn next(&mut self) -> (&'static str, Value) {
        let next = tokio::time::timeout(Duration::from_secs(10), self.events.recv());
        next.await.expect("an event in time").expect("an event")
    }

    async fn opened(&mut self) {
        assert_eq!(self.next().await.0, "daemon://open");
    }

    /// The rest of the events; the task must end by itself.
    async fn rest(mut self) -> Vec<(&'static str, Value)> {
        tokio::time::timeout(Duration::from_secs(10), self.task)
            .await
            .expect("ends")
            .expect("no panic");
        let mut rest = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            rest.push(event);
        }
        rest
    }

    /// The one error with its code and message, followed by an abrupt close, and nothing else.
    async fn failure(self) -> Value {
        let rest = self.rest().await;
        let [("daemon://error", error), ("daemon://close", close)] = rest.as_slice() else {
            panic!("not one error and one close: {rest:?}");
        };
        assert_eq!(close["code"], 1006);
        assert_eq!(close["wasClean"], false);
        error.clone()
    }

    fn send(&self, frame: Frame) -> usize {
        let delivered = Delivered {
            frames: vec![frame],
            ..Delivered::default()
        };
        self.mailbox.deliver(delivered).expect("accepted")
    }

    fn goodbye(&self, code: u16, reason: &str) {
        self.mailbox.say_goodbye(Goodbye {
            code,
            reason: reason.into(),
        });
    }
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.expect("a connection").0
}

async fn websocket(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    accept_async(accept(listener).await)
        .await
        .expect("an upgrade")
}

/// Reads a request head.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.expect("a request") > 0);
    }
    String::from_utf8(head).expect("ASCII")
}

/// Upgrades by hand and gives the raw stream.
async fn raw_upgrade(listener: &TcpListener) -> TcpStream {
    let mut stream = accept(listener).await;
    let request = head(&mut stream).await;
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .expect("a key");
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await.expect("written");
    stream
}

#[tokio::test]
async fn messages_cross_unaltered_in_both_directions() {
    let (listener, port) = listener().await;
    let mut client = connect(port, patient());
    let mut server = websocket(&listener).await;
    client.opened().await;

    for text in ["", "a\0b", "\u{2028}", r#"{"__proto__":1}"#, "\u{1f600}"] {
        server.send(Message::text(text)).await.expect("sent");
        let (event, payload) = client.next().await;
        assert_eq!(
            (event, &payload["data"]),
            ("daemon://message", &json!(text))
        );
        client.send(Frame::Text(text.into()));
        assert_eq!(
            server.next().await.expect("a message").expect("valid"),
            Message::text(text)
        );
    }
    server
        .send(Message::binary(vec![0, 255, 10]))
        .await
        .expect("sent");
    assert_eq!(client.next().await.1["base64"], "AP8K");
    client.send(Frame::Binary(vec![0, 255, 10].into()));
    assert_eq!(
        server.next().await.expect("a message").expect("valid"),
        Message::binary(vec![0, 255, 10])
    );
}

#[tokio::test]
async fn a_message_of_16_mib_passes_and_a_larger_one_is_a_protocol_error() {
    let (listener, port) = listener().await;
    let mut client = connect(port, patient());
    let server = websocket(&listener).await;
    client.opened().await;
    let (mut sink, mut stream) = server.split();
    let echo = tokio::spawn(async move {
        let big = stream.next().await.expect("a message").expect("valid");
        assert_eq!(big.len(), MESSAGE_BYTES);
        sink.send(big).await.expect("sent");
        // The peer may stop reading before all of it is written.
        let _ = sink.send(Message::binary(vec![0; MESSAGE_BYTES + 1])).await;
        stream.next().await
    });
    let buffered = client.send(Frame::Text("x".repeat(MESSAGE_BYTES).into()));
    assert_eq!(buffered, MESSAGE_BYTES);
    let (_, payload) = client.next().await;
    assert_eq!(payload["data"].as_str().map(str::len), Some(MESSAGE_BYTES));
    assert_eq!(
        client.send(Frame::Text(String::new().into())),
        0,
        "the network has it all"
    );
    assert_eq!(client.failure().await["code"], "protocol_error");
    if let Some(Ok(Message::Close(Some(frame)))) = echo.await.expect("no panic") {
        assert_eq!(u16::from(frame.code), 1009);
    }
}

#[tokio::test]
async fn the_upgrade_request_has_the_pages_headers_and_no_origin() {
    let (listener, port) = listener().await;
    let _client = connect(port, patient());
    let request = head(&mut accept(&listener).await).await;
    assert!(
        request.contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")),
        "{request}"
    );
    assert!(request.contains("\r\nX-Client: test\r\n"), "{request}");
    assert!(
        !request.to_ascii_lowercase().contains("origin"),
        "{request}"
    );
}

#[tokio::test]
async fn frames_that_come_with_the_upgrade_answer_are_not_lost() {
    let (listener, port) = listener().await;
    let mut client = connect(port, patient());
    let mut stream = accept(&listener).await;
    let request = head(&mut stream).await;
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .expect("a key");
    let answer = format!(
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n\u{81}\u{2}hi",
        derive_accept_key(key.as_bytes())
    );
    // Latin-1 by hand: the first two bytes of the frame are not UTF-8.
    let bytes: Vec<u8> = answer.chars().map(|char| char as u8).collect();
    stream.write_all(&bytes).await.expect("written");
    client.opened().await;
    assert_eq!(client.next().await.1["data"], "hi");
}

#[tokio::test]
async fn nothing_listening_is_connection_refused() {
    let (listener, port) = listener().await;
    drop(listener);
    let error = connect(port, quick()).failure().await;
    assert_eq!(error["code"], "connection_refused");
    assert!(error["message"]
        .as_str()
        .is_some_and(|message| message.contains(&format!("127.0.0.1:{port}"))));
}

/// Answers the upgrade with these bytes, piece by piece in segments of their own, and keeps the connection open.
async fn answered_with(pieces: &[&str]) -> Value {
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    head(&mut stream).await;
    stream.set_nodelay(true).expect("set");
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.expect("written");
        // Another segment: the client has seen the piece before when it asks the scheduler again.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
    let failure = client.failure().await;
    assert!(
        tokio::time::timeout(Duration::from_millis(1), listener.accept())
            .await
            .is_err(),
        "a second connection"
    );
    failure
}

#[tokio::test]
async fn a_refused_upgrade_keeps_its_status_and_body() {
    let body = r#"{"code":"origin_not_allowed","message":"Origin not allowed"}"#;
    let head = format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let error = answered_with(&[&head, body]).await;
    assert_eq!(error["code"], "upgrade_refused");
    assert_eq!(error["status"], 403);
    assert_eq!(error["body"], body);
    assert_eq!(error["message"], "403 Origin not allowed");
}

#[tokio::test]
async fn any_other_status_is_a_refusal_and_redirects_are_not_followed() {
    let error = answered_with(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"]).await;
    assert_eq!(
        (&error["code"], &error["status"]),
        (&json!("upgrade_refused"), &json!(200))
    );
    let error = answered_with(&[
        "HTTP/1.1 302 Found\r\nLocation: ws://evil.test/\r\nContent-Length: 0\r\n\r\n",
    ])
    .await;
    assert_eq!(
        (&error["code"], &error["status"]),
        (&json!("upgrade_refused"), &json!(302))
    );
}

#[tokio::test]
async fn what_is_no_upgrade_is_a_failed_handshake() {
    let wrong_accept = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    assert_eq!(
        answered_with(&[wrong_accept]).await["code"],
        "handshake_failed"
    );
    assert_eq!(
        answered_with(&["220 mail.test ESMTP\r\n"]).await["code"],
        "handshake_failed"
    );
    let bomb = format!("HTTP/1.1 101 S\r\nX: {}", "x".repeat(1024 * 1024));
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    head(&mut stream).await;
    // The client may hang up before all of it is written.
    let _ = stream.write_all(bomb.as_bytes()).await;
    assert_eq!(client.failure().await["code"], "handshake_failed");
}

#[tokio::test]
async fn silence_and_a_slow_drip_end_within_the_upgrade_deadline() {
    assert_eq!(answered_with(&[]).await["code"], "timed_out");
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    let drip = tokio::spawn(async move {
        head(&mut stream).await;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        for byte in "HTTP/1.1 101 Switching Protocols\r\n".bytes().cycle() {
            tick.tick().await;
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    });
    assert_eq!(client.failure().await["code"], "timed_out");
    drip.await.expect("the client hangs up");
}

#[tokio::test]
async fn an_end_during_the_upgrade_is_a_reset() {
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    head(&mut stream).await;
    drop(stream);
    assert_eq!(client.failure().await["code"], "connection_reset");
}

#[tokio::test]
async fn an_end_without_a_close_frame_is_a_reset() {
    for zero_linger in [false, true] {
        let (listener, port) = listener().await;
        let mut client = connect(port, patient());
        let server = websocket(&listener).await;
        client.opened().await;
        if zero_linger {
            server.get_ref().set_zero_linger().expect("set");
        }
        drop(server);
        assert_eq!(client.failure().await["code"], "connection_reset");
    }
}

#[tokio::test]
async fn bytes_that_are_no_frames_are_a_protocol_error() {
    for bytes in [
        &[0x8b_u8, 0x00][..],
        &[0x81, 0x01, 0xff],
        &[0xc1, 0x00],
        &[0x81, 0x81, 0, 0, 0, 0, 0],
    ] {
        let (listener, port) = listener().await;
        let mut client = connect(port, patient());
        let mut stream = raw_upgrade(&listener).await;
        client.opened().await;
        stream.write_all(bytes).await.expect("written");
        assert_eq!(
            client.failure().await["code"],
            "protocol_error",
            "{bytes:?}"
        );
    }
}

#[tokio::test]
async fn a_peer_that_never_answers_a_ping_has_timed_out() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let _half_open = raw_upgrade(&listener).await;
    client.opened().await;
    assert_eq!(client.failure().await["code"], "timed_out");
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let mut server = websocket(&listener).await;
    client.opened().await;
    let mut pings = 0;
    while pings < 4 {
        if server
            .next()
            .await
            .expect("still open")
            .expect("valid")
            .is_ping()
        {
            pings += 1;
        }
    }
    assert!(!client.task.is_finished());
}

#[tokio::test]
async fn a_peer_that_does_not_read_does_not_stop_the_reading_and_times_out() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let mut stream = raw_upgrade(&listener).await;
    client.opened().await;
    client.send(Frame::Binary(vec![0; MESSAGE_BYTES].into()));
    // An unmasked text frame, while the client's write is stuck.
    stream
        .write_all(&[0x81, 2, b'h', b'i'])
        .await
        .expect("written");
    assert_eq!(client.next().await.1["data"], "hi");
    assert_eq!(client.failure().await["code"], "timed_out");
}

#[tokio::test]
async fn a_stalled_page_stops_the_peer_within_a_bound() {
    let (listener, port) = listener().await;
    let mut client = start(agreed(port), None, quick(), false);
    let mut server = websocket(&listener).await;
    client.opened().await;
    let mut sent = 0_usize;
    let message = Message::binary(vec![0; 64 * 1024]);
    // Stuck for ten ping intervals: the peer is left unread, and is not taken for dead.
    while tokio::time::timeout(Duration::from_millis(1500), server.send(message.clone()))
        .await
        .is_ok()
    {
        sent += 64 * 1024;
        assert!(sent < 64 * 1024 * 1024, "the peer is never stopped");
    }
    assert!(sent > OUTBOX_BYTES, "{sent}");
    // The page wakes up and gets the rest in order, until the peer's last message.
    assert!(!client.task.is_finished());
    let mut seq = 1;
    while let Ok((_, payload)) = client.events.try_recv() {
        // The first one was repeated now and then, in case it was lost.
        if payload["seq"] == seq + 1 {
            seq += 1;
        }
    }
    assert!(
        seq as usize * 64 * 1024 <= IN_FLIGHT_BYTES,
        "{seq} in flight"
    );
    let delivered = Delivered {
        acknowledged: seq,
        ..Delivered::default()
    };
    client.mailbox.deliver(delivered).expect("accepted");
    while seq < 1 + (sent / (64 * 1024)) as u64 {
        let (_, payload) = client.next().await;
        if payload["seq"] == seq + 1 {
            seq += 1;
            let delivered = Delivered {
                acknowledged: seq,
                ..Delivered::default()
            };
            client.mailbox.deliver(delivered).expect("accepted");
        }
    }
}

#[tokio::test]
async fn a_close_reaches_the_peer_with_code_and_reason_after_what_was_sent() {
    let (listener, port) = listener().await;
    let mut client = connect(port, patient());
    let mut server = websocket(&listener).await;
    client.opened().await;
    client.send(Frame::Text("last".into()));
    client.goodbye(4001, "bye");
    assert_eq!(
        server.next().await.expect("a message").expect("valid"),
        Message::text("last")
    );
    let close = server.next().await.expect("a close").expect("valid");
    assert_eq!(close, Message::Close(Some(close_frame(4001, "bye"))));
    // The answer goes out with the next read.
    assert!(server.next().await.is_none());
    let rest = client.rest().await;
    let [("daemon://close", close)] = rest.as_slice() else {
        panic!("not one close: {rest:?}");
    };
    assert_eq!(
        (&close["code"], &close["reason"]),
        (&json!(4001), &json!("bye"))
    );
    assert_eq!(close["wasClean"], true);
}

#[tokio::test]
async fn a_close_of_the_peer_reaches_the_page_with_code_and_reason() {
    let (listener, port) = listener().await;
    let mut client = connect(port, patient());
    let mut server = websocket(&listener).await;
    client.opened().await;
    server.send(Message::text("last")).await.expect("sent");
    server
        .close(Some(close_frame(4002, "enough")))
        .await
        .expect("closed");
    let end = tokio::spawn(async move { while server.next().await.is_some() {} });
    let rest = client.rest().await;
    let [("daemon://message", last), ("daemon://close", close)] = rest.as_slice() else {
        panic!("not a message and one close: {rest:?}");
    };
    assert_eq!(last["data"], "last");
    assert_eq!(
        (&close["code"], &close["reason"]),
        (&json!(4002), &json!("enough"))
    );
    end.await.expect("the client ends it too");
}

#[tokio::test]
async fn a_close_that_is_never_answered_ends_within_its_deadline() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let _silent = raw_upgrade(&listener).await;
    client.opened().await;
    client.goodbye(1000, "");
    let rest = client.rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(
        (rest[0].0, &rest[0].1["code"]),
        ("daemon://close", &json!(1006))
    );
}

#[tokio::test]
async fn a_close_before_open_cancels_the_attempt_and_is_one_close() {
    let (listener, port) = listener().await;
    let client = connect(port, patient());
    let mut stream = accept(&listener).await;
    client.goodbye(1000, "");
    let rest = client.rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(
        (rest[0].0, &rest[0].1["code"]),
        ("daemon://close", &json!(1006))
    );
    let mut left = Vec::new();
    stream.read_to_end(&mut left).await.expect("the end");
}

#[tokio::test]
async fn when_the_page_is_gone_the_peer_is_told_and_the_page_is_not() {
    let (listener, port) = listener().await;
    let mut client = connect(port, patient());
    let mut server = websocket(&listener).await;
    client.opened().await;
    client.mailbox.release();
    let close = server.next().await.expect("a close").expect("valid");
    assert_eq!(close, Message::Close(Some(close_frame(1001, ""))));
    assert_eq!(client.rest().await, []);
}

#[tokio::test]
async fn the_local_daemon_is_found_by_the_application() {
    let (listener, port) = listener().await;
    let found: Resolver = Arc::new(move || {
        Ok(LocalDaemon {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            path: "/ws".into(),
        })
    });
    let mut client = start(Agreed::LocalDaemon, Some(found), patient(), true);
    let _server = websocket(&listener).await;
    client.opened().await;

    let missing: Resolver = Arc::new(|| {
        Err(LocalDaemonError {
            code: "daemon_not_running".into(),
            message: "start it".into(),
        })
    });
    let error = start(Agreed::LocalDaemon, Some(missing), patient(), true)
        .failure()
        .await;
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("daemon_not_running"), &json!("start it"))
    );
}
