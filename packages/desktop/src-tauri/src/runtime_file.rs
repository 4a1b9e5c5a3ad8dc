//! Where this user's daemon is: the state directory, the runtime file in it, and whether the daemon that
//! the file names is alive. A stale file is recognised by asking the address, never by the process id alone.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::error::DesktopError;
use crate::limits::{HEALTH_TIMEOUT, MAX_HEALTH_BYTES, MAX_RUNTIME_FILE_BYTES};

/// What the app needs of the runtime file (`daemon.json`, format 1; specified in PROTOCOL.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeFile {
    format: u32,
    host: String,
    port: u16,
    instance_id: String,
}

impl RuntimeFile {
    /// The address the daemon listens on. Only loopback is accepted: the file names this machine's daemon.
    pub fn address(&self) -> Result<SocketAddr, DesktopError> {
        match self.host.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => Ok(SocketAddr::new(ip, self.port)),
            _ => Err(invalid(&format!(
                "its host {:?} is not a loopback address",
                self.host
            ))),
        }
    }
}

/// The file is there and says nothing that can be used.
pub fn invalid(why: &str) -> DesktopError {
    DesktopError::new(
        "runtime_file_invalid",
        format!("The daemon's runtime file cannot be used: {why}. Run `holdfast daemon restart`."),
    )
}

/// The state directory, by the same rule as the daemon's: `HOLDFAST_HOME`, else the platform's place.
pub fn state_directory() -> Result<PathBuf, DesktopError> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(home) = variable("HOLDFAST_HOME") {
        return Ok(home);
    }
    let place = if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support/Holdfast"))
    } else if cfg!(windows) {
        variable("LOCALAPPDATA").map(|local| local.join("Holdfast"))
    } else {
        variable("XDG_STATE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
            .map(|state| state.join("holdfast"))
    };
    place.ok_or_else(|| {
        DesktopError::new(
            "no_home",
            "There is no home directory for Holdfast's state. Set HOLDFAST_HOME to a directory of yours.",
        )
    })
}

/// Where the runtime file is.
pub fn path() -> Result<PathBuf, DesktopError> {
    Ok(state_directory()?.join("daemon.json"))
}

/// Reads the runtime file. `Ok(None)` where there is none: no daemon has said that it runs.
pub fn read() -> Result<Option<RuntimeFile>, DesktopError> {
    let path = path()?;
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(invalid(&format!(
                "{} cannot be read ({error})",
                path.display()
            )))
        }
    };
    let mut text = String::new();
    file.take(MAX_RUNTIME_FILE_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| invalid(&format!("{} cannot be read ({error})", path.display())))?;
    parse(&text)
        .map(Some)
        .map_err(|why| invalid(&format!("{} {why}", path.display())))
}

/// What the file says, or why it cannot be used.
fn parse(text: &str) -> Result<RuntimeFile, String> {
    let parsed: RuntimeFile =
        serde_json::from_str(text).map_err(|error| format!("is damaged ({error})"))?;
    if parsed.format != 1 {
        return Err(format!(
            "has format {}, and this app knows format 1",
            parsed.format
        ));
    }
    Ok(parsed)
}

/// Asks the address in the file whether the very daemon that wrote it answers there.
pub fn is_alive(file: &RuntimeFile) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Health {
        name: String,
        instance_id: String,
    }
    let Ok(address) = file.address() else {
        return false;
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(HEALTH_TIMEOUT))
        .max_redirects(0)
        .proxy(None)
        .build()
        .into();
    let Ok(mut response) = agent.get(format!("http://{address}/api/health")).call() else {
        return false;
    };
    let Ok(body) = response
        .body_mut()
        .with_config()
        .limit(MAX_HEALTH_BYTES)
        .read_to_string()
    else {
        return false;
    };
    serde_json::from_str::<Health>(&body)
        .is_ok_and(|health| health.name == "holdfast" && health.instance_id == file.instance_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"format":1,"pid":7,"host":"127.0.0.1","port":6767,"webUrl":"http://127.0.0.1:6767/",
        "wsUrl":"ws://127.0.0.1:6767/ws","version":"0.1.0","instanceId":"i","startedAt":"2026-01-01T00:00:00Z"}"#;

    #[test]
    fn a_runtime_file_names_the_address_of_this_machines_daemon() {
        let file = parse(FILE).expect("parsed");
        assert_eq!(
            file.address().expect("address").to_string(),
            "127.0.0.1:6767"
        );
    }

    #[test]
    fn a_runtime_file_that_names_another_machine_is_refused() {
        for host in ["192.168.1.10", "0.0.0.0", "localhost", "evil.test", "::"] {
            let file = parse(&FILE.replacen("127.0.0.1", host, 1)).expect("parsed");
            let error = file.address().expect_err(host);
            assert_eq!(error.code, "runtime_file_invalid");
        }
    }

    #[test]
    fn a_damaged_runtime_file_or_one_of_a_later_format_is_an_error_and_never_a_guess() {
        for text in [
            "",
            "{",
            "null",
            "[]",
            "{}",
            &FILE.replace("6767,", "65536,"),
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        let later = parse(&FILE.replace("\"format\":1", "\"format\":2"));
        assert!(later.expect_err("refused").contains("format 2"));
    }
}
