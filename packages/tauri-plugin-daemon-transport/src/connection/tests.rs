//! Connections against real sockets on loopback: a WebSocket server, and raw peers with one fault each.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{json, Value};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
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
    dial::Ways,
    limits::{IN_FLIGHT_BYTES, MESSAGE_BYTES, OUTBOX_BYTES},
    local_daemon::LocalDaemon,
    mailbox::Delivered,
};

mod answers;
mod backpressure;
mod certificates;
mod credentials;
mod ends;
mod faults;
mod kinds;
mod liveness;
mod local_daemon;
mod messages;
mod names;
mod secrecy;
mod tls;
mod upgrade;

/// Far above every deadline of [`quick`]: it ends a hang, also on a busy machine, and measures nothing.
const PATIENCE: Duration = Duration::from_secs(60);

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
    task: JoinHandle<Attempt>,
}

fn quick() -> Timeouts {
    Timeouts {
        resolve: Duration::from_millis(500),
        dial: Duration::from_millis(500),
        tls: Duration::from_millis(500),
        credential: Duration::from_millis(500),
        upgrade: Duration::from_millis(500),
        ping_interval: Duration::from_millis(150),
        pong_deadline: Duration::from_millis(150),
        wake_deadline: Duration::from_millis(100),
        write_stall: Duration::from_millis(500),
        close: Duration::from_millis(500),
    }
}

fn patient() -> Timeouts {
    Timeouts::default()
}

fn start(agreed: Agreed, ways: impl Into<Arc<Ways>>, timeouts: Timeouts, awake: bool) -> Client {
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
        headers: headers::check(headers).expect("allowed"),
        ways: ways.into(),
    };
    let connection = Connection::new(Arc::clone(&mailbox), Arc::new(page), Lane::Event, timeouts);
    Client {
        mailbox,
        events,
        task: tokio::spawn(connection.run(plan)),
    }
}

fn connect(port: u16, timeouts: Timeouts) -> Client {
    start(agreed(port), Ways::none(), timeouts, true)
}

fn agreed(port: u16) -> Agreed {
    let entry = json!({ "scheme": "ws", "host": "127.0.0.1", "port": port, "path": "/ws" });
    allowed(&entry, &format!("ws://127.0.0.1:{port}/ws"))
}

/// What a policy of this one entry agrees to.
fn allowed(entry: &Value, url: &str) -> Agreed {
    let endpoint = parse(url).expect("a URL");
    Policy::read([entry], []).check(endpoint).expect("allowed")
}

/// The way to a local daemon.
fn ways_to(daemon: LocalDaemon) -> Ways {
    Ways {
        resolver: Some(Arc::new(move || Ok(daemon.clone()))),
        ..Ways::none()
    }
}

impl Client {
    async fn next(&mut self) -> (&'static str, Value) {
        let next = tokio::time::timeout(PATIENCE, self.events.recv());
        next.await.expect("an event in time").expect("an event")
    }

    async fn opened(&mut self) {
        assert_eq!(self.next().await.0, "daemon://open");
    }

    /// The rest of the events; the task must end by itself.
    async fn rest(mut self) -> Vec<(&'static str, Value)> {
        tokio::time::timeout(PATIENCE, self.task)
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
    upgraded(accept(listener).await).await
}

async fn upgraded<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocketStream<S> {
    accept_async(stream).await.expect("an upgrade")
}

/// Reads a request head.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.expect("a request") > 0);
    }
    String::from_utf8(head).expect("ASCII")
}

/// Upgrades by hand and gives the raw stream.
async fn raw_upgrade(listener: &TcpListener) -> TcpStream {
    raw_upgraded(accept(listener).await).await
}

async fn raw_upgraded<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> S {
    let answer = answer_to(&head(&mut stream).await);
    stream.write_all(answer.as_bytes()).await.expect("written");
    stream
}

/// Agreement to a request.
fn answer_to(request: &str) -> String {
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .expect("a key");
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )
}
