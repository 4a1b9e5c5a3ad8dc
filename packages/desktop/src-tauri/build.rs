//! Embeds the page, the app's own command permissions and the capability files of the chosen flavour.
//! A flavour's permissions exist only where its plugin is compiled in, so each has a folder of its own.

fn main() {
    let plugin = std::env::var_os("CARGO_FEATURE_PLUGIN").is_some();
    let option_a = std::env::var_os("CARGO_FEATURE_OPTION_A").is_some();
    let capabilities = match (plugin, option_a) {
        (true, false) => "./capabilities/plugin/*.json",
        (false, true) => "./capabilities/option-a/*.json",
        _ => panic!("choose one flavour: --features plugin (the default), or --no-default-features --features option-a"),
    };
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern(capabilities)
        .app_manifest(
            tauri_build::AppManifest::new().commands(&["desktop_daemon", "desktop_daemon_log"]),
        );
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("the desktop app cannot be built: {error:#}");
    }
}
