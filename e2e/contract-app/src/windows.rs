//! Windows beside the first one, which alone can be driven: `HOLDFAST_CONTRACT_SECOND` and
//! `HOLDFAST_CONTRACT_HIDDEN` hold the fragment of the page's address, which tells the page what to do. The hidden
//! one is never shown.

use std::env;

use tauri::{App, Config, WebviewUrl, WebviewWindowBuilder};

/// `HOLDFAST_CONTRACT_LABEL`: the label of the first window, and with it the capabilities that hold for it.
pub fn name_the_first(config: &mut Config) {
    if let (Ok(label), Some(first)) = (
        env::var("HOLDFAST_CONTRACT_LABEL"),
        config.app.windows.first_mut(),
    ) {
        first.label = label;
    }
}

/// Opens those that are asked for.
pub fn open(app: &App) -> tauri::Result<()> {
    for (variable, label, visible) in [
        ("HOLDFAST_CONTRACT_SECOND", "second", true),
        ("HOLDFAST_CONTRACT_HIDDEN", "hidden", false),
    ] {
        if let Ok(fragment) = env::var(variable) {
            let url = WebviewUrl::App(format!("index.html#{fragment}").into());
            WebviewWindowBuilder::new(app, label, url)
                .title(label)
                .inner_size(320.0, 200.0)
                .visible(visible)
                .build()?;
        }
    }
    Ok(())
}
