//! What a page is told of a request that it made in the answer to a hand-over.

use base64::{engine::general_purpose::STANDARD, Engine as _};

use super::*;
use crate::call::{Answer, Call, Code};

const CONNECTION: Id = Id::from_bytes([1; 16]);
const PAGE: Id = Id::from_bytes([2; 16]);

/// A page whose engine answers; the test does it.
struct CallablePage {
    mailbox: Arc<Mailbox>,
    calls: mpsc::UnboundedSender<Call>,
    scripts: mpsc::UnboundedSender<String>,
}

impl Page for CallablePage {
    fn evaluate(&self, script: String) {
        // The test may have seen enough.
        let _ = self.scripts.send(script);
    }
    fn emit(&self, _event: &'static str, payload: String) {
        let payload: Value = serde_json::from_str(&payload).expect("JSON");
        let delivered = Delivered {
            acknowledged: payload["seq"].as_u64().expect("a number"),
            ..Delivered::default()
        };
        self.mailbox.deliver(delivered).expect("accepted");
    }
    fn takes_calls(&self) -> bool {
        true
    }
    fn call(&self, call: Call) {
        let _ = self.calls.send(call);
    }
}

/// A request that acknowledges what came by then and holds one text.
fn request(acknowledged: u8, first: u8, text: &str) -> Answer {
    let mut bytes = vec![1];
    bytes.extend([1; 16]);
    bytes.extend([2; 16]);
    for number in [acknowledged, acknowledged - 1, first] {
        bytes.extend([number, 0, 0, 0, 0, 0, 0, 0]);
    }
    bytes.extend([1, u8::try_from(text.len()).expect("short"), 0, 0, 0]);
    bytes.extend(text.as_bytes());
    Answer::Text(STANDARD.encode(bytes).into_bytes())
}

async fn of<T>(receiver: &mut mpsc::UnboundedReceiver<T>) -> T {
    let next = tokio::time::timeout(PATIENCE, receiver.recv());
    next.await.expect("in time").expect("one more")
}

#[tokio::test]
async fn the_answer_rides_along_with_the_next_hand_over_and_goes_by_itself_where_none_comes() {
    let (listener, port) = listener().await;
    let owner = Owner {
        webview: "main".into(),
        epoch: 0,
        page: Some(PAGE),
    };
    let mailbox = Arc::new(Mailbox::new(CONNECTION, owner, "main".into()));
    let (sender, mut calls) = mpsc::unbounded_channel();
    let (scripts_sender, mut scripts) = mpsc::unbounded_channel();
    let page = CallablePage {
        mailbox: Arc::clone(&mailbox),
        calls: sender,
        scripts: scripts_sender,
    };
    let plan = Plan {
        agreed: agreed(port),
        headers: headers::check(BTreeMap::new()).expect("none"),
        ways: Arc::new(Ways::none()),
    };
    let connection = Connection::new(Arc::clone(&mailbox), Arc::new(page), Lane::Batch, patient());
    tokio::spawn(connection.run(plan));
    let mut server = websocket(&listener).await;
    // It may send, and so it has a line.
    mailbox.admit_line();
    let line = of(&mut calls).await;
    assert!(matches!(line.code, Code::Function(..)));

    let mut told = Vec::new();
    for number in 1..=3_u8 {
        server
            .send(Message::text(number.to_string()))
            .await
            .expect("sent");
        let call = of(&mut calls).await;
        let Code::Script(script) = call.code else {
            panic!("little crosses as a script");
        };
        told.push(script);
        (call.answered)(request(number + 1, number, &format!("to {number}")));
        let message = server.next().await.expect("a message").expect("valid");
        assert_eq!(message, Message::text(format!("to {number}")));
    }
    // Which of the answers found the next hand-over in time is the machine's affair; each was given once, and in order.
    let alone = of(&mut scripts).await;
    let rode = told.iter().filter(|script| script.contains(".answer("));
    let mut went = 1;
    while scripts.try_recv().is_ok() {
        went += 1;
    }
    assert_eq!(rode.count() + went, 3, "{told:?}");
    let answer = format!(r#".answer("{PAGE}","{CONNECTION}",0)"#);
    assert!(alone.ends_with(&answer), "{alone}");
    for script in told.iter().filter(|script| script.contains(".answer(")) {
        let (answered, taken) = (script.find(&answer), script.find(".take("));
        assert!(answered.is_some() && answered < taken, "{script}");
    }
}
