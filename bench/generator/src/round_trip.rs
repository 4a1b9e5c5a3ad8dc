//! Round trips: the server sends a small message, the other side answers at once with the same, and the time in
//! between is taken here, from the moment at which the message was due. While it was due and could not be written,
//! it waits as it would in a daemon.

use std::{
    io::{self, Write},
    thread,
    time::{Duration, Instant},
};

use crate::{
    cases::{payload_of, Blocks, Connection},
    frames::{self, TEXT},
    wish::Wish,
};

/// Length of a ping, in bytes.
const PING_BYTES: usize = 32;
/// The number of the ping after the last.
const LAST: usize = 99_999_999;
/// Bytes of a flood that are written between two looks at the clock, so that no ping is late because of them.
const BESIDE_BYTES: usize = 16 * 1024;
/// Rest of a paced flood that is ahead of its rate.
const PACE: Duration = Duration::from_micros(250);

/// Runs the case. `flood`: `none`, `full` (as fast as it goes) or a number of bytes a second.
pub fn run(connection: &mut Connection, wish: &Wish) -> io::Result<String> {
    let samples: usize = wish.number("samples");
    let gap = Duration::from_micros(wish.number("gap"));
    let times = match wish.text("flood") {
        "none" | "" => one_by_one(connection, samples, gap)?,
        flood => under_flood(connection, wish, flood.parse().ok(), gap)?,
    };
    let mut end = Vec::new();
    frames::push(&mut end, TEXT, b"end", false);
    connection.stream.write_all(&end)?;
    connection.wait_for("done")?;
    let micros: Vec<String> = times
        .iter()
        .map(|time| time.as_micros().to_string())
        .collect();
    Ok(format!(r#""micros":[{}]"#, micros.join(",")))
}

/// `p`, the number, and a tail.
fn ping(number: usize) -> Vec<u8> {
    let mut frame = Vec::new();
    let text = format!("p{number:08}{}", "x".repeat(PING_BYTES - 9));
    frames::push(&mut frame, TEXT, text.as_bytes(), false);
    frame
}

/// The number of a ping that comes back; anything else is a flood of the other side.
fn number_of(payload: &[u8]) -> Option<usize> {
    let digits = payload.strip_prefix(b"p")?.get(..8)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn one_by_one(
    connection: &mut Connection,
    samples: usize,
    gap: Duration,
) -> io::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(samples);
    for number in 0..samples {
        let ping = ping(number);
        let begun = Instant::now();
        connection.stream.write_all(&ping)?;
        while answer(connection)? != Some(number) {}
        times.push(begun.elapsed());
        thread::sleep(gap);
    }
    Ok(times)
}

fn answer(connection: &mut Connection) -> io::Result<Option<usize>> {
    let frame = connection.message()?;
    Ok(if frame.len() == PING_BYTES {
        number_of(&connection.reader.payload(&frame))
    } else {
        None
    })
}

/// Pings at fixed times between the messages of a flood, until `most` bytes of it were sent, in one thread; this
/// one reads the answers.
fn under_flood(
    connection: &mut Connection,
    wish: &Wish,
    rate: Option<f64>,
    gap: Duration,
) -> io::Result<Vec<Duration>> {
    let (kind, payload) = payload_of(wish)?;
    let most: f64 = wish.number("most");
    let mut stream = connection.stream.try_clone()?;
    let begun = Instant::now() + gap;
    let due = move |number: usize| begun + gap * u32::try_from(number).unwrap_or(u32::MAX);
    let writer = thread::spawn(move || -> io::Result<usize> {
        let blocks = Blocks::new(kind.opcode(), &payload, false);
        let many = (BESIDE_BYTES / payload.len()).max(1);
        let count = if rate.is_some() { 1 } else { many };
        let flood = Instant::now();
        let mut written = 0.0;
        let mut next = 0;
        while written < most || next == 0 {
            let now = Instant::now();
            if due(next) <= now {
                stream.write_all(&ping(next))?;
                next += 1;
            } else if rate.is_some_and(|rate| written >= rate * flood.elapsed().as_secs_f64()) {
                thread::sleep(PACE.min(due(next) - now));
            } else {
                blocks.write(&mut stream, count)?;
                written += (count * payload.len()) as f64;
            }
        }
        // The last one tells how many there were.
        stream.write_all(&ping(LAST))?;
        Ok(next)
    });
    let mut times = Vec::new();
    loop {
        match answer(connection)? {
            Some(LAST) => break,
            Some(number) => times.push(Instant::now().saturating_duration_since(due(number))),
            None => {}
        }
    }
    if writer.join().map_err(|_| io::ErrorKind::Other)?? != times.len() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(times)
}
