//! Limits of the desktop app, each with its reason.

use std::time::Duration;

/// Largest runtime file that is read, in bytes: a real one has about 400.
pub const MAX_RUNTIME_FILE_BYTES: u64 = 16 * 1024;

/// Time for a daemon on loopback to say who it is: 2 s, far above what a busy machine needs.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Largest answer to `/api/health` that is read, in bytes: a real one has about 200.
pub const MAX_HEALTH_BYTES: u64 = 16 * 1024;

/// Time for `holdfast daemon start` to end: the command's own deadline is shorter, this one only keeps a
/// command that hangs from hanging the window.
pub const START_TIMEOUT: Duration = Duration::from_secs(45);

/// How often progress is told to the page while the daemon starts.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// How often the ended command is looked for.
pub const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// Output of the start command that is kept for the error, in bytes from its end.
pub const MAX_COMMAND_OUTPUT_BYTES: usize = 64 * 1024;

/// Lines of the daemon's log that the page is shown.
pub const LOG_LINES: usize = 50;

/// Bytes read from the end of the log for these lines.
pub const LOG_TAIL_BYTES: u64 = 64 * 1024;
