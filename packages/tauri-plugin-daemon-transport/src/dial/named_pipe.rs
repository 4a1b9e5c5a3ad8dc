//! Dials a named pipe of Windows. The server may identify this user and no more (`SECURITY_IDENTIFICATION`, the
//! default of the library); who made the pipe is not examined, which would need calls that this crate forbids.

use std::{io, time::Duration};

use tokio::{
    net::windows::named_pipe::{ClientOptions, NamedPipeClient},
    time::{sleep, timeout},
};

use super::{address, place::Missing};
use crate::{error::Failure, limits::PIPE_BUSY_RETRY};

/// All instances of the pipe are taken: another will be there soon.
const ERROR_PIPE_BUSY: i32 = 231;

/// Connects to a pipe of this computer.
pub async fn dial(name: &str, time: Duration) -> Result<NamedPipeClient, Missing> {
    let open = async {
        loop {
            match ClientOptions::new().open(name) {
                Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY) => {
                    sleep(PIPE_BUSY_RETRY).await
                }
                result => return result,
            }
        }
    };
    timeout(time, open)
        .await
        .map_err(|_| {
            Missing::Wrong(Failure::timed_out(format!(
                "{name} did not accept the connection within {time:?}"
            )))
        })?
        .map_err(|error| {
            let failure = address::failure_of(&error, name);
            match error.kind() {
                io::ErrorKind::NotFound => Missing::NobodyThere(Failure::new(
                    "connection_refused",
                    format!("connection refused: there is no {name}"),
                )),
                _ => Missing::Wrong(failure),
            }
        })
}
