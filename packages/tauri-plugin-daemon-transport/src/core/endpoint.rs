//! What a page asks to be connected to, read by one parser. Input whose normal form differs from what was
//! written is refused, so that everybody who reads the URL means the same address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use url::Url;

use crate::{
    error::{Error, ErrorCode},
    limits::URL_BYTES,
};

/// The URL that names this user's daemon.
pub const LOCAL_DAEMON_URL: &str = "daemon+local:";

/// Where a page wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A `ws:` URL.
    WebSocket(WebSocketEndpoint),
    /// This user's daemon, which the host application finds.
    LocalDaemon,
}

/// A `ws:` URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketEndpoint {
    /// The host, as it was written.
    pub host: Host,
    /// The port; 80 when none was written (RFC 6455 section 3).
    pub port: u16,
    /// The path without its query.
    pub path: String,
    /// The request target: path and query.
    pub target: String,
}

/// The host of a URL, as far as policy knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// `127.0.0.1`
    LoopbackV4,
    /// `[::1]`
    LoopbackV6,
    /// `localhost`, which is resolved here and never by DNS.
    Localhost,
    /// Anything else: no entry can allow it.
    Elsewhere(String),
}

impl Host {
    /// The addresses that this host means.
    pub fn addresses(&self) -> &'static [IpAddr] {
        const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
        match self {
            Self::LoopbackV4 => &[V4],
            Self::LoopbackV6 => &[V6],
            Self::Localhost => &[V4, V6],
            Self::Elsewhere(_) => &[],
        }
    }

    /// The host as it stands in a URL and in a scope entry.
    pub fn as_str(&self) -> &str {
        match self {
            Self::LoopbackV4 => "127.0.0.1",
            Self::LoopbackV6 => "[::1]",
            Self::Localhost => "localhost",
            Self::Elsewhere(host) => host,
        }
    }
}

impl WebSocketEndpoint {
    /// The value of the `Host` header: without the port where it is the scheme's own (RFC 9110 section 7.2).
    pub fn authority(&self) -> String {
        match self.port {
            80 => self.host.as_str().to_owned(),
            port => format!("{}:{port}", self.host.as_str()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WebSocket(endpoint) => {
                write!(formatter, "ws://{}{}", endpoint.authority(), endpoint.path)
            }
            Self::LocalDaemon => formatter.write_str(LOCAL_DAEMON_URL),
        }
    }
}

/// Reads a URL. The empty path counts as `/`; nothing else is forgiven.
pub fn parse(input: &str) -> Result<Endpoint, Error> {
    if input.len() > URL_BYTES {
        return Err(invalid(format!(
            "the URL has {} bytes; at most {URL_BYTES} are accepted",
            input.len()
        )));
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
    match url.scheme() {
        "daemon+local" if input == LOCAL_DAEMON_URL => return Ok(Endpoint::LocalDaemon),
        "daemon+local" => {
            return Err(invalid(format!(
                "{input:?} names no address: the URL of this user's daemon is exactly {LOCAL_DAEMON_URL:?}"
            )))
        }
        "ws" => {}
        scheme => {
            return Err(invalid(format!(
                "the URL {input:?} has the scheme {scheme:?}; accepted are ws: and {LOCAL_DAEMON_URL}"
            )))
        }
    }
    if !url.username().is_empty() || url.password().is_some() || authority_of(input).contains('@') {
        return Err(invalid(
            "the URL contains user info; credentials do not belong into URLs",
        ));
    }
    if url.fragment().is_some() {
        return Err(invalid(format!(
            "the URL {input:?} has a fragment, which a WebSocket URL may not have"
        )));
    }
    let normal = url.as_str();
    let differs = normal != input && normal.strip_suffix('/') != Some(input);
    if differs {
        return Err(invalid(format!(
            "the URL {input:?} is not in its normal form; if that is what is meant, write {normal:?}"
        )));
    }
    let host = match url.host() {
        Some(url::Host::Ipv4(Ipv4Addr::LOCALHOST)) => Host::LoopbackV4,
        Some(url::Host::Ipv6(Ipv6Addr::LOCALHOST)) => Host::LoopbackV6,
        Some(url::Host::Domain("localhost")) => Host::Localhost,
        Some(other) => Host::Elsewhere(other.to_string()),
        None => return Err(invalid(format!("the URL {input:?} names no host"))),
    };
    Ok(Endpoint::WebSocket(WebSocketEndpoint {
        host,
        port: url.port_or_known_default().unwrap_or(80),
        path: url.path().to_owned(),
        target: url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
    }))
}

/// What stands between `//` and the path. An empty user name before `@` leaves no trace in the parsed URL.
fn authority_of(input: &str) -> &str {
    let rest = input.split_once("//").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or("")
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidUrl, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(input: &str) -> String {
        parse(input).expect_err(input).message
    }

    #[test]
    fn a_loopback_url_is_taken_apart() {
        let Ok(Endpoint::WebSocket(endpoint)) = parse("ws://[::1]:6767/ws?room=1") else {
            panic!("refused");
        };
        assert_eq!(endpoint.host, Host::LoopbackV6);
        assert_eq!(endpoint.port, 6767);
        assert_eq!(endpoint.path, "/ws");
        assert_eq!(endpoint.target, "/ws?room=1");
        assert_eq!(endpoint.authority(), "[::1]:6767");
    }

    #[test]
    fn the_empty_path_is_the_root() {
        let Ok(Endpoint::WebSocket(endpoint)) = parse("ws://localhost:6767") else {
            panic!("refused");
        };
        assert_eq!(endpoint.target, "/");
    }

    #[test]
    fn input_that_changes_when_normalised_is_refused_with_its_normal_form() {
        for (input, normal) in [
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
            "wss://localhost:6767/ws",
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

    proptest! {
        #[test]
        fn no_input_crashes_the_parser_and_what_it_accepts_is_normal(input in "(ws:/{0,3})?\\PC{0,40}") {
            if let Ok(Endpoint::WebSocket(endpoint)) = parse(&input) {
                let again = format!("ws://{}{}", endpoint.authority(), endpoint.target);
                prop_assert!(again == input || again.strip_suffix('/') == Some(input.as_str()));
            }
        }
    }
}
