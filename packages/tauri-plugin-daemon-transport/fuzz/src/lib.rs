//! The parts of the plugin that read what strangers send, included by their path: the crate's own files, but for the
//! three stand-ins below, which name what has sockets and windows behind it.
#![allow(dead_code, clippy::duplicate_mod)]

#[path = "../../src/core/mod.rs"]
pub mod core;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/fuzzed.rs"]
pub mod fuzzed;
#[path = "../../src/limits.rs"]
pub mod limits;
#[path = "../../src/link.rs"]
pub mod link;
#[path = "../../src/delivery/literal.rs"]
pub mod literal;

/// Where the plugin has it.
pub mod delivery {
    pub use crate::literal;
}

/// Stand-in: a link is made over a stream in memory here, never over a dialled one.
pub mod dial {
    /// What a dial gives.
    pub struct Dialled {
        /// The stream.
        pub stream: crate::stream::Stream,
        /// First bytes of the first frames.
        pub early: Vec<u8>,
    }
}

/// Stand-in: see `dial`.
pub mod stream {
    /// No stream of the network.
    pub type Stream = tokio::io::Empty;
}

/// Stand-in: bytes in memory have no TLS.
pub mod tls {
    /// What TLS says about an error: nothing.
    pub fn failure_in(_: &std::io::Error) -> Option<crate::error::Failure> {
        None
    }
}
