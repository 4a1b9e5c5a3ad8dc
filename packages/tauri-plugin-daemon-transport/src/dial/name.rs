//! Resolves a name, once for each attempt. All its addresses are checked before any is dialled, so an answer that
//! mixes what is allowed with what is not is refused whole.

use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
    time::Duration,
};

use crate::{
    blocking::Blocking,
    core::{endpoint::Host, reach::NameRules},
    error::Failure,
};

/// The addresses of a name that may be dialled.
pub async fn resolve(
    host: &Host,
    rules: &NameRules,
    blocking: &Blocking,
    time: Duration,
) -> Result<Vec<IpAddr>, Failure> {
    let name = host.to_string();
    let found = {
        let name = name.clone();
        // The system's resolver: its own order of the addresses, and what the person has set up.
        blocking.run(time, move || -> io::Result<Vec<IpAddr>> {
            let mut found: Vec<IpAddr> = Vec::new();
            for address in (name.as_str(), 0).to_socket_addrs()? {
                if !found.contains(&address.ip()) {
                    found.push(address.ip());
                }
            }
            Ok(found)
        })
    };
    let addresses = found
        .await
        .map_err(|missed| missed.failure(&format!("the addresses of {name} were not found"), time))?
        .map_err(|error| not_resolved(&format!("the name {name} has no address: {error}")))?;
    if addresses.is_empty() {
        return Err(not_resolved(&format!("the name {name} has no address")));
    }
    rules.admit(&addresses)
}

fn not_resolved(message: &str) -> Failure {
    Failure::new("name_not_resolved", message)
}
