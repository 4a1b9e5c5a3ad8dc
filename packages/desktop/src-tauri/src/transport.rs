//! The flavour: which plugin carries frames between the page and the daemon, and what the page calls it.

use tauri::{Builder, Wry};

use crate::daemon::DaemonAddress;

/// Name of the flavour, as the page is told it.
#[cfg(feature = "plugin")]
pub const FLAVOUR: &str = "plugin";
/// Name of the flavour, as the page is told it.
#[cfg(feature = "option-a")]
pub const FLAVOUR: &str = "option-a";

/// Adds the flavour's plugin to the app.
#[cfg(feature = "plugin")]
pub fn install(builder: Builder<Wry>) -> Builder<Wry> {
    use tauri_plugin_daemon_transport::{LocalDaemon, LocalDaemonError};

    builder.plugin(
        tauri_plugin_daemon_transport::Builder::new()
            .local_daemon(|| {
                crate::daemon::address()
                    .map(|address| LocalDaemon {
                        address: address.socket,
                        path: address.path,
                    })
                    .map_err(|error| LocalDaemonError {
                        code: error.code.to_owned(),
                        message: error.message,
                    })
            })
            .build(),
    )
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
