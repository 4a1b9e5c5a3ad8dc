//! Why a TLS session could not be made, or ended: a code for each reason that a person can do something about.

use std::{io, time::Duration};

use rustls::{pki_types::UnixTime, AlertDescription, CertificateError, Error};

use crate::{core::entry::Pin, error::Failure};

/// What an error of the handshake means. `offered` is the pin of the certificate that the server has shown.
pub fn of_handshake(error: &io::Error, authority: &str, offered: Option<&Pin>) -> Failure {
    match tls_error(error) {
        Some(Error::InvalidCertificate(problem)) => of_certificate(problem, authority, offered),
        Some(Error::InvalidMessage(_)) => failed(format!(
            "{authority} did not answer with TLS; if it speaks plain WebSocket, its URL begins with ws://"
        )),
        Some(error) => failed(format!("the TLS session with {authority} failed: {error}")),
        None => Failure::reset(format!(
            "{authority} ended the connection during the TLS handshake: {error}"
        )),
    }
}

/// The TLS error in an error of an open session's stream, if there is one.
pub fn failure_in(error: &io::Error) -> Option<Failure> {
    match tls_error(error)? {
        // TLS 1.3 tells only now that the server wanted to know who the client is.
        Error::AlertReceived(
            alert @ (AlertDescription::CertificateRequired | AlertDescription::BadCertificate),
        ) => Some(failed(format!(
            "the server asks for a client certificate, which this plugin does not send ({alert:?})"
        ))),
        error => Some(failed(format!("the TLS session was lost: {error}"))),
    }
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn of_certificate(problem: &CertificateError, authority: &str, offered: Option<&Pin>) -> Failure {
    let pin = offered.map_or_else(String::new, Pin::to_string);
    let (code, what) = match problem {
        CertificateError::Expired => ("tls_expired", "has expired; renew it".to_owned()),
        CertificateError::ExpiredContext { time, not_after } => (
            "tls_expired",
            format!("expired {} ago; renew it", between(*not_after, *time)),
        ),
        CertificateError::NotValidYet => (
            "tls_not_yet_valid",
            "is not valid yet; compare the clocks of both computers".to_owned(),
        ),
        CertificateError::NotValidYetContext { time, not_before } => (
            "tls_not_yet_valid",
            format!(
                "becomes valid only in {}; compare the clocks of both computers",
                between(*time, *not_before)
            ),
        ),
        CertificateError::NotValidForName => (
            "tls_wrong_name",
            "is for another name; connect by a name that it holds".to_owned(),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => (
            "tls_wrong_name",
            format!("is not for this name but for {presented:?}; connect by one of these"),
        ),
        CertificateError::UnknownIssuer => ("tls_unknown_issuer", unknown_issuer(&pin)),
        // What most tools make for "self-signed" is a certificate of an authority, used as a server's.
        other if other.to_string().contains("CaUsedAsEndEntity") => ("tls_unknown_issuer", unknown_issuer(&pin)),
        CertificateError::ApplicationVerificationFailure => (
            "tls_pin_mismatch",
            format!(
                "has the pin {pin}, which the scope entry does not list; somebody may be in between, or the server \
                 has a new key. If it has, put \"{pin}\" into `pins`"
            ),
        ),
        other => ("tls_failed", format!("was refused: {other}")),
    };
    Failure::new(code, format!("the certificate of {authority} {what}"))
}

fn unknown_issuer(pin: &str) -> String {
    format!(
        "comes from an issuer that this system does not trust. For a self-signed daemon, compare the pin {pin} with \
         the daemon's own, and put \"trust\": \"pins\", \"pins\": [\"{pin}\"] into the scope entry"
    )
}

/// A length of time as people say it.
fn between(earlier: UnixTime, later: UnixTime) -> String {
    let seconds = Duration::from_secs(later.as_secs().saturating_sub(earlier.as_secs())).as_secs();
    let (count, unit) = match seconds {
        0..=119 => (seconds, "s"),
        120..=7199 => (seconds / 60, "minutes"),
        7200..=172_799 => (seconds / 3600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit}")
}

fn failed(message: String) -> Failure {
    Failure::new("tls_failed", message)
}
