//! Declares the commands (so that permissions for them are generated) and the form of a scope entry (so that
//! editors complete capability files). `src/core/policy.rs` reads what is described here.

use schemars::JsonSchema;

const COMMANDS: &[&str] = &["daemon_connect", "daemon_send", "daemon_disconnect"];

/// An endpoint that the pages of a capability may (allow) or may not (deny) connect to. Deny wins.
#[derive(JsonSchema)]
#[serde(tag = "scheme", deny_unknown_fields)]
#[allow(dead_code)]
enum DaemonTransportScopeEntry {
    /// A WebSocket server on this computer.
    #[serde(rename = "ws")]
    Ws {
        /// The host exactly as pages write it. `localhost` is resolved by the plugin to 127.0.0.1 and [::1],
        /// never by DNS.
        host: Host,
        /// A port number, or `*` for every port.
        port: Port,
        /// The path of the URL, without its query, such as `/ws`; or `*` for every path.
        path: String,
    },
    /// The daemon of this user, which the application finds in Rust: the URL `daemon+local:`.
    #[serde(rename = "daemon+local")]
    LocalDaemon {},
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum Host {
    #[serde(rename = "127.0.0.1")]
    V4,
    #[serde(rename = "[::1]")]
    V6,
    #[serde(rename = "localhost")]
    Localhost,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Port {
    Number(u16),
    Every(EveryPort),
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum EveryPort {
    #[serde(rename = "*")]
    Every,
}

fn main() {
    tauri_plugin::Builder::new(COMMANDS)
        .global_scope_schema(schemars::schema_for!(DaemonTransportScopeEntry))
        .build();
}
