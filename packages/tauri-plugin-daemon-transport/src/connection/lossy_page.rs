//! The `batch` lane into a page that loses scripts: the Rust side of what the receiver does in a WebView.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Mutex};

use futures_util::SinkExt;
use serde_json::{json, Value};
use tokio::{net::TcpListener, sync::Notify};
use tokio_tungstenite::accept_async;

use super::*;
use crate::{
    call::{Answer, Argument, Call, Code},
    core::{endpoint::parse, headers, id::Id, ownership::Owner, policy::Policy},
    dial::Ways,
    mailbox::Delivered,
};

const MESSAGES: usize = 3000;

/// Loses every n-th script, call and event.
struct LossyPage {
    mailbox: Arc<Mailbox>,
    takes_calls: bool,
    lose_every: u32,
    state: Mutex<State>,
    finished: Arc<Notify>,
}

#[derive(Default)]
struct State {
    calls: u32,
    lost: u32,
    early: BTreeMap<u64, Value>,
    taken: Vec<Value>,
}

impl LossyPage {
    /// Takes what has arrived and gives what has been taken; nothing, if this was lost.
    fn take(&self, items: Vec<(u64, Value)>) -> Option<u64> {
        let mut state = self.state.lock().expect("no panic");
        state.calls += 1;
        if state.calls.is_multiple_of(self.lose_every) {
            state.lost += 1;
            return None;
        }
        state.early.extend(items);
        loop {
            let next = state.taken.len() as u64 + 1;
            let Some(item) = state.early.remove(&next) else {
                break;
            };
            state.taken.push(item);
        }
        let acknowledged = state.taken.len() as u64;
        state.early.retain(|number, _| *number > acknowledged);
        if acknowledged as usize == MESSAGES + 2 {
            assert!(state.lost > 0, "nothing was lost, so nothing was shown");
            let expected = (0..MESSAGES).map(|number| Value::from(number.to_string()));
            assert!(
                state.taken[1..=MESSAGES].iter().cloned().eq(expected),
                "not in order"
            );
            assert_eq!(state.taken[MESSAGES + 1]["code"], 4000);
            self.finished.notify_one();
        }
        Some(acknowledged)
    }

    /// The same, for what is acknowledged by a request.
    fn receive(&self, items: Vec<(u64, Value)>, evaluated: Option<u64>) {
        if let Some(acknowledged) = self.take(items) {
            let delivered = Delivered {
                acknowledged,
                evaluated,
                ..Delivered::default()
            };
            self.mailbox.deliver(delivered).expect("accepted");
        }
    }
}

/// The method of the receiver that a script calls, and its arguments.
fn read(script: &str) -> (&str, Value) {
    let call = script
        .split_once("&&__DAEMON_TRANSPORT__.")
        .expect("a call")
        .1;
    let (method, arguments) = call.split_once('(').expect("arguments");
    let arguments = arguments.strip_suffix(')').expect("a call");
    let arguments = serde_json::from_str(&format!("[{arguments}]")).expect("literals");
    (method, arguments)
}

/// The numbered frames of a hand-over.
fn numbered(first: &Value, frames: &Value) -> Vec<(u64, Value)> {
    let frames = frames.as_array().expect("frames").clone();
    (first.as_u64().expect("a number")..).zip(frames).collect()
}

impl Page for LossyPage {
    fn evaluate(&self, script: String) {
        let (method, arguments) = read(&script);
        let serial = arguments[2].as_u64();
        match method {
            "probe" => self.receive(Vec::new(), serial),
            "deliver" => self.receive(numbered(&arguments[3], &arguments[4]), serial),
            other => panic!("{other}"),
        }
    }

    fn takes_calls(&self) -> bool {
        self.takes_calls
    }

    fn call(&self, call: Call) {
        let items = match call.code {
            Code::Script(script) => {
                let (method, arguments) = read(&script);
                assert_eq!(method, "take");
                numbered(&arguments[3], &arguments[4])
            }
            Code::Function(_, arguments) => {
                let Some((_, Argument::Text(frames))) =
                    arguments.iter().find(|it| it.0 == "frames")
                else {
                    panic!("no frames: {arguments:?}");
                };
                let Some((_, Argument::Number(first))) =
                    arguments.iter().find(|it| it.0 == "first")
                else {
                    panic!("no number: {arguments:?}");
                };
                let frames = serde_json::from_str(frames).expect("JSON");
                numbered(&Value::from(*first), &frames)
            }
        };
        let taken = self.take(items);
        (call.answered)(taken.map_or(Answer::Nothing, |taken| Answer::Number(taken as f64)));
    }

    fn emit(&self, _event: &'static str, payload: String) {
        let payload: Value = serde_json::from_str(&payload).expect("JSON");
        let number = payload["seq"].as_u64().expect("a number");
        self.receive(vec![(number, payload)], None);
    }
}

#[tokio::test]
async fn what_a_page_loses_is_handed_over_again_until_it_has_everything_in_order() {
    for (lose_every, takes_calls) in [2, 3, 7].into_iter().flat_map(|n| [(n, false), (n, true)]) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = tokio::spawn(async move {
            let mut server = accept_async(listener.accept().await.expect("accepted").0)
                .await
                .expect("upgraded");
            for number in 0..MESSAGES {
                server
                    .feed(Message::text(number.to_string()))
                    .await
                    .expect("sent");
                // Small batches, so that there is much to lose.
                if number % 50 == 0 {
                    server.flush().await.expect("sent");
                    tokio::task::yield_now().await;
                }
            }
            server
                .close(Some(close_frame(4000, "")))
                .await
                .expect("closed");
        });
        let page_id = Id::from_bytes([7; 16]);
        let owner = Owner {
            webview: "main".into(),
            epoch: 0,
            page: Some(page_id),
        };
        let mailbox = Arc::new(Mailbox::new(Id::from_bytes([8; 16]), owner, "main".into()));
        let finished = Arc::new(Notify::new());
        let page = LossyPage {
            mailbox: Arc::clone(&mailbox),
            takes_calls,
            lose_every,
            state: Mutex::default(),
            finished: Arc::clone(&finished),
        };
        let allow = json!({ "scheme": "ws", "host": "127.0.0.1", "port": port, "path": "/ws" });
        let endpoint = parse(&format!("ws://127.0.0.1:{port}/ws")).expect("a URL");
        let plan = Plan {
            agreed: Policy::read([&allow], []).check(endpoint).expect("allowed"),
            headers: headers::check(BTreeMap::new()).expect("none"),
            ways: Arc::new(Ways::none()),
        };
        let connection = Connection::new(mailbox, Arc::new(page), Lane::Batch, Timeouts::default());
        // The task ends by itself once the page has taken the end.
        tokio::time::timeout(std::time::Duration::from_secs(60), connection.run(plan))
            .await
            .expect("ends");
        finished.notified().await;
        server.await.expect("no panic");
    }
}
