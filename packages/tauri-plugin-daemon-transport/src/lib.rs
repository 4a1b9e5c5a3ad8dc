//! A Tauri plugin that lets the page of an app talk to a local daemon over a WebSocket that Rust owns.
//!
//! The page gets three commands and four events and never a socket: there is no `Origin` header, the daemon
//! need not trust `tauri://localhost`, and what may be reached stands in the app's capability files.
//!
//! ```no_run
//! tauri::Builder::default()
//!     .plugin(tauri_plugin_daemon_transport::init())
//!     // .run(tauri::generate_context!())
//! # ;
//! ```
//!
//! The README describes permissions, the guest library, error codes and limits.

mod commands;
mod connection;
mod connections;
mod core;
mod crash;
mod delivery;
mod dial;
mod error;
mod limits;
mod link;
mod local_daemon;
mod mailbox;
mod page;
pub mod policy;

use std::sync::Arc;

use tauri::{plugin::TauriPlugin, webview::PageLoadEvent, Manager, RunEvent, Runtime, WindowEvent};

use connections::Connections;
pub use limits::Timeouts;
use local_daemon::Resolver;
pub use local_daemon::{LocalDaemon, LocalDaemonError};

const INIT_SCRIPT: &str = include_str!("init.js");

/// The plugin with its defaults: see [`Builder`].
pub fn init<R: Runtime>() -> TauriPlugin<R> {
    Builder::new().build()
}

/// Builds the plugin.
#[derive(Default)]
pub struct Builder {
    resolver: Option<Resolver>,
    timeouts: Timeouts,
}

impl Builder {
    /// Without a local daemon, with the default timeouts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where this user's daemon listens: what the URL `daemon+local:` means. The function is called for
    /// each connection attempt, off the main thread, and may block for at most [`Timeouts::dial`]. Its error ends the
    /// attempt and reaches the page with its code and message.
    #[must_use]
    pub fn local_daemon(
        mut self,
        find: impl Fn() -> Result<LocalDaemon, LocalDaemonError> + Send + Sync + 'static,
    ) -> Self {
        self.resolver = Some(Arc::new(find));
        self
    }

    /// Other waits than the default ones.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The plugin.
    pub fn build<R: Runtime>(self) -> TauriPlugin<R> {
        tauri::plugin::Builder::new("daemon-transport")
            .invoke_handler(tauri::generate_handler![
                commands::daemon_connect,
                commands::daemon_send,
                commands::daemon_disconnect
            ])
            .js_init_script(INIT_SCRIPT)
            .setup(move |app, _| {
                app.manage(Connections::new(self.timeouts, self.resolver));
                Ok(())
            })
            .on_page_load(|webview, payload| {
                if payload.event() == PageLoadEvent::Started {
                    webview.state::<Connections>().page_gone(webview.label());
                }
            })
            .on_webview_ready(|webview| crash::watch(&webview))
            .on_event(|app, event| match event {
                RunEvent::WindowEvent {
                    label,
                    event: WindowEvent::Destroyed,
                    ..
                } => app.state::<Connections>().window_gone(label),
                RunEvent::Exit => app.state::<Connections>().release_all(),
                _ => {}
            })
            .build()
    }
}

/// What the host application may do with the plugin's connections.
pub trait DaemonTransportExt<R: Runtime> {
    /// Closes the connections of a webview, as a page load does. For events that Tauri tells the application
    /// and not its plugins, such as the end of a web content process on Apple systems.
    fn release_daemon_connections(&self, webview: &str);
}

impl<R: Runtime, T: Manager<R>> DaemonTransportExt<R> for T {
    fn release_daemon_connections(&self, webview: &str) {
        self.state::<Connections>().page_gone(webview);
    }
}
