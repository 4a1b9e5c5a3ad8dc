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

mod blocking;
mod call;
mod commands;
mod connection;
mod connections;
mod consents;
mod core;
mod crash;
mod credentials;
mod delivery;
mod dial;
mod dialog;
mod endpoint_commands;
mod endpoint_file;
mod endpoints;
mod error;
#[cfg(test)]
mod fuzzed;
mod limits;
mod line;
mod link;
mod local_daemon;
mod mailbox;
mod opened;
mod page;
pub mod policy;
mod private_file;
mod stream;
mod tls;
#[cfg(webkitgtk)]
mod webkit;

use std::{path::PathBuf, sync::Arc};

use tauri::{plugin::TauriPlugin, webview::PageLoadEvent, Manager, RunEvent, Runtime, WindowEvent};

use blocking::Blocking;
use connections::Connections;
pub use core::token::{Token, TokenError};
use credentials::Keyring;
pub use credentials::{Credential, CredentialError, CredentialStore, Credentials};
use dial::Ways;
use endpoint_file::EndpointFile;
use endpoints::Endpoints;
pub use endpoints::{GrantedEndpoint, GrantedEndpoints};
pub use error::{Error, ErrorCode};
pub use limits::Timeouts;
use local_daemon::Resolver;
pub use local_daemon::{LocalDaemon, LocalDaemonError, Place};
use opened::Observer;
pub use opened::{Opened, Via};
use tls::Tls;

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
    extra_roots: Vec<Vec<u8>>,
    credentials: Option<Arc<dyn CredentialStore>>,
    observer: Option<Observer>,
    endpoints_directory: Option<PathBuf>,
}

impl Builder {
    /// Without a local daemon, with the default timeouts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where this user's daemon listens: what the URL `daemon+local:` means. The function is called for
    /// each connection attempt, off the main thread, and may block for at most [`Timeouts::resolve`]. Its error ends
    /// the attempt and reaches the page with its code and message. In most cases it is
    /// [`LocalDaemon::from_runtime_file`] with the path of the daemon's file.
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

    /// Trusts these certificate authorities for `wss:` besides those of the system: PEM with one or more
    /// certificates, or DER with one. For an organisation's own authority that ships with the app. The app does
    /// not start with what cannot be read. For a single self-signed daemon, pin its key in the scope entry instead.
    #[must_use]
    pub fn extra_roots(mut self, certificates: impl Into<Vec<u8>>) -> Self {
        self.extra_roots.push(certificates.into());
        self
    }

    /// Keeps the tokens that scope entries name in this store instead of the system's keyring.
    #[must_use]
    pub fn credentials(mut self, store: impl CredentialStore) -> Self {
        self.credentials = Some(Arc::new(store));
        self
    }

    /// Is told of each connection that opens: which way it took, and why it is not the first place of the local
    /// daemon where that is so. For the app's log. Called on a thread that other connections need: it must not block.
    #[must_use]
    pub fn on_open(mut self, observer: impl Fn(&Opened) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Where the list of endpoints that the person always allows is kept, instead of `daemon-transport` in the
    /// app's configuration directory. The directory is made with mode 0700, and not used if others can use it.
    #[must_use]
    pub fn endpoints_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.endpoints_directory = Some(directory.into());
        self
    }

    /// The plugin.
    pub fn build<R: Runtime>(self) -> TauriPlugin<R> {
        tauri::plugin::Builder::new("daemon-transport")
            .invoke_handler(tauri::generate_handler![
                commands::daemon_connect,
                commands::daemon_send,
                commands::daemon_disconnect,
                endpoint_commands::daemon_request_endpoint,
                endpoint_commands::daemon_list_endpoints,
                endpoint_commands::daemon_revoke_endpoint
            ])
            .js_init_script(INIT_SCRIPT)
            .setup(move |app, _| {
                let store = self
                    .credentials
                    .unwrap_or_else(|| Arc::new(Keyring::new(app.config().identifier.clone())));
                let credentials = Credentials::new(store);
                app.manage(credentials.clone());
                let mut extra_roots = Vec::new();
                for certificates in self.extra_roots {
                    extra_roots.extend(tls::read_roots(&certificates)?);
                }
                let ways = Ways {
                    resolver: self.resolver,
                    credentials,
                    tls: Tls::new(extra_roots),
                    blocking: Blocking::default(),
                    observer: self.observer,
                };
                app.manage(Connections::new(self.timeouts, ways));
                let directory = match self.endpoints_directory {
                    Some(directory) => Some(directory),
                    None => app
                        .path()
                        .app_config_dir()
                        .ok()
                        .map(|config| config.join("daemon-transport")),
                };
                app.manage(Endpoints::new(EndpointFile::new(directory)));
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

    /// The tokens that scope entries name, for the app's own Rust code: when a person signs in or out. No page can
    /// reach them.
    fn daemon_credentials(&self) -> Credentials;

    /// Asks every peer at once whether it is still there, for an app that learns of a change of the network by
    /// itself. Waking up from sleep is noticed without it.
    fn check_daemon_connections(&self);

    /// The endpoints that the person always allows. Reads a file.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::EndpointListUnavailable`] where the file cannot be read.
    fn daemon_endpoints(&self) -> Result<GrantedEndpoints, Error>;

    /// Takes an endpoint back from every webview, for now and for ever, and ends the connections that only it
    /// allowed, with the error `endpoint_revoked`. Says whether it had been allowed. Writes a file, and may wait
    /// up to 3 seconds for another process that writes it: not for the main thread.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidUrl`] where the URL is not one in normal form;
    /// [`ErrorCode::EndpointListUnavailable`] where the file cannot be written.
    fn revoke_daemon_endpoint(&self, url: &str) -> Result<bool, Error>;
}

impl<R: Runtime, T: Manager<R>> DaemonTransportExt<R> for T {
    fn release_daemon_connections(&self, webview: &str) {
        self.state::<Connections>().page_gone(webview);
    }

    fn daemon_credentials(&self) -> Credentials {
        self.state::<Credentials>().inner().clone()
    }

    fn check_daemon_connections(&self) {
        self.state::<Connections>().suspect_all();
    }

    fn daemon_endpoints(&self) -> Result<GrantedEndpoints, Error> {
        self.state::<Endpoints>().list()
    }

    fn revoke_daemon_endpoint(&self, url: &str) -> Result<bool, Error> {
        self.state::<Endpoints>()
            .revoke(&self.state::<Connections>(), url)
    }
}
