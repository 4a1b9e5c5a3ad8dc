//! The verdict on lists of entries: what each entry says alone decides what all say together. The long table of
//! URLs is in `tests/policy.rs`.

use proptest::{prelude::*, sample::select};
use serde_json::json;

use super::*;
use crate::core::endpoint::parse;

const PIN: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

fn verdict(allow: &[Value], deny: &[Value], url: &str) -> Result<Agreed, Error> {
    Policy::read(allow, deny).check(parse(url)?)
}

fn agreed(allow: &[Value], url: &str) -> AgreedEndpoint {
    match verdict(allow, &[], url) {
        Ok(Agreed::WebSocket(agreed)) => agreed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_denied_address_refuses_every_name_for_it() {
    let allow = ["127.0.0.1", "[::1]", "localhost"]
        .map(|host| json!({ "scheme": "ws", "host": host, "port": "*", "path": "/ws" }));
    for (denied, url, refused) in [
        ("localhost", "ws://127.0.0.1:81/ws", true),
        ("localhost", "ws://[::1]:81/ws", true),
        ("localhost", "ws://localhost:81/ws", true),
        ("localhost", "ws://localhost:82/ws", false),
        ("127.0.0.1", "ws://127.0.0.1:81/ws", true),
        ("127.0.0.1", "ws://localhost:81/ws", true),
        ("127.0.0.1", "ws://[::1]:81/ws", false),
        ("127.0.0.0/8", "ws://localhost:81/ws", true),
    ] {
        let deny = [json!({ "scheme": "ws", "host": denied, "port": 81, "path": "*" })];
        let verdict = verdict(&allow, &deny, url);
        assert_eq!(verdict.is_err(), refused, "{denied} {url}");
        if let Err(error) = verdict {
            assert!(error.message.contains(&deny[0].to_string()), "{error}");
        }
    }
    let local = [json!({ "scheme": "daemon+local" })];
    assert!(verdict(&local, &[], "daemon+local:").is_ok());
    assert!(verdict(&local, &local, "daemon+local:").is_err());
}

#[test]
fn a_denied_range_reaches_what_a_name_is_resolved_to() {
    let allow = json!({ "scheme": "wss", "host": "daemon.test", "port": 443, "path": "*" });
    let deny =
        |host: &str, port: u16| json!({ "scheme": "wss", "host": host, "port": port, "path": "*" });
    let deny = [
        deny("8.8.8.8", 443),
        deny("1.0.0.0/8", 443),
        deny("9.9.9.9", 444),
    ];
    let Ok(Agreed::WebSocket(agreed)) = verdict(&[allow], &deny, "wss://daemon.test/ws") else {
        panic!("refused");
    };
    let Reach::Name(rules) = agreed.reach else {
        panic!("not a name");
    };
    for (address, admitted) in [
        ("8.8.8.8", false),
        ("1.1.1.1", false),
        ("9.9.9.9", true),
        ("8.8.4.4", true),
    ] {
        let verdict = rules.admit(&[address.parse().expect(address)]);
        assert_eq!(verdict.is_ok(), admitted, "{address}");
    }
}

#[test]
fn an_unreadable_entry_allows_nothing_and_is_named_and_an_unreadable_denial_denies_everything() {
    let good = json!({ "scheme": "ws", "host": "localhost", "port": 6767, "path": "/" });
    let bad = json!({ "scheme": "ws", "host": "evil.test", "port": 6767, "path": "/" });
    assert!(verdict(&[bad.clone(), good.clone()], &[], "ws://localhost:6767/").is_ok());
    for (allow, deny, url) in [
        (vec![bad.clone()], vec![], "ws://evil.test:6767/"),
        (
            vec![good.clone(), bad.clone()],
            vec![],
            "ws://evil.test:6767/",
        ),
        (
            vec![good],
            vec![json!({ "more": 1 })],
            "ws://localhost:6767/",
        ),
    ] {
        let error = verdict(&allow, &deny, url).expect_err("refused");
        let named = deny.first().unwrap_or(&bad).to_string();
        assert!(error.message.contains(&named), "{error}");
    }
}

#[test]
fn the_terms_are_those_of_the_strictest_entry_whatever_the_order() {
    let entry = |more: Value| {
        let mut entry = json!({ "scheme": "wss", "host": "daemon.test", "port": 443, "path": "*" });
        for (field, value) in more.as_object().into_iter().flatten() {
            entry[field] = value.clone();
        }
        entry
    };
    let from_loose_to_strict = [
        entry(json!({})),
        entry(json!({ "addresses": ["10.0.0.0/8"] })),
        entry(json!({ "pins": [PIN], "trust": "pins" })),
        entry(json!({ "pins": [PIN] })),
        entry(json!({ "credential": "a" })),
        entry(json!({ "credential": "a", "pins": [PIN] })),
    ];
    for (at, strict) in from_loose_to_strict.iter().enumerate() {
        let alone = agreed(std::slice::from_ref(strict), "wss://daemon.test/");
        for loose in &from_loose_to_strict[..at] {
            for both in [
                [loose.clone(), strict.clone()],
                [strict.clone(), loose.clone()],
            ] {
                assert_eq!(agreed(&both, "wss://daemon.test/"), alone);
            }
        }
    }
    let [first, second] = ["a", "b"].map(|name| entry(json!({ "credential": name })));
    let credential = agreed(&[first, second], "wss://daemon.test/").credential;
    assert_eq!(credential.as_ref().map(CredentialName::as_str), Some("a"));
}

#[test]
fn what_the_entry_says_is_what_is_agreed() {
    let entry = json!({
        "scheme": "wss", "host": "localhost", "port": 6767, "path": "/ws",
        "pins": [PIN], "trust": "pins", "credential": "my-daemon",
    });
    let agreed = agreed(&[entry], "wss://localhost:6767/ws?a");
    assert_eq!(agreed.endpoint.target, "/ws?a");
    assert_eq!(
        agreed.reach,
        Reach::Addresses(vec![[127, 0, 0, 1].into(), [0, 0, 0, 0, 0, 0, 0, 1].into()])
    );
    assert_eq!(
        agreed
            .pins
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [PIN]
    );
    assert_eq!(agreed.trust, Trust::Pins);
    assert_eq!(
        agreed.credential.as_ref().map(CredentialName::as_str),
        Some("my-daemon")
    );
}

/// The hosts of generated URLs.
const HOSTS: [&str; 7] = [
    "127.0.0.1",
    "[::1]",
    "localhost",
    "10.0.0.1",
    "[::ffff:7f00:1]",
    "a.test",
    "b.test",
];
const PORTS: [u16; 4] = [22, 81, 6767, 7000];
const PATHS: [&str; 2] = ["/", "/ws"];

/// Hosts of generated entries, with those of [`HOSTS`] that each is said to allow and to deny.
const ENTRY_HOSTS: [(&str, &[&str], &[&str]); 12] = [
    (
        "127.0.0.1",
        &["127.0.0.1"],
        &["127.0.0.1", "localhost", "[::ffff:7f00:1]"],
    ),
    ("[::1]", &["[::1]"], &["[::1]", "localhost"]),
    (
        "localhost",
        &["localhost"],
        &["localhost", "127.0.0.1", "[::1]", "[::ffff:7f00:1]"],
    ),
    (
        "127.0.0.0/8",
        &["127.0.0.1"],
        &["127.0.0.1", "localhost", "[::ffff:7f00:1]"],
    ),
    (
        "0.0.0.0/0",
        &["127.0.0.1", "10.0.0.1"],
        &["127.0.0.1", "10.0.0.1", "localhost", "[::ffff:7f00:1]"],
    ),
    (
        "::/0",
        &["[::1]"],
        &["[::1]", "localhost", "[::ffff:7f00:1]"],
    ),
    ("10.0.0.1", &["10.0.0.1"], &["10.0.0.1"]),
    ("10.0.0.0/8", &["10.0.0.1"], &["10.0.0.1"]),
    ("::ffff:0:0/96", &["[::ffff:7f00:1]"], &["[::ffff:7f00:1]"]),
    (
        "[::ffff:7f00:1]",
        &["[::ffff:7f00:1]"],
        &["[::ffff:7f00:1]"],
    ),
    ("a.test", &["a.test"], &["a.test"]),
    ("b.test", &["b.test"], &["b.test"]),
];

/// The same for ports.
fn entry_ports() -> [(Value, &'static [u16], &'static [u16]); 4] {
    [
        (json!("*"), &[81, 6767, 7000], &PORTS),
        (json!(6767), &[6767], &[6767]),
        (json!("80-90"), &[81], &[81]),
        (
            json!([22, "6000-7000"]),
            &[22, 6767, 7000],
            &[22, 6767, 7000],
        ),
    ]
}

/// A URL that an entry may be about.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Local,
    Socket {
        tls: bool,
        host: &'static str,
        port: u16,
        path: &'static str,
    },
}

impl Asked {
    fn endpoint(&self) -> Endpoint {
        let url = match self {
            Self::Local => LOCAL_DAEMON_URL.to_owned(),
            Self::Socket {
                tls,
                host,
                port,
                path,
            } => {
                format!(
                    "{}://{host}:{port}{path}?q",
                    if *tls { "wss" } else { "ws" }
                )
            }
        };
        parse(&url).expect("a URL")
    }
}

/// An entry, and what it is said to mean, by other words than the code's.
#[derive(Debug, Clone)]
struct Said {
    tls: bool,
    /// None: the local daemon.
    place: Option<(usize, usize, Option<usize>)>,
    terms: usize,
}

impl Said {
    fn covers(&self, asked: &Asked, allow: bool) -> bool {
        match (&self.place, asked) {
            (None, Asked::Local) => true,
            (
                Some((host, port, path)),
                Asked::Socket {
                    tls,
                    host: h,
                    port: p,
                    path: at,
                },
            ) => {
                let (_, allowed, denied) = ENTRY_HOSTS[*host];
                let (_, ports, denied_ports) = entry_ports()[*port].clone();
                self.tls == *tls
                    && if allow { allowed } else { denied }.contains(h)
                    && if allow { ports } else { denied_ports }.contains(p)
                    && path.is_none_or(|path| PATHS[path] == *at)
            }
            _ => false,
        }
    }

    fn entry(&self, allow: bool) -> Value {
        let Some((host, port, path)) = &self.place else {
            return json!({ "scheme": "daemon+local" });
        };
        let (host, ..) = ENTRY_HOSTS[*host];
        let mut entry = json!({
            "scheme": if self.tls { "wss" } else { "ws" },
            "host": host,
            "port": entry_ports()[*port].0,
            "path": path.map_or("*", |path| PATHS[path]),
        });
        if !allow {
            return entry;
        }
        let here = ["127.0.0.1", "[::1]", "localhost", "127.0.0.0/8"].contains(&host);
        if !self.tls && !here {
            entry["plaintext"] = "allow-unencrypted".into();
        }
        let exact = !host.contains('/') && *port == 1;
        match self.terms {
            1 if host.ends_with(".test") => entry["addresses"] = json!(["10.0.0.0/8"]),
            2 if self.tls => {
                entry["pins"] = json!([PIN]);
                entry["trust"] = "pins".into();
            }
            3 if self.tls => entry["pins"] = json!([PIN]),
            4 if exact && (self.tls || here) => entry["credential"] = "x".into(),
            _ => {}
        }
        entry
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let socket = (
        any::<bool>(),
        select(&HOSTS[..]),
        select(&PORTS[..]),
        select(&PATHS[..]),
    )
        .prop_map(|(tls, host, port, path)| Asked::Socket {
            tls,
            host,
            port,
            path,
        });
    prop_oneof![1 => Just(Asked::Local), 12 => socket]
}

fn said() -> impl Strategy<Value = Said> {
    let place = (
        0..ENTRY_HOSTS.len(),
        0..4usize,
        prop::option::of(0..PATHS.len()),
    );
    let place = prop::option::weighted(0.9, place);
    (any::<bool>(), place, 0..5usize).prop_map(|(tls, place, terms)| Said { tls, place, terms })
}

fn lists() -> impl Strategy<Value = (Vec<Said>, Vec<Said>)> {
    (
        prop::collection::vec(said(), 0..8),
        prop::collection::vec(said(), 0..3),
    )
}

fn read(allow: &[Said], deny: &[Said]) -> Policy {
    let allow: Vec<Value> = allow.iter().map(|said| said.entry(true)).collect();
    let deny: Vec<Value> = deny.iter().map(|said| said.entry(false)).collect();
    Policy::read(&allow, &deny)
}

/// How much an agreement asks for: more is stricter.
fn demands(agreed: &Agreed) -> Option<(bool, bool, bool)> {
    match agreed {
        Agreed::WebSocket(agreed) => Some((
            agreed.credential.is_some(),
            !agreed.pins.is_empty(),
            agreed.trust == Trust::System,
        )),
        Agreed::LocalDaemon => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// So deny wins always, nothing is allowed without an entry, neither order nor other entries matter, one more
    /// allow entry takes nothing away and one more deny entry adds nothing.
    #[test]
    fn a_url_is_allowed_if_an_entry_allows_it_and_none_denies_it((allow, deny) in lists(), asked in asked()) {
        let policy = read(&allow, &deny);
        prop_assert!(policy.unreadable.is_empty() && policy.unreadable_denial.is_none(), "{:?}", policy);
        let expected = allow.iter().any(|said| said.covers(&asked, true))
            && !deny.iter().any(|said| said.covers(&asked, false));
        let verdict = policy.check(asked.endpoint());
        prop_assert_eq!(verdict.is_ok(), expected, "{:?}", verdict);
    }

    #[test]
    fn the_terms_are_those_of_one_entry_and_no_other_asks_for_more((allow, _) in lists(), asked in asked()) {
        let Ok(agreed) = read(&allow, &[]).check(asked.endpoint()) else { return Ok(()) };
        let alone: Vec<Agreed> = allow
            .iter()
            .filter_map(|said| read(std::slice::from_ref(said), &[]).check(asked.endpoint()).ok())
            .collect();
        prop_assert!(alone.contains(&agreed));
        prop_assert_eq!(alone.iter().map(demands).max(), Some(demands(&agreed)));
    }

    #[test]
    fn a_grant_allows_its_own_url_and_no_other(
        (allow, deny) in lists(), granted in asked(), other in asked(),
    ) {
        let before = read(&allow, &deny);
        let entries: Vec<Value> = allow
            .iter()
            .map(|said| said.entry(true))
            .chain([exact_entry(&granted.endpoint())])
            .collect();
        let denials: Vec<Value> = deny.iter().map(|said| said.entry(false)).collect();
        let after = Policy::read(&entries, &denials);
        let denied = deny.iter().any(|said| said.covers(&granted, false));
        prop_assert_eq!(after.check(granted.endpoint()).is_ok(), !denied);
        if other != granted {
            prop_assert_eq!(after.check(other.endpoint()).ok(), before.check(other.endpoint()).ok());
        }
    }

    #[test]
    fn an_unreadable_entry_adds_nothing(
        (allow, deny) in lists(), asked in asked(), field in select(vec!["scheme", "host", "port", "path", "more"]),
        broken in said(), at in any::<prop::sample::Index>(),
    ) {
        let mut broken = broken.entry(true);
        broken[field] = json!({ "scheme": "ws" });
        let mut entries: Vec<Value> = allow.iter().map(|said| said.entry(true)).collect();
        entries.insert(at.index(entries.len() + 1), broken.clone());
        let mut denials: Vec<Value> = deny.iter().map(|said| said.entry(false)).collect();
        let with = Policy::read(&entries, &denials).check(asked.endpoint());
        prop_assert_eq!(with.ok(), read(&allow, &deny).check(asked.endpoint()).ok());
        denials.push(broken);
        prop_assert!(Policy::read(&entries, &denials).check(asked.endpoint()).is_err());
    }
}
