//! A window that talks to an echo server over a WebSocket that Rust owns. The page is in `page/`, and what it may
//! reach in `capabilities/main.json`.
#![forbid(unsafe_code)]

fn main() {
    let result = tauri::Builder::default()
        .plugin(tauri_plugin_daemon_transport::init())
        .run(tauri::generate_context!());
    if let Err(error) = result {
        eprintln!("echo-app: the window could not be opened: {error}");
        std::process::exit(1);
    }
}
