//! The desktop app: one window with the web frontend, this user's daemon behind it, and one way between
//! them, chosen by the flavour the app was built in. Closing the window leaves the terminals running.
#![forbid(unsafe_code)]
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod daemon;
mod error;
mod limits;
mod runtime_file;
mod transport;

use tauri::Manager;

/// Shows and focuses the first instance's window when a second instance was started.
fn focus_main_window(app: &tauri::AppHandle) {
    let Some(window) = app.get_webview_window("main") else {
        return;
    };
    for result in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = result {
            eprintln!("holdfast-desktop: the window could not be brought to the front: {error}");
        }
    }
}

fn main() {
    #[allow(unused_mut)]
    let mut context = tauri::generate_context!();
    #[cfg(feature = "test-no-csp")]
    {
        context.config_mut().app.security.csp = None;
    }
    let builder = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _args, _cwd| {
            focus_main_window(app);
        }))
        .invoke_handler(tauri::generate_handler![
            commands::desktop_daemon,
            commands::desktop_daemon_log
        ]);
    if let Err(error) = transport::install(builder).run(context) {
        eprintln!("holdfast-desktop: the window could not be opened: {error}");
        std::process::exit(1);
    }
}
