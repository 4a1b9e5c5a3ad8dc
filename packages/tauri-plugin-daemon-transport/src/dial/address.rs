//! Dials addresses that policy has checked, in turn, and verifies who answered.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{timeout, Instant},
};

use crate::{error::Failure, limits::ADDRESSES_DIALLED};

/// The first of these addresses that accepts, within the time for all of them. `place` is for messages.
pub async fn dial(
    addresses: &[IpAddr],
    port: u16,
    place: &str,
    time: Duration,
) -> Result<TcpStream, Failure> {
    let deadline = Instant::now() + time;
    let count = addresses.len().min(ADDRESSES_DIALLED);
    let mut first_failure = None;
    for (done, address) in addresses.iter().take(count).enumerate() {
        let address = SocketAddr::new(*address, port);
        // A silent address must not use up the time of those behind it.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(count - done).unwrap_or(1);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => match verify(&stream, address) {
                Ok(()) => return Ok(stream),
                Err(failure) => first_failure.get_or_insert(failure),
            },
            Ok(Err(error)) => first_failure.get_or_insert(failure_of(&error, place)),
            Err(_) => first_failure.get_or_insert(Failure::timed_out(format!(
                "{place} did not accept the connection within {share:?}"
            ))),
        };
    }
    Err(first_failure.unwrap_or_else(|| Failure::new("unreachable", "no address is left to dial")))
}

fn verify(stream: &TcpStream, address: SocketAddr) -> Result<(), Failure> {
    let problem = |error: io::Error| {
        Failure::new(
            "transport_failed",
            format!("the new connection is not usable: {error}"),
        )
    };
    let peer = stream.peer_addr().map_err(problem)?;
    let local = stream.local_addr().map_err(problem)?;
    if peer != address {
        return Err(Failure::new(
            "transport_failed",
            format!("{address} was dialled but {peer} answered"),
        ));
    }
    // On loopback a dial to a free port of the ephemeral range can meet itself.
    if peer == local {
        return Err(Failure::new(
            "connection_refused",
            format!("connection refused: nothing listens at {address}"),
        ));
    }
    stream.set_nodelay(true).map_err(problem)
}

/// What an error of a dial means.
pub fn failure_of(error: &io::Error, place: &str) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::new(
            "connection_refused",
            format!("connection refused: nothing listens at {place}"),
        ),
        io::ErrorKind::TimedOut => Failure::timed_out(format!("{place} did not answer")),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Failure::new(
            "unreachable",
            format!("there is no route to {place}: {error}"),
        ),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            Failure::reset(format!("{place} ended the connection at once"))
        }
        _ => Failure::new(
            "transport_failed",
            format!("{place} could not be reached: {error}"),
        ),
    }
}
