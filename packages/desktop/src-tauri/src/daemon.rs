//! Finds this user's daemon and starts it where none runs, by the `holdfast` command. The daemon is never a
//! child of the window: `holdfast daemon start` detaches it, so it outlives the app.

use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::DesktopError;
use crate::limits::{
    LOG_LINES, LOG_TAIL_BYTES, MAX_COMMAND_OUTPUT_BYTES, POLL_INTERVAL, PROGRESS_INTERVAL,
    START_TIMEOUT,
};
use crate::runtime_file;

/// Where the daemon's WebSocket is.
#[derive(Debug, Clone)]
pub struct DaemonAddress {
    /// A loopback address.
    pub socket: SocketAddr,
    /// Path of the WebSocket on it.
    pub path: String,
}

/// A daemon that the person runs elsewhere: `HOLDFAST_DAEMON_URL=ws://127.0.0.1:PORT/ws`. The app then
/// starts none.
pub fn named_by_environment() -> Result<Option<DaemonAddress>, DesktopError> {
    let Ok(url) = std::env::var("HOLDFAST_DAEMON_URL") else {
        return Ok(None);
    };
    parse_daemon_url(&url).map(Some).ok_or_else(|| {
        DesktopError::new(
            "invalid_daemon_url",
            format!("HOLDFAST_DAEMON_URL is {url:?}. It must look like ws://127.0.0.1:6767/ws, on loopback."),
        )
    })
}

/// Only a loopback literal with a port, and a path of plain characters: nothing that could mean anything else.
fn parse_daemon_url(url: &str) -> Option<DaemonAddress> {
    let (authority, path) = url.strip_prefix("ws://")?.split_once('/')?;
    let socket: SocketAddr = authority.parse().ok()?;
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte));
    (socket.ip().is_loopback() && plain).then(|| DaemonAddress {
        socket,
        path: format!("/{path}"),
    })
}

/// The address of the daemon now, by the environment or the runtime file. Asks nobody.
pub fn address() -> Result<DaemonAddress, DesktopError> {
    if let Some(address) = named_by_environment()? {
        return Ok(address);
    }
    match runtime_file::read()? {
        Some(file) => Ok(DaemonAddress {
            socket: file.address()?,
            path: "/ws".to_owned(),
        }),
        None => Err(not_running()),
    }
}

/// No daemon has said that it runs.
pub fn not_running() -> DesktopError {
    DesktopError::new(
        "daemon_not_running",
        "The daemon is not running. Run `holdfast daemon start`.",
    )
}

/// The address of a live daemon; starts one where none answers. `progress` is told the step and the time
/// since the start of this call. Blocks until the daemon answers or has failed, [`START_TIMEOUT`] at most.
pub fn ensure_running(progress: impl Fn(&str, Duration)) -> Result<DaemonAddress, DesktopError> {
    if let Some(address) = named_by_environment()? {
        return Ok(address);
    }
    // A damaged file is the start command's to judge: it says more than this app could.
    if let Ok(Some(file)) = runtime_file::read() {
        if runtime_file::is_alive(&file) {
            return address();
        }
    }
    start(progress)?;
    address()
}

/// The `holdfast` command: `HOLDFAST_COMMAND`, else beside the app, else on `PATH`.
fn holdfast_command() -> PathBuf {
    if let Some(command) = std::env::var_os("HOLDFAST_COMMAND").filter(|value| !value.is_empty()) {
        return PathBuf::from(command);
    }
    let name = if cfg!(windows) {
        "holdfast.cmd"
    } else {
        "holdfast"
    };
    std::env::current_exe()
        .ok()
        .and_then(|app| app.parent().map(|folder| folder.join(name)))
        .filter(|beside| beside.is_file())
        .unwrap_or_else(|| PathBuf::from(name))
}

fn start(progress: impl Fn(&str, Duration)) -> Result<(), DesktopError> {
    let begun = Instant::now();
    progress("starting", begun.elapsed());
    let command = holdfast_command();
    let mut child = Command::new(&command)
        .args(["daemon", "start", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            DesktopError::new(
                "command_not_found",
                format!(
                    "The command {} could not be run ({error}). Put `holdfast` on PATH or set HOLDFAST_COMMAND to its path; in the repository, `npm start` does both.",
                    command.display()
                ),
            )
        })?;
    // Both pipes are drained while the command runs: a full pipe would stop it.
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let mut told = begun;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() > START_TIMEOUT => {
                if let Err(error) = child.kill().and_then(|()| child.wait().map(|_| ())) {
                    eprintln!("holdfast-desktop: the start command could not be ended: {error}");
                }
                let mut failure = DesktopError::new(
                    "start_timed_out",
                    format!(
                        "The daemon did not start within {} s. `holdfast logs` shows what it wrote.",
                        START_TIMEOUT.as_secs()
                    ),
                );
                failure.log = log_tail();
                return Err(failure);
            }
            Ok(None) => {}
            Err(error) => {
                return Err(DesktopError::new(
                    "command_failed",
                    format!("The command {} was lost: {error}", command.display()),
                ))
            }
        }
        if told.elapsed() >= PROGRESS_INTERVAL {
            told = Instant::now();
            progress("starting", begun.elapsed());
        }
        std::thread::sleep(POLL_INTERVAL);
    };
    if status.success() {
        return Ok(());
    }
    Err(failure_of_command(
        status.code(),
        &collected(stdout),
        &collected(stderr),
    ))
}

type Drain = std::thread::JoinHandle<Vec<u8>>;

fn drain(pipe: Option<impl Read + Send + 'static>) -> Option<Drain> {
    let mut pipe = pipe?;
    Some(std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = [0_u8; 4096];
        loop {
            match pipe.read(&mut buffer) {
                // An error is the end of what can be known of this output.
                Ok(0) | Err(_) => return kept,
                Ok(count) => kept.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            }
            if kept.len() > 2 * MAX_COMMAND_OUTPUT_BYTES {
                kept.drain(..kept.len() - MAX_COMMAND_OUTPUT_BYTES);
            }
        }
    }))
}

fn collected(drain: Option<Drain>) -> String {
    drain
        .and_then(|thread| thread.join().ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// Takes the command's own JSON error where there is one, and the log for the rest.
fn failure_of_command(exit_code: Option<i32>, stdout: &str, stderr: &str) -> DesktopError {
    #[derive(serde::Deserialize)]
    struct Reported {
        message: String,
        #[serde(default, rename = "logLines")]
        log: Vec<String>,
    }
    #[derive(serde::Deserialize)]
    struct Output {
        error: Reported,
    }
    let reported = [stdout, stderr]
        .into_iter()
        .find_map(|text| serde_json::from_str::<Output>(text.trim()).ok())
        .map(|output| output.error);
    let (message, mut log) = match reported {
        Some(reported) => (reported.message, reported.log),
        None => (
            "The daemon could not be started. `holdfast logs` shows what it wrote.".to_owned(),
            stderr.lines().map(str::to_owned).collect(),
        ),
    };
    if log.is_empty() {
        log = log_tail();
    }
    let start = log.len().saturating_sub(LOG_LINES);
    DesktopError {
        code: "command_failed",
        message,
        exit_code,
        log: log.split_off(start),
    }
}

/// The last lines of the daemon's log, oldest first; empty where there is none.
pub fn log_tail() -> Vec<String> {
    let read = || -> std::io::Result<String> {
        let directory = runtime_file::state_directory()
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        let mut file = std::fs::File::open(directory.join("daemon.log"))?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) => {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let start = lines.len().saturating_sub(LOG_LINES);
            lines.into_iter().skip(start).collect()
        }
        Err(error) => vec![format!("(the daemon's log cannot be read: {error})")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_url_names_a_loopback_literal_and_a_plain_path_or_nothing() {
        let accepted = parse_daemon_url("ws://127.0.0.1:6767/ws").expect("accepted");
        assert_eq!(accepted.socket.to_string(), "127.0.0.1:6767");
        assert_eq!(accepted.path, "/ws");
        assert!(parse_daemon_url("ws://[::1]:6767/ws").is_some());
        for refused in [
            "",
            "ws://",
            "ws://127.0.0.1/ws",
            "ws://localhost:6767/ws",
            "ws://192.168.1.10:6767/ws",
            "ws://user@127.0.0.1:6767/ws",
            "ws://127.0.0.1:6767",
            "ws://127.0.0.1:6767/ws?token=1",
            "ws://127.0.0.1:6767/../ws",
            "ws://127.0.0.1:6767/ws\r\nHost: evil.test",
            "http://127.0.0.1:6767/ws",
            "ws://[::ffff:127.0.0.1]:6767/ws",
            "ws://127.0.0.1:65536/ws",
        ] {
            assert!(parse_daemon_url(refused).is_none(), "{refused:?}");
        }
    }

    #[test]
    fn a_failed_start_tells_the_commands_own_sentence_its_exit_code_and_its_log() {
        let failure = failure_of_command(
            Some(5),
            r#"{"error":{"code":"port_in_use","message":"Port 6767 is in use.","logLines":["a","b"]}}"#,
            "",
        );
        assert_eq!(failure.message, "Port 6767 is in use.");
        assert_eq!(failure.exit_code, Some(5));
        assert_eq!(failure.log, ["a", "b"]);
    }

    #[test]
    fn a_command_that_speaks_no_json_is_shown_as_it_wrote() {
        let failure = failure_of_command(Some(7), "not JSON", "first\nthe disk is on fire\n");
        assert_eq!(failure.code, "command_failed");
        assert_eq!(failure.log, ["first", "the disk is on fire"]);
    }
}
