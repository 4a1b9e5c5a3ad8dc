//! Asking from end to end, with the person played by the test: a dialog is a question and the sender of its
//! answer.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    Mutex,
};

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{dial::Ways, dialog::CloseDialog, limits::Timeouts};

const PAGE: Id = Id::from_bytes([1; 16]);
const NEXT: Id = Id::from_bytes([2; 16]);
const URL: &str = "ws://127.0.0.1:6767/ws";

/// A person who answers when the test says so.
#[derive(Default)]
struct Person {
    questions: Mutex<Vec<(Question, oneshot::Sender<Answer>)>>,
    closed: Arc<AtomicUsize>,
    asked: tokio::sync::Notify,
}

impl Asks for Person {
    fn ask(&self, question: Question, answered: oneshot::Sender<Answer>) -> CloseDialog {
        self.questions
            .lock()
            .expect("lock")
            .push((question, answered));
        self.asked.notify_one();
        let closed = Arc::clone(&self.closed);
        Box::new(move || {
            closed.fetch_add(1, Ordering::Relaxed);
        })
    }
}

impl Person {
    fn answer(&self, answer: Answer) {
        let (_, answered) = self.questions.lock().expect("lock").pop().expect("asked");
        answered.send(answer).expect("somebody waits");
    }

    fn was_asked(&self) -> bool {
        !self.questions.lock().expect("lock").is_empty()
    }
}

struct App {
    _home: TempDir,
    directory: std::path::PathBuf,
    connections: Connections,
    endpoints: Endpoints,
    person: Person,
    scopes: Scopes,
}

impl App {
    fn new() -> Self {
        let home = TempDir::new().expect("a directory");
        let directory = home.path().join("daemon-transport");
        Self {
            endpoints: Endpoints::new(EndpointFile::new(Some(directory.clone()))),
            _home: home,
            directory,
            connections: Connections::new(Timeouts::default(), Ways::none()),
            person: Person::default(),
            scopes: Scopes::default(),
        }
    }

    async fn request(&self, page: Id, url: &str) -> Result<Decision, Error> {
        let from = Supplicant {
            app: "Holdfast",
            webview: "main",
            page,
        };
        self.endpoints
            .request(&self.connections, &from, url, &self.scopes, &self.person)
            .await
    }

    /// Asks for what needs no question.
    async fn unasked(&self, page: Id, url: &str) -> Result<Decision, Error> {
        tokio::select! {
            biased;
            result = self.request(page, url) => result,
            () = self.person.asked.notified() => panic!("the person was asked for {url}"),
        }
    }

    /// Asks, and the person gives this answer.
    async fn asked(&self, page: Id, url: &str, answer: Answer) -> Result<Decision, Error> {
        let answered = async {
            self.person.asked.notified().await;
            self.person.answer(answer);
        };
        tokio::join!(self.request(page, url), answered).0
    }

    fn may_connect(&self, webview: &str, page: Id, url: &str) -> bool {
        self.endpoints
            .agree(&self.connections, webview, Some(page), &self.scopes, url)
            .is_ok()
    }
}

fn code<T>(result: Result<T, Error>) -> Option<ErrorCode> {
    result.err().map(|error| error.code)
}

#[tokio::test]
async fn once_lasts_until_the_page_goes() {
    let app = App::new();
    assert!(!app.may_connect("main", PAGE, URL));
    assert_eq!(app.asked(PAGE, URL, Answer::Once).await, Ok(Decision::Once));
    assert!(app.may_connect("main", PAGE, URL));
    assert!(!app.may_connect("other", PAGE, URL));
    assert!(!app.may_connect("main", PAGE, "ws://127.0.0.1:6768/ws"));
    // Allowed already: nobody is asked again.
    assert_eq!(app.unasked(PAGE, URL).await, Ok(Decision::Once));
    app.connections.page_gone("main");
    assert!(!app.may_connect("main", NEXT, URL));
    assert!(app.endpoints.list().expect("a list").endpoints.is_empty());
}

#[tokio::test]
async fn always_lasts_over_a_restart_until_it_is_revoked() {
    let app = App::new();
    assert_eq!(
        app.asked(PAGE, URL, Answer::Always).await,
        Ok(Decision::Always)
    );
    app.connections.page_gone("main");
    assert_eq!(app.unasked(NEXT, URL).await, Ok(Decision::Always));
    let restarted = App {
        endpoints: Endpoints::new(EndpointFile::new(Some(app.directory.clone()))),
        ..App::new()
    };
    assert!(restarted.may_connect("main", NEXT, URL));
    assert!(!restarted.may_connect("other", NEXT, URL));
    let list = restarted.endpoints.list().expect("a list");
    assert_eq!(list.endpoints.len(), 1);
    assert_eq!(list.endpoints[0].url, URL);
    assert_eq!(
        restarted.endpoints.revoke(&restarted.connections, URL),
        Ok(true)
    );
    assert_eq!(
        restarted.endpoints.revoke(&restarted.connections, URL),
        Ok(false)
    );
    // Both read the same file.
    assert!(!restarted.may_connect("main", NEXT, URL));
    assert!(!app.may_connect("main", NEXT, URL));
}

#[tokio::test]
async fn a_refusal_is_an_error_and_the_next_question_has_to_wait() {
    let app = App::new();
    assert_eq!(
        code(app.asked(PAGE, URL, Answer::Refused).await),
        Some(ErrorCode::EndpointRefused)
    );
    let again = app.unasked(PAGE, URL).await.expect_err("too soon");
    assert_eq!(again.code, ErrorCode::AskTooOften);
    assert!(again.retry_after_ms.is_some_and(|wait| wait > 0));
    assert!(!app.may_connect("main", PAGE, URL));
}

#[tokio::test]
async fn a_dialog_that_is_gone_without_an_answer_is_a_refusal() {
    let app = App::new();
    let vanished = async {
        app.person.asked.notified().await;
        app.person.questions.lock().expect("lock").clear();
    };
    let (result, ()) = tokio::join!(app.request(PAGE, URL), vanished);
    assert_eq!(code(result), Some(ErrorCode::EndpointRefused));
}

#[tokio::test]
async fn a_page_load_closes_the_dialog_and_its_late_answer_counts_for_nothing() {
    for answer in [Answer::Once, Answer::Always] {
        let app = App::new();
        let reloaded = async {
            app.person.asked.notified().await;
            app.connections.page_gone("main");
            assert_eq!(app.person.closed.load(Ordering::Relaxed), 1);
            // The toolkit may deliver a press that was on its way.
            app.person.answer(answer);
        };
        let (result, ()) = tokio::join!(app.request(PAGE, URL), reloaded);
        assert_eq!(code(result), Some(ErrorCode::StalePage));
        assert!(!app.may_connect("main", PAGE, URL));
        assert!(!app.may_connect("main", NEXT, URL));
        // The same request run again, as happens when a page goes, asks nobody.
        assert!(code(app.unasked(PAGE, URL).await).is_some());
        assert!(!app.person.was_asked());
    }
}

#[tokio::test]
async fn one_question_at_a_time() {
    let app = App::new();
    let meanwhile = async {
        app.person.asked.notified().await;
        let second = app.request(PAGE, "ws://127.0.0.1:6768/ws").await;
        app.person.answer(Answer::Once);
        second
    };
    let (first, second) = tokio::join!(app.request(PAGE, URL), meanwhile);
    assert_eq!(first, Ok(Decision::Once));
    assert_eq!(code(second), Some(ErrorCode::AskInProgress));
}

#[tokio::test]
async fn what_can_never_be_allowed_is_not_asked() {
    let mut app = App::new();
    app.scopes.deny =
        vec![json!({ "scheme": "ws", "host": "127.0.0.1", "port": 2222, "path": "*" })];
    for (url, expected) in [
        ("ws://127.0.0.1:2222/ws", ErrorCode::PolicyRefused),
        ("ws://127.0.0.1:22/ws", ErrorCode::PolicyRefused),
        ("daemon+local:", ErrorCode::PolicyRefused),
        ("ws://127.1:6767/ws", ErrorCode::InvalidUrl),
        ("http://127.0.0.1/", ErrorCode::InvalidUrl),
    ] {
        assert_eq!(code(app.unasked(PAGE, url).await), Some(expected), "{url}");
    }
    app.scopes.deny = vec![json!({ "scheme": "ws", "host": "typo" })];
    assert_eq!(
        code(app.unasked(PAGE, URL).await),
        Some(ErrorCode::PolicyRefused)
    );
    assert!(!app.person.was_asked());
}

#[tokio::test]
async fn deny_wins_over_what_the_person_allowed() {
    let mut app = App::new();
    assert_eq!(
        app.asked(PAGE, URL, Answer::Always).await,
        Ok(Decision::Always)
    );
    assert!(app.may_connect("main", PAGE, URL));
    app.scopes.deny =
        vec![json!({ "scheme": "ws", "host": "localhost", "port": "*", "path": "*" })];
    assert!(!app.may_connect("main", PAGE, URL));
}

#[tokio::test]
async fn what_a_capability_allows_needs_no_question() {
    let mut app = App::new();
    app.scopes.allow =
        vec![json!({ "scheme": "ws", "host": "127.0.0.1", "port": "*", "path": "*" })];
    assert_eq!(app.unasked(PAGE, URL).await, Ok(Decision::Always));
    let (_, grant) = app
        .endpoints
        .agree(&app.connections, "main", Some(PAGE), &app.scopes, URL)
        .expect("agreed");
    assert_eq!(grant, None, "it rests on the capability");
}

#[tokio::test]
async fn a_damaged_file_allows_nothing_is_reported_and_a_new_question_begins_a_new_one() {
    let app = App::new();
    assert_eq!(
        app.asked(PAGE, URL, Answer::Always).await,
        Ok(Decision::Always)
    );
    std::fs::write(app.directory.join(crate::endpoint_file::FILE), "{}").expect("written");
    assert!(!app.may_connect("main", PAGE, URL));
    let list = app.endpoints.list().expect("a list");
    assert!(list.endpoints.is_empty());
    assert_eq!(
        list.damaged.map(|error| error.code),
        Some(ErrorCode::EndpointListDamaged)
    );
    assert_eq!(
        app.asked(PAGE, URL, Answer::Always).await,
        Ok(Decision::Always)
    );
    assert!(app.may_connect("main", PAGE, URL));
}
