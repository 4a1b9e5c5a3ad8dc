//! What goes wrong, in two forms: [`Error`] rejects a command, [`Failure`] ends a connection attempt or a
//! connection and reaches the page as `daemon://error`. Codes are stable; messages are for people.

use std::{fmt, time::Duration};

use serde::Serialize;

/// Why a command was refused. Serialised as `{ "code", "message", "retryAfterMs"? }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Error {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what happened, to what, and what to do next.
    pub message: String,
    /// When the same request may be made again, in milliseconds, where time is what is missing.
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Why a command was refused, for programs: stable, in snake case where it is serialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// No capability allows this page to connect there, or one denies it.
    PolicyRefused,
    /// The URL is not one, or its normal form differs from what was written.
    InvalidUrl,
    /// A header that a page may not set, or one that HTTP does not allow.
    InvalidHeader,
    /// The limit of connections is reached.
    TooManyConnections,
    /// The pages of this webview try to connect too often.
    TooManyAttempts,
    /// The request comes from a page that this webview no longer shows.
    StalePage,
    /// No such connection belongs to this page.
    UnknownConnection,
    /// More was sent than may wait for the network.
    SendQueueFull,
    /// A numbered send leaves a gap after the ones before it.
    SendOutOfOrder,
    /// The page acknowledges what it never got.
    InvalidAck,
    /// The arguments of the command have the wrong form.
    InvalidRequest,
    /// The person was asked and did not allow the endpoint.
    EndpointRefused,
    /// The person is being asked already, on behalf of this webview.
    AskInProgress,
    /// This webview has caused too many questions; `retryAfterMs` says when it may again.
    AskTooOften,
    /// The file of endpoints that are always allowed is not one that this plugin wrote. It grants nothing and was
    /// kept aside.
    EndpointListDamaged,
    /// The list of endpoints that are always allowed has no room for another.
    EndpointListFull,
    /// The file of endpoints that are always allowed could not be read or written.
    EndpointListUnavailable,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    pub(crate) fn too_many_attempts(wait: Duration) -> Self {
        let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self {
            retry_after_ms: Some(milliseconds),
            ..Self::new(
                ErrorCode::TooManyAttempts,
                format!(
                    "this webview has tried to connect too often; try again in {milliseconds} ms"
                ),
            )
        }
    }

    /// One answer for every connection a page may not touch, so that it learns nothing about those of others.
    pub(crate) fn unknown_connection() -> Self {
        Self::new(
            ErrorCode::UnknownConnection,
            "no connection with this id belongs to this page; it has ended, or the page was reloaded",
        )
    }

    pub(crate) fn stale_page() -> Self {
        Self::new(
            ErrorCode::StalePage,
            "this webview shows another page by now",
        )
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Why a connection could not be made, or ended before its time. One of these at most for each connection.
///
/// Codes given by this crate: `connection_refused`, `connection_reset`, `name_not_resolved`, `unreachable`,
/// `timed_out`, `policy_refused`, `invalid_header`, `upgrade_refused`, `handshake_failed`, `protocol_error`,
/// `transport_failed`, `endpoint_revoked`; of TLS `tls_expired`, `tls_not_yet_valid`, `tls_wrong_name`, `tls_unknown_issuer`,
/// `tls_pin_mismatch`, `tls_failed`; of credentials `credential_missing`, `credential_mismatch`,
/// `credential_unavailable`, `credential_damaged`; of the local daemon `daemon_not_running`,
/// `runtime_file_invalid`, `socket_untrusted`, and whatever the application's own resolver gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// HTTP status of a refused upgrade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Start of the body of a refused upgrade, at most 4 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Failure {
    /// A failure with a code of the caller's choice, such as `daemon_not_running`.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: None,
            body: None,
        }
    }

    pub(crate) fn timed_out(message: impl Into<String>) -> Self {
        Self::new("timed_out", message)
    }

    pub(crate) fn reset(message: impl Into<String>) -> Self {
        Self::new("connection_reset", message)
    }

    pub(crate) fn revoked() -> Self {
        Self::new(
            "endpoint_revoked",
            "the permission to connect to this endpoint was taken back",
        )
    }

    pub(crate) fn handshake(message: impl Into<String>) -> Self {
        Self::new("handshake_failed", message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
