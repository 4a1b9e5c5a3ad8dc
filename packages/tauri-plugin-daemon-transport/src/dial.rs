//! From an agreed endpoint to an open WebSocket: find, dial, verify, upgrade. Every step has its deadline and
//! every failure its cause.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{timeout, timeout_at, Instant},
};

use crate::{
    core::{
        endpoint::{Security, WebSocketEndpoint},
        headers::Headers,
        policy::{Agreed, AgreedEndpoint},
        reach::Reach,
        upgrade::{Answer, Refusal, Upgrade},
    },
    error::Failure,
    limits::{Timeouts, REFUSAL_BODY_TIME, RESPONSE_HEAD_BYTES},
    local_daemon::Resolver,
};

/// Everything an attempt needs.
pub struct Plan {
    /// Where policy lets it go.
    pub agreed: Agreed,
    /// Finds the local daemon.
    pub resolver: Option<Resolver>,
    /// Headers of the page.
    pub headers: Headers,
}

/// An upgraded stream and the bytes that came after the head.
pub struct Dialled {
    /// The stream.
    pub stream: TcpStream,
    /// First bytes of the first frames.
    pub early: Vec<u8>,
}

/// Makes the connection.
pub async fn dial(plan: Plan, timeouts: &Timeouts) -> Result<Dialled, Failure> {
    let (endpoint, addresses) = match plan.agreed {
        Agreed::WebSocket(agreed) => literal(agreed)?,
        Agreed::LocalDaemon => find(plan.resolver, timeouts).await?,
    };
    let stream = reach(&endpoint, &addresses, timeouts).await?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| {
        Failure::new(
            "transport_failed",
            format!("the system gave no random bytes: {error}"),
        )
    })?;
    let upgrade = Upgrade::new(&endpoint, &plan.headers, nonce);
    timeout(timeouts.upgrade, negotiate(stream, upgrade))
        .await
        .unwrap_or_else(|_| {
            Err(Failure::timed_out(format!(
                "{} accepted the connection but did not answer the WebSocket upgrade within {:?}",
                endpoint.authority(),
                timeouts.upgrade
            )))
        })
}

/// The addresses of an endpoint that needs neither a resolver nor TLS.
fn literal(agreed: AgreedEndpoint) -> Result<(WebSocketEndpoint, Vec<IpAddr>), Failure> {
    match (agreed.endpoint.security, agreed.reach) {
        (Security::Plain, Reach::Addresses(addresses)) => Ok((agreed.endpoint, addresses)),
        _ => Err(Failure::new(
            "transport_failed",
            format!(
                "{} needs TLS or a resolver, which this version does not have",
                agreed.endpoint
            ),
        )),
    }
}

async fn find(
    resolver: Option<Resolver>,
    timeouts: &Timeouts,
) -> Result<(WebSocketEndpoint, Vec<IpAddr>), Failure> {
    let resolver = resolver
        .ok_or_else(|| Failure::new("policy_refused", "this application names no local daemon"))?;
    let found = timeout(
        timeouts.dial,
        tokio::task::spawn_blocking(move || resolver()),
    )
    .await
    .map_err(|_| {
        Failure::timed_out(format!(
            "the local daemon was not found within {:?}",
            timeouts.dial
        ))
    })?
    .map_err(|_| {
        Failure::new(
            "transport_failed",
            "looking for the local daemon failed unexpectedly",
        )
    })?
    .map_err(|error| Failure::new(error.code, error.message))?;
    let endpoint = found.endpoint()?;
    Ok((endpoint, vec![found.address.ip()]))
}

/// Dials the agreed addresses in turn. The address that is dialled is the one that was checked.
async fn reach(
    endpoint: &WebSocketEndpoint,
    addresses: &[IpAddr],
    timeouts: &Timeouts,
) -> Result<TcpStream, Failure> {
    let mut first_failure = None;
    for address in addresses {
        let address = SocketAddr::new(*address, endpoint.port);
        match timeout(timeouts.dial, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => match verify(&stream, address) {
                Ok(()) => return Ok(stream),
                Err(failure) => first_failure.get_or_insert(failure),
            },
            Ok(Err(error)) => first_failure.get_or_insert(dial_failure(&error, endpoint)),
            Err(_) => first_failure.get_or_insert(Failure::timed_out(format!(
                "{} did not accept the connection within {:?}",
                endpoint.authority(),
                timeouts.dial
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

fn dial_failure(error: &io::Error, endpoint: &WebSocketEndpoint) -> Failure {
    let place = endpoint.authority();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::new(
            "connection_refused",
            format!("connection refused: nothing listens at {place}"),
        ),
        io::ErrorKind::TimedOut => Failure::timed_out(format!("{place} did not answer")),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
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

async fn negotiate(mut stream: TcpStream, upgrade: Upgrade) -> Result<Dialled, Failure> {
    let lost = |error: io::Error| {
        Failure::reset(format!(
            "the server ended the connection during the upgrade: {error}"
        ))
    };
    stream.write_all(&upgrade.request).await.map_err(lost)?;
    let mut received = Vec::with_capacity(1024);
    loop {
        // Bounded: `answer` refuses a head that reaches the limit.
        let space = (RESPONSE_HEAD_BYTES + 1).saturating_sub(received.len()) as u64;
        let count = (&mut stream)
            .take(space)
            .read_buf(&mut received)
            .await
            .map_err(lost)?;
        if count == 0 {
            return Err(Failure::reset(
                "the server ended the connection without answering the upgrade",
            ));
        }
        match upgrade.answer(&received)? {
            Answer::Incomplete => {}
            Answer::Agreed { head } => {
                let early = received.split_off(head);
                return Ok(Dialled { stream, early });
            }
            Answer::Refused(refusal) => return Err(explain(stream, refusal, received).await),
        }
    }
}

/// Reads the start of a refusal's body, as far as it comes in time.
async fn explain(mut stream: TcpStream, refusal: Refusal, mut received: Vec<u8>) -> Failure {
    let deadline = Instant::now() + REFUSAL_BODY_TIME;
    while !refusal.body_is_complete(&received) {
        match timeout_at(deadline, stream.read_buf(&mut received)).await {
            Ok(Ok(count)) if count > 0 => {}
            // The end, an error or the deadline: what has come is what can be told.
            _ => break,
        }
    }
    refusal.failure(&received)
}
