//! Who may connect where. Entries come from capability files; an endpoint that no entry allows is refused,
//! deny wins over allow, and an entry that cannot be read allows nothing.

use serde_json::Value;

use super::{
    endpoint::{Endpoint, WebSocketEndpoint},
    entry::{exact_entry, text_of, CredentialName, Entry, List, Pin, Terms, Trust, WebSocketEntry},
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
    Error::new(
        ErrorCode::PolicyRefused,
        format!("this page may not connect to {endpoint}: {problem}"),
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::endpoint::parse;

    fn this_computer() -> Vec<Value> {
        ["127.0.0.1", "[::1]", "localhost"]
            .iter()
            .map(|host| json!({ "scheme": "ws", "host": host, "port": "*", "path": "/ws" }))
            .collect()
    }

    fn verdict(allow: &[Value], deny: &[Value], url: &str) -> Result<Agreed, Error> {
        Policy::read(allow, deny).check(parse(url)?)
    }

    #[test]
    fn this_computer_is_reached_by_its_three_names() {
        for url in [
            "ws://localhost:6767/ws",
            "ws://[::1]:6767/ws",
            "ws://127.0.0.1:6767/ws",
            "ws://127.0.0.1:1/ws?a=b",
        ] {
            assert!(verdict(&this_computer(), &[], url).is_ok(), "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for url in [
            "ws://localhost.:6767/ws",
            "ws://127.0.0.1.evil.test/ws",
            "ws://localtest.me/ws",
            "ws://127.255.255.254/ws",
            "ws://0.0.0.0/ws",
            "ws://[::]/ws",
            "ws://[::ffff:7f00:1]/ws",
            "ws://[2002:7f00:1::]/ws",
            "ws://localhost;evil.test/ws",
            "ws://169.254.169.254/ws",
            "ws://192.168.1.10/ws",
            "ws://100.100.100.200/ws",
            "ws://localhost:6767/",
            "ws://localhost:6767/ws/",
            "ws://localhost:6767/ws/admin",
            "ws://localhost:6767/WS",
            "daemon+local:",
        ] {
            assert!(verdict(&this_computer(), &[], url).is_err(), "{url}");
        }
    }

    #[test]
    fn without_an_entry_nothing_is_allowed_and_the_message_names_the_entry_to_add() {
        let error = verdict(&[], &[], "ws://127.0.0.1:6767/ws").expect_err("refused");
        assert_eq!(error.code, ErrorCode::PolicyRefused);
        let start = error.message.find('{').expect("an entry");
        let end = error.message.rfind('}').expect("an entry");
        let entry: Value = serde_json::from_str(&error.message[start..=end]).expect("JSON");
        assert!(verdict(&[entry], &[], "ws://127.0.0.1:6767/ws").is_ok());
    }

    #[test]
    fn ports_of_other_services_are_refused_unless_named() {
        let daemon = json!({ "scheme": "ws", "host": "localhost", "port": 6767, "path": "/ws" });
        for port in [22, 25, 111, 6000, 6379, 6768] {
            assert!(verdict(
                std::slice::from_ref(&daemon),
                &[],
                &format!("ws://localhost:{port}/ws")
            )
            .is_err());
        }
        assert!(verdict(&[daemon], &[], "ws://localhost:6767/ws").is_ok());
    }

    #[test]
    fn an_entry_for_one_name_does_not_allow_another() {
        let v4 = json!({ "scheme": "ws", "host": "127.0.0.1", "port": 6767, "path": "*" });
        assert!(verdict(std::slice::from_ref(&v4), &[], "ws://localhost:6767/ws").is_err());
        assert!(verdict(&[v4], &[], "ws://[::1]:6767/ws").is_err());
    }

    #[test]
    fn deny_wins_and_denies_what_a_name_means() {
        let deny = |host: &str| [json!({ "scheme": "ws", "host": host, "port": 22, "path": "*" })];
        for (denied, url, refused) in [
            ("localhost", "ws://127.0.0.1:22/ws", true),
            ("localhost", "ws://[::1]:22/ws", true),
            ("localhost", "ws://localhost:22/ws", true),
            ("localhost", "ws://localhost:23/ws", false),
            ("127.0.0.1", "ws://127.0.0.1:22/ws", true),
            ("127.0.0.1", "ws://localhost:22/ws", true),
            ("127.0.0.1", "ws://[::1]:22/ws", false),
            ("127.0.0.0/8", "ws://localhost:22/ws", true),
        ] {
            let verdict = verdict(&this_computer(), &deny(denied), url);
            assert_eq!(verdict.is_err(), refused, "{denied} {url}");
        }
        let local = [json!({ "scheme": "daemon+local" })];
        assert!(verdict(&local, &[], "daemon+local:").is_ok());
        assert!(verdict(&local, &local, "daemon+local:").is_err());
    }

    #[test]
    fn an_entry_that_cannot_be_read_allows_nothing_and_is_named() {
        for broken in [
            json!({ "scheme": "ws", "host": "evil.test", "port": 1, "path": "/" }),
            json!({ "scheme": "ws", "host": "localhost", "port": 0, "path": "/" }),
            json!({ "scheme": "ws", "host": "localhost", "port": 1, "path": "ws" }),
            json!({ "scheme": "ws", "host": "localhost", "port": 1 }),
            json!({ "scheme": "ws", "host": "localhost", "port": 1, "path": "/", "more": 1 }),
            json!("ws://localhost:1/"),
        ] {
            let broken = std::slice::from_ref(&broken);
            let error = verdict(broken, &[], "ws://localhost:1/").expect_err("refused");
            assert!(
                error.message.contains(&broken[0].to_string()),
                "{}",
                error.message
            );
            // Nobody knows what an unreadable denial denies.
            let error = verdict(&this_computer(), broken, "ws://localhost:1/ws").err();
            let denies = broken[0]["host"] != "evil.test";
            assert_eq!(error.is_some(), denies, "{error:?}");
        }
    }
}
