//! A window in which the transport contract runs over both Tauri transports: our plugin and the official
//! one. It holds nothing else, so that what fails here is a transport and not an app.
#![forbid(unsafe_code)]

fn main() {
    let result = tauri::Builder::default()
        .plugin(tauri_plugin_daemon_transport::Builder::new().build())
        .plugin(tauri_plugin_websocket::init())
        .run(tauri::generate_context!());
    if let Err(error) = result {
        eprintln!("holdfast-contract-app: the window could not be opened: {error}");
        std::process::exit(1);
    }
}
