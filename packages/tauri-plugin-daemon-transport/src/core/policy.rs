//! Who may connect where. Entries come from capability files; an endpoint that no entry allows is refused,
//! deny wins over allow, and an entry that cannot be read allows nothing.

use serde_json::Value;

use super::{
    endpoint::{Endpoint, WebSocketEndpoint, LOCAL_DAEMON_URL},
    entry::{exact_entry, text_of, CredentialName, Entry, List, Pin, Terms, Trust, WebSocketEntry},
    ports::service_at,
    reach::{NameRules, Reach},
};
use crate::error::{Error, ErrorCode};

/// What was agreed to: connect like this and in no other way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each attempt")]
pub enum Agreed {
    /// A WebSocket server.
    WebSocket(AgreedEndpoint),
    /// What the host application's resolver names.
    LocalDaemon,
}

/// A WebSocket server, and the terms of the entry that allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedEndpoint {
    /// Where the page wants to go.
    pub endpoint: WebSocketEndpoint,
    /// The addresses that may be dialled.
    pub reach: Reach,
    /// The server's key is one of these, where any are given.
    pub pins: Vec<Pin>,
    /// Who vouches for the server.
    pub trust: Trust,
    /// The credential that Rust attaches.
    pub credential: Option<CredentialName>,
}

/// A deny entry and its text, which a refusal names.
#[derive(Debug, Clone)]
struct Denial {
    entry: Entry,
    text: String,
}

/// The entries that hold for one page.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    allow: Vec<Entry>,
    deny: Vec<Denial>,
    /// Allow entries that say nothing understandable, and so allow nothing.
    unreadable: Vec<String>,
    /// The first deny entry of that kind. Nobody knows what it denies, so it denies everything.
    unreadable_denial: Option<String>,
}

impl Policy {
    /// Reads the entries of a page's capabilities.
    pub fn read<'a>(
        allow: impl IntoIterator<Item = &'a Value>,
        deny: impl IntoIterator<Item = &'a Value>,
    ) -> Self {
        let mut policy = Self::default();
        for raw in allow {
            match Entry::read(raw, List::Allow) {
                Ok(entry) => policy.allow.push(entry),
                Err(problem) => policy.unreadable.push(problem),
            }
        }
        for raw in deny {
            match Entry::read(raw, List::Deny) {
                Ok(entry) => policy.deny.push(Denial {
                    entry,
                    text: raw.to_string(),
                }),
                Err(problem) => {
                    policy.unreadable_denial.get_or_insert(problem);
                }
            }
        }
        policy
    }

    /// The verdict.
    pub fn check(&self, endpoint: Endpoint) -> Result<Agreed, Error> {
        if let Some(problem) = &self.unreadable_denial {
            return Err(refused(
                &endpoint,
                format!("{problem}. What it denies is not known, so nothing is allowed; correct it in the capability file"),
            ));
        }
        match endpoint {
            Endpoint::LocalDaemon => {
                let local = |entry: &Entry| *entry == Entry::LocalDaemon;
                if let Some(denial) = self.deny.iter().find(|denial| local(&denial.entry)) {
                    return Err(denied(&endpoint, denial));
                }
                if !self.allow.iter().any(local) {
                    return Err(self.not_allowed(&endpoint));
                }
                Ok(Agreed::LocalDaemon)
            }
            Endpoint::WebSocket(target) => self.check_websocket(target),
        }
    }

    fn check_websocket(&self, target: WebSocketEndpoint) -> Result<Agreed, Error> {
        let denials = || {
            self.deny.iter().filter_map(|denial| match &denial.entry {
                Entry::WebSocket(entry) => Some((entry, denial)),
                Entry::LocalDaemon => None,
            })
        };
        if let Some((_, denial)) = denials().find(|(entry, _)| entry.denies(&target)) {
            return Err(denied(&Endpoint::WebSocket(target), denial));
        }
        let allowing = self.allow.iter().filter_map(|entry| match entry {
            Entry::WebSocket(entry) if entry.allows(&target) => Some(entry),
            Entry::WebSocket(_) | Entry::LocalDaemon => None,
        });
        let Some(terms) = strictest(allowing) else {
            return Err(self.not_allowed(&Endpoint::WebSocket(target)));
        };
        let reach = match target.host.addresses() {
            Some(addresses) => Reach::Addresses(addresses),
            None => Reach::Name(NameRules::new(
                &target,
                terms.addresses.clone(),
                denials().flat_map(|(entry, denial)| {
                    entry
                        .denied_ranges(&target)
                        .into_iter()
                        .map(|range| (range, denial.text.clone()))
                }),
            )),
        };
        Ok(Agreed::WebSocket(AgreedEndpoint {
            endpoint: target,
            reach,
            pins: terms.pins.clone(),
            trust: terms.trust,
            credential: terms.credential.clone(),
        }))
    }

    fn not_allowed(&self, endpoint: &Endpoint) -> Error {
        let entry = text_of(&exact_entry(endpoint));
        let mut problem = format!(
            "no capability allows it. Add {entry} to the \"allow\" list of \"daemon-transport:default\" in a \
             capability of this window"
        );
        if let Endpoint::WebSocket(WebSocketEndpoint { port, .. }) = endpoint {
            if let Some(service) = service_at(*port) {
                let name = service.name;
                problem.push_str(&format!(
                    ". Port {port} belongs to {name}: \"*\" leaves it out, an entry has to name it"
                ));
            }
        }
        for unreadable in &self.unreadable {
            problem.push_str(". Note that ");
            problem.push_str(unreadable);
        }
        refused(endpoint, problem)
    }
}

/// The terms of one entry, never a mixture: a credential goes only where its own entry lets it go. So an entry
/// that asks for less takes nothing away from one that asks for more. Among equals the first decides.
fn strictest<'a>(entries: impl Iterator<Item = &'a WebSocketEntry>) -> Option<&'a Terms> {
    let strictness = |terms: &Terms| {
        (
            terms.credential.is_some(),
            !terms.pins.is_empty(),
            terms.trust == Trust::System,
            !terms.addresses.is_empty(),
        )
    };
    entries.map(|entry| &entry.terms).reduce(|best, next| {
        if strictness(next) > strictness(best) {
            next
        } else {
            best
        }
    })
}

fn refused(endpoint: &Endpoint, problem: String) -> Error {
    let place = match endpoint {
        Endpoint::WebSocket(target) => target.to_string(),
        Endpoint::LocalDaemon => format!("this user's daemon ({LOCAL_DAEMON_URL})"),
    };
    Error::new(
        ErrorCode::PolicyRefused,
        format!("this page may not connect to {place}: {problem}"),
    )
}

fn denied(endpoint: &Endpoint, denial: &Denial) -> Error {
    refused(
        endpoint,
        format!(
            "the deny list of a capability has {}, and deny wins",
            denial.text
        ),
    )
}

#[cfg(test)]
mod tests;
