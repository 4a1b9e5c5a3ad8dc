//! Which addresses may be dialled for an agreed endpoint. For a name, whoever resolves it asks here afterwards;
//! one address that does not pass refuses the whole name, so that an attacker's DNS gains nothing by mixing.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

use super::{address, endpoint::WebSocketEndpoint};
use crate::error::Failure;

/// The addresses that may be dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// These, in this order.
    Addresses(Vec<IpAddr>),
    /// What the name resolves to, if it passes.
    Name(NameRules),
}

/// What the addresses of a name must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRules {
    /// The URL, for messages.
    place: String,
    /// All lie in here; empty: all are globally reachable unicast addresses.
    within: Vec<IpNet>,
    /// None lies in here. With the entry that says so.
    denied: Vec<(IpNet, String)>,
}

impl fmt::Display for NameRules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = |ranges: &mut dyn Iterator<Item = &IpNet>| -> String {
            let texts: Vec<String> = ranges.map(ToString::to_string).collect();
            texts.join(", ")
        };
        formatter.write_str("every address that the name resolves to must be ")?;
        if self.within.is_empty() {
            formatter.write_str("a public one")?;
        } else {
            write!(formatter, "in {}", ranges(&mut self.within.iter()))?;
        }
        if self.denied.is_empty() {
            return Ok(());
        }
        let denied = ranges(&mut self.denied.iter().map(|(range, _)| range));
        write!(formatter, " and not in {denied}")
    }
}

impl NameRules {
    /// The rules of the entry that allows a name and of all that deny addresses at its place.
    pub fn new(
        endpoint: &WebSocketEndpoint,
        within: Vec<IpNet>,
        denied: impl IntoIterator<Item = (IpNet, String)>,
    ) -> Self {
        Self {
            place: endpoint.to_string(),
            within,
            denied: denied.into_iter().collect(),
        }
    }

    /// Checks what the name has been resolved to. All must pass; the result is what may be dialled, in the same
    /// order, each once.
    pub fn admit(&self, resolved: &[IpAddr]) -> Result<Vec<IpAddr>, Failure> {
        let mut admitted: Vec<IpAddr> = Vec::with_capacity(resolved.len());
        for &address in resolved {
            self.check(address)?;
            if !admitted.contains(&address) {
                admitted.push(address);
            }
        }
        if admitted.is_empty() {
            return Err(Failure::new(
                "unreachable",
                format!("the host name of {} has no address", self.place),
            ));
        }
        Ok(admitted)
    }

    fn check(&self, address: IpAddr) -> Result<(), Failure> {
        let denied = self
            .denied
            .iter()
            .find(|(range, _)| address::denies(*range, address));
        if let Some((_, entry)) = denied {
            return Err(self.refused(
                address,
                format!("the deny list of a capability has {entry}, and deny wins"),
            ));
        }
        if self.within.is_empty() {
            if address::is_public(address) {
                return Ok(());
            }
            return Err(self.refused(
                address,
                format!(
                    "it is not a public address. If the name shall mean it, add \"addresses\": [\"{}\"] to the \
                     entry that allows the name",
                    IpNet::from(address)
                ),
            ));
        }
        let passes = self
            .within
            .iter()
            .any(|range| address::allows(*range, address));
        if passes {
            return Ok(());
        }
        let within: Vec<String> = self.within.iter().map(ToString::to_string).collect();
        Err(self.refused(
            address,
            format!(
                "the entry that allows the name says that it resolves to {} only",
                within.join(", ")
            ),
        ))
    }

    fn refused(&self, address: IpAddr, problem: String) -> Failure {
        Failure::new(
            "policy_refused",
            format!(
                "this page may not connect to {}: the name resolves to {address}; {problem}",
                self.place
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::core::endpoint::{parse, Endpoint};

    fn rules(within: &[&str], denied: &[&str]) -> NameRules {
        let Ok(Endpoint::WebSocket(endpoint)) = parse("wss://daemon.test/ws") else {
            panic!("refused");
        };
        let range = |text: &&str| address::read_range(text).expect(text);
        let denied = denied.iter().map(|text| (range(text), format!("<{text}>")));
        NameRules::new(&endpoint, within.iter().map(range).collect(), denied)
    }

    fn admit(rules: &NameRules, resolved: &[&str]) -> Result<Vec<String>, Failure> {
        let resolved: Vec<IpAddr> = resolved
            .iter()
            .map(|text| text.parse().expect(text))
            .collect();
        let admitted = rules.admit(&resolved)?;
        Ok(admitted.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_name_leads_to_public_addresses_unless_its_entry_says_otherwise() {
        let public = rules(&[], &[]);
        assert_eq!(
            admit(&public, &["8.8.8.8", "2606:4700::1", "8.8.8.8"]).expect("admitted"),
            ["8.8.8.8", "2606:4700::1"]
        );
        // One bad address refuses the whole name.
        for bad in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "fd00::1",
            "0.0.0.0",
        ] {
            for resolved in [vec![bad], vec!["8.8.8.8", bad], vec![bad, "8.8.8.8"]] {
                let failure = admit(&public, &resolved).expect_err(bad);
                assert_eq!(failure.code, "policy_refused");
                assert!(
                    failure.message.contains("wss://daemon.test/ws"),
                    "{}",
                    failure.message
                );
            }
        }
        assert_eq!(
            admit(&public, &[]).expect_err("nothing").code,
            "unreachable"
        );
    }

    #[test]
    fn what_the_refusal_of_an_address_says_to_add_is_enough() {
        for address in [
            "192.168.1.10",
            "127.0.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
        ] {
            let message = admit(&rules(&[], &[]), &[address])
                .expect_err(address)
                .message;
            let start = message.find("[\"").expect("a list") + 2;
            let end = start + message[start..].find('"').expect("its end");
            assert_eq!(
                admit(&rules(&[&message[start..end]], &[]), &[address]).expect("admitted"),
                [address]
            );
        }
    }

    #[test]
    fn the_ranges_of_the_entry_are_the_only_ones() {
        let home = rules(&["192.168.0.0/16", "fd00::/8"], &[]);
        assert!(admit(&home, &["192.168.1.10", "fd00::1"]).is_ok());
        for other in [
            "8.8.8.8",
            "127.0.0.1",
            "::ffff:192.168.1.10",
            "2002:c0a8:10a::",
        ] {
            assert!(admit(&home, &[other, "192.168.1.10"]).is_err(), "{other}");
        }
        assert!(admit(&rules(&["::/0"], &[]), &["::ffff:127.0.0.1"]).is_err());
    }

    #[test]
    fn a_denied_address_refuses_the_name_and_the_message_names_the_entry() {
        let rules = rules(
            &["0.0.0.0/0", "::/0", "::ffff:0:0/96"],
            &["127.0.0.0/8", "8.8.8.8/32"],
        );
        assert!(admit(&rules, &["8.8.4.4"]).is_ok());
        for denied in ["127.0.0.1", "::ffff:127.0.0.1", "8.8.8.8"] {
            let failure = admit(&rules, &["8.8.4.4", denied]).expect_err(denied);
            assert!(failure.message.contains("/8>") || failure.message.contains("/32>"));
        }
    }

    const ADDRESSES: [&str; 12] = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::808:808",
        "8.8.8.8",
        "2606:4700::1",
        "2002:7f00:1::",
        "169.254.169.254",
        "fd00::1",
        "0.0.0.0",
    ];
    const RANGES: [&str; 9] = [
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "0.0.0.0/0",
        "::/0",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "8.8.8.8/32",
        "fd00::/8",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        #[test]
        fn a_name_is_admitted_whole_or_not_at_all(
            resolved in prop::collection::vec(select(&ADDRESSES[..]), 0..5),
            within in prop::collection::vec(select(&RANGES[..]), 0..4),
            denied in prop::collection::vec(select(&RANGES[..]), 0..3),
            one_more in select(&RANGES[..]),
        ) {
            let strict = rules(&within, &denied);
            let admitted = admit(&strict, &resolved);
            let each = resolved.iter().all(|address| admit(&strict, &[*address]).is_ok());
            prop_assert_eq!(admitted.is_ok(), each && !resolved.is_empty());
            let mut once: Vec<&str> = Vec::new();
            for address in &resolved {
                if !once.contains(address) {
                    once.push(address);
                }
            }
            if let Ok(admitted) = admitted {
                prop_assert_eq!(admitted, once);
                // Without the denials nothing is lost; with one more nothing is gained.
                prop_assert!(admit(&rules(&within, &[]), &resolved).is_ok());
            } else {
                let more: Vec<&str> = denied.iter().copied().chain([one_more]).collect();
                prop_assert!(admit(&rules(&within, &more), &resolved).is_err());
            }
        }
    }
}
