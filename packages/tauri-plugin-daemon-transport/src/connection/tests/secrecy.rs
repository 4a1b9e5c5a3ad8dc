//! A token in use, through success and every kind of failure; and then everything that a page, a log or an error
//! has seen of it is searched for the token. It may be in one place only: the request that the server received.

use std::cell::RefCell;

use super::{
    certificates::Authority,
    credentials::{token, ways_with, with_credential, Memory},
    *,
};
use crate::local_daemon::Place;

/// With what JSON, HTML and URLs escape.
const SECRET: &str = "s3cr3t/tok3n+with\"quotes\"<and>%&=";

thread_local! {
    /// Everything that was seen; `None` on the threads of other tests.
    static SEEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn see(what: &str) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            seen.push_str(what);
            seen.push('\n');
        }
    });
}

/// Takes the log lines of every library below, at the most talkative level.
struct Log;

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        SEEN.with_borrow(Option::is_some)
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            see(&format!("{}: {}", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}

/// From now on, on this thread, which runs all tasks of this test.
fn listen() {
    SEEN.set(Some(String::new()));
    log::set_logger(&Log).expect("the first logger");
    log::set_max_level(log::LevelFilter::Trace);
}

/// What a connection with the token saw of a server that answers the request with this.
async fn answered(answer: impl Fn(&str) -> String) -> Vec<(&'static str, Value)> {
    let (listener, port) = listener().await;
    let daemon = LocalDaemon {
        places: vec![Place::Tcp((Ipv4Addr::LOCALHOST, port).into())],
        path: "/ws".into(),
        token: Some(token(SECRET)),
    };
    see(&format!("{daemon:?}"));
    let client = start(Agreed::LocalDaemon, ways_to(daemon), quick(), true);
    let mut stream = accept(&listener).await;
    let request = head(&mut stream).await;
    assert!(request.contains(SECRET), "the token is in use: {request}");
    stream
        .write_all(answer(&request).as_bytes())
        .await
        .expect("written");
    stream.shutdown().await.expect("ended");
    client.rest().await
}

fn refused(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_token_is_in_the_request_and_nowhere_else() {
    listen();
    let json = |text: &str| json!({ "message": text, "code": "no" }).to_string();
    let answers: [&dyn Fn(&str) -> String; 9] = [
        &|request| answer_to(request),
        &|request| refused("401 Unauthorized", request),
        &|request| refused("403 Forbidden", &json(request)),
        &|_| refused("403 Forbidden", &json(&format!("Bearer {SECRET} is wrong"))),
        &|_| refused(&format!("403 Bearer {SECRET}"), ""),
        &|_| {
            refused(
                "401 Unauthorized",
                &SECRET
                    .replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('"', "&quot;"),
            )
        },
        &|_| {
            refused(
                "401 Unauthorized",
                &format!("{}{SECRET}", "x".repeat(4096 - 12)),
            )
        },
        &|request| format!("HTTP/1.1 101 S\r\nX-Echo: {SECRET}\r\n\r\n{request}"),
        &|request| format!("not HTTP: {request}"),
    ];
    for answer in answers {
        let events = answered(answer).await;
        assert!(!events.is_empty(), "the page was told something");
        see(&format!("{events:?}"));
    }

    // A credential for an endpoint whose certificate nobody vouches for: its token is not even sent.
    let (listener, port) = listener().await;
    let (_, credentials) = ways_with(Memory::default());
    credentials
        .store("work", &format!("wss://127.0.0.1:{port}/"), token(SECRET))
        .expect("stored");
    let entry = json!({ "scheme": "wss", "host": "127.0.0.1", "port": port, "path": "/ws", "credential": "work" });
    let client = start(
        allowed(&entry, &format!("wss://127.0.0.1:{port}/ws")),
        ways_of(&credentials),
        quick(),
        true,
    );
    let session = Authority::new()
        .server(&["127.0.0.1"])
        .accept(accept(&listener).await)
        .await;
    if let Ok(mut session) = session {
        let mut received = Vec::new();
        // It ends with an alert.
        let _ = session.read_to_end(&mut received).await;
        assert_eq!(received, b"");
    }
    let error = client.failure().await;
    assert_eq!(error["code"], "tls_unknown_issuer");
    see(&error.to_string());

    // A credential for another endpoint.
    let error = start(with_credential(1), ways_of(&credentials), quick(), true)
        .failure()
        .await;
    assert_eq!(error["code"], "credential_mismatch");
    see(&format!("{error} {credentials:?}"));

    let seen = SEEN.take().expect("something");
    assert!(seen.contains("rustls"), "log lines were heard");
    assert!(seen.contains("[token]"), "an echo was redacted");
    let pieces = ["s3cr3t", "tok3n", "quotes"];
    for line in seen.lines() {
        assert!(!pieces.iter().any(|piece| line.contains(piece)), "{line}");
    }
}

fn ways_of(credentials: &crate::credentials::Credentials) -> Ways {
    Ways {
        credentials: credentials.clone(),
        ..Ways::none()
    }
}
