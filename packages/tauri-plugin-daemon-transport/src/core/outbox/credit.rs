//! What each lane may have in flight: handed to the page and not yet acknowledged by it.

use super::Happening;
use crate::limits::{
    BATCH_BYTES, EVENT_IN_FLIGHT_BYTES, EVENT_IN_FLIGHT_MESSAGES, IN_FLIGHT_BATCHES,
    IN_FLIGHT_BYTES, LONG_BATCH_BYTES, LONG_FRAME_BYTES, PACED_BYTES,
};

/// How much may be in flight, and how a lost hand-over is found.
#[derive(Debug, Clone, Copy)]
pub struct Credit {
    /// Parcels in flight at most.
    pub parcels: usize,
    /// Bytes in flight at most; a parcel that is larger goes alone.
    pub bytes: usize,
    /// Happenings in flight at most.
    pub entries: usize,
    /// Bytes in one parcel at most; a message that is larger goes alone.
    pub parcel_bytes: usize,
    /// The same where the first message costs at least [`LONG_FRAME_BYTES`].
    pub long_parcel_bytes: usize,
    /// With some parcels in flight, the next waits until so many bytes have gathered.
    pub paced_bytes: usize,
    /// The page cannot tell what it has evaluated: its first unacknowledged happening is repeated instead.
    pub repeats: bool,
}

impl Credit {
    /// Bytes in a parcel that begins with this message.
    pub fn parcel_beginning_with(&self, first: &Happening) -> usize {
        if first.cost() >= LONG_FRAME_BYTES {
            self.long_parcel_bytes
        } else {
            self.parcel_bytes
        }
    }

    /// For the `batch` lane.
    pub const BATCH: Self = Self {
        parcels: IN_FLIGHT_BATCHES,
        bytes: IN_FLIGHT_BYTES,
        entries: usize::MAX,
        parcel_bytes: BATCH_BYTES,
        long_parcel_bytes: LONG_BATCH_BYTES,
        paced_bytes: PACED_BYTES,
        repeats: false,
    };

    /// For the `event` lane. Parcels are not counted there: a page may acknowledge many messages at once.
    pub const EVENT: Self = Self {
        parcels: usize::MAX,
        bytes: EVENT_IN_FLIGHT_BYTES,
        entries: EVENT_IN_FLIGHT_MESSAGES,
        parcel_bytes: EVENT_IN_FLIGHT_BYTES,
        long_parcel_bytes: EVENT_IN_FLIGHT_BYTES,
        paced_bytes: 0,
        repeats: false,
    };

    /// For the `event` lane of a page without the receiver.
    pub const PLAIN_EVENT: Self = Self {
        repeats: true,
        ..Self::EVENT
    };
}
