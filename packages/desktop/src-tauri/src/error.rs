//! The one error type that reaches the page: a stable code, a sentence, and what the daemon left behind.

use serde::Serialize;

/// Why the daemon could not be found or started.
///
/// Codes: `command_not_found`, `command_failed`, `start_timed_out`, `runtime_file_invalid`,
/// `daemon_not_running`, `invalid_daemon_url`, `no_home`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DesktopError {
    /// Stable, for programs.
    pub code: &'static str,
    /// What happened, to what, and what to do next.
    pub message: String,
    /// Exit code of the start command, where it ended with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Last lines of what the command and the daemon wrote, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

impl DesktopError {
    /// An error with a code and a sentence, and nothing else known.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            exit_code: None,
            log: Vec::new(),
        }
    }
}

impl std::fmt::Display for DesktopError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for DesktopError {}
