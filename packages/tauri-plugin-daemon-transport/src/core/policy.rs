//! Who may connect where. Entries come from capability files; an endpoint that no entry allows is refused,
//! deny wins over allow, and an entry that cannot be read allows nothing.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

use super::endpoint::{Endpoint, Host, WebSocketEndpoint};
use crate::error::{Error, ErrorCode};

/// One entry of an allow or deny list. `build.rs` describes it to editors.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "scheme", deny_unknown_fields)]
pub enum Entry {
    /// `{ "scheme": "ws", "host": "127.0.0.1", "port": 6767, "path": "/ws" }`
    #[serde(rename = "ws")]
    WebSocket {
        /// A loopback literal or `localhost`.
        host: EntryHost,
        /// One port or every port.
        port: EntryPort,
        /// One path or every path.
        path: EntryPath,
    },
    /// `{ "scheme": "daemon+local" }`
    #[serde(rename = "daemon+local")]
    LocalDaemon {},
}

/// The hosts that an entry can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum EntryHost {
    /// `127.0.0.1`
    #[serde(rename = "127.0.0.1")]
    LoopbackV4,
    /// `[::1]`
    #[serde(rename = "[::1]")]
    LoopbackV6,
    /// `localhost`
    #[serde(rename = "localhost")]
    Localhost,
}

/// The ports that an entry can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum EntryPort {
    /// Exactly this one.
    Number(u16),
    /// `*`
    Every,
}

/// The paths that an entry can name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum EntryPath {
    /// Exactly this one, compared with the URL's path without its query.
    Exact(String),
    /// `*`
    Every,
}

impl TryFrom<Value> for EntryPort {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match &value {
            Value::String(text) if text == "*" => Some(Self::Every),
            Value::Number(number) => number
                .as_u64()
                .and_then(|number| u16::try_from(number).ok())
                .filter(|&port| port != 0)
                .map(Self::Number),
            _ => None,
        }
        .ok_or_else(|| format!("`port` is a number from 1 to 65535 or \"*\", not {value}"))
    }
}

impl TryFrom<String> for EntryPath {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        match path.as_str() {
            "*" => Ok(Self::Every),
            exact if exact.starts_with('/') && !exact.contains(['?', '#']) => Ok(Self::Exact(path)),
            _ => Err(format!(
                "`path` begins with \"/\" and has no query, or is \"*\"; it is {path:?}"
            )),
        }
    }
}

impl EntryHost {
    fn host(self) -> Host {
        match self {
            Self::LoopbackV4 => Host::LoopbackV4,
            Self::LoopbackV6 => Host::LoopbackV6,
            Self::Localhost => Host::Localhost,
        }
    }
}

impl Entry {
    /// Reads one entry; the error says what is wrong with it.
    pub fn read(raw: &Value) -> Result<Self, String> {
        serde_json::from_value(raw.clone())
            .map_err(|error| format!("the scope entry {raw} cannot be read: {error}"))
    }

    fn covers_place(&self, endpoint: &WebSocketEndpoint) -> bool {
        match self {
            Self::WebSocket { port, path, .. } => {
                (*port == EntryPort::Every || *port == EntryPort::Number(endpoint.port))
                    && match path {
                        EntryPath::Every => true,
                        EntryPath::Exact(path) => *path == endpoint.path,
                    }
            }
            Self::LocalDaemon {} => false,
        }
    }

    fn allows(&self, endpoint: &WebSocketEndpoint) -> bool {
        matches!(self, Self::WebSocket { host, .. } if host.host() == endpoint.host)
            && self.covers_place(endpoint)
    }

    /// Denying a name denies what it means: `localhost` denies both literals, a literal its share of `localhost`.
    fn denies(&self, endpoint: &WebSocketEndpoint, address: &IpAddr) -> bool {
        matches!(self, Self::WebSocket { host, .. } if host.host().addresses().contains(address))
            && self.covers_place(endpoint)
    }
}

/// What was agreed to: dial these and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreed {
    /// These addresses, in this order.
    WebSocket(WebSocketEndpoint, Vec<IpAddr>),
    /// What the host application's resolver names.
    LocalDaemon,
}

/// The entries that hold for one page. A list that could not be read allows nothing.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    allow: Vec<Entry>,
    deny: Vec<Entry>,
    broken: Option<String>,
}

impl Policy {
    /// Reads the entries of a page's capabilities.
    pub fn read<'a>(
        allow: impl IntoIterator<Item = &'a Value>,
        deny: impl IntoIterator<Item = &'a Value>,
    ) -> Self {
        let mut policy = Self::default();
        for (raw, list) in allow
            .into_iter()
            .map(|raw| (raw, true))
            .chain(deny.into_iter().map(|raw| (raw, false)))
        {
            match Entry::read(raw) {
                Ok(entry) if list => policy.allow.push(entry),
                Ok(entry) => policy.deny.push(entry),
                Err(problem) => policy.broken = Some(problem),
            }
        }
        policy
    }

    /// The verdict.
    pub fn check(&self, endpoint: Endpoint) -> Result<Agreed, Error> {
        if let Some(problem) = &self.broken {
            return Err(refused(format!(
                "this page may not connect to {endpoint}: {problem}. Correct it in the capability file"
            )));
        }
        match endpoint {
            Endpoint::LocalDaemon => {
                let local = Entry::LocalDaemon {};
                if self.deny.contains(&local) {
                    return Err(denied(&endpoint));
                }
                if !self.allow.contains(&local) {
                    return Err(not_allowed(&endpoint, r#"{ "scheme": "daemon+local" }"#));
                }
                Ok(Agreed::LocalDaemon)
            }
            Endpoint::WebSocket(target) => self.check_websocket(target),
        }
    }

    fn check_websocket(&self, target: WebSocketEndpoint) -> Result<Agreed, Error> {
        if let Host::Elsewhere(host) = &target.host {
            return Err(refused(format!(
                "this page may not connect to {}: {host} is not this computer. Capabilities can allow \
                 127.0.0.1, [::1] and localhost",
                Endpoint::WebSocket(target.clone())
            )));
        }
        let addresses: Vec<IpAddr> = target
            .host
            .addresses()
            .iter()
            .filter(|address| !self.deny.iter().any(|entry| entry.denies(&target, address)))
            .copied()
            .collect();
        if addresses.is_empty() {
            return Err(denied(&Endpoint::WebSocket(target)));
        }
        if !self.allow.iter().any(|entry| entry.allows(&target)) {
            let entry = format!(
                r#"{{ "scheme": "ws", "host": "{}", "port": {}, "path": {} }}"#,
                target.host.as_str(),
                target.port,
                Value::from(target.path.as_str())
            );
            return Err(not_allowed(&Endpoint::WebSocket(target), &entry));
        }
        Ok(Agreed::WebSocket(target, addresses))
    }
}

fn refused(message: String) -> Error {
    Error::new(ErrorCode::PolicyRefused, message)
}

fn denied(endpoint: &Endpoint) -> Error {
    refused(format!(
        "this page may not connect to {endpoint}: an entry in the deny list of a capability covers it"
    ))
}

fn not_allowed(endpoint: &Endpoint, entry: &str) -> Error {
    refused(format!(
        "this page may not connect to {endpoint}: no capability allows it. Add {entry} to the \"allow\" list of \
         \"daemon-transport:default\" in a capability of this window"
    ))
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
        let start = error.message.find("{ ").expect("an entry");
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
        for url in [
            "ws://127.0.0.1:22/ws",
            "ws://[::1]:22/ws",
            "ws://localhost:22/ws",
        ] {
            assert!(
                verdict(&this_computer(), &deny("localhost"), url).is_err(),
                "{url}"
            );
        }
        assert!(verdict(&this_computer(), &deny("127.0.0.1"), "ws://127.0.0.1:22/ws").is_err());
        let Ok(Agreed::WebSocket(_, left)) =
            verdict(&this_computer(), &deny("127.0.0.1"), "ws://localhost:22/ws")
        else {
            panic!("refused");
        };
        assert_eq!(left, [IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])]);
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
            json!("ws://localhost:6767/ws"),
        ] {
            let mut allow = this_computer();
            allow.push(broken.clone());
            let error = verdict(&allow, &[], "ws://localhost:6767/ws").expect_err("refused");
            assert!(
                error.message.contains(&broken.to_string()),
                "{}",
                error.message
            );
        }
    }
}
