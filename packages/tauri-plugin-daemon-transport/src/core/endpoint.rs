//! What a page asks to be connected to, read by one parser. Input whose normal form differs from what was
//! written is refused, so that everybody who reads the URL means the same address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use url::Url;

use crate::{
    error::{Error, ErrorCode},
    limits::{HOST_NAME_BYTES, HOST_NAME_LABEL_BYTES, URL_BYTES},
};

/// The URL that names this user's daemon.
pub const LOCAL_DAEMON_URL: &str = "daemon+local:";

/// Where a page wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A `ws:` or `wss:` URL.
    WebSocket(WebSocketEndpoint),
    /// This user's daemon, which the host application finds.
    LocalDaemon,
}

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `ws:`
    Plain,
    /// `wss:`
    Tls,
}

impl Security {
    /// The scheme of URLs and scope entries.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "ws",
            Self::Tls => "wss",
        }
    }

    /// The port where a URL names none (RFC 6455 section 3).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Plain => 80,
            Self::Tls => 443,
        }
    }
}

/// A `ws:` or `wss:` URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketEndpoint {
    /// Plain or TLS.
    pub security: Security,
    /// The host.
    pub host: Host,
    /// The port; the scheme's own when none was written.
    pub port: u16,
    /// The path without its query.
    pub path: String,
    /// The request target: path and query.
    pub target: String,
}

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// `localhost`, which is resolved here to 127.0.0.1 and [::1], and never by DNS.
    Localhost,
    /// A literal address.
    Address(IpAddr),
    /// Any other name: ASCII letters in lower case, digits, hyphens and dots; no dot at its end.
    Name(String),
}

impl Host {
    /// The addresses that this host means without asking anybody, in the order in which they are dialled. None
    /// for a name.
    pub fn addresses(&self) -> Option<Vec<IpAddr>> {
        match self {
            Self::Localhost => Some(vec![
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ]),
            Self::Address(address) => Some(vec![*address]),
            Self::Name(_) => None,
        }
    }

    /// Whether nothing sent there leaves this computer, whatever DNS says.
    pub fn is_this_computer(&self) -> bool {
        self.addresses()
            .is_some_and(|addresses| addresses.iter().all(IpAddr::is_loopback))
    }

    /// Reads a host as it stands in a URL and in a scope entry. The error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let host = url::Host::parse(text)
            .map_err(|error| format!("{text:?} is neither a host name nor an address: {error}"))?;
        let normal = host.to_string();
        if normal != text {
            return Err(format!(
                "{text:?} is not in its normal form; if that is what is meant, write {normal:?}"
            ));
        }
        Self::of(&host)
    }

    fn of<S: AsRef<str>>(host: &url::Host<S>) -> Result<Self, String> {
        match host {
            url::Host::Ipv4(address) => Ok(Self::Address(IpAddr::V4(*address))),
            url::Host::Ipv6(address) => Ok(Self::Address(IpAddr::V6(*address))),
            url::Host::Domain(name) => match name.as_ref() {
                "localhost" => Ok(Self::Localhost),
                name => check_name(name).map(|()| Self::Name(name.to_owned())),
            },
        }
    }
}

impl fmt::Display for Host {
    /// As it stands in a URL. (The standard library writes some IPv6 addresses otherwise than URLs do.)
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost => formatter.write_str("localhost"),
            Self::Address(IpAddr::V4(address)) => address.fmt(formatter),
            Self::Address(IpAddr::V6(address)) => url::Host::<&str>::Ipv6(*address).fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

impl WebSocketEndpoint {
    /// The value of the `Host` header: without the port where it is the scheme's own (RFC 9110 section 7.2).
    pub fn authority(&self) -> String {
        if self.port == self.security.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for WebSocketEndpoint {
    /// Without the query, which may hold what no log should.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}://{}{}",
            self.security.scheme(),
            self.authority(),
            self.path
        )
    }
}

/// Reads a URL. Nothing is forgiven: not even the slash that stands for an empty path.
pub fn parse(input: &str) -> Result<Endpoint, Error> {
    if input.len() > URL_BYTES {
        return Err(invalid(format!(
            "the URL has {} bytes; at most {URL_BYTES} are accepted",
            input.len()
        )));
    }
    // First of all, so that no other message repeats a password.
    if authority_of(input).contains('@') {
        return Err(invalid(
            "the URL contains user info; credentials do not belong into URLs",
        ));
    }
    // The WHATWG parser silently removes or maps these; nobody who means well writes them.
    if let Some(odd) = input
        .chars()
        .find(|&char| !char.is_ascii_graphic() || char == '\\')
    {
        return Err(invalid(format!(
            "the URL {input:?} contains {odd:?}; only printable ASCII without spaces and backslashes is accepted"
        )));
    }
    let url =
        Url::parse(input).map_err(|error| invalid(format!("{input:?} is not a URL: {error}")))?;
    let security = match url.scheme() {
        "daemon+local" if input == LOCAL_DAEMON_URL => return Ok(Endpoint::LocalDaemon),
        "daemon+local" => {
            return Err(invalid(format!(
                "{input:?} names no address: the URL of this user's daemon is exactly {LOCAL_DAEMON_URL:?}"
            )))
        }
        "ws" => Security::Plain,
        "wss" => Security::Tls,
        scheme => {
            return Err(invalid(format!(
                "the URL {input:?} has the scheme {scheme:?}; accepted are ws:, wss: and {LOCAL_DAEMON_URL}"
            )))
        }
    };
    if url.fragment().is_some() {
        return Err(invalid(format!(
            "the URL {input:?} has a fragment, which a WebSocket URL may not have (RFC 6455 section 3)"
        )));
    }
    let host = url
        .host()
        .ok_or_else(|| invalid(format!("the URL {input:?} names no host")))?;
    let host =
        Host::of(&host).map_err(|problem| invalid(format!("the URL {input:?}: {problem}")))?;
    let normal = url.as_str();
    if normal != input {
        return Err(invalid(format!(
            "the URL {input:?} is not in its normal form; if that is what is meant, write {normal:?}"
        )));
    }
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    check_target(target).map_err(|problem| invalid(format!("the URL {input:?}: {problem}")))?;
    let port = url
        .port_or_known_default()
        .filter(|&port| port != 0)
        .ok_or_else(|| {
            invalid(format!(
                "the URL {input:?} names port 0, which no server has"
            ))
        })?;
    Ok(Endpoint::WebSocket(WebSocketEndpoint {
        security,
        host,
        port,
        path: url.path().to_owned(),
        target: target.to_owned(),
    }))
}

/// The normal form of what was written, for somebody who wants to know what it means. None where there is none,
/// and none of a URL with user info, so that no password is repeated.
pub fn normal_form(input: &str) -> Option<String> {
    if input.len() > URL_BYTES {
        return None;
    }
    let url = Url::parse(input).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    match url.scheme() {
        "daemon+local" if url.as_str() == LOCAL_DAEMON_URL => Some(LOCAL_DAEMON_URL.to_owned()),
        "ws" | "wss" if plain => Some(url.into()),
        _ => None,
    }
}

/// What stands between the slashes and the path, as every reader of URLs sees it, tolerant ones included. An
/// empty user name before `@` leaves no trace in the parsed URL.
fn authority_of(input: &str) -> &str {
    let rest = input.split_once(':').map_or("", |(_, rest)| rest);
    let rest = rest.trim_start_matches(['/', '\\']);
    rest.split(['/', '?', '#']).next().unwrap_or("")
}

/// Host names have letters, digits and hyphens (RFC 1123 section 2.1). The WHATWG parser takes `;`, `$` and more.
fn check_name(name: &str) -> Result<(), String> {
    if name.ends_with('.') {
        return Err(format!(
            "the host name {name:?} ends with a dot; write it without"
        ));
    }
    if name.len() > HOST_NAME_BYTES {
        return Err(format!(
            "the host name {name:?} has more than {HOST_NAME_BYTES} bytes"
        ));
    }
    for label in name.split('.') {
        let plain = label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !plain || label.is_empty() || label.starts_with('-') || label.ends_with('-') {
            return Err(format!(
                "{label:?} in the host name {name:?} is not made of letters, digits and hyphens between them"
            ));
        }
        if label.len() > HOST_NAME_LABEL_BYTES {
            return Err(format!(
                "{label:?} in the host name has more than {HOST_NAME_LABEL_BYTES} bytes"
            ));
        }
    }
    Ok(())
}

/// Path and query have the characters of RFC 3986; what else browsers let pass is not read alike by all servers.
fn check_target(target: &str) -> Result<(), String> {
    let mut rest = target.bytes();
    while let Some(byte) = rest.next() {
        let fits = match byte {
            b'%' => [rest.next(), rest.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte),
        };
        if !fits {
            return Err(format!(
                "{:?} does not stand in paths and queries; write it as %{byte:02X}",
                char::from(byte)
            ));
        }
    }
    Ok(())
}

/// Whether this is a path that URLs can have in their normal form.
pub fn is_path(path: &str) -> bool {
    let probe = format!("ws://localhost{path}");
    path.starts_with('/')
        && !path.contains(['?', '#'])
        && check_target(path).is_ok()
        && Url::parse(&probe).is_ok_and(|url| url.as_str() == probe)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidUrl, message)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select, strategy::ValueTree, test_runner::TestCaseError};
    use tokio_tungstenite::tungstenite::http::Uri;

    use super::*;

    fn message(input: &str) -> String {
        parse(input).expect_err(input).message
    }

    #[test]
    fn a_loopback_url_is_taken_apart() {
        let Ok(Endpoint::WebSocket(endpoint)) = parse("ws://[::1]:6767/ws?room=1") else {
            panic!("refused");
        };
        assert_eq!(
            endpoint.host,
            Host::Address(IpAddr::V6(Ipv6Addr::LOCALHOST))
        );
        assert_eq!(endpoint.port, 6767);
        assert_eq!(endpoint.path, "/ws");
        assert_eq!(endpoint.target, "/ws?room=1");
        assert_eq!(endpoint.authority(), "[::1]:6767");
    }

    #[test]
    fn the_schemes_differ_in_their_default_port() {
        for (url, port, authority) in [
            ("ws://daemon.test/ws", 80, "daemon.test"),
            ("wss://daemon.test/ws", 443, "daemon.test"),
            ("ws://daemon.test:443/ws", 443, "daemon.test:443"),
            ("wss://daemon.test:80/ws", 80, "daemon.test:80"),
            ("wss://[::ffff:7f00:1]:1/", 1, "[::ffff:7f00:1]:1"),
        ] {
            let Ok(Endpoint::WebSocket(endpoint)) = parse(url) else {
                panic!("refused {url}");
            };
            assert_eq!(
                (endpoint.port, endpoint.authority().as_str()),
                (port, authority)
            );
        }
    }

    #[test]
    fn input_that_changes_when_normalised_is_refused_with_its_normal_form() {
        for (input, normal) in [
            ("ws://localhost:6767", "ws://localhost:6767/"),
            ("ws:/localhost:6767", "ws://localhost:6767/"),
            ("ws:///localhost:6767", "ws://localhost:6767/"),
            ("ws://127.0.1", "ws://127.0.0.1/"),
            ("ws://0x7f000001", "ws://127.0.0.1/"),
            ("ws://0177.0.0.1", "ws://127.0.0.1/"),
            ("ws://127.0.0.0x1", "ws://127.0.0.1/"),
            ("ws://2130706433", "ws://127.0.0.1/"),
            ("ws://[0:0:0:0:0:0:0:1]", "ws://[::1]/"),
            ("ws://localhost:080/ws", "ws://localhost/ws"),
            ("WS://LOCALHOST:6767/ws", "ws://localhost:6767/ws"),
            (
                "ws://127.0.0.1:6767/%2e%2e/admin",
                "ws://127.0.0.1:6767/admin",
            ),
            ("ws://localhost%2eevil.test", "ws://localhost.evil.test/"),
        ] {
            assert!(
                message(input).contains(&format!("{normal:?}")),
                "{input}: {}",
                message(input)
            );
        }
    }

    #[test]
    fn what_is_no_websocket_url_is_refused() {
        let long = format!("ws://localhost/{}", "a".repeat(64 * 1024));
        for input in [
            "ws://user:pw@localhost:6767",
            "ws://localhost@evil.test:6767",
            "ws://@localhost:6767/",
            "ws://localhost%2f@evil.test",
            "ws://evil.test#@localhost",
            "ws://localhost\\@evil.test",
            "ws://256.0.0.1",
            "ws://[fe80::1%25eth0]",
            "ws://[::1]evil.test",
            "ws://①②⑦.⓪.⓪.①",
            "ws://127。0。0。1",
            "ws://ｌocalhost",
            "ws://lоcalhost",
            "ws://local\thost",
            " ws://localhost",
            "ws://localhost ",
            "ws://localhost:65536",
            "ws://localhost:6767:80",
            "http://localhost:6767/ws",
            "ws://localhost.:6767/ws",
            "ws://localhost;evil.test/ws",
            "ws://a_b.test/ws",
            "ws://-a.test/ws",
            "ws://localhost:0/ws",
            "ws://localhost/%zz",
            "ws://localhost/%4",
            "ws://localhost/ws?a[]=1",
            "file:///etc/passwd",
            "ws+unix:/tmp/s",
            "ws://",
            "",
            "ws://localhost/ws#frag",
            "ws://localhost/ws#",
            "ws://localhost/ws?x=\r\nHost: evil",
            "daemon+local:/etc/passwd",
            "daemon+local://localhost",
            "DAEMON+LOCAL:",
            long.as_str(),
        ] {
            assert_eq!(
                parse(input).expect_err(input).code,
                ErrorCode::InvalidUrl,
                "{input}"
            );
        }
    }

    /// One of the good pieces, or now and then of those that readers are known to disagree about.
    fn mostly(good: &[&'static str], bad: &[&'static str]) -> impl Strategy<Value = String> {
        prop_oneof![7 => select(good.to_vec()), 1 => select(bad.to_vec())].prop_map(str::to_owned)
    }

    fn many(
        good: &[&'static str],
        bad: &[&'static str],
        most: usize,
    ) -> impl Strategy<Value = String> {
        prop::collection::vec(mostly(good, bad), 0..most).prop_map(|pieces| pieces.concat())
    }

    fn hostile_url() -> impl Strategy<Value = String> {
        let labels = [
            "127",
            "0",
            "1",
            "0x7f",
            "0177",
            "2130706433",
            "256",
            "08",
            ".",
            ".",
            ".",
            "localhost",
            "evil",
            "test",
            "z",
        ];
        let odd = [
            "-", "_", "%2e", "%31", "%00", "%", "\u{3002}", "\u{2460}", "\u{ff4c}", "\u{ad}",
            "\u{200d}", "xn--", "A", "*", ";", ",", "!", "$", "\u{430}", " ", "\n",
        ];
        let groups = [
            "0",
            "1",
            "ffff",
            "7f00",
            ":",
            ":",
            "::",
            "fe80",
            "127.0.0.1",
        ];
        let host = prop_oneof![
            4 => mostly(
                &["localhost", "127.0.0.1", "[::1]", "daemon.test", "192.168.1.10", "[fd00::1]", "[::ffff:7f00:1]", "xn--bcher-kva.test"],
                &["", "localhost.", "127.1", "[::ffff:127.0.0.1]", "[0::1]", "LOCALHOST", "[::1%25lo]", "local\thost"],
            ),
            3 => many(&labels, &odd, 7),
            1 => many(&groups, &["%25lo", "F", "g", "%31"], 9).prop_map(|pieces| format!("[{pieces}]")),
        ];
        let path = many(
            &["/", "/ws", "/a", "b.c", "%20", "~", "*", ";", ":", "@", "."],
            &[
                "..", "%2e", "%2f", "\\", "%", "%zz", "[", "]", "|", "^", "\"", "<", "{", "'", "`",
                "\u{e9}", "\t", " ",
            ],
            5,
        );
        let query = many(
            &["a=b", "&", "%20", "/..", "@", ":", "?"],
            &[
                "%", "#", "'", "\"", "<", "[]", "|", "{}", "\r\n", " ", "\u{e9}", "\\",
            ],
            4,
        );
        (
            mostly(
                &["ws:", "wss:"],
                &["WS:", "w\ts:", "http:", "daemon+local:", "ws+unix:", ""],
            ),
            mostly(&["//"], &["/", "", "///", "\\\\", "/\\"]),
            mostly(&[""], &["@", "a@", "a:b@", "%40@", ":@"]),
            host,
            mostly(
                &["", ":6767", ":1", ":65535"],
                &[
                    ":80", ":443", ":", ":0", ":080", ":65536", ":-1", ":6767:80", ":a",
                ],
            ),
            path.prop_map(|path| format!("/{path}")),
            prop::option::weighted(0.3, query),
        )
            .prop_map(|(scheme, slashes, user, host, port, path, query)| {
                let query = query.map(|query| format!("?{query}")).unwrap_or_default();
                format!("{scheme}{slashes}{user}{host}{port}{path}{query}")
            })
    }

    /// What one URL means to the WHATWG parser, to the RFC 3986 parser of HTTP libraries and to us.
    fn is_read_alike(input: &str, endpoint: &WebSocketEndpoint) -> Result<(), TestCaseError> {
        let whatwg = Url::parse(input).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let rfc: Uri = input
            .parse()
            .map_err(|error| TestCaseError::fail(format!("{input:?}: {error}")))?;
        prop_assert_eq!(whatwg.as_str(), input);
        prop_assert_eq!(rfc.to_string(), input);
        let host = endpoint.host.to_string();
        prop_assert_eq!(whatwg.host_str(), Some(host.as_str()));
        prop_assert_eq!(rfc.host(), Some(host.as_str()));
        prop_assert_eq!(whatwg.port_or_known_default(), Some(endpoint.port));
        let default = endpoint.security.default_port();
        prop_assert_eq!(rfc.port_u16().unwrap_or(default), endpoint.port);
        prop_assert_eq!(whatwg.path(), &endpoint.path);
        prop_assert_eq!(rfc.path(), &endpoint.path);
        prop_assert_eq!(
            rfc.path_and_query().map(|target| target.as_str()),
            Some(endpoint.target.as_str())
        );
        prop_assert_eq!(rfc.scheme_str(), Some(endpoint.security.scheme()));
        let scheme = endpoint.security.scheme();
        prop_assert_eq!(
            format!("{scheme}://{}{}", endpoint.authority(), endpoint.target),
            input
        );
        // No resolver takes a name for an address: those take numbers in the last label for one (WHATWG, inet_aton).
        match &endpoint.host {
            Host::Name(name) => {
                let last = name.rsplit('.').next().unwrap_or_default();
                let is_number = match last.strip_prefix("0x") {
                    Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    None => last.bytes().all(|byte| byte.is_ascii_digit()),
                };
                prop_assert!(!is_number);
            }
            Host::Address(address) => {
                prop_assert_eq!(host.trim_matches(['[', ']']).parse(), Ok(*address));
            }
            Host::Localhost => prop_assert_eq!(host, "localhost"),
        }
        Ok(())
    }

    #[test]
    fn the_generated_urls_are_good_ones_too() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let accepted = (0..2000)
            .filter(|_| {
                let url = hostile_url()
                    .new_tree(&mut runner)
                    .expect("a URL")
                    .current();
                parse(&url).is_ok()
            })
            .count();
        assert!((200..1800).contains(&accepted), "{accepted}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        #[test]
        fn what_is_accepted_is_its_own_normal_form_and_every_parser_reads_it_alike(input in hostile_url()) {
            match parse(&input) {
                Ok(Endpoint::WebSocket(endpoint)) => is_read_alike(&input, &endpoint)?,
                Ok(Endpoint::LocalDaemon) => prop_assert_eq!(input, LOCAL_DAEMON_URL),
                Err(error) => {
                    // The normal form that a refusal names is one, or is refused for what it says.
                    if let (Some(normal), false) = (normal_form(&input), input.contains('@')) {
                        prop_assert_eq!(normal_form(&normal), Some(normal.clone()), "{}", error);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_input_crashes_the_parser(input in "(wss?:/{0,3})?\\PC{0,40}") {
            if let Ok(Endpoint::WebSocket(endpoint)) = parse(&input) {
                is_read_alike(&input, &endpoint)?;
            }
        }
    }
}
