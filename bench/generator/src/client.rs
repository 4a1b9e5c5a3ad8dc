//! A bare client that does for each case what a page does, and nothing else: what it reaches is what the server
//! and the loopback give at most.

use std::io::{self, Write};

use crate::{
    cases::{Blocks, Connection},
    frames::{self, TEXT},
    handshake,
    wish::Wish,
};

/// Runs the case that the URL names, once.
pub fn run(url: &str) -> io::Result<()> {
    let rest = url
        .strip_prefix("ws://")
        .ok_or(io::ErrorKind::InvalidInput)?;
    let (host, target) = rest.split_once('/').ok_or(io::ErrorKind::InvalidInput)?;
    let wish = Wish::parse(target);
    let (stream, reader) = handshake::ask(host, &format!("/{target}"))?;
    let mut connection = Connection { stream, reader };
    say(&mut connection, "ready")?;
    let count: usize = wish.number("count");
    match wish.case.as_str() {
        "to-page" => {
            let mut bytes = 0;
            for _ in 0..count {
                bytes += connection.message()?.len();
            }
            assert_eq!(
                bytes,
                count * wish.number::<usize>("bytes"),
                "everything has come"
            );
            say(&mut connection, "done")?;
        }
        "to-rust" => {
            let first = connection.message()?;
            let payload = connection.reader.payload(&first);
            let blocks = Blocks::new(first.opcode, &payload, true);
            blocks.write(&mut connection.stream, count)?;
            connection.wait_for("done")?;
        }
        "round-trip" => loop {
            let frame = connection.message()?;
            let payload = connection.reader.payload(&frame);
            if payload.starts_with(b"p") {
                let mut answer = Vec::new();
                frames::push(&mut answer, TEXT, &payload, true);
                connection.stream.write_all(&answer)?;
            } else if payload == b"end" {
                say(&mut connection, "done")?;
                break;
            }
        },
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    }
    let mut close = Vec::new();
    frames::push(&mut close, frames::CLOSE, &1000_u16.to_be_bytes(), true);
    connection.stream.write_all(&close)
}

fn say(connection: &mut Connection, text: &str) -> io::Result<()> {
    let mut frame = Vec::new();
    frames::push(&mut frame, TEXT, text.as_bytes(), true);
    connection.stream.write_all(&frame)
}
