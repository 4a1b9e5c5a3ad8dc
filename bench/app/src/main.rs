//! A window in which every way from a daemon to a page is measured: our plugin, the official one, and the
//! page's own WebSocket, which this app alone of ours allows, and only to this computer.
#![forbid(unsafe_code)]

fn main() {
    let result = tauri::Builder::default()
        .plugin(tauri_plugin_daemon_transport::Builder::new().build())
        .plugin(tauri_plugin_websocket::init())
        .run(tauri::generate_context!());
    if let Err(error) = result {
        eprintln!("holdfast-bench-app: the window could not be opened: {error}");
        std::process::exit(1);
    }
}
