//! What a person can agree to: one exact endpoint, and nothing that covers more than it. It is known by the
//! normal form of its URL without the query, and stands for one scope entry.

use std::{fmt, net::IpAddr};

use serde_json::Value;

use super::{
    address,
    endpoint::{self, Endpoint, Host, WebSocketEndpoint},
    entry::exact_entry,
    ports::service_at,
};

/// One exact endpoint: scheme, host, port and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    endpoint: WebSocketEndpoint,
    url: String,
}

impl Grant {
    /// The grant that would allow this endpoint. The error says why nobody can be asked for it.
    pub fn of(endpoint: &Endpoint) -> Result<Self, String> {
        let Endpoint::WebSocket(target) = endpoint else {
            return Err("this user's daemon is not one endpoint that a dialog could name".into());
        };
        if let Host::Address(address) = target.host {
            if let Some(what) = misleading(address) {
                return Err(format!("{} is {what}", target.host));
            }
        }
        if let Some(service) = service_at(target.port) {
            return Err(format!(
                "port {} is one of {}, which is no WebSocket server",
                target.port, service.name
            ));
        }
        let mut endpoint = target.clone();
        endpoint.target.clone_from(&endpoint.path);
        Ok(Self {
            url: endpoint.to_string(),
            endpoint,
        })
    }

    /// Reads a URL that was written by [`Grant::url`]; anything else is refused.
    pub fn read(url: &str) -> Result<Self, String> {
        let endpoint = endpoint::parse(url).map_err(|error| error.message)?;
        match Self::of(&endpoint) {
            Ok(grant) if grant.url == url => Ok(grant),
            Ok(grant) => Err(format!("{url:?} is written {:?} here", grant.url)),
            Err(problem) => Err(format!("{url:?} cannot be allowed by a person: {problem}")),
        }
    }

    /// The URL in its normal form, without the query.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &WebSocketEndpoint {
        &self.endpoint
    }

    /// The scope entry that allows exactly this endpoint.
    pub fn entry(&self) -> Value {
        exact_entry(&Endpoint::WebSocket(self.endpoint.clone()))
    }
}

/// Why a person who reads this address would not know where it leads.
fn misleading(address: IpAddr) -> Option<&'static str> {
    if address::embedded(address).is_some() {
        return Some("one address written inside another");
    }
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    if address.is_unspecified() || address.is_multicast() || is_broadcast {
        return Some("not the address of one computer");
    }
    None
}

impl fmt::Display for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{endpoint::parse, policy::Policy};

    fn grant(url: &str) -> Grant {
        Grant::of(&parse(url).expect("a URL")).expect("a grant")
    }

    #[test]
    fn a_grant_allows_its_endpoint_with_any_query_and_nothing_beside_it() {
        let granted = grant("ws://127.0.0.1:6767/ws?first=1");
        let policy = Policy::read(&[granted.entry()], []);
        for url in ["ws://127.0.0.1:6767/ws", "ws://127.0.0.1:6767/ws?other=2"] {
            assert!(policy.check(parse(url).expect("a URL")).is_ok(), "{url}");
        }
        for url in [
            "ws://127.0.0.1:6768/ws",
            "ws://127.0.0.1/ws",
            "wss://127.0.0.1:6767/ws",
            "ws://localhost:6767/ws",
            "ws://[::1]:6767/ws",
            "ws://127.0.0.1:6767/ws/",
            "ws://127.0.0.1:6767/",
            "daemon+local:",
        ] {
            assert!(policy.check(parse(url).expect("a URL")).is_err(), "{url}");
        }
    }

    #[test]
    fn only_the_normal_form_without_a_query_is_read_back() {
        for url in [
            "ws://127.0.0.1:6767/ws",
            "ws://localhost/",
            "ws://[::1]:8080/a%20b",
            "ws://192.168.1.10/ws",
            "wss://build.example/ws",
        ] {
            assert_eq!(grant(url).url(), url);
            assert_eq!(Grant::read(url), Ok(grant(url)));
        }
        for url in [
            "ws://127.0.0.1:6767/ws?a",
            "ws://127.0.0.1:6767",
            "WS://127.0.0.1:6767/",
            "ws://127.1:6767/",
            "ws://*:6767/",
            "daemon+local:",
            "http://127.0.0.1/",
            "",
            "*",
        ] {
            assert!(Grant::read(url).is_err(), "{url}");
        }
    }

    #[test]
    fn nobody_is_asked_for_what_a_person_could_not_judge() {
        assert!(Grant::of(&Endpoint::LocalDaemon).is_err());
        for url in [
            "ws://0.0.0.0/",
            "ws://[::]/",
            "ws://255.255.255.255/",
            "ws://224.0.0.1/",
            "ws://[ff02::1]/",
            "ws://[::ffff:7f00:1]/",
            "ws://[2002:7f00:1::]/",
            "ws://[64:ff9b::7f00:1]/",
            "ws://127.0.0.1:22/",
            "ws://127.0.0.1:6379/",
        ] {
            let endpoint = parse(url).expect("a URL");
            assert!(Grant::of(&endpoint).is_err(), "{url}");
        }
    }

    #[test]
    fn every_grant_is_an_entry_that_allows_its_own_endpoint() {
        for url in [
            "ws://192.168.1.10/ws",
            "ws://[fd00::1]:6767/ws",
            "wss://build.example/ws",
            "ws://build.example:6767/",
        ] {
            let policy = Policy::read(&[grant(url).entry()], []);
            assert!(policy.check(parse(url).expect("a URL")).is_ok(), "{url}");
        }
    }
}
