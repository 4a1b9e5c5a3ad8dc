//! Where this user's daemon listens, as the host application finds it: in most cases in the file that the daemon
//! writes when it starts. The page never names the place.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;

use crate::{
    core::{endpoint, token::Token},
    error::Failure,
    private_file,
};

/// A daemon on this computer: what a resolver answers (see [`Builder::local_daemon`](crate::Builder::local_daemon)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDaemon {
    /// Where it listens. Tried in this order; the next is taken only where the one before does not exist.
    pub places: Vec<Place>,
    /// The path of its WebSocket endpoint, such as `/ws`.
    pub path: String,
    /// Sent as `Authorization: Bearer TOKEN` to these places and to nobody else.
    pub token: Option<Token>,
}

/// Somewhere on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A Unix socket, by its absolute path. It must belong to this user, and so must the process behind it; its
    /// directory must not be writable by others. Skipped on Windows.
    UnixSocket(PathBuf),
    /// A named pipe, such as `\\.\pipe\my-daemon`. Skipped elsewhere than on Windows.
    NamedPipe(String),
    /// `127.0.0.1` or `::1`, with the port.
    Tcp(SocketAddr),
}

/// Why the daemon was not found. The page sees both as the `error` of its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDaemonError {
    /// For programs, such as `daemon_not_running`.
    pub code: String,
    /// For people: what happened and what to do next.
    pub message: String,
}

/// Finds the daemon. Called for each connection attempt, on a thread that may block.
pub(crate) type Resolver = Arc<dyn Fn() -> Result<LocalDaemon, LocalDaemonError> + Send + Sync>;

/// The runtime file, format 1. Fields that are not named here are ignored.
#[derive(Deserialize)]
struct RuntimeFile {
    format: u32,
    #[cfg(unix)]
    socket: Option<PathBuf>,
    #[cfg(windows)]
    pipe: Option<String>,
    host: Option<IpAddr>,
    port: Option<u16>,
    path: Option<String>,
    token: Option<String>,
}

impl LocalDaemon {
    /// Reads the file that a daemon writes when it listens. Any daemon can write one: JSON, UTF-8, at most 16 KiB.
    ///
    /// | field | what | |
    /// |---|---|---|
    /// | `format` | `1` | required |
    /// | `socket` | absolute path of its Unix socket | tried first, on Unix |
    /// | `pipe` | name of its pipe, `\\.\pipe\...` | tried first, on Windows |
    /// | `host`, `port` | `"127.0.0.1"` or `"::1"`, and a number | tried last |
    /// | `path` | path of its WebSocket endpoint | `/ws` by default |
    /// | `token` | the token that it asks for | see [`Token`] |
    ///
    /// Other fields are ignored. The file can hold a secret, so on Unix it must be a regular file (no symbolic
    /// link) that belongs to this user and that nobody else can read or write: mode 0600.
    ///
    /// # Errors
    ///
    /// `daemon_not_running` where there is no such file, and `runtime_file_invalid` for one that cannot be used.
    /// No message repeats what is in the file.
    pub fn from_runtime_file(path: &Path) -> Result<Self, LocalDaemonError> {
        let text = private_file::read(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => LocalDaemonError::new(
                "daemon_not_running",
                format!("the daemon is not running: there is no {}", path.display()),
            ),
            _ => invalid(path, &error.to_string()),
        })?;
        Self::read(&text).map_err(|problem| invalid(path, &problem))
    }

    fn read(text: &str) -> Result<Self, String> {
        // The parser's own message may quote a value, and one of them is a secret.
        let file: RuntimeFile = serde_json::from_str(text).map_err(|error| {
            format!(
                "it is no runtime file of a daemon: see line {}, column {}",
                error.line(),
                error.column()
            )
        })?;
        if file.format != 1 {
            return Err(format!(
                "it has format {}, and this application knows format 1",
                file.format
            ));
        }
        let mut places = Vec::new();
        #[cfg(unix)]
        places.extend(file.socket.map(Place::UnixSocket));
        #[cfg(windows)]
        places.extend(file.pipe.map(Place::NamedPipe));
        match (file.host, file.port) {
            (Some(host), Some(port)) => places.push(Place::Tcp(SocketAddr::new(host, port))),
            (None, None) => {}
            _ => return Err("of `host` and `port` it has only one".to_owned()),
        }
        let token = file
            .token
            .map(Token::new)
            .transpose()
            .map_err(|error| error.to_string())?;
        let daemon = Self {
            places,
            path: file.path.unwrap_or_else(|| "/ws".to_owned()),
            token,
        };
        daemon.check()?;
        Ok(daemon)
    }

    /// Whether this may be dialled at all: places of this computer, and a plain path.
    fn check(&self) -> Result<(), String> {
        if self.places.is_empty() {
            return Err("it names no place where the daemon listens".to_owned());
        }
        for place in &self.places {
            match place {
                Place::UnixSocket(path) if path.is_absolute() => {}
                Place::NamedPipe(name) if is_pipe_name(name) => {}
                Place::Tcp(address)
                    if address.port() != 0
                        && [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
                            .contains(&address.ip()) => {}
                _ => {
                    return Err(format!(
                        "it names the place {place}, which is none of an absolute path, a pipe of this computer, \
                         and a port of 127.0.0.1 or ::1"
                    ))
                }
            }
        }
        if endpoint::is_path(&self.path) {
            Ok(())
        } else {
            Err(format!(
                "its path {:?} is not one in its normal form, without a query",
                self.path
            ))
        }
    }

    /// The same for one that a resolver of the application has made.
    pub(crate) fn checked(self) -> Result<Self, Failure> {
        match self.check() {
            Ok(()) => Ok(self),
            Err(problem) => Err(Failure::new(
                "policy_refused",
                format!(
                    "the local daemon that the application reports cannot be dialled: {problem}"
                ),
            )),
        }
    }
}

fn is_pipe_name(name: &str) -> bool {
    name.strip_prefix(r"\\.\pipe\").is_some_and(|rest| {
        !rest.is_empty() && rest.len() <= 200 && rest.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

fn invalid(path: &Path, problem: &str) -> LocalDaemonError {
    LocalDaemonError::new(
        "runtime_file_invalid",
        format!(
            "the daemon's runtime file {} cannot be used: {problem}",
            path.display()
        ),
    )
}

impl LocalDaemonError {
    /// An error with its code and its message.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnixSocket(path) => write!(formatter, "{}", path.display()),
            Self::NamedPipe(name) => formatter.write_str(name),
            Self::Tcp(address) => write!(formatter, "{address}"),
        }
    }
}

impl fmt::Display for LocalDaemonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for LocalDaemonError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(address: &str) -> Place {
        Place::Tcp(address.parse().expect("an address"))
    }

    #[test]
    fn only_places_of_this_computer_and_a_plain_path_are_dialled() {
        let daemon = |place: Place, path: &str| LocalDaemon {
            places: vec![place],
            path: path.into(),
            token: None,
        };
        for place in [
            tcp("127.0.0.1:6767"),
            tcp("[::1]:6767"),
            Place::NamedPipe(r"\\.\pipe\holdfast".into()),
        ] {
            assert!(daemon(place.clone(), "/ws").checked().is_ok(), "{place}");
        }
        for place in [
            tcp("192.168.1.10:6767"),
            tcp("0.0.0.0:6767"),
            tcp("127.0.0.2:6767"),
            tcp("[::ffff:127.0.0.1]:6767"),
            tcp("127.0.0.1:0"),
            Place::UnixSocket("daemon.sock".into()),
            Place::NamedPipe(r"\\server\pipe\holdfast".into()),
            Place::NamedPipe(r"\\.\pipe\".into()),
        ] {
            let failure = daemon(place.clone(), "/ws")
                .checked()
                .expect_err(&place.to_string());
            assert_eq!(failure.code, "policy_refused");
        }
        for path in [
            "",
            "ws",
            "@evil.test/",
            ":1/ws",
            "/a b",
            "/ws?token=1",
            "/ws#x",
            "/../ws",
            "/ws\r\nX: y",
        ] {
            assert!(
                daemon(tcp("127.0.0.1:6767"), path).checked().is_err(),
                "{path:?}"
            );
        }
    }

    #[test]
    fn a_runtime_file_gives_the_places_in_order_the_path_and_the_token() {
        let daemon = LocalDaemon::read(
            r#"{"format":1,"host":"::1","port":6767,"socket":"/run/d.sock","path":"/live","token":"abc","more":[1]}"#,
        )
        .expect("read");
        #[cfg(unix)]
        assert_eq!(
            daemon.places,
            [Place::UnixSocket("/run/d.sock".into()), tcp("[::1]:6767")]
        );
        assert_eq!(daemon.path, "/live");
        assert_eq!(daemon.token, Token::new("abc").ok());
        let plain = LocalDaemon::read(r#"{"format":1,"host":"127.0.0.1","port":1}"#).expect("read");
        assert_eq!((plain.path.as_str(), plain.token), ("/ws", None));
    }

    #[test]
    fn a_runtime_file_that_is_damaged_or_names_another_computer_is_refused_and_its_token_not_told()
    {
        for text in [
            "",
            "{",
            "null",
            "[]",
            "{}",
            r#"{"format":1}"#,
            r#"{"format":2,"host":"127.0.0.1","port":1}"#,
            r#"{"format":1,"host":"127.0.0.1"}"#,
            r#"{"format":1,"host":"127.0.0.1","port":65536}"#,
            r#"{"format":1,"host":"127.0.0.1","port":0}"#,
            r#"{"format":1,"host":"localhost","port":1}"#,
            r#"{"format":1,"host":"192.168.1.10","port":1}"#,
            r#"{"format":1,"host":"0.0.0.0","port":1}"#,
            r#"{"format":1,"host":"::","port":1}"#,
            r#"{"format":1,"host":"127.0.0.1","port":1,"path":"ws"}"#,
            r#"{"format":1,"host":"127.0.0.1","port":1,"token":""}"#,
            r#"{"format":1,"host":"127.0.0.1","port":1,"token":"my secret"}"#,
            r#"{"format":1,"host":"127.0.0.1","port":"my secret"}"#,
            r#"{"format":1,"socket":"relative.sock"}"#,
        ] {
            let problem = LocalDaemon::read(text).expect_err(text);
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
