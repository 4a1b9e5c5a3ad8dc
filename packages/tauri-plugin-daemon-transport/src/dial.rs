//! From an agreed endpoint to an open WebSocket: find, dial, verify, secure, upgrade. Every step has its deadline
//! and every failure its cause; nothing is dialled but what policy agreed to, and no answer leads elsewhere.

mod address;
mod name;
#[cfg(windows)]
mod named_pipe;
mod negotiate;
mod place;
#[cfg(unix)]
mod unix_socket;

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use crate::{
    blocking::{Blocking, Missed},
    core::{
        endpoint::Security,
        headers::Headers,
        policy::{Agreed, AgreedEndpoint},
        reach::Reach,
        token::Token,
        upgrade::{Request, Upgrade},
    },
    credentials::Credentials,
    error::Failure,
    limits::Timeouts,
    local_daemon::Resolver,
    opened::Observer,
    stream::Stream,
    tls::Tls,
};

/// What all attempts of the application share.
pub struct Ways {
    /// Finds the local daemon.
    pub resolver: Option<Resolver>,
    /// Tokens for other endpoints.
    pub credentials: Credentials,
    /// Sessions.
    pub tls: Tls,
    /// Places for work that may block.
    pub blocking: Blocking,
    /// Is told of connections that open.
    pub observer: Option<Observer>,
}

#[cfg(test)]
impl Ways {
    /// None but plain sockets.
    pub fn none() -> Self {
        use crate::credentials::{Credential, CredentialError, CredentialStore};

        struct Nothing;
        impl CredentialStore for Nothing {
            fn load(&self, _: &str) -> Result<Option<Credential>, CredentialError> {
                Ok(None)
            }
            fn store(&self, _: &str, _: &Credential) -> Result<(), CredentialError> {
                Ok(())
            }
            fn forget(&self, _: &str) -> Result<bool, CredentialError> {
                Ok(false)
            }
        }
        Self {
            resolver: None,
            credentials: Credentials::new(Arc::new(Nothing)),
            tls: Tls::new(Vec::new()),
            blocking: Blocking::default(),
            observer: None,
        }
    }
}

/// Everything one attempt needs.
pub struct Plan {
    /// Where policy lets it go.
    pub agreed: Agreed,
    /// Headers of the page.
    pub headers: Headers,
    /// What it shares with others.
    pub ways: Arc<Ways>,
}

/// An upgraded stream and the bytes that came after the head.
pub struct Dialled {
    /// The stream.
    pub stream: Stream,
    /// First bytes of the first frames.
    pub early: Vec<u8>,
    /// Why it is not the place that comes first, where that is so.
    pub fallback: Option<String>,
}

/// Makes the connection.
pub async fn dial(plan: Plan, timeouts: &Timeouts) -> Result<Dialled, Failure> {
    match plan.agreed {
        Agreed::WebSocket(agreed) => {
            dial_endpoint(&agreed, &plan.headers, &plan.ways, timeouts).await
        }
        Agreed::LocalDaemon => dial_local_daemon(&plan.headers, &plan.ways, timeouts).await,
    }
}

async fn dial_endpoint(
    agreed: &AgreedEndpoint,
    headers: &Headers,
    ways: &Ways,
    timeouts: &Timeouts,
) -> Result<Dialled, Failure> {
    let endpoint = &agreed.endpoint;
    let authority = endpoint.authority();
    // First, so that nothing is dialled in vain.
    let token = match &agreed.credential {
        Some(name) => Some(
            ways.credentials
                .token(name.as_str(), endpoint, &ways.blocking, timeouts.credential)
                .await?,
        ),
        None => None,
    };
    let resolved;
    let addresses = match &agreed.reach {
        Reach::Addresses(addresses) => addresses,
        Reach::Name(rules) => {
            resolved =
                name::resolve(&endpoint.host, rules, &ways.blocking, timeouts.resolve).await?;
            &resolved
        }
    };
    if token.is_some()
        && endpoint.security == Security::Plain
        && !addresses.iter().all(IpAddr::is_loopback)
    {
        return Err(Failure::new(
            "policy_refused",
            format!("a token is not sent to {authority} in the clear; use wss://"),
        ));
    }
    let tcp = address::dial(addresses, endpoint.port, &authority, timeouts.dial).await?;
    let stream = secure(tcp, agreed, ways, timeouts).await?;
    let request = Request {
        target: &endpoint.target,
        host: &authority,
        headers,
        token: token.as_ref(),
    };
    upgrade(stream, &request, &authority, timeouts).await
}

async fn secure(
    tcp: TcpStream,
    agreed: &AgreedEndpoint,
    ways: &Ways,
    timeouts: &Timeouts,
) -> Result<Stream, Failure> {
    match agreed.endpoint.security {
        Security::Plain => Ok(Stream::Tcp(tcp)),
        Security::Tls => {
            let session = ways
                .tls
                .secure(tcp, agreed, &ways.blocking, timeouts.tls)
                .await?;
            Ok(Stream::Tls(Box::new(session)))
        }
    }
}

async fn dial_local_daemon(
    headers: &Headers,
    ways: &Ways,
    timeouts: &Timeouts,
) -> Result<Dialled, Failure> {
    let resolver = ways
        .resolver
        .clone()
        .ok_or_else(|| Failure::new("policy_refused", "this application names no local daemon"))?;
    let found = ways
        .blocking
        .run(timeouts.resolve, move || resolver())
        .await
        .map_err(|missed| missed.failure("the local daemon was not found", timeouts.resolve))?
        .map_err(|error| Failure::new(error.code, error.message))?
        .checked()?;
    if found.token.is_some() {
        headers
            .refuse_authorization()
            .map_err(|error| Failure::new("invalid_header", error.message))?;
    }
    let reached = place::reach(&found.places, &ways.blocking, timeouts.dial).await?;
    let request = Request {
        target: &found.path,
        host: &reached.host,
        headers,
        token: found.token.as_ref(),
    };
    let mut dialled = upgrade(reached.stream, &request, &reached.name, timeouts).await?;
    dialled.fallback = reached.fallback;
    Ok(dialled)
}

/// `place` is for messages.
async fn upgrade(
    stream: Stream,
    request: &Request<'_>,
    place: &str,
    timeouts: &Timeouts,
) -> Result<Dialled, Failure> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| {
        Failure::new(
            "transport_failed",
            format!("the system gave no random bytes: {error}"),
        )
    })?;
    let negotiation = negotiate::negotiate(stream, Upgrade::new(request, nonce));
    let answer = timeout(timeouts.upgrade, negotiation)
        .await
        .unwrap_or_else(|_| {
            Err(Failure::timed_out(format!(
                "{place} accepted the connection but did not answer the WebSocket upgrade within {:?}",
                timeouts.upgrade
            )))
        });
    // Some servers echo the request when they refuse it.
    answer.map_err(|failure| match request.token {
        Some(token) => failure.without(token),
        None => failure,
    })
}

impl Failure {
    fn without(mut self, token: &Token) -> Self {
        self.message = token.redact(&self.message);
        self.body = self.body.map(|body| token.redact(&body));
        self
    }
}

impl Missed {
    /// What a missing result means for an attempt; `what` is the beginning of the sentence.
    pub(crate) fn failure(self, what: &str, time: Duration) -> Failure {
        match self {
            Self::Deadline => Failure::timed_out(format!("{what} within {time:?}")),
            Self::Lost => Failure::new(
                "transport_failed",
                format!("{what}: the search failed unexpectedly"),
            ),
        }
    }
}
