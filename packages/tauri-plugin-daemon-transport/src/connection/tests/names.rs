//! Names that DNS or the system resolves: every address is checked before one is dialled.

use std::net::IpAddr;

use super::*;
use crate::core::{
    endpoint::{Endpoint, Host},
    policy::AgreedEndpoint,
    reach::{NameRules, Reach},
};

/// An agreement on a name, and where it may resolve to. The name is the one that every system resolves, to
/// loopback; as the host of a URL it would not be looked up.
fn by_name(name: &str, port: u16, within: &[&str]) -> Agreed {
    let Ok(Endpoint::WebSocket(mut endpoint)) = parse(&format!("ws://name.test:{port}/ws")) else {
        panic!("refused");
    };
    endpoint.host = Host::Name(name.into());
    let within = within
        .iter()
        .map(|range| range.parse().expect("a range"))
        .collect();
    let reach = Reach::Name(NameRules::new(&endpoint, within, []));
    Agreed::WebSocket(AgreedEndpoint {
        endpoint,
        reach,
        pins: Vec::new(),
        trust: crate::core::entry::Trust::System,
        credential: None,
    })
}

#[tokio::test]
async fn a_name_is_resolved_and_its_checked_address_dialled() {
    let (listener, port) = listener().await;
    let agreed = by_name("localhost", port, &["127.0.0.0/8", "::1/128"]);
    let mut client = start(agreed, Ways::none(), patient(), true);
    let mut stream = accept(&listener).await;
    let request = head(&mut stream).await;
    assert!(
        request.contains(&format!("\r\nHost: localhost:{port}\r\n")),
        "{request}"
    );
    assert_eq!(
        stream.peer_addr().expect("a peer").ip(),
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    );
    client.goodbye(1000, "");
    assert_eq!(client.next().await.0, "daemon://close");
}

#[tokio::test]
async fn a_name_that_resolves_elsewhere_than_allowed_is_not_dialled() {
    let (listener, port) = listener().await;
    for within in [&[][..], &["192.168.0.0/16"]] {
        let error = start(
            by_name("localhost", port, within),
            Ways::none(),
            patient(),
            true,
        )
        .failure()
        .await;
        assert_eq!(error["code"], "policy_refused", "{error}");
    }
    let accepted = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await;
    assert!(accepted.is_err(), "it was dialled");
}

#[tokio::test]
async fn a_name_without_an_address_is_told_as_that() {
    // RFC 6761 section 6.4: no such name exists.
    let error = start(
        by_name("daemon.invalid", 1, &[]),
        Ways::none(),
        patient(),
        true,
    )
    .failure()
    .await;
    assert_eq!(error["code"], "name_not_resolved", "{error}");
    assert!(error["message"]
        .as_str()
        .is_some_and(|message| message.contains("daemon.invalid")));
}
