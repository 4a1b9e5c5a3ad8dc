//! The byte stream below a WebSocket, of whichever kind was dialled. An enum and not a trait object: the way of
//! each byte is known where the stream is made.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use serde::Serialize;
#[cfg(windows)]
use tokio::net::windows::named_pipe::NamedPipeClient;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// Which way a connection took. Told to the page with `daemon://open`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Via {
    /// TCP in the clear.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// A Unix socket.
    Unix,
    /// A named pipe of Windows.
    Pipe,
}

impl fmt::Display for Via {
    /// As it is written in the event.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Unix => "unix",
            Self::Pipe => "pipe",
        })
    }
}

/// See the module.
pub enum Stream {
    /// TCP in the clear.
    Tcp(TcpStream),
    /// TLS over TCP. Boxed: a session has some kilobytes.
    Tls(Box<TlsStream<TcpStream>>),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
    /// A named pipe.
    #[cfg(windows)]
    Pipe(NamedPipeClient),
}

impl Stream {
    /// Which way it goes.
    pub fn via(&self) -> Via {
        match self {
            Self::Tcp(_) => Via::Tcp,
            Self::Tls(_) => Via::Tls,
            #[cfg(unix)]
            Self::Unix(_) => Via::Unix,
            #[cfg(windows)]
            Self::Pipe(_) => Via::Pipe,
        }
    }
}

/// Calls a method of whichever stream it is, pinned.
macro_rules! of_each {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Stream::Tls(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            #[cfg(unix)]
            Stream::Unix(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            #[cfg(windows)]
            Stream::Pipe(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        of_each!(self, stream => stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        of_each!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_each!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_each!(self, stream => stream.poll_shutdown(context))
    }
}
