//! Faults that a test asks for in the environment, made here so that the plugin has no code for them.

use std::{env, time::Duration};

use tauri::{plugin::TauriPlugin, Runtime};
use tauri_plugin_daemon_transport::Timeouts;

/// `HOLDFAST_CONTRACT_LOSE=n`: every n-th script and event of the transport is lost on its way into the page.
pub fn loss<R: Runtime>() -> Option<TauriPlugin<R>> {
    let every: u32 = env::var("HOLDFAST_CONTRACT_LOSE").ok()?.parse().ok()?;
    let script = include_str!("lossy.js").replace("__LOSE_EVERY__", &every.to_string());
    Some(
        tauri::plugin::Builder::new("contract-loss")
            .js_init_script(script)
            .build(),
    )
}

/// `HOLDFAST_CONTRACT_QUICK=1`: deadlines of a second, so that a test can meet every one of them.
pub fn timeouts() -> Timeouts {
    let mut timeouts = Timeouts::default();
    if env::var_os("HOLDFAST_CONTRACT_QUICK").is_some() {
        let second = Duration::from_secs(1);
        timeouts.dial = second;
        // Above the time for the body of a refusal, which is a second as well.
        timeouts.upgrade = 2 * second;
        timeouts.ping_interval = second;
        timeouts.pong_deadline = second;
        timeouts.write_stall = second;
        timeouts.close = second;
    }
    timeouts
}
