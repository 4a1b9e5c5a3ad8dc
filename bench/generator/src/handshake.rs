//! The opening handshake of both sides (RFC 6455 section 4), without any check: this server serves benchmarks on
//! loopback, and it is to see no difference between a page and anything else.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{frames::Reader, wish::Wish};

/// Largest head that is read, in bytes.
const HEAD_BYTES: usize = 16 * 1024;

/// Answers a client's request.
pub fn accept(mut stream: TcpStream) -> io::Result<(Wish, TcpStream, Reader)> {
    stream.set_nodelay(true)?;
    let (head, early) = head(&mut stream)?;
    let mut lines = head.split("\r\n");
    let target = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or("/");
    let key = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .map_or("", |(_, value)| value.trim());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )?;
    let reader = Reader::new(stream.try_clone()?, &early);
    Ok((Wish::parse(target), stream, reader))
}

/// Asks a server.
pub fn ask(host: &str, target: &str) -> io::Result<(TcpStream, Reader)> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )?;
    let (_, early) = head(&mut stream)?;
    let reader = Reader::new(stream.try_clone()?, &early);
    Ok((stream, reader))
}

/// The head, and what was read behind it.
fn head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let early = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), early));
        }
        let count = stream.read(&mut part)?;
        if count == 0 || bytes.len() > HEAD_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.extend(&part[..count]);
    }
}
