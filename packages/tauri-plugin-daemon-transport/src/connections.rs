//! All connections of the application, and whose they are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime},
};

use crate::{
    connection::{Attempt, Connection},
    consents::Consents,
    core::{
        attempts::Attempts,
        grant::Grant,
        headers::{self},
        id::Id,
        ownership::{Claim, Ownership},
        policy::Agreed,
        slumber::Slumber,
    },
    delivery::Lane,
    dial::{Plan, Ways},
    error::{Error, ErrorCode},
    limits::{Timeouts, CLOCK_CHECK, CONNECTIONS, CONNECTIONS_PER_WEBVIEW},
    mailbox::Mailbox,
    page::Page,
};

/// A page's wish for a connection.
pub struct Wish {
    /// Where to.
    pub url: String,
    /// Headers of the upgrade request.
    pub headers: std::collections::BTreeMap<String, String>,
    /// How frames shall cross.
    pub lane: Lane,
    /// The page's id.
    pub page: Option<Id>,
}

/// Who asks.
pub struct Asker<'a> {
    /// Label of the webview.
    pub webview: &'a str,
    /// Label of its window.
    pub window: &'a str,
}

#[derive(Default)]
struct State {
    ownership: Ownership,
    table: HashMap<Id, Arc<Mailbox>>,
    /// Of each webview, as long as one is not full.
    attempts: HashMap<String, Attempts>,
    /// Somebody looks at the clocks.
    watched: bool,
}

/// See the module.
pub struct Connections {
    state: Arc<Mutex<State>>,
    /// What the person is being asked, and what they allowed to the pages that are shown.
    pub consents: Consents,
    timeouts: Timeouts,
    ways: Arc<Ways>,
}

impl Connections {
    /// None yet.
    pub fn new(timeouts: Timeouts, ways: Ways) -> Self {
        Self {
            state: Arc::default(),
            consents: Consents::default(),
            timeouts,
            ways: Arc::new(ways),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Checks a wish and begins the attempt. Nothing has been dialled when this returns. `agree` gives the verdict on
    /// the URL, and the grant of the person that it rests on; it is asked only within the attempts that a webview has.
    pub fn connect(
        &self,
        asker: &Asker<'_>,
        wish: Wish,
        agree: impl FnOnce(&str) -> Result<(Agreed, Option<Grant>), Error>,
        page: Arc<dyn Page>,
    ) -> Result<Arc<Mailbox>, Error> {
        if wish.lane == Lane::Batch && wish.page.is_none() {
            return Err(Error::invalid_request(
                "the lane `batch` needs `page`, the id that the page's receiver has",
            ));
        }
        self.state().begin_attempt(asker.webview, Instant::now())?;
        let (agreed, grant) = agree(&wish.url)?;
        if agreed == Agreed::LocalDaemon && self.ways.resolver.is_none() {
            return Err(Error::new(
                ErrorCode::PolicyRefused,
                "this application names no local daemon: it has to be built with `Builder::local_daemon`",
            ));
        }
        let headers = headers::check(wish.headers)?;
        if matches!(&agreed, Agreed::WebSocket(agreed) if agreed.credential.is_some()) {
            headers.refuse_authorization()?;
        }
        let id = Id::random().map_err(|error| {
            Error::invalid_request(format!("the system gave no random bytes: {error}"))
        })?;

        let mailbox = {
            let mut state = self.state();
            let owner = state
                .ownership
                .claim(asker.webview, wish.page)
                .ok_or_else(Error::stale_page)?;
            let of_webview = state
                .table
                .values()
                .filter(|other| other.owner.webview == asker.webview)
                .count();
            if of_webview >= CONNECTIONS_PER_WEBVIEW || state.table.len() >= CONNECTIONS {
                return Err(Error::new(
                    ErrorCode::TooManyConnections,
                    format!(
                        "{of_webview} connections of this webview and {} in all exist; at most \
                         {CONNECTIONS_PER_WEBVIEW} and {CONNECTIONS} may. Close some",
                        state.table.len()
                    ),
                ));
            }
            let mailbox =
                Arc::new(Mailbox::new(id, owner, asker.window.to_owned()).resting_on(grant));
            state.table.insert(id, Arc::clone(&mailbox));
            mailbox
        };
        let plan = Plan {
            agreed,
            headers,
            ways: Arc::clone(&self.ways),
        };
        let connection = Connection::new(Arc::clone(&mailbox), page, wish.lane, self.timeouts);
        let state = Arc::clone(&self.state);
        tauri::async_runtime::spawn(async move {
            let attempt = connection.run(plan).await;
            let mut state = lock(&state);
            let ended = state.table.remove(&id);
            if let (Attempt::Failed, Some(mailbox)) = (attempt, ended) {
                state.attempt_failed(&mailbox.owner.webview, Instant::now());
            }
        });
        self.watch_clocks();
        Ok(mailbox)
    }

    /// While there are connections, notices that the computer has slept, and has every peer asked whether it is
    /// still there.
    fn watch_clocks(&self) {
        if std::mem::replace(&mut self.state().watched, true) {
            return;
        }
        let state = Arc::clone(&self.state);
        tauri::async_runtime::spawn(async move {
            let mut slumber = Slumber::new(Instant::now(), SystemTime::now());
            loop {
                tokio::time::sleep(CLOCK_CHECK).await;
                let slept = slumber.look(Instant::now(), SystemTime::now());
                let mut state = lock(&state);
                if slept {
                    state.table.values().for_each(|mailbox| mailbox.suspect());
                }
                if state.table.is_empty() {
                    state.watched = false;
                    return;
                }
            }
        });
    }

    /// Refuses what a former page asks for.
    pub fn claim(&self, webview: &str, page: Option<Id>) -> Result<(), Error> {
        self.state()
            .ownership
            .claim(webview, page)
            .map(drop)
            .ok_or_else(Error::stale_page)
    }

    /// Ends the connections that rest on this grant.
    pub fn revoke(&self, grant: &Grant) {
        self.state()
            .table
            .values()
            .filter(|mailbox| mailbox.grant.as_ref() == Some(grant))
            .for_each(|mailbox| mailbox.revoke());
    }

    /// The connection, if the asker owns it. When another page has taken the owner's place, it is released.
    pub fn find(&self, webview: &str, page: Option<Id>, id: Id) -> Result<Arc<Mailbox>, Error> {
        let state = self.state();
        let mailbox = state.table.get(&id).ok_or_else(Error::unknown_connection)?;
        match state.ownership.claim_of(&mailbox.owner, webview, page) {
            Claim::Owner => Ok(Arc::clone(mailbox)),
            Claim::Successor => {
                mailbox.release();
                Err(Error::unknown_connection())
            }
            Claim::Stranger => Err(Error::unknown_connection()),
        }
    }

    /// The webview began to show another page, or its page crashed.
    pub fn page_gone(&self, webview: &str) {
        self.consents.page_gone(webview);
        let mut state = self.state();
        state.ownership.page_gone(webview);
        for mailbox in state
            .table
            .values()
            .filter(|mailbox| mailbox.owner.webview == webview)
        {
            mailbox.release();
        }
    }

    /// A window was destroyed with all its webviews.
    pub fn window_gone(&self, window: &str) {
        let mut webviews: Vec<String> = self
            .state()
            .table
            .values()
            .filter(|mailbox| mailbox.window == window)
            .map(|mailbox| mailbox.owner.webview.clone())
            .collect();
        webviews.push(window.to_owned());
        for webview in webviews {
            self.page_gone(&webview);
        }
    }

    /// The network may have changed.
    pub fn suspect_all(&self) {
        self.state()
            .table
            .values()
            .for_each(|mailbox| mailbox.suspect());
    }

    /// The application ends.
    pub fn release_all(&self) {
        self.state()
            .table
            .values()
            .for_each(|mailbox| mailbox.release());
    }
}

impl State {
    fn begin_attempt(&mut self, webview: &str, now: Instant) -> Result<(), Error> {
        self.attempts.retain(|_, attempts| !attempts.is_full(now));
        let attempts = self.attempts.entry(webview.to_owned());
        attempts
            .or_insert_with(|| Attempts::new(now))
            .begin(now)
            .map_err(Error::too_many_attempts)
    }

    fn attempt_failed(&mut self, webview: &str, now: Instant) {
        let attempts = self.attempts.entry(webview.to_owned());
        attempts.or_insert_with(|| Attempts::new(now)).failed(now);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing in here can be left half-done by a panic.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;
    use crate::{
        core::{endpoint, policy::Policy},
        limits::ATTEMPT_BUCKET,
    };

    struct NoPage;

    impl Page for NoPage {
        fn evaluate(&self, _script: String) {}
        fn emit(&self, _event: &'static str, _payload: String) {}
    }

    const A: Id = Id::from_bytes([1; 16]);
    const B: Id = Id::from_bytes([2; 16]);

    /// A server that accepts and never answers, so that attempts last.
    struct Server(TcpListener);

    impl Server {
        fn new() -> Self {
            Self(TcpListener::bind("127.0.0.1:0").expect("a port"))
        }

        fn connect(
            &self,
            connections: &Connections,
            webview: &str,
            page: Option<Id>,
        ) -> Result<Id, Error> {
            let port = self.0.local_addr().expect("an address").port();
            let allow =
                [json!({ "scheme": "ws", "host": "127.0.0.1", "port": port, "path": "/ws" })];
            let asker = Asker {
                webview,
                window: webview,
            };
            let wish = Wish {
                url: format!("ws://127.0.0.1:{port}/ws"),
                headers: std::collections::BTreeMap::default(),
                lane: Lane::Event,
                page,
            };
            let agree = by(Policy::read(&allow, []));
            let mailbox = connections.connect(&asker, wish, agree, Arc::new(NoPage))?;
            Ok(mailbox.id)
        }
    }

    /// The verdict of this policy alone.
    fn by(policy: Policy) -> impl FnOnce(&str) -> Result<(Agreed, Option<Grant>), Error> {
        move |url| Ok((policy.check(endpoint::parse(url)?)?, None))
    }

    fn connections() -> Connections {
        Connections::new(Timeouts::default(), Ways::none())
    }

    fn code<T>(result: Result<T, Error>) -> Option<ErrorCode> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn strangers_former_pages_and_unknown_ids_are_refused_alike() {
        let connections = connections();
        let server = Server::new();
        let id = server
            .connect(&connections, "main", Some(A))
            .expect("agreed");
        assert!(connections.find("main", Some(A), id).is_ok());
        let refusals = [
            connections.find("main", Some(A), B).map(drop),
            connections.find("other", Some(A), id).map(drop),
            connections.find("main", None, id).map(drop),
        ];
        connections.page_gone("main");
        let after = connections.find("main", Some(A), id).map(drop);
        for refusal in refusals.into_iter().chain([after]) {
            assert_eq!(refusal, Err(Error::unknown_connection()));
        }
        assert_eq!(
            code(server.connect(&connections, "main", Some(A))),
            Some(ErrorCode::StalePage)
        );
        assert!(server.connect(&connections, "main", Some(B)).is_ok());
    }

    #[test]
    fn a_connection_of_a_page_that_was_replaced_unnoticed_is_released_by_its_successor() {
        let connections = connections();
        let server = Server::new();
        let id = server
            .connect(&connections, "main", Some(A))
            .expect("agreed");
        let mailbox = connections.find("main", Some(A), id).expect("the owner");
        assert_eq!(
            code(connections.find("main", Some(B), id)),
            Some(ErrorCode::UnknownConnection)
        );
        assert!(mailbox.look().1, "released");
    }

    #[test]
    fn the_number_of_connections_is_limited_for_a_webview_and_in_all() {
        let connections = connections();
        let server = Server::new();
        for webview in 0..CONNECTIONS / CONNECTIONS_PER_WEBVIEW {
            for _ in 0..CONNECTIONS_PER_WEBVIEW {
                server
                    .connect(&connections, &webview.to_string(), None)
                    .expect("agreed");
            }
            let more = server.connect(&connections, &webview.to_string(), None);
            assert_eq!(code(more), Some(ErrorCode::TooManyConnections));
        }
        assert_eq!(
            code(server.connect(&connections, "one more", None)),
            Some(ErrorCode::TooManyConnections)
        );
    }

    #[test]
    fn attempts_are_limited_in_time_for_each_webview_and_a_refusal_says_when_to_come_back() {
        let connections = connections();
        let asker = |webview| Asker {
            webview,
            window: webview,
        };
        let judged = std::cell::Cell::new(0);
        // Refused by policy, and an attempt all the same.
        let attempt = |webview| {
            let wish = Wish {
                url: "ws://127.0.0.1:6767/ws".into(),
                headers: std::collections::BTreeMap::default(),
                lane: Lane::Event,
                page: None,
            };
            let agree = |url: &str| {
                judged.set(judged.get() + 1);
                by(Policy::default())(url)
            };
            let refused = connections.connect(&asker(webview), wish, agree, Arc::new(NoPage));
            refused.expect_err("no endpoint is allowed")
        };
        // However fast the attempts are made, some are gained back meanwhile.
        let (before, error) = (0..100 * ATTEMPT_BUCKET)
            .map(|_| attempt("main"))
            .enumerate()
            .find(|(_, error)| error.code != ErrorCode::PolicyRefused)
            .expect("a limit");
        assert_eq!(judged.get(), before, "an attempt too many costs no verdict");
        assert_eq!(error.code, ErrorCode::TooManyAttempts);
        let wait = error.retry_after_ms.expect("a time");
        assert!((1..=1000).contains(&wait), "{wait}");
        let told = serde_json::to_value(&error).expect("JSON");
        assert_eq!(
            (&told["code"], &told["retryAfterMs"]),
            (&json!("too_many_attempts"), &json!(wait))
        );
        assert_eq!(attempt("another").code, ErrorCode::PolicyRefused);
    }

    #[test]
    fn a_window_releases_what_its_webviews_opened() {
        let connections = connections();
        let server = Server::new();
        let id = server.connect(&connections, "main", None).expect("agreed");
        connections.window_gone("another");
        assert!(connections.find("main", None, id).is_ok());
        connections.window_gone("main");
        assert_eq!(
            code(connections.find("main", None, id)),
            Some(ErrorCode::UnknownConnection)
        );
    }
}
