//! The app's own commands for its page. Both answer within their own deadlines and run off the main thread.

use serde::Serialize;
use tauri::{AppHandle, Emitter, Runtime};

use crate::daemon;
use crate::error::DesktopError;
use crate::transport;

/// What the page needs in order to connect.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DesktopDaemon {
    /// `daemon+local:` with our plugin, a `ws://` address on loopback with the official one.
    url: String,
    /// What people call this daemon.
    name: String,
    /// `plugin` or `option-a`.
    flavour: &'static str,
}

/// Payload of `desktop://daemon-progress`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    step: String,
    elapsed_ms: u64,
}

/// Finds this user's daemon, starts it where none runs, and says how to connect to it. While it starts, the
/// event `desktop://daemon-progress` tells the step and the time so far.
#[tauri::command]
pub async fn desktop_daemon<R: Runtime>(app: AppHandle<R>) -> Result<DesktopDaemon, DesktopError> {
    let work = tauri::async_runtime::spawn_blocking(move || {
        daemon::ensure_running(|step, elapsed| {
            let progress = Progress {
                step: step.to_owned(),
                elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            };
            if let Err(error) = app.emit("desktop://daemon-progress", progress) {
                eprintln!("holdfast-desktop: progress could not be shown: {error}");
            }
        })
    });
    let address = work.await.map_err(|error| {
        DesktopError::new(
            "command_failed",
            format!("Looking for the daemon was interrupted: {error}"),
        )
    })??;
    Ok(DesktopDaemon {
        url: transport::url_for_page(&address),
        name: "This computer".to_owned(),
        flavour: transport::FLAVOUR,
    })
}

/// The last lines of the daemon's log, oldest first.
#[tauri::command]
pub async fn desktop_daemon_log() -> Vec<String> {
    tauri::async_runtime::spawn_blocking(daemon::log_tail)
        .await
        .unwrap_or_else(|error| vec![format!("(reading the log was interrupted: {error})")])
}
