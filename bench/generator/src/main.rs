//! The load generator of the benchmarks: a WebSocket server whose every connection is one measurement, named by
//! its URL and timed here, with a clock that is finer than a page's; and a bare client, whose figures are the
//! ceiling of everything that is measured against this server. Results are JSON lines on the standard output.
#![forbid(unsafe_code)]

mod cases;
mod client;
mod frames;
mod handshake;
mod payload;
mod round_trip;
mod stall;
mod wish;

use std::{
    io::{self, Read},
    net::TcpListener,
    thread,
};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("client") => client::run(arguments.get(2).map_or("", String::as_str)),
        _ => serve(),
    }
}

/// Serves until the standard input ends: the generator goes with whoever started it.
fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                if let Err(error) = cases::serve(stream) {
                    eprintln!("holdfast-bench-generator: {error}");
                }
            });
        }
    });
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}
