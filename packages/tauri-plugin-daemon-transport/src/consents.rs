//! The questions that are open, with the dialogs that show them: what `core::consent` decides, for all threads.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::{
    core::{
        consent::{Answer, Consent, NotNow, Ticket},
        grant::Grant,
        id::Id,
    },
    dialog::CloseDialog,
    error::{Error, ErrorCode},
};

#[derive(Default)]
struct State {
    consent: Consent,
    dialogs: HashMap<Ticket, CloseDialog>,
}

/// See the module.
#[derive(Default)]
pub struct Consents(Mutex<State>);

impl Consents {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can be left half-done by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page wants the person to be asked.
    pub fn ask(&self, webview: &str, page: Id, grant: Grant) -> Result<Ticket, Error> {
        self.state()
            .consent
            .ask(webview, page, grant, Instant::now())
            .map_err(|refusal| match refusal {
                NotNow::InProgress => Error::new(
                    ErrorCode::AskInProgress,
                    "the person is being asked already; wait for that answer",
                ),
                NotNow::TooOften(wait) => {
                    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    Error {
                        retry_after_ms: Some(millis),
                        ..Error::new(
                            ErrorCode::AskTooOften,
                            format!(
                                "this window has asked too often, or was refused a moment ago; it may ask again in {} s",
                                millis.div_ceil(1000)
                            ),
                        )
                    }
                }
            })
    }

    /// The question is shown now, and this takes it away. It is taken away at once if its page is gone already.
    pub fn shown(&self, webview: &str, ticket: Ticket, close: CloseDialog) {
        let mut state = self.state();
        if state.consent.is_open(webview, ticket) {
            state.dialogs.insert(ticket, close);
        } else {
            drop(state);
            close();
        }
    }

    /// The person has answered. False: the answer counts for nothing.
    pub fn answer(&self, webview: &str, ticket: Ticket, answer: Answer) -> bool {
        let mut state = self.state();
        state.dialogs.remove(&ticket);
        state
            .consent
            .answer(webview, ticket, answer, Instant::now())
    }

    /// The webview shows another page, or none.
    pub fn page_gone(&self, webview: &str) {
        let mut state = self.state();
        let close = state
            .consent
            .page_gone(webview, Instant::now())
            .and_then(|ticket| state.dialogs.remove(&ticket));
        drop(state);
        if let Some(close) = close {
            close();
        }
    }

    /// Whether the person has allowed this to the page that is shown.
    pub fn allows(&self, webview: &str, page: Option<Id>, grant: &Grant) -> bool {
        self.state().consent.allows(webview, page, grant)
    }

    /// Takes back what was allowed once. Says whether there was any.
    pub fn revoke(&self, grant: &Grant) -> bool {
        self.state().consent.revoke(grant)
    }
}
