//! Releases the connections of a page whose process has crashed. Tauri tells this to the application on Apple
//! systems and to nobody on Linux, where the WebView is asked itself.

use tauri::{Runtime, Webview};

/// Watches the page process of a webview, where the platform allows a plugin to.
#[cfg(webkitgtk)]
pub fn watch<R: Runtime>(webview: &Webview<R>) {
    use tauri::Manager;
    use webkit2gtk::WebViewExt;

    use crate::connections::Connections;

    let app = webview.app_handle().clone();
    let label = webview.label().to_owned();
    // Fails only when the webview is gone again, and its window's end releases the connections then.
    let _ = webview.with_webview(move |platform| {
        platform
            .inner()
            .connect_web_process_terminated(move |_, _| {
                app.state::<Connections>().page_gone(&label);
            });
    });
}

/// Elsewhere the application calls `release_daemon_connections` where it learns of a crash.
#[cfg(not(webkitgtk))]
pub fn watch<R: Runtime>(_webview: &Webview<R>) {}
