//! Declares the commands (so that permissions for them are generated) and the form of a scope entry (so that
//! editors complete capability files). `src/core/entry.rs` reads what is described here.

use schemars::{
    schema::{RootSchema, Schema},
    JsonSchema,
};

const COMMANDS: &[&str] = &[
    "daemon_connect",
    "daemon_send",
    "daemon_disconnect",
    "daemon_request_endpoint",
    "daemon_list_endpoints",
    "daemon_revoke_endpoint",
];

/// An endpoint that the pages of a capability may (allow) or may not (deny) connect to. Deny wins. An entry to
/// deny has `scheme`, `host`, `port` and `path` only.
#[derive(JsonSchema)]
#[serde(tag = "scheme", deny_unknown_fields)]
#[allow(dead_code)]
enum DaemonTransportScopeEntry {
    /// A WebSocket server, unencrypted: on this computer, or elsewhere if `plaintext` says so.
    #[serde(rename = "ws")]
    Ws {
        /// The host exactly as pages write it: `localhost` (resolved by the plugin to 127.0.0.1 and [::1], never
        /// by DNS), an address such as `127.0.0.1` or `[::1]`, a name in lower case without a dot at its end, or a
        /// range such as `192.168.0.0/16`, which means literal addresses and no names.
        host: String,
        /// A port, a range such as `"6000-6100"`, a list of these, or `"*"` for every port but those of
        /// well-known other services (in an entry to deny: for every port).
        port: Port,
        /// The path of the URL, without its query, such as `/ws`; or `*` for every path.
        path: String,
        /// Needed for every host that is not this computer: everybody on the way can read and change what is sent.
        plaintext: Option<Plaintext>,
        /// Where a name may resolve to: all its addresses must lie in these ranges. Without it, all must be public
        /// ones, so that no name leads into a private network or to this computer.
        addresses: Option<Vec<AddressRange>>,
        /// The name of the credential that Rust attaches. The page never sees it. Only for one port of this
        /// computer.
        credential: Option<CredentialName>,
    },
    /// A WebSocket server over TLS.
    #[serde(rename = "wss")]
    Wss {
        /// The host exactly as pages write it: a name in lower case without a dot at its end, an address such as
        /// `192.168.1.10` or `[fd00::1]`, `localhost`, or a range such as `192.168.0.0/16`, which means literal
        /// addresses and no names.
        host: String,
        /// A port, a range such as `"6000-6100"`, a list of these, or `"*"` for every port but those of
        /// well-known other services (in an entry to deny: for every port).
        port: Port,
        /// The path of the URL, without its query, such as `/ws`; or `*` for every path.
        path: String,
        /// Says what `wss` means already, for readers who want to see it.
        tls: Option<Tls>,
        /// The server's public key is one of these.
        pins: Option<Vec<Pin>>,
        /// Who vouches for the server. Default: `system`.
        trust: Option<Trust>,
        /// Where a name may resolve to: all its addresses must lie in these ranges. Without it, all must be public
        /// ones, so that no name leads into a private network or to this computer.
        addresses: Option<Vec<AddressRange>>,
        /// The name of the credential that Rust attaches. The page never sees it. Needs exactly one host and port.
        credential: Option<CredentialName>,
    },
    /// The daemon of this user, which the application finds in Rust: the URL `daemon+local:`.
    #[serde(rename = "daemon+local")]
    LocalDaemon {},
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Port {
    /// One port.
    Number(PortNumber),
    /// A range with both its ends, such as `6000-6100`.
    Range(PortRange),
    /// Ports and ranges.
    List(Vec<PortOrRange>),
    /// Every port but those of well-known other services; to deny: every port.
    Every(EveryPort),
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum PortOrRange {
    /// One port.
    Number(PortNumber),
    /// A range with both its ends, such as `6000-6100`.
    Range(PortRange),
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct PortNumber(#[schemars(range(min = 1, max = 65535))] u16);

#[derive(JsonSchema)]
#[allow(dead_code)]
struct PortRange(#[schemars(regex(pattern = r"^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$"))] String);

#[derive(JsonSchema)]
#[allow(dead_code)]
enum EveryPort {
    #[serde(rename = "*")]
    Every,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum Plaintext {
    /// Not encrypted, and nobody proves that the server is the right one.
    #[serde(rename = "allow-unencrypted")]
    AllowUnencrypted,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum Tls {
    /// Always, with `wss`.
    #[serde(rename = "required")]
    Required,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum Trust {
    /// The system's certificate authorities; pins, where given, must hold as well.
    #[serde(rename = "system")]
    System,
    /// The pins alone: for a server that signs its own certificate.
    #[serde(rename = "pins")]
    Pins,
}

/// `sha256/` and the base64 of the SHA-256 of the server's SubjectPublicKeyInfo.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct Pin(#[schemars(regex(pattern = r"^sha256/[A-Za-z0-9+/]{43}=$"))] String);

/// A range of addresses, such as `192.168.1.0/24` or `fd00::/8`.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct AddressRange(#[schemars(regex(pattern = r"^[0-9a-f.:]+/[0-9]{1,3}$"))] String);

/// Letters, digits, dots, hyphens and underscores.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct CredentialName(#[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))] String);

/// Editors show what each scheme means where it is chosen too: a tag has no place for a comment of its own.
fn with_described_schemes(mut schema: RootSchema) -> RootSchema {
    let kinds = schema
        .schema
        .subschemas
        .as_mut()
        .and_then(|all| all.one_of.as_mut());
    for kind in kinds.into_iter().flatten() {
        let Schema::Object(kind) = kind else { continue };
        let description = kind.metadata().description.clone();
        if let Some(Schema::Object(scheme)) = kind.object().properties.get_mut("scheme") {
            scheme.metadata().description = description;
        }
    }
    schema
}

fn main() {
    let schema = with_described_schemes(schemars::schema_for!(DaemonTransportScopeEntry));
    tauri_plugin::Builder::new(COMMANDS)
        .global_scope_schema(schema)
        .build();
    name_webkitgtk();
}

/// `cfg(webkitgtk)`: the systems on which Tauri shows its pages with WebKitGTK, as Cargo.toml lists them for the crates
/// of that engine.
fn name_webkitgtk() {
    const SYSTEMS: &[&str] = &["linux", "dragonfly", "freebsd", "openbsd", "netbsd"];
    println!("cargo::rustc-check-cfg=cfg(webkitgtk)");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| SYSTEMS.contains(&system.as_str())) {
        println!("cargo::rustc-cfg=webkitgtk");
    }
}
