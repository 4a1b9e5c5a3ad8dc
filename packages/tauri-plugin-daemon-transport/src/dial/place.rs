//! Dials the places of a local daemon. The next place is taken only where the one before does not exist: one that
//! looks wrong, or a socket that a killed daemon left, ends the attempt, since a stranger may wait at the next.

use std::time::Duration;

use super::address;
use crate::{blocking::Blocking, error::Failure, local_daemon::Place, stream::Stream};

/// A place that was reached.
pub struct Reached {
    /// The stream.
    pub stream: Stream,
    /// The value of the `Host` header. Where there is no network there is no port either.
    pub host: String,
    /// For messages.
    pub name: String,
    /// Why an earlier place was not taken.
    pub fallback: Option<String>,
}

/// Reaches the first place that exists.
pub async fn reach(
    places: &[Place],
    blocking: &Blocking,
    time: Duration,
) -> Result<Reached, Failure> {
    let mut absent: Option<Failure> = None;
    for place in places {
        match reach_one(place, blocking, time).await {
            Ok(stream) => {
                return Ok(Reached {
                    stream,
                    host: match place {
                        Place::Tcp(address) => address.to_string(),
                        Place::UnixSocket(_) | Place::NamedPipe(_) => "localhost".to_owned(),
                    },
                    name: match place {
                        Place::Tcp(address) => address.to_string(),
                        // The page that may read the message has no use for the path.
                        Place::UnixSocket(_) | Place::NamedPipe(_) => {
                            "the daemon's socket".to_owned()
                        }
                    },
                    fallback: absent.map(|failure| failure.message),
                });
            }
            // The first is the one that was meant.
            Err(Missing::NobodyThere(failure)) => {
                absent.get_or_insert(failure);
            }
            Err(Missing::Wrong(failure)) => return Err(failure),
        }
    }
    Err(absent
        .unwrap_or_else(|| Failure::new("unreachable", "the local daemon has no place to dial")))
}

/// Why a place was not reached.
pub enum Missing {
    /// Nothing exists there, or this system has no such places: the next may be tried.
    NobodyThere(Failure),
    /// Anything else.
    Wrong(Failure),
}

async fn reach_one(place: &Place, blocking: &Blocking, time: Duration) -> Result<Stream, Missing> {
    match place {
        Place::Tcp(to) => {
            let dialled = address::dial(&[to.ip()], to.port(), &to.to_string(), time).await;
            dialled
                .map(Stream::Tcp)
                .map_err(|failure| match failure.code.as_str() {
                    "connection_refused" => Missing::NobodyThere(failure),
                    _ => Missing::Wrong(failure),
                })
        }
        #[cfg(unix)]
        Place::UnixSocket(path) => super::unix_socket::dial(path, blocking, time)
            .await
            .map(Stream::Unix),
        #[cfg(windows)]
        Place::NamedPipe(name) => super::named_pipe::dial(name, time).await.map(Stream::Pipe),
        #[cfg(unix)]
        Place::NamedPipe(_) => Err(not_here(place)),
        #[cfg(windows)]
        Place::UnixSocket(_) => {
            let _ = blocking;
            Err(not_here(place))
        }
    }
}

fn not_here(place: &Place) -> Missing {
    Missing::NobodyThere(Failure::new(
        "unreachable",
        format!("{place} is no place of this operating system"),
    ))
}
