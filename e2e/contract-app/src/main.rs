//! A window in which the transport contract runs over both Tauri transports: our plugin and the official
//! one. It holds nothing else, so that what fails here is a transport and not an app. What a test wants
//! otherwise it says in the environment: see [`faults`] and [`windows`].
#![forbid(unsafe_code)]

mod faults;
mod windows;

/// Tasks of the asynchronous runtime that have not ended: what a connection leaves behind would be one of them.
#[tauri::command]
fn alive_tasks() -> usize {
    tauri::async_runtime::handle()
        .inner()
        .metrics()
        .num_alive_tasks()
}

fn main() {
    let mut context = tauri::generate_context!();
    windows::name_the_first(context.config_mut());
    let mut builder = tauri::Builder::default();
    if let Some(loss) = faults::loss() {
        // Before the transport: scripts run in the order of the plugins.
        builder = builder.plugin(loss);
    }
    let result = builder
        .plugin(
            tauri_plugin_daemon_transport::Builder::new()
                .timeouts(faults::timeouts())
                .build(),
        )
        .plugin(tauri_plugin_websocket::init())
        .invoke_handler(tauri::generate_handler![alive_tasks])
        .setup(|app| windows::open(app).map_err(Into::into))
        .run(context);
    if let Err(error) = result {
        eprintln!("holdfast-contract-app: the window could not be opened: {error}");
        std::process::exit(1);
    }
}
