//! Where this user's daemon listens, as the host application finds it. The page never names the place.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use crate::{
    core::endpoint::{self, Endpoint, Host, WebSocketEndpoint},
    error::Failure,
};

/// What a resolver answers: a loopback address and the path of the WebSocket endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDaemon {
    /// `127.0.0.1` or `::1`, with the port.
    pub address: SocketAddr,
    /// The path, such as `/ws`.
    pub path: String,
}

/// Why the daemon was not found. The page sees both as the `error` of its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDaemonError {
    /// For programs, such as `daemon_not_running`.
    pub code: String,
    /// For people: what happened and what to do next.
    pub message: String,
}

/// Finds the daemon. Called for each connection attempt, on a thread that may block.
pub(crate) type Resolver = Arc<dyn Fn() -> Result<LocalDaemon, LocalDaemonError> + Send + Sync>;

impl LocalDaemon {
    /// The endpoint to dial, if the answer is one that may be dialled.
    pub(crate) fn endpoint(&self) -> Result<WebSocketEndpoint, Failure> {
        let ip = self.address.ip();
        let here = ip == IpAddr::V4(Ipv4Addr::LOCALHOST) || ip == IpAddr::V6(Ipv6Addr::LOCALHOST);
        let answer = format!("ws://{}{}", self.address, self.path);
        match endpoint::parse(&answer) {
            Ok(Endpoint::WebSocket(endpoint)) if here && endpoint.host == Host::Address(ip) => Ok(endpoint),
            _ => Err(Failure::new(
                "policy_refused",
                format!("the local daemon was reported at {answer:?}, which is not a WebSocket URL on 127.0.0.1 or [::1]"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, path: &str) -> Result<WebSocketEndpoint, Failure> {
        LocalDaemon {
            address: address.parse().expect("an address"),
            path: path.into(),
        }
        .endpoint()
    }

    #[test]
    fn only_a_loopback_address_and_a_plain_path_are_dialled() {
        assert!(at("127.0.0.1:6767", "/ws").is_ok());
        assert!(at("[::1]:6767", "/ws").is_ok());
        for (address, path) in [
            ("192.168.1.10:6767", "/ws"),
            ("0.0.0.0:6767", "/ws"),
            ("127.0.0.2:6767", "/ws"),
            ("127.0.0.1:6767", "@evil.test/"),
            ("127.0.0.1:6767", "0/ws"),
            ("127.0.0.1:6767", "/a b"),
        ] {
            assert!(at(address, path).is_err(), "{address}{path}");
        }
    }
}
