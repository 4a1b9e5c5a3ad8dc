//! What the server does for each case. The other side says `ready` first, so that nothing is timed before its
//! handlers are in place; every time is taken here.

use std::{
    io::{self, Write},
    net::TcpStream,
    time::Instant,
};

use crate::{
    frames::{self, Frame, Reader, CLOSE, PING, PONG, TEXT},
    handshake, payload,
    payload::Kind,
    round_trip, stall,
    wish::Wish,
};

/// Ready-made frames are written in blocks of about this size: a system call for each message would be the limit.
const BLOCK_BYTES: usize = 256 * 1024;

/// Serves one connection.
pub fn serve(stream: TcpStream) -> io::Result<()> {
    let (wish, stream, reader) = handshake::accept(stream)?;
    let mut connection = Connection { stream, reader };
    connection.wait_for("ready")?;
    let result = match wish.case.as_str() {
        "to-page" => to_page(&mut connection, &wish)?,
        "to-rust" => to_rust(&mut connection, &wish)?,
        "round-trip" => round_trip::run(&mut connection, &wish)?,
        "stall" => stall::run(&mut connection, &wish)?,
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    println!(r#"{{"id":"{}",{result}}}"#, wish.text("id"));
    connection.end()
}

/// A connection in one thread.
pub struct Connection {
    /// For writing.
    pub stream: TcpStream,
    /// For reading.
    pub reader: Reader,
}

impl Connection {
    /// The next message; pings are answered on the way.
    pub fn message(&mut self) -> io::Result<Frame> {
        loop {
            let frame = self.reader.read()?;
            match frame.opcode {
                PING => {
                    let mut pong = Vec::new();
                    frames::push(&mut pong, PONG, &self.reader.payload(&frame), false);
                    self.stream.write_all(&pong)?;
                }
                PONG => {}
                CLOSE => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ => return Ok(frame),
            }
        }
    }

    /// Skips messages until this text comes.
    pub fn wait_for(&mut self, text: &str) -> io::Result<()> {
        loop {
            let frame = self.message()?;
            if frame.len() == text.len() && self.reader.payload(&frame) == text.as_bytes() {
                return Ok(());
            }
        }
    }

    /// Waits for the other side to close, and answers.
    fn end(&mut self) -> io::Result<()> {
        while self.message().is_ok() {}
        let mut close = Vec::new();
        frames::push(&mut close, CLOSE, &1000_u16.to_be_bytes(), false);
        // The other side may be gone already, which is the end as well.
        let _ = self.stream.write_all(&close);
        Ok(())
    }
}

/// Frames that are alike, in blocks that are written at once.
pub struct Blocks {
    bytes: Vec<u8>,
    frame: usize,
}

impl Blocks {
    /// Many of this message.
    pub fn new(opcode: u8, payload: &[u8], masked: bool) -> Self {
        let mut bytes = Vec::new();
        frames::push(&mut bytes, opcode, payload, masked);
        let frame = bytes.len();
        let copies = (BLOCK_BYTES / frame).max(1);
        let bytes = bytes.repeat(copies);
        Self { bytes, frame }
    }

    /// Writes so many messages.
    pub fn write(&self, stream: &mut TcpStream, mut count: usize) -> io::Result<()> {
        let most = self.bytes.len() / self.frame;
        while count > 0 {
            let now = count.min(most);
            stream.write_all(&self.bytes[..now * self.frame])?;
            count -= now;
        }
        Ok(())
    }
}

/// The payload that a wish asks for.
pub fn payload_of(wish: &Wish) -> io::Result<(Kind, Vec<u8>)> {
    let kind = Kind::parse(wish.text("kind")).ok_or(io::ErrorKind::InvalidInput)?;
    Ok((
        kind,
        payload::make(kind, wish.number("bytes"), wish.number("seed")),
    ))
}

/// From the first byte written until the other side says that it has taken the last message.
fn to_page(connection: &mut Connection, wish: &Wish) -> io::Result<String> {
    let (kind, payload) = payload_of(wish)?;
    let units = payload::units(kind, &payload);
    let count: usize = wish.number("count");
    let blocks = Blocks::new(kind.opcode(), &payload, false);
    let begun = Instant::now();
    blocks.write(&mut connection.stream, count)?;
    let written = begun.elapsed();
    connection.wait_for("done")?;
    Ok(format!(
        r#""seconds":{},"written":{},"units":{}"#,
        begun.elapsed().as_secs_f64(),
        written.as_secs_f64(),
        units * count
    ))
}

/// From handing over the payload, which tells the other side to begin, until its last message has been read.
fn to_rust(connection: &mut Connection, wish: &Wish) -> io::Result<String> {
    let (kind, payload) = payload_of(wish)?;
    let count: usize = wish.number("count");
    let mut first = Vec::new();
    frames::push(&mut first, kind.opcode(), &payload, false);
    let begun = Instant::now();
    connection.stream.write_all(&first)?;
    let mut wrong = 0;
    for _ in 0..count {
        let frame = connection.message()?;
        wrong += usize::from(frame.len() != payload.len() || frame.opcode != kind.opcode());
    }
    let seconds = begun.elapsed().as_secs_f64();
    let mut done = Vec::new();
    frames::push(&mut done, TEXT, b"done", false);
    connection.stream.write_all(&done)?;
    Ok(format!(r#""seconds":{seconds},"wrong":{wrong}"#))
}
