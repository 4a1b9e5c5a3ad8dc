//! One server over each kind of stream that a connection can take, so that a promise is tested over all of them.

use std::pin::Pin;

use tokio_rustls::TlsAcceptor;

use super::{certificates::Authority, *};
use crate::{
    local_daemon::{LocalDaemon, Place},
    stream::Via,
    tls::Tls,
};

/// The kinds that this system has.
pub const KINDS: &[Via] = &[
    Via::Tcp,
    Via::Tls,
    #[cfg(unix)]
    Via::Unix,
];

/// A stream of any kind.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

/// Accepted, of any kind.
pub type AnyStream = Pin<Box<dyn Wire>>;

enum Listener {
    Tcp(TcpListener),
    Tls(TcpListener, TlsAcceptor),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

/// A server, and the way to it.
pub struct Server {
    listener: Listener,
    agreed: Agreed,
    ways: Arc<Ways>,
    /// Where the socket is, until the test is over.
    _directory: Option<tempfile::TempDir>,
}

impl Server {
    pub async fn new(kind: Via) -> Self {
        match kind {
            #[cfg(unix)]
            Via::Unix => Self::unix(),
            Via::Tls => Self::tls().await,
            _ => {
                let (tcp, port) = listener().await;
                Self {
                    listener: Listener::Tcp(tcp),
                    agreed: agreed(port),
                    ways: Arc::new(Ways::none()),
                    _directory: None,
                }
            }
        }
    }

    async fn tls() -> Self {
        let (tcp, port) = listener().await;
        let authority = Authority::new();
        let entry = json!({ "scheme": "wss", "host": "127.0.0.1", "port": port, "path": "/ws" });
        Self {
            listener: Listener::Tls(tcp, authority.server(&["127.0.0.1"])),
            agreed: allowed(&entry, &format!("wss://127.0.0.1:{port}/ws")),
            ways: Arc::new(Ways {
                tls: Tls::new(vec![authority.root()]),
                ..Ways::none()
            }),
            _directory: None,
        }
    }

    #[cfg(unix)]
    fn unix() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("daemon.sock");
        let daemon = LocalDaemon {
            places: vec![Place::UnixSocket(path.clone())],
            path: "/ws".into(),
            token: None,
        };
        Self {
            listener: Listener::Unix(tokio::net::UnixListener::bind(path).expect("bound")),
            agreed: Agreed::LocalDaemon,
            ways: Arc::new(ways_to(daemon)),
            _directory: Some(directory),
        }
    }

    pub fn connect(&self, timeouts: Timeouts) -> Client {
        start(self.agreed.clone(), Arc::clone(&self.ways), timeouts, true)
    }

    pub async fn accept(&self) -> AnyStream {
        match &self.listener {
            Listener::Tcp(tcp) => Box::pin(accept(tcp).await),
            Listener::Tls(tcp, acceptor) => {
                let stream = acceptor.accept(accept(tcp).await).await;
                Box::pin(stream.expect("a TLS session"))
            }
            #[cfg(unix)]
            Listener::Unix(unix) => Box::pin(unix.accept().await.expect("a connection").0),
        }
    }

    pub async fn websocket(&self) -> WebSocketStream<AnyStream> {
        upgraded(self.accept().await).await
    }
}
