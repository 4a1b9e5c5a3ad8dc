//! The entries of allow and deny lists, as they stand in capability files. `build.rs` describes the same form to
//! editors. An entry that says anything unknown or contradictory is not read at all.

use std::{fmt, ops::RangeInclusive};

use base64::{engine::general_purpose::STANDARD, Engine as _};
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{json, Value};

use super::{
    address,
    endpoint::{is_path, Endpoint, Host, Security, WebSocketEndpoint},
    ports::service_at,
};
use crate::limits::CREDENTIAL_NAME_BYTES;

/// The list that an entry stands in. Only an allow entry has terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// What may be reached.
    Allow,
    /// What may not be reached, whatever is allowed.
    Deny,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `{ "scheme": "ws", "host": "127.0.0.1", "port": 6767, "path": "/ws" }`
    WebSocket(WebSocketEntry),
    /// `{ "scheme": "daemon+local" }`
    LocalDaemon,
}

/// An entry for `ws:` or `wss:` URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketEntry {
    /// The scheme.
    pub security: Security,
    /// The hosts.
    pub hosts: Hosts,
    /// The ports.
    pub ports: Ports,
    /// The paths.
    pub paths: Paths,
    /// On what terms.
    pub terms: Terms,
}

/// The hosts that an entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// One host, exactly as URLs name it.
    One(Host),
    /// Every literal address of a range. No name, whatever it resolves to.
    Range(IpNet),
}

/// The ports that an entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ports {
    /// These.
    Some(Vec<RangeInclusive<u16>>),
    /// `*`. To allow: all but those of well-known other services. To deny: all.
    Every,
}

/// The paths that an entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paths {
    /// Exactly this one, compared with the URL's path without its query.
    One(String),
    /// `*`
    Every,
}

/// What holds for connections that an entry allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The server's key is one of these, where any are given.
    pub pins: Vec<Pin>,
    /// Who vouches for the server.
    pub trust: Trust,
    /// The credential that Rust attaches.
    pub credential: Option<CredentialName>,
    /// Where a name may resolve to; empty: to public addresses.
    pub addresses: Vec<IpNet>,
}

/// SHA-256 of the SubjectPublicKeyInfo of a certificate, written `sha256/<base64>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin(pub [u8; 32]);

/// Who vouches for a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// The system's certificate authorities; pins, where given, must hold as well.
    #[default]
    System,
    /// The pins alone: for servers that sign their own certificate.
    Pins,
}

/// The name of a credential that Rust keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialName(String);

#[derive(Deserialize)]
#[serde(tag = "scheme")]
enum Written {
    #[serde(rename = "ws")]
    Plain(WrittenWebSocket),
    #[serde(rename = "wss")]
    Tls(WrittenWebSocket),
    #[serde(rename = "daemon+local")]
    LocalDaemon(Nothing),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWebSocket {
    host: String,
    port: Value,
    path: String,
    tls: Option<WrittenTls>,
    pins: Option<Vec<String>>,
    trust: Option<Trust>,
    credential: Option<String>,
    addresses: Option<Vec<String>>,
    plaintext: Option<WrittenPlaintext>,
}

#[derive(Deserialize)]
enum WrittenTls {
    #[serde(rename = "required")]
    Required,
}

#[derive(Deserialize)]
enum WrittenPlaintext {
    #[serde(rename = "allow-unencrypted")]
    AllowUnencrypted,
}

impl Entry {
    /// Reads one entry; the error names it and says what is wrong with it.
    pub fn read(raw: &Value, list: List) -> Result<Self, String> {
        let named = |problem: String| format!("the scope entry {raw} cannot be read: {problem}");
        let written = Written::deserialize(raw).map_err(|error| named(error.to_string()))?;
        let (security, written) = match written {
            Written::LocalDaemon(Nothing {}) => return Ok(Self::LocalDaemon),
            Written::Plain(written) => (Security::Plain, written),
            Written::Tls(written) => (Security::Tls, written),
        };
        WebSocketEntry::read(security, written, list)
            .map(Self::WebSocket)
            .map_err(named)
    }
}

impl WebSocketEntry {
    fn read(security: Security, written: WrittenWebSocket, list: List) -> Result<Self, String> {
        let has_terms = written.tls.is_some()
            || written.pins.is_some()
            || written.trust.is_some()
            || written.credential.is_some()
            || written.addresses.is_some()
            || written.plaintext.is_some();
        let entry = Self {
            security,
            hosts: Hosts::read(&written.host)?,
            ports: Ports::read(&written.port)?,
            paths: Paths::read(written.path)?,
            terms: Terms {
                pins: read_all("pins", written.pins, Pin::read)?,
                trust: written.trust.unwrap_or_default(),
                credential: written.credential.map(CredentialName::read).transpose()?,
                addresses: read_all("addresses", written.addresses, address::read_range)?,
            },
        };
        match list {
            List::Deny if has_terms => Err(
                "an entry that denies has `scheme`, `host`, `port` and `path` only: it denies on any terms".into(),
            ),
            List::Deny => Ok(entry),
            List::Allow => entry
                .check_terms(written.tls.is_some(), written.plaintext.is_some())
                .map(|()| entry),
        }
    }

    fn check_terms(&self, tls: bool, unencrypted: bool) -> Result<(), String> {
        let terms = &self.terms;
        match self.security {
            Security::Plain if tls || !terms.pins.is_empty() || terms.trust != Trust::System => {
                return Err("`tls`, `pins` and `trust` need the scheme \"wss\"".into());
            }
            Security::Plain if !unencrypted && !self.stays_on_this_computer() => {
                return Err(
                    "\"ws\" is not encrypted; to a host other than this computer it needs \
                     \"plaintext\": \"allow-unencrypted\", or use \"wss\""
                        .into(),
                );
            }
            Security::Tls if unencrypted => {
                return Err("`plaintext` needs the scheme \"ws\"".into());
            }
            Security::Plain | Security::Tls => {}
        }
        if terms.trust == Trust::Pins && terms.pins.is_empty() {
            return Err("\"trust\": \"pins\" needs `pins`".into());
        }
        if !terms.addresses.is_empty() && !matches!(self.hosts, Hosts::One(Host::Name(_))) {
            return Err(
                "`addresses` says where a name may resolve to; this `host` is not resolved".into(),
            );
        }
        if terms.credential.is_some() {
            let exact = matches!(self.hosts, Hosts::One(_))
                && matches!(&self.ports, Ports::Some(ports) if matches!(ports.as_slice(), [port] if port.start() == port.end()));
            if !exact {
                return Err(
                    "an entry with a `credential` names exactly one host and one port".into(),
                );
            }
            if self.security == Security::Plain && !self.stays_on_this_computer() {
                return Err(
                    "a `credential` is not sent unencrypted to another computer; use \"wss\""
                        .into(),
                );
            }
        }
        Ok(())
    }

    fn stays_on_this_computer(&self) -> bool {
        match &self.hosts {
            Hosts::One(Host::Name(_)) => {
                let addresses = &self.terms.addresses;
                !addresses.is_empty() && addresses.iter().all(|&range| address::is_loopback(range))
            }
            Hosts::One(host) => host.is_this_computer(),
            Hosts::Range(range) => address::is_loopback(*range),
        }
    }

    /// Whether everything but the host fits.
    fn covers_rest(&self, endpoint: &WebSocketEndpoint, list: List) -> bool {
        self.security == endpoint.security
            && match &self.ports {
                Ports::Every => list == List::Deny || service_at(endpoint.port).is_none(),
                Ports::Some(ports) => ports.iter().any(|range| range.contains(&endpoint.port)),
            }
            && match &self.paths {
                Paths::Every => true,
                Paths::One(path) => *path == endpoint.path,
            }
    }

    /// Whether a page may go there by this entry.
    pub fn allows(&self, endpoint: &WebSocketEndpoint) -> bool {
        self.covers_rest(endpoint, List::Allow)
            && match (&self.hosts, &endpoint.host) {
                (Hosts::One(host), asked) => host == asked,
                (Hosts::Range(range), Host::Address(address)) => address::allows(*range, *address),
                (Hosts::Range(_), Host::Localhost | Host::Name(_)) => false,
            }
    }

    /// Whether this entry denies the endpoint as it was written. What a name resolves to is checked later,
    /// against [`Self::denied_ranges`].
    pub fn denies(&self, endpoint: &WebSocketEndpoint) -> bool {
        let asked = endpoint.host.addresses().unwrap_or_default();
        let by_name = matches!(&self.hosts, Hosts::One(host) if *host == endpoint.host);
        let ranges = self.denied_ranges(endpoint);
        (by_name && self.covers_rest(endpoint, List::Deny))
            || ranges
                .iter()
                .any(|&range| asked.iter().any(|&asked| address::denies(range, asked)))
    }

    /// The addresses that this entry denies for an endpoint. Denying `localhost` denies what it means.
    pub fn denied_ranges(&self, endpoint: &WebSocketEndpoint) -> Vec<IpNet> {
        if !self.covers_rest(endpoint, List::Deny) {
            return Vec::new();
        }
        match &self.hosts {
            Hosts::One(host) => {
                let addresses = host.addresses().unwrap_or_default();
                addresses.into_iter().map(IpNet::from).collect()
            }
            Hosts::Range(range) => vec![*range],
        }
    }
}

impl Hosts {
    fn read(text: &str) -> Result<Self, String> {
        if text.contains('/') {
            return address::read_range(text).map(Self::Range);
        }
        Host::read(text)
            .map(Self::One)
            .map_err(|problem| format!("`host`: {problem}"))
    }
}

impl Ports {
    fn read(value: &Value) -> Result<Self, String> {
        let problem = || {
            format!(
                "`port` is a number from 1 to 65535, a range such as \"6000-6100\", a list of these, or \"*\"; \
                 it is {value}"
            )
        };
        match value {
            Value::String(text) if text == "*" => Ok(Self::Every),
            Value::Array(items) if items.is_empty() => Err(problem()),
            Value::Array(items) => items
                .iter()
                .map(port_range)
                .collect::<Option<_>>()
                .map(Self::Some)
                .ok_or_else(problem),
            one => port_range(one)
                .map(|range| Self::Some(vec![range]))
                .ok_or_else(problem),
        }
    }
}

fn port_range(value: &Value) -> Option<RangeInclusive<u16>> {
    match value {
        Value::Number(number) => {
            let port = u16::try_from(number.as_u64()?).ok()?;
            (port != 0).then_some(port..=port)
        }
        Value::String(text) => {
            let (first, last) = text.split_once('-')?;
            let range = port(first)?..=port(last)?;
            (!range.is_empty()).then_some(range)
        }
        _ => None,
    }
}

/// A port in digits alone: the standard parser also takes a sign and leading zeros.
fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

impl Paths {
    fn read(path: String) -> Result<Self, String> {
        match path.as_str() {
            "*" => Ok(Self::Every),
            exact if is_path(exact) => Ok(Self::One(path)),
            _ => Err(format!(
                "`path` is one that URLs have in their normal form, without a query, or \"*\"; it is {path:?}"
            )),
        }
    }
}

impl Pin {
    /// Reads `sha256/<base64>`.
    pub fn read(text: &str) -> Result<Self, String> {
        text.strip_prefix("sha256/")
            .and_then(|hash| STANDARD.decode(hash).ok())
            .and_then(|hash| hash.try_into().ok())
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "a pin is \"sha256/\" and the base64 of the 32 bytes of the SHA-256 of the server's public key \
                     (SubjectPublicKeyInfo); it is {text:?}"
                )
            })
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256/{}", STANDARD.encode(self.0))
    }
}

impl CredentialName {
    fn read(name: String) -> Result<Self, String> {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if name.is_empty() || name.len() > CREDENTIAL_NAME_BYTES || !plain {
            return Err(format!(
                "the name of a `credential` has 1 to {CREDENTIAL_NAME_BYTES} letters, digits, dots, hyphens and \
                 underscores; it is {name:?}"
            ));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read_all<T>(
    field: &str,
    written: Option<Vec<String>>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let Some(written) = written else {
        return Ok(Vec::new());
    };
    if written.is_empty() {
        return Err(format!("`{field}` is empty; leave it out or fill it"));
    }
    written
        .iter()
        .map(|text| read(text).map_err(|problem| format!("`{field}`: {problem}")))
        .collect()
}

/// The narrowest entry that allows an endpoint: what a refusal names, and what a person's consent adds.
pub fn exact_entry(endpoint: &Endpoint) -> Value {
    let target = match endpoint {
        Endpoint::LocalDaemon => return json!({ "scheme": "daemon+local" }),
        Endpoint::WebSocket(target) => target,
    };
    let mut entry = json!({
        "scheme": target.security.scheme(),
        "host": target.host.to_string(),
        "port": target.port,
        "path": target.path,
    });
    if target.security == Security::Plain && !target.host.is_this_computer() {
        entry["plaintext"] = "allow-unencrypted".into();
    }
    entry
}

/// An entry as people write it: fields in the order of the documentation.
pub fn text_of(entry: &Value) -> String {
    const ORDER: [&str; 5] = ["scheme", "host", "port", "path", "plaintext"];
    let fields: Vec<String> = ORDER
        .iter()
        .filter_map(|&field| Some(format!("\"{field}\": {}", entry.get(field)?)))
        .collect();
    format!("{{ {} }}", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn entry(more: Value) -> Value {
        let mut entry =
            json!({ "scheme": "wss", "host": "daemon.test", "port": 443, "path": "/ws" });
        for (field, value) in more.as_object().into_iter().flatten() {
            entry[field] = value.clone();
        }
        entry
    }

    #[test]
    fn every_form_of_the_documentation_is_read() {
        for more in [
            json!({}),
            json!({ "tls": "required" }),
            json!({ "pins": [PIN] }),
            json!({ "pins": [PIN, PIN], "trust": "pins", "tls": "required" }),
            json!({ "trust": "system" }),
            json!({ "credential": "my-daemon_2.a" }),
            json!({ "addresses": ["10.0.0.0/8", "fd00::/8"] }),
            json!({ "port": "*" }),
            json!({ "port": "6000-6100" }),
            json!({ "port": [443, "8000-8999", 22] }),
            json!({ "port": "1-65535", "path": "*" }),
            json!({ "host": "192.168.1.10" }),
            json!({ "host": "[fd00::1]" }),
            json!({ "host": "192.168.0.0/16" }),
            json!({ "host": "::/0" }),
            json!({ "host": "localhost", "credential": "x" }),
            json!({ "scheme": "ws", "host": "localhost" }),
            json!({ "scheme": "ws", "host": "127.0.0.0/8" }),
            json!({ "scheme": "ws", "host": "127.0.0.1", "credential": "x" }),
            json!({ "scheme": "ws", "addresses": ["127.0.0.1/32"] }),
            json!({ "scheme": "ws", "plaintext": "allow-unencrypted" }),
            json!({ "scheme": "ws", "host": "0.0.0.0/0", "plaintext": "allow-unencrypted" }),
            json!({ "path": "/a%20b/c" }),
        ] {
            let entry = entry(more);
            assert!(Entry::read(&entry, List::Allow).is_ok(), "{entry}");
        }
        assert_eq!(Pin::read(PIN).expect("a pin").to_string(), PIN);
    }

    #[test]
    fn what_is_unknown_contradictory_or_can_never_fit_is_not_read() {
        for more in [
            json!({ "more": 1 }),
            json!({ "scheme": "http" }),
            json!({ "scheme": "WSS" }),
            json!({ "host": "" }),
            json!({ "host": "*" }),
            json!({ "host": "*.test" }),
            json!({ "host": "Daemon.test" }),
            json!({ "host": "daemon.test." }),
            json!({ "host": "daemon.test:443" }),
            json!({ "host": "b\u{fc}cher.test" }),
            json!({ "host": "127.1" }),
            json!({ "host": "::1" }),
            json!({ "host": "[0:0:0:0:0:0:0:1]" }),
            json!({ "host": "[::1]/128" }),
            json!({ "host": "192.168.1.1/16" }),
            json!({ "host": ["daemon.test"] }),
            json!({ "port": 0 }),
            json!({ "port": 65536 }),
            json!({ "port": -1 }),
            json!({ "port": 443.0 }),
            json!({ "port": "443" }),
            json!({ "port": "" }),
            json!({ "port": [] }),
            json!({ "port": ["*"] }),
            json!({ "port": [443, 0] }),
            json!({ "port": "6100-6000" }),
            json!({ "port": "0-80" }),
            json!({ "port": "80-65536" }),
            json!({ "port": "080-90" }),
            json!({ "port": "80-" }),
            json!({ "port": "+80-90" }),
            json!({ "port": "80 - 90" }),
            json!({ "port": null }),
            json!({ "path": "ws" }),
            json!({ "path": "" }),
            json!({ "path": "/ws?x" }),
            json!({ "path": "/ws#x" }),
            json!({ "path": "/a b" }),
            json!({ "path": "/a/../b" }),
            json!({ "path": "/%zz" }),
            json!({ "path": "/*\u{e9}" }),
            json!({ "tls": "optional" }),
            json!({ "tls": true }),
            json!({ "pins": [] }),
            json!({ "pins": PIN }),
            json!({ "pins": ["sha256/AAAA"] }),
            json!({ "pins": ["sha1/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="] }),
            json!({ "pins": [PIN.trim_end_matches('=')] }),
            json!({ "trust": "pins" }),
            json!({ "trust": "anybody", "pins": [PIN] }),
            json!({ "credential": "" }),
            json!({ "credential": "a b" }),
            json!({ "credential": "a".repeat(CREDENTIAL_NAME_BYTES + 1) }),
            json!({ "credential": "x", "port": "*" }),
            json!({ "credential": "x", "port": "443-444" }),
            json!({ "credential": "x", "port": [443, 444] }),
            json!({ "credential": "x", "host": "192.168.0.0/16" }),
            json!({ "credential": "x", "scheme": "ws", "plaintext": "allow-unencrypted" }),
            json!({ "addresses": [] }),
            json!({ "addresses": ["10.0.0.1"] }),
            json!({ "addresses": ["10.0.0.0/8"], "host": "10.0.0.1" }),
            json!({ "addresses": ["10.0.0.0/8"], "host": "localhost" }),
            json!({ "plaintext": "allow-unencrypted" }),
            json!({ "scheme": "ws" }),
            json!({ "scheme": "ws", "plaintext": true }),
            json!({ "scheme": "ws", "plaintext": "yes" }),
            json!({ "scheme": "ws", "host": "192.168.1.10" }),
            json!({ "scheme": "ws", "host": "[::ffff:7f00:1]" }),
            json!({ "scheme": "ws", "host": "0.0.0.0/0" }),
            json!({ "scheme": "ws", "host": "126.0.0.0/7" }),
            json!({ "scheme": "ws", "addresses": ["127.0.0.0/8", "10.0.0.0/8"] }),
            json!({ "scheme": "ws", "host": "localhost", "tls": "required" }),
            json!({ "scheme": "ws", "host": "localhost", "pins": [PIN] }),
            json!({ "scheme": "daemon+local" }),
        ] {
            let entry = entry(more);
            let problem = Entry::read(&entry, List::Allow).expect_err(&entry.to_string());
            assert!(problem.contains(&entry.to_string()), "{problem}");
        }
        for entry in [
            json!({}),
            json!([]),
            json!(null),
            json!("ws://localhost/"),
            json!({ "scheme": "ws" }),
        ] {
            assert!(Entry::read(&entry, List::Allow).is_err(), "{entry}");
        }
    }

    #[test]
    fn an_entry_that_denies_has_no_terms_and_needs_no_word_for_plaintext() {
        for host in ["0.0.0.0/0", "daemon.test", "localhost"] {
            let plain = entry(json!({ "scheme": "ws", "host": host, "port": "*", "path": "*" }));
            assert!(Entry::read(&plain, List::Deny).is_ok(), "{plain}");
        }
        for more in [
            json!({ "tls": "required" }),
            json!({ "pins": [PIN] }),
            json!({ "trust": "system" }),
            json!({ "credential": "x" }),
            json!({ "addresses": ["10.0.0.0/8"] }),
            json!({ "scheme": "ws", "plaintext": "allow-unencrypted" }),
        ] {
            assert!(
                Entry::read(&entry(more.clone()), List::Deny).is_err(),
                "{more}"
            );
        }
    }
}
