//! The system's keyring as the store of credentials: the application's identifier is the service, the
//! credential's name the account, and the secret is a small JSON object that holds token and endpoint.

use keyring::{Entry, Error};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Credential, CredentialError, CredentialStore};
use crate::{core::token::Token, limits::CREDENTIAL_BYTES};

/// See the module.
pub struct Keyring {
    service: String,
}

#[derive(Deserialize)]
struct Stored {
    format: u32,
    endpoint: String,
    token: String,
}

impl Keyring {
    /// For the application with this identifier.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
        }
    }

    fn entry(&self, name: &str) -> Result<Entry, CredentialError> {
        Entry::new(&self.service, name).map_err(|error| unavailable(&error))
    }
}

impl CredentialStore for Keyring {
    fn load(&self, name: &str) -> Result<Option<Credential>, CredentialError> {
        match self.entry(name)?.get_secret() {
            Ok(secret) => read(&Zeroizing::new(secret)).map(Some).ok_or_else(|| {
                CredentialError::new(
                    "credential_damaged",
                    format!(
                        "what the keyring holds as {name:?} of {} is no credential; store it anew",
                        self.service
                    ),
                )
            }),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn store(&self, name: &str, credential: &Credential) -> Result<(), CredentialError> {
        self.entry(name)?
            .set_secret(&write(credential))
            .map_err(|error| unavailable(&error))
    }

    fn forget(&self, name: &str) -> Result<bool, CredentialError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(unavailable(&error)),
        }
    }
}

fn read(secret: &[u8]) -> Option<Credential> {
    if secret.len() > CREDENTIAL_BYTES {
        return None;
    }
    // The parser's message may quote what it read.
    let stored: Stored = serde_json::from_slice(secret).ok()?;
    let token = Token::new(stored.token).ok()?;
    (stored.format == 1).then_some(Credential {
        token,
        endpoint: stored.endpoint,
    })
}

/// By hand, so that tokens need no `Serialize`, which would let them out elsewhere too.
fn write(credential: &Credential) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(Vec::with_capacity(CREDENTIAL_BYTES));
    secret.extend_from_slice(br#"{"format":1,"endpoint":"#);
    push_string(&mut secret, &credential.endpoint);
    secret.extend_from_slice(br#","token":"#);
    push_string(&mut secret, credential.token.reveal());
    secret.push(b'}');
    secret
}

/// Visible ASCII as a JSON string (RFC 8259 section 7).
fn push_string(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            json.push(b'\\');
        }
        json.push(byte);
    }
    json.push(b'"');
}

fn unavailable(error: &Error) -> CredentialError {
    // Some of these errors hold the stored bytes; what they print does not, but a name for each is safer.
    let why = match error {
        Error::NoStorageAccess(_) => "it is locked or may not be used",
        Error::NoDefaultStore => "this system offers none; on Linux a Secret Service such as GNOME Keyring or KWallet must run before the application starts",
        Error::Ambiguous(_) => "it holds more than one entry of this name; remove all but one",
        Error::TooLong(..) => "the entry is too long for it",
        Error::PlatformFailure(_) => "it answered with an error; is it running?",
        _ => "it cannot be used",
    };
    CredentialError::new(
        "credential_unavailable",
        format!("the system's keyring: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_and_anything_else_is_damaged() {
        let token = Token::new(r#"a"\b{}"#).expect("a token");
        let credential = Credential::new("wss://daemon.test/ws", token).expect("bound");
        assert_eq!(credential.endpoint, "wss://daemon.test:443");
        let kept = write(&credential);
        assert_eq!(read(&kept), Some(credential));
        for damaged in [
            &b""[..],
            b"abc",
            br#"{"format":2,"endpoint":"wss://a:1","token":"t"}"#,
            br#"{"format":1,"endpoint":"wss://a:1","token":"t t"}"#,
            br#"{"format":1,"endpoint":"wss://a:1"}"#,
        ] {
            assert_eq!(read(damaged), None);
        }
    }
}
