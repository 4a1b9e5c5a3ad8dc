//! Dials a Unix socket that is this user's own: no symbolic link, in a directory that others cannot write to,
//! with a process of the same user behind it. Messages say "the daemon's socket": the page has no use for its path.

use std::{
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{net::UnixStream, time::timeout};

use super::{address, place::Missing};
use crate::{blocking::Blocking, error::Failure};

/// Connects, with every check. `time` is for the checks, and again for the dial.
pub async fn dial(path: &Path, blocking: &Blocking, time: Duration) -> Result<UnixStream, Missing> {
    let owned: PathBuf = path.to_owned();
    blocking
        .run(time, move || check(&owned))
        .await
        .map_err(|missed| {
            Missing::Wrong(missed.failure("the daemon's socket was not examined", time))
        })??;
    let stream = timeout(time, UnixStream::connect(path))
        .await
        .map_err(|_| {
            Missing::Wrong(Failure::timed_out(format!(
                "{SOCKET} did not accept the connection within {time:?}"
            )))
        })?
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => absent(),
            // A socket that nobody accepts at is that of a daemon that was killed. Whoever listens at its port by
            // now may be another user's program, so the attempt ends here.
            io::ErrorKind::ConnectionRefused => Missing::Wrong(nobody()),
            _ => Missing::Wrong(address::failure_of(&error, SOCKET)),
        })?;
    let peer = stream
        .peer_cred()
        .map_err(|error| untrusted(&format!("the system does not tell who listens: {error}")))?;
    if peer.uid() != this_user() {
        return Err(untrusted("a process of another user listens there"));
    }
    Ok(stream)
}

fn check(path: &Path) -> Result<(), Missing> {
    let missing = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => absent(),
        _ => untrusted(&format!("it cannot be examined: {error}")),
    };
    let found = path.symlink_metadata().map_err(missing)?;
    if found.is_symlink() {
        return Err(untrusted("it is a symbolic link"));
    }
    if !found.file_type().is_socket() {
        return Err(untrusted("it is no socket"));
    }
    if found.uid() != this_user() {
        return Err(untrusted("it belongs to another user"));
    }
    let directory = path.parent().unwrap_or(path).metadata().map_err(missing)?;
    // Root may be trusted: it can do anything anyway.
    if directory.uid() != this_user() && directory.uid() != 0 {
        return Err(untrusted("its directory belongs to another user"));
    }
    if directory.mode() & 0o022 != 0 {
        return Err(untrusted(
            "others can write to its directory, and so put a socket of theirs in its place",
        ));
    }
    Ok(())
}

fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

const SOCKET: &str = "the daemon's socket";

fn nobody() -> Failure {
    Failure::new(
        "connection_refused",
        format!("connection refused: nothing listens at {SOCKET}; the daemon is not running"),
    )
}

fn absent() -> Missing {
    Missing::NobodyThere(nobody())
}

fn untrusted(why: &str) -> Missing {
    Missing::Wrong(Failure::new(
        "socket_untrusted",
        format!(
            "{SOCKET}, which its runtime file names, is not dialled: {why}. Stop the daemon, remove the socket and \
             start the daemon again"
        ),
    ))
}
