//! The policy as an app meets it: capability files, resolved by Tauri, and a long table of URLs that a hostile
//! page may try. The example `policy` is included here, so that what people debug with is what is tested.

#[allow(dead_code)]
#[path = "../examples/policy.rs"]
mod example;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{json, Value};
use tauri::{
    ipc::Origin,
    utils::{
        acl::{capability::Capability, resolved::Resolved},
        platform::Target,
    },
};
use tauri_plugin_daemon_transport::policy::{Policy, Verdict};
use tokio_tungstenite::tungstenite::http::Uri;

use example::Judge;

fn capability(permissions: Value) -> Capability {
    named("main", permissions)
}

fn named(window: &str, permissions: Value) -> Capability {
    let text = json!({ "identifier": window, "windows": [window], "permissions": permissions });
    serde_json::from_value(text).expect("a capability")
}

fn judge(permissions: Value) -> Judge {
    Judge::of_capabilities(vec![capability(permissions)]).expect("resolved")
}

fn default_with(allow: Value, deny: Value) -> Judge {
    judge(json!([
        "core:default",
        { "identifier": "daemon-transport:default", "allow": allow, "deny": deny }
    ]))
}

/// Entries for one endpoint on each of several hosts.
fn each(hosts: &[&str], rest: &Value) -> Vec<Value> {
    hosts
        .iter()
        .map(|host| {
            let mut entry = rest.clone();
            entry["host"] = (*host).into();
            entry
        })
        .collect()
}

/// The scopes of the table.
fn profile(name: &str) -> Judge {
    const HERE: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];
    const PLAIN: &str = "allow-unencrypted";
    match name {
        "this computer" => default_with(
            each(
                &HERE,
                &json!({ "scheme": "ws", "port": "*", "path": "/ws" }),
            )
            .into(),
            json!([]),
        ),
        "one endpoint" => default_with(
            json!([{ "scheme": "ws", "host": "127.0.0.1", "port": 6767, "path": "/ws" }]),
            json!([]),
        ),
        "nothing" => judge(json!(["core:default", "daemon-transport:default"])),
        "allow-loopback" => judge(json!(["daemon-transport:allow-loopback"])),
        "allow-this-users-daemon" => judge(json!(["daemon-transport:allow-this-users-daemon"])),
        "home network" => default_with(
            json!([
                { "scheme": "wss", "host": "192.168.0.0/16", "port": "*", "path": "*" },
                { "scheme": "wss", "host": "fd00::/8", "port": "*", "path": "*" },
                { "scheme": "ws", "host": "192.168.1.0/24", "port": "6000-6100", "path": "/ws", "plaintext": PLAIN },
            ]),
            json!([
                { "scheme": "ws", "host": "192.168.1.99", "port": "*", "path": "*" },
                { "scheme": "wss", "host": "192.168.1.99", "port": "*", "path": "*" },
            ]),
        ),
        "everywhere but here" => {
            let all = ["0.0.0.0/0", "::/0"];
            let plain = json!({ "scheme": "ws", "port": "*", "path": "*", "plaintext": PLAIN });
            let tls = json!({ "scheme": "wss", "port": "*", "path": "*" });
            let denied = ["127.0.0.0/8", "::1/128", "169.254.0.0/16"];
            let deny = ["ws", "wss"].map(|scheme| {
                each(
                    &denied,
                    &json!({ "scheme": scheme, "port": "*", "path": "*" }),
                )
            });
            default_with(
                [each(&all, &plain), each(&all, &tls)].concat().into(),
                deny.concat().into(),
            )
        }
        "embedded on purpose" => {
            let ranges = ["::ffff:0:0/96", "64:ff9b::/96", "2002::/16"];
            let entry = json!({ "scheme": "ws", "port": "*", "path": "*", "plaintext": PLAIN });
            default_with(
                each(&ranges, &entry).into(),
                json!([{ "scheme": "ws", "host": "127.0.0.0/8", "port": "*", "path": "*" }]),
            )
        }
        "names" => default_with(
            json!([
                { "scheme": "wss", "host": "daemon.test", "port": [443, 8443], "path": "/ws", "tls": "required" },
                { "scheme": "wss", "host": "xn--bcher-kva.test", "port": 443, "path": "/ws" },
                { "scheme": "wss", "host": "denied.test", "port": 443, "path": "/ws" },
                { "scheme": "ws", "host": "daemon.lan", "port": 6767, "path": "/ws",
                  "addresses": ["192.168.0.0/16"], "plaintext": PLAIN },
            ]),
            json!([{ "scheme": "wss", "host": "denied.test", "port": "*", "path": "*" }]),
        ),
        "ports" => default_with(
            json!([{ "scheme": "ws", "host": "127.0.0.1", "port": [22, 25, 6767, "7000-7100", 6379], "path": "/ws" }]),
            json!([
                { "scheme": "ws", "host": "127.0.0.1", "port": [25, 7050], "path": "*" },
            ]),
        ),
        other => panic!("no profile {other}"),
    }
}

/// What the example prints for a line.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Line {
    input: String,
    verdict: String,
    code: Option<String>,
    message: Option<String>,
    normal: Option<String>,
}

fn lines(judge: &Judge, input: impl AsRef<[u8]>) -> Vec<Line> {
    let mut output = Vec::new();
    judge
        .run(input.as_ref(), &mut output)
        .expect("both ends are in memory");
    let text = String::from_utf8(output).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// A row of the table. `A` accept, `R` refuse, `S` refuse because the normal form differs from the input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    profile: String,
    verdict: char,
    input: String,
    code: Option<String>,
    normal: Option<String>,
}

fn table() -> Vec<Row> {
    include_str!("hostile-urls.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

#[test]
fn every_url_of_the_hostile_table_gets_its_verdict_and_its_code() {
    let mut profiles: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in table() {
        profiles.entry(row.profile.clone()).or_default().push(row);
    }
    let mut wrong = Vec::new();
    for (name, rows) in profiles {
        let asked: Vec<String> = rows
            .iter()
            .map(|row| serde_json::to_string(&row.input).expect("a string"))
            .collect();
        let answers = lines(&profile(&name), asked.join("\n"));
        assert_eq!(answers.len(), rows.len());
        for (row, line) in rows.iter().zip(&answers) {
            let expected = if row.verdict == 'A' {
                "allow"
            } else {
                "refuse"
            };
            let says_normal_form =
                row.verdict != 'S'
                    || (row.normal.as_deref() != Some(&row.input)
                        && line.normal == row.normal
                        && line.message.as_ref().zip(row.normal.as_ref()).is_some_and(
                            |(message, normal)| message.contains(&format!("{normal:?}")),
                        ));
            let fits = line.input == row.input
                && line.verdict == expected
                && line.code == row.code
                && says_normal_form
                && (row.verdict == 'A') == (line.code.is_none());
            if !fits {
                wrong.push(format!("{row:?}\n  got {line:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_accepted_is_its_own_normal_form_and_every_parser_reads_it_alike() {
    let mut accepted = 0;
    for row in table() {
        let answer = lines(
            &profile(&row.profile),
            serde_json::to_vec(&row.input).expect("JSON"),
        );
        if answer[0].verdict == "allow" && row.input != "daemon+local:" {
            read_alike(&row.input);
            accepted += 1;
        }
    }
    assert!(accepted > 100, "{accepted}");
}

/// The WHATWG parser, the RFC 3986 one that HTTP libraries use, and the standard library agree.
fn read_alike(url: &str) {
    let whatwg = url::Url::parse(url).expect(url);
    assert_eq!(whatwg.as_str(), url);
    let rfc: Uri = url.parse().expect(url);
    assert_eq!(whatwg.host_str(), rfc.host(), "{url}");
    assert_eq!(whatwg.port(), rfc.port_u16(), "{url}");
    assert_eq!(whatwg.path(), rfc.path(), "{url}");
    assert_eq!(whatwg.query(), rfc.query(), "{url}");
    assert_eq!(rfc.to_string(), url);
}

#[test]
fn the_entry_that_a_refusal_names_is_enough_and_allows_nothing_else() {
    let urls = [
        "ws://127.0.0.1:6767/ws",
        "ws://[::1]/",
        "ws://localhost:22/ws?x",
        "ws://192.168.1.10:6767/a%20b",
        "wss://192.168.1.10/",
        "ws://[::ffff:7f00:1]:6767/ws",
        "wss://[fd00::1]:8443/ws",
        "ws://daemon.test/ws",
        "wss://daemon.test:6379/",
        "daemon+local:",
    ];
    for url in urls {
        let Verdict::Refuse { message, .. } = Policy::default().check(url) else {
            panic!("{url} was allowed");
        };
        let text = &message[message.find('{').expect("an entry")..];
        let entry: Value = serde_json::Deserializer::from_str(text)
            .into_iter()
            .next()
            .expect("an entry")
            .expect("JSON");
        let policy = Policy::new([&entry], []);
        for other in urls {
            assert_eq!(
                policy.check(other).is_allowed(),
                other == url,
                "{entry} {other}"
            );
        }
        // As the person adds it.
        assert_eq!(
            lines(&default_with(json!([entry]), json!([])), url)[0].verdict,
            "allow"
        );
        assert!(!Policy::new([&entry], [&json!({ "scheme": "nonsense" })])
            .check(url)
            .is_allowed());
    }
}

#[test]
fn every_line_gets_one_verdict_in_its_place_whatever_its_bytes_are() {
    let long = format!("ws://127.0.0.1:6767/{}", "a".repeat(1 << 20));
    let input: Vec<&[u8]> = vec![
        b"ws://127.0.0.1:6767/ws",
        b"",
        b"\xff\xfe\x00",
        b"\"ws://127.0.0.1:6767/ws\"",
        b"\"ws://127.0.0.1:6767/ws",
        b"\"ws://127.0.0.1:6767/\\u0000\"",
        b"\"\\ud800\"",
        b"\"",
        b"\"\"",
        b"null",
        b"\0",
        b"ws://127.0.0.1:6767/ws\r",
        long.as_bytes(),
        b"ws://127.0.0.1:6767/ws",
    ];
    let answers = lines(&profile("one endpoint"), input.join(&b'\n'));
    let allowed: Vec<usize> = (0..answers.len())
        .filter(|&at| answers[at].verdict == "allow")
        .collect();
    assert_eq!(answers.len(), input.len());
    let carriage_return = if cfg!(windows) { vec![11] } else { vec![] };
    assert_eq!(allowed, [vec![0, 3], carriage_return, vec![13]].concat());
    assert_eq!(answers[12].input, long);
    assert!(lines(&profile("one endpoint"), "").is_empty());
}

#[test]
fn without_a_permission_of_the_plugin_nothing_is_allowed() {
    for permissions in [
        json!([]),
        json!(["core:default"]),
        json!([
            "daemon-transport:default",
            "daemon-transport:deny-daemon-connect"
        ]),
        json!([
            "daemon-transport:allow-loopback",
            "daemon-transport:deny-daemon-connect"
        ]),
        json!([{ "identifier": "daemon-transport:allow-daemon-send",
                 "allow": [{ "scheme": "ws", "host": "localhost", "port": 6767, "path": "/ws" }] }]),
    ] {
        let line = &lines(&judge(permissions.clone()), "ws://localhost:6767/ws")[0];
        assert_eq!(
            line.code.as_deref(),
            Some("policy_refused"),
            "{permissions}"
        );
    }
    assert!(Judge::of_capabilities(vec![capability(json!(["daemon-transport:no-such"]))]).is_err());
}

#[test]
fn capability_files_are_read_as_json_and_as_toml_and_several_count_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let json_file = folder.path().join("a.json");
    let toml_file = folder.path().join("b.toml");
    let entry = json!({ "scheme": "ws", "host": "127.0.0.1", "port": 6767, "path": "/ws" });
    let permissions = json!([{ "identifier": "daemon-transport:default", "allow": [entry] }]);
    let text = json!({ "identifier": "main", "windows": ["main"], "permissions": permissions });
    std::fs::write(&json_file, text.to_string()).expect("written");
    let text = "identifier = 'main'\nwindows = ['other']\npermissions = ['daemon-transport:allow-this-users-daemon']\n";
    std::fs::write(&toml_file, text).expect("written");
    let both = Judge::of_files(&[json_file.clone(), toml_file]).expect("read");
    let verdicts: Vec<String> = lines(
        &both,
        "ws://127.0.0.1:6767/ws\ndaemon+local:\nws://127.0.0.1:1/",
    )
    .into_iter()
    .map(|line| line.verdict)
    .collect();
    assert_eq!(verdicts, ["allow", "allow", "refuse"]);
    assert!(Judge::of_files(&[folder.path().join("none.json")]).is_err());
    std::fs::write(&json_file, "{").expect("written");
    assert!(Judge::of_files(&[json_file]).is_err());
}

#[test]
fn every_permission_in_the_readme_is_one_and_all_its_entries_are_read() {
    let readme = include_str!("../README.md");
    let start = readme
        .find("## What a page may reach")
        .expect("the section");
    let end = readme
        .find("### What the person may add")
        .expect("the next one");
    let blocks: Vec<&str> = readme[start..end]
        .split("```json")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() > 4);
    for block in blocks {
        let permission: Value = serde_json::from_str(block).expect(block);
        let line = &lines(&judge(json!([permission])), "ws://nobody.test/")[0];
        let message = line.message.as_deref().unwrap_or_default();
        assert!(
            message.contains("no capability allows it"),
            "{block} {message}"
        );
        assert!(!message.contains("cannot be read"), "{block} {message}");
    }
}

/// Who may call a command, by Tauri's own authority over an app with these capabilities.
#[test]
fn only_local_pages_of_windows_with_the_permission_may_call_a_command() {
    let capabilities = [
        named("main", json!(["daemon-transport:default"])),
        named("loopback", json!(["daemon-transport:allow-loopback"])),
        named(
            "daemon",
            json!(["daemon-transport:allow-this-users-daemon"]),
        ),
        named("bare", json!(["core:default"])),
    ]
    .map(|mut capability| {
        capability
            .permissions
            .retain(|permission| permission.identifier().get_prefix() == Some("daemon-transport"));
        (capability.identifier.clone(), capability)
    });
    let manifests = BTreeMap::from([(
        "daemon-transport".to_owned(),
        example::manifest().expect("the permissions"),
    )]);
    let resolved =
        Resolved::resolve(&manifests, capabilities.into(), Target::current()).expect("resolved");
    assert!(
        resolved.global_scope.is_empty(),
        "a scope of the plugin as a whole would hold for windows without the permission"
    );
    let authority = tauri::runtime_authority!(manifests, resolved);
    for verb in ["daemon_connect", "daemon_send", "daemon_disconnect"] {
        let may = |window: &str, origin: &Origin| {
            authority
                .resolve_access(
                    &format!("plugin:daemon-transport|{verb}"),
                    window,
                    window,
                    origin,
                )
                .is_some()
        };
        for window in ["main", "loopback", "daemon"] {
            assert!(may(window, &Origin::Local));
            for url in [
                "http://127.0.0.1:6767/",
                "https://evil.test/",
                "http://localhost/",
                "data:text/html,x",
            ] {
                let url = url.parse().expect("a URL");
                assert!(!may(window, &Origin::Remote { url }));
            }
        }
        assert!(!may("bare", &Origin::Local));
        assert!(!may("unknown", &Origin::Local));
    }
}
