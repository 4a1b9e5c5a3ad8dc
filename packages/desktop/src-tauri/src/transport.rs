//! The flavour: which plugin carries frames between the page and the daemon, and what the page calls it.

use tauri::{Builder, Wry};

#[cfg(feature = "plugin")]
use tauri_plugin_daemon_transport::{LocalDaemon, LocalDaemonError, Place};

use crate::daemon::DaemonAddress;
#[cfg(feature = "plugin")]
use crate::{daemon, error::DesktopError, runtime_file};

/// Name of the flavour, as the page is told it.
#[cfg(feature = "plugin")]
pub const FLAVOUR: &str = "plugin";
/// Name of the flavour, as the page is told it.
#[cfg(feature = "option-a")]
pub const FLAVOUR: &str = "option-a";

/// Adds the flavour's plugin to the app.
#[cfg(feature = "plugin")]
pub fn install(builder: Builder<Wry>) -> Builder<Wry> {
    builder.plugin(
        tauri_plugin_daemon_transport::Builder::new()
            .local_daemon(find_local_daemon)
            .on_open(|opened| {
                let fallback = opened
                    .fallback
                    .as_ref()
                    .map_or_else(String::new, |reason| format!(", because {reason}"));
                eprintln!(
                    "holdfast-desktop: connected to the daemon via {}{fallback}",
                    opened.via
                );
            })
            .build(),
    )
}

/// The daemon that the environment names, else the one that wrote the runtime file.
#[cfg(feature = "plugin")]
fn find_local_daemon() -> Result<LocalDaemon, LocalDaemonError> {
    let of_app = |error: DesktopError| LocalDaemonError::new(error.code, error.message);
    if let Some(named) = daemon::named_by_environment().map_err(of_app)? {
        return Ok(LocalDaemon {
            places: vec![Place::Tcp(named.socket)],
            path: named.path,
            token: None,
        });
    }
    let file = runtime_file::path().map_err(of_app)?;
    LocalDaemon::from_runtime_file(&file).map_err(|error| match error.code.as_str() {
        "daemon_not_running" => of_app(daemon::not_running()),
        "runtime_file_invalid" => of_app(runtime_file::invalid(&error.message)),
        _ => error,
    })
}

/// Adds the flavour's plugin to the app.
#[cfg(feature = "option-a")]
pub fn install(builder: Builder<Wry>) -> Builder<Wry> {
    builder.plugin(tauri_plugin_websocket::init())
}

/// The URL that the page connects to. With our plugin it names no address: Rust finds the daemon itself.
#[cfg(feature = "plugin")]
pub fn url_for_page(_address: &DaemonAddress) -> String {
    "daemon+local:".to_owned()
}

/// The URL that the page connects to: the official plugin dials what the page names.
#[cfg(feature = "option-a")]
pub fn url_for_page(address: &DaemonAddress) -> String {
    format!("ws://{}{}", address.socket, address.path)
}
