//! Which addresses may be dialled for an agreed endpoint. For a name, whoever resolves it asks here afterwards;
//! one address that does not pass refuses the whole name, so that an attacker's DNS gains nothing by mixing.

use std::net::IpAddr;

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
