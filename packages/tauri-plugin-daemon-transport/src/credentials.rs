//! Tokens for endpoints other than the local daemon. A scope entry names a credential; the system's keyring, or a
//! store of the application's own, keeps it together with the endpoint it was given for; and it goes nowhere else.

mod keyring;

use std::{fmt, sync::Arc, time::Duration};

pub(crate) use self::keyring::Keyring;
use crate::{
    blocking::Blocking,
    core::{
        endpoint::{self, Endpoint, Security, WebSocketEndpoint},
        token::Token,
    },
    error::Failure,
};

/// A token and the endpoint it was given for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// The secret.
    pub token: Token,
    /// Scheme, host and port, such as `wss://daemon.example:443`. Written by [`Credential::new`].
    pub endpoint: String,
}

/// Where credentials are kept. The default is the system's keyring: the Secret Service on Linux, the Keychain on
/// macOS, the Credential Manager on Windows. The methods may block; they are called off the main thread.
pub trait CredentialStore: Send + Sync + 'static {
    /// The credential of this name; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read. The message reaches the page: it must not hold a secret.
    fn load(&self, name: &str) -> Result<Option<Credential>, CredentialError>;

    /// Keeps a credential, in the place of an earlier one of this name.
    ///
    /// # Errors
    ///
    /// Where the store cannot be written.
    fn store(&self, name: &str, credential: &Credential) -> Result<(), CredentialError>;

    /// Removes a credential. Says whether there was one.
    ///
    /// # Errors
    ///
    /// Where the store cannot be written.
    fn forget(&self, name: &str) -> Result<bool, CredentialError>;
}

/// Why a credential could not be kept or had. Its code reaches the page too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialError {
    /// `credential_unavailable` (the store cannot be used now), `credential_damaged` (what it holds cannot be
    /// read), `credential_insecure` (the endpoint is neither `wss:` nor on this computer), `invalid_url`.
    pub code: &'static str,
    /// What happened and what to do next. No secret is in it.
    pub message: String,
}

/// The application's way to its credentials: see
/// [`DaemonTransportExt::daemon_credentials`](crate::DaemonTransportExt::daemon_credentials). There is no command
/// for it: a page can neither read nor write them. Clones are the same store.
#[derive(Clone)]
pub struct Credentials(Arc<dyn CredentialStore>);

impl Credential {
    /// Binds a token to an endpoint, given by a URL in its normal form. Only scheme, host and port count.
    ///
    /// # Errors
    ///
    /// `invalid_url`; `credential_insecure` for `ws:` to another computer, where the token could be read on the way.
    pub fn new(url: &str, token: Token) -> Result<Self, CredentialError> {
        match endpoint::parse(url) {
            Ok(Endpoint::WebSocket(endpoint)) if endpoint.security == Security::Tls || endpoint.host.is_this_computer() => {
                Ok(Self {
                    token,
                    endpoint: place(&endpoint),
                })
            }
            Ok(Endpoint::WebSocket(_)) => Err(CredentialError::new(
                "credential_insecure",
                format!("a token for {url} could be read on the way; use wss://"),
            )),
            Ok(Endpoint::LocalDaemon) => Err(CredentialError::new(
                "invalid_url",
                "the local daemon's token comes from its runtime file; a credential is for a ws: or wss: URL",
            )),
            Err(error) => Err(CredentialError::new("invalid_url", error.message)),
        }
    }
}

impl CredentialError {
    /// An error of a store. The message must not hold a secret.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl Credentials {
    pub(crate) fn new(store: Arc<dyn CredentialStore>) -> Self {
        Self(store)
    }

    /// Keeps a token under the name that a scope entry has in its `credential`, for the endpoint of this URL.
    /// Blocks: the system may ask the person to unlock the keyring. Call it off the main thread.
    ///
    /// # Errors
    ///
    /// See [`CredentialError`].
    pub fn store(&self, name: &str, url: &str, token: Token) -> Result<(), CredentialError> {
        self.0.store(name, &Credential::new(url, token)?)
    }

    /// Removes the token of this name and says whether there was one. Open connections stay. Blocks as
    /// [`Credentials::store`] does.
    ///
    /// # Errors
    ///
    /// See [`CredentialError`].
    pub fn forget(&self, name: &str) -> Result<bool, CredentialError> {
        self.0.forget(name)
    }

    /// The token of this name, if it was given for this endpoint.
    pub(crate) async fn token(
        &self,
        name: &str,
        endpoint: &WebSocketEndpoint,
        blocking: &Blocking,
        time: Duration,
    ) -> Result<Token, Failure> {
        let store = Arc::clone(&self.0);
        let wanted = name.to_owned();
        let found = blocking
            .run(time, move || store.load(&wanted))
            .await
            .map_err(|missed| {
                missed.failure(
                    &format!("the credential {name:?} was not read from the keyring"),
                    time,
                )
            })?
            .map_err(|error| Failure::new(error.code, error.message))?;
        let place = place(endpoint);
        match found {
            Some(credential) if credential.endpoint == place => Ok(credential.token),
            Some(credential) => Err(Failure::new(
                "credential_mismatch",
                format!(
                    "the credential {name:?} was given for {} and is not sent to {place}; store the one of {place} \
                     under a name of its own",
                    credential.endpoint
                ),
            )),
            None => Err(Failure::new(
                "credential_missing",
                format!(
                    "there is no credential {name:?} for {place}; the application stores one with \
                     `daemon_credentials().store({name:?}, ...)`"
                ),
            )),
        }
    }
}

/// What a credential is bound to. The port is always written.
fn place(endpoint: &WebSocketEndpoint) -> String {
    format!(
        "{}://{}:{}",
        endpoint.security.scheme(),
        endpoint.host,
        endpoint.port
    )
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials")
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for CredentialError {}
