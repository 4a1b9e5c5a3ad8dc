//! A flood at a page that does not answer: sent without a pause until the page says `stop`, or until a number of
//! bytes that keeps a machine from running out of memory. Then the last message, and the wait for its answer.

use std::{
    io::{self, Write},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    thread,
    time::Instant,
};

use crate::{
    cases::{payload_of, Blocks, Connection},
    frames::{self, TEXT},
    wish::Wish,
};

/// Runs the case.
pub fn run(connection: &mut Connection, wish: &Wish) -> io::Result<String> {
    let (kind, payload) = payload_of(wish)?;
    let most: usize = wish.number("most");
    let mut stream = connection.stream.try_clone()?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let writer = thread::spawn(move || -> io::Result<usize> {
        let blocks = Blocks::new(kind.opcode(), &payload, false);
        let count = (64 * 1024 / payload.len()).max(1);
        let mut written = 0;
        while !stopped.load(Ordering::Relaxed) && written < most {
            blocks.write(&mut stream, count)?;
            written += count * payload.len();
        }
        let mut end = Vec::new();
        frames::push(&mut end, TEXT, b"end", false);
        stream.write_all(&end)?;
        Ok(written)
    });
    connection.wait_for("stop")?;
    stop.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    connection.wait_for("done")?;
    let seconds = begun.elapsed().as_secs_f64();
    let written = writer.join().map_err(|_| io::ErrorKind::Other)??;
    Ok(format!(
        r#""recovered":{seconds},"sent":{written},"capped":{}"#,
        written >= most
    ))
}
