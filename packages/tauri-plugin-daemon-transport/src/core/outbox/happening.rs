//! What can happen on a connection, and what keeping it costs.

use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use crate::{error::Failure, limits::ENTRY_BYTES};

/// How a connection ended (RFC 6455 section 7.1.5: 1006 means without a close frame).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The peer's close code, or 1005, or 1006.
    pub code: u16,
    /// The peer's reason.
    pub reason: String,
    /// Whether the close handshake was completed.
    pub was_clean: bool,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// The upgrade succeeded.
    Open,
    /// A text frame.
    Text(Utf8Bytes),
    /// A binary frame.
    Binary(Bytes),
    /// Why it failed.
    Failed(Failure),
    /// The end.
    Closed(Closed),
}

impl Happening {
    /// Frames share a parcel; the others cross alone.
    pub fn is_frame(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }

    /// Bytes it counts for, its own bookkeeping included.
    pub fn cost(&self) -> usize {
        ENTRY_BYTES
            + match self {
                Self::Text(text) => text.len(),
                Self::Binary(bytes) => bytes.len(),
                Self::Open | Self::Failed(_) | Self::Closed(_) => 0,
            }
    }
}
