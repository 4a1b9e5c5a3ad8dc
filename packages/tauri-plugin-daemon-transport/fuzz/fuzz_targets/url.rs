//! See `fuzzed::url`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tauri_plugin_daemon_transport_fuzz::fuzzed::url(data));
