//! The line: a call that Rust leaves with the page, and that the page answers with its next small request. The answer to
//! the request before goes along with the next call. A request to Tauri's IPC protocol takes twice as long.
//!
//! A page has a line for a connection only after a request by the command `daemon_send`, which the app's capabilities
//! have therefore allowed, and never in an app with Tauri's isolation pattern.

use std::sync::Arc;

use base64::{engine::general_purpose::STANDARD, Engine as _};

use crate::{
    call::{Answer, Argument, Call, Code},
    core::wire,
    delivery::RECEIVER,
    error::Error,
    limits::REQUEST_BYTES,
    mailbox::{Delivered, Mailbox},
    page::Page,
};

/// The call: the receiver's `next` gives a promise of the next request.
const BODY: &str = "const receiver = window.__DAEMON_TRANSPORT__;
return receiver && receiver.next(page, connection, answer);";

/// Opens the line. It ends with the page, or when the page lets go of it.
pub fn open(page: Arc<dyn Page>, mailbox: Arc<Mailbox>) {
    wait(page, mailbox, "null".to_owned());
}

/// Leaves the call with the page. `answer` is JSON: the bytes that wait for the network, or an error.
fn wait(page: Arc<dyn Page>, mailbox: Arc<Mailbox>, answer: String) {
    let Some(page_id) = mailbox.owner.page else {
        return;
    };
    let arguments = vec![
        ("page", Argument::Text(page_id.to_string())),
        ("connection", Argument::Text(mailbox.id.to_string())),
        ("answer", Argument::Text(answer)),
    ];
    let again = Arc::clone(&page);
    let answered = move |request| {
        // Anything but a text: the page is gone, or has let go.
        if let (Answer::Text(request), false) = (request, mailbox.is_released()) {
            let answer = told(take(&mailbox, &request, false));
            wait(again, mailbox, answer);
        }
    };
    page.call(Call {
        code: Code::Function(BODY, arguments),
        answered: Box::new(answered),
    });
}

/// Takes a request that came as the answer to a hand-over: the page had something to send at once. Only a page that has
/// a line does that. What the line would tell it is owed to it: it goes along with the next hand-over, or by itself if
/// none comes soon.
pub fn take_at_once(mailbox: &Mailbox, request: &[u8]) {
    if mailbox.owner.page.is_some() && mailbox.has_line() {
        if let Err(refused) = take(mailbox, request, true) {
            mailbox.owe_refusal(refused);
        }
    }
}

/// Tells the page what it is owed, if it is owed something.
pub fn tell_owed_answer(page: &dyn Page, mailbox: &Mailbox) {
    if let Some(answer) = owed_answer(mailbox) {
        page.evaluate(format!("window.{RECEIVER}&&{answer}"));
    }
}

/// The expression that tells the page what it is owed, if it is owed something; then it is not any more. For a script that
/// has made sure of the receiver.
pub fn owed_answer(mailbox: &Mailbox) -> Option<String> {
    let page_id = mailbox.owner.page?;
    let answer = told(mailbox.owed_answer()?);
    Some(format!(
        r#"{RECEIVER}.answer("{page_id}","{}",{answer})"#,
        mailbox.id
    ))
}

/// As JSON: the bytes that wait for the network, or an error.
fn told(taken: Result<usize, Error>) -> String {
    match taken {
        Ok(buffered) => buffered.to_string(),
        // Serialising strings and numbers cannot fail.
        Err(error) => serde_json::to_string(&error).unwrap_or_default(),
    }
}

/// Takes a request: the same bytes as in the body of a `daemon_send`, as base64. `owing`: what this gives is not told at
/// once.
fn take(mailbox: &Mailbox, request: &[u8], owing: bool) -> Result<usize, Error> {
    let request = wire::decode(bytes_of(request)?).map_err(Error::invalid_request)?;
    if request.connection != mailbox.id || Some(request.page) != mailbox.owner.page {
        return Err(Error::unknown_connection());
    }
    mailbox.deliver(Delivered {
        owing,
        ..request.into()
    })
}

fn bytes_of(base64: &[u8]) -> Result<Vec<u8>, Error> {
    if base64.len() > REQUEST_BYTES {
        return Err(Error::invalid_request(
            "the request is larger than one may be",
        ));
    }
    STANDARD
        .decode(base64)
        .map_err(|error| Error::invalid_request(format!("the request is not base64: {error}")))
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use proptest::prelude::*;

    use super::*;
    use crate::core::{id::Id, inbox::Frame, ownership::Owner};

    const CONNECTION: Id = Id::from_bytes([1; 16]);
    const PAGE: Id = Id::from_bytes([2; 16]);

    /// A page that the test answers for.
    #[derive(Default)]
    struct AnsweringPage {
        calls: Mutex<Vec<Call>>,
    }

    impl AnsweringPage {
        fn calls(&self) -> usize {
            self.calls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .len()
        }

        /// Answers the call that was left, and gives what the next one says about the request, if there is one.
        fn answer(&self, answer: Answer) -> Option<String> {
            let call = self.calls.lock().expect("no panic").pop().expect("a call");
            (call.answered)(answer);
            let calls = self.calls.lock().expect("no panic");
            let Code::Function(_, arguments) = &calls.last()?.code else {
                panic!("the line is a function");
            };
            match arguments.last() {
                Some(("answer", Argument::Text(answer))) => Some(answer.clone()),
                other => panic!("{other:?}"),
            }
        }
    }

    impl Page for AnsweringPage {
        fn evaluate(&self, _script: String) {}
        fn emit(&self, _event: &'static str, _payload: String) {}
        fn call(&self, call: Call) {
            self.calls.lock().expect("no panic").push(call);
        }
    }

    fn mailbox() -> Arc<Mailbox> {
        let owner = Owner {
            webview: "main".into(),
            epoch: 0,
            page: Some(PAGE),
        };
        Arc::new(Mailbox::new(CONNECTION, owner, "main".into()))
    }

    fn opened() -> (Arc<AnsweringPage>, Arc<Mailbox>) {
        let (page, mailbox) = (Arc::new(AnsweringPage::default()), mailbox());
        mailbox.admit_line();
        assert!(mailbox.collect().line, "the task is told once");
        assert!(!mailbox.collect().line, "and not again");
        open(page.clone(), Arc::clone(&mailbox));
        (page, mailbox)
    }

    /// A request with one text, as characters.
    fn request(connection: u8, first: u8, text: &str) -> Answer {
        let mut bytes = vec![1];
        bytes.extend([connection; 16]);
        bytes.extend([2; 16]);
        bytes.extend([0; 16]);
        bytes.extend([first, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([1, u8::try_from(text.len()).expect("short"), 0, 0, 0]);
        bytes.extend(text.as_bytes());
        Answer::Text(STANDARD.encode(bytes).into_bytes())
    }

    #[test]
    fn each_request_is_taken_answered_and_followed_by_the_next_call() {
        let (page, mailbox) = opened();
        assert_eq!(page.answer(request(1, 1, "größer")).as_deref(), Some("8"));
        assert_eq!(page.answer(request(1, 2, "als")).as_deref(), Some("11"));
        let frames: Vec<Frame> = mailbox.collect().frames.into();
        assert_eq!(
            frames,
            ["größer", "als"].map(|text| Frame::Text(text.into()))
        );
    }

    #[test]
    fn a_request_for_another_connection_or_out_of_order_is_refused_with_its_code() {
        let (page, mailbox) = opened();
        let other = page.answer(request(3, 1, "x")).expect("the line goes on");
        assert!(other.contains("unknown_connection"), "{other}");
        let gap = page.answer(request(1, 7, "x")).expect("the line goes on");
        assert!(gap.contains("send_out_of_order"), "{gap}");
        assert!(mailbox.collect().frames.is_empty());
    }

    #[test]
    fn the_line_ends_when_the_page_lets_go_of_it_or_is_gone() {
        let (page, _mailbox) = opened();
        assert_eq!(page.answer(Answer::Nothing), None);
        assert_eq!(page.calls(), 0);
        let (page, mailbox) = opened();
        mailbox.release();
        assert_eq!(page.answer(request(1, 1, "x")), None);
        assert!(mailbox.collect().frames.is_empty());
    }

    #[test]
    fn a_request_in_the_answer_to_a_hand_over_counts_only_with_a_line() {
        let Answer::Text(request) = request(1, 1, "now") else {
            panic!("a text");
        };
        let closed = mailbox();
        take_at_once(&closed, &request);
        assert!(closed.collect().frames.is_empty());
        let (_page, mailbox) = opened();
        take_at_once(&mailbox, &request);
        assert_eq!(mailbox.collect().frames.len(), 1);
        let owed = owed_answer(&mailbox).expect("an answer");
        assert!(owed.ends_with(&format!(".answer(\"{PAGE}\",\"{CONNECTION}\",3)")));
        assert_eq!(owed_answer(&mailbox), None, "it is owed once");
        take_at_once(&mailbox, b"nonsense");
        let owed = owed_answer(&mailbox).expect("an error");
        assert!(owed.contains("invalid_request"), "{owed}");
    }

    proptest! {
        #[test]
        fn whatever_the_page_answers_the_line_goes_on_and_takes_nothing_wrong(bytes in any::<Vec<u8>>()) {
            let (page, mailbox) = opened();
            let answer = page.answer(Answer::Text(bytes)).expect("the line goes on");
            prop_assert!(answer.contains("invalid_request"), "{}", answer);
            prop_assert!(mailbox.collect().frames.is_empty());
        }
    }
}
