//! What waits for the page: everything that happened on a connection, numbered in one sequence, kept until the
//! page has acknowledged it, handed over while credit lasts, and handed over again when it was lost.
//!
//! Promises: numbers start at 1 and have no gap; nothing is dropped before it is acknowledged; what waits and
//! what is in flight are bounded; a page that is merely slow is asked, at growing intervals, and is never
//! flooded with repetitions.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

pub use self::{
    credit::Credit,
    happening::{Closed, Happening},
};
use crate::limits::{OUTBOX_BYTES, PROBE_AFTER, PROBE_AT_MOST, SMALL_BATCHES};

mod credit;
mod happening;

/// A run of happenings that is handed over at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parcel {
    /// Number of this hand-over. What is handed over is evaluated in the order of these.
    pub serial: u64,
    /// Number of its first happening.
    pub first: u64,
    /// Number of its last happening.
    pub last: u64,
}

/// What to do when nothing was acknowledged for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// Ask the receiver what it has taken, with a hand-over of nothing that has this serial number.
    Ask(u64),
    /// Hand over this happening once more; a page that has taken it acknowledges again.
    Repeat(Parcel),
}

/// An acknowledgement of something that was never handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeverHandedOver;

#[derive(Debug)]
struct InFlight {
    serial: u64,
    last: u64,
    cost: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    credit: Credit,
    /// Not yet acknowledged; the first has the number `acknowledged + 1`.
    entries: VecDeque<Happening>,
    acknowledged: u64,
    /// The last one handed over in this pass; goes back when something was lost.
    handed: u64,
    /// The last one ever handed over.
    reached: u64,
    waiting_cost: usize,
    flight: VecDeque<InFlight>,
    flight_cost: usize,
    quiet_since: Option<Instant>,
    unanswered: u32,
    next_serial: u64,
    /// What had been handed over when a happening was last repeated.
    repeated_at: Option<u64>,
    /// Losses found since the page last got any further.
    losses: u32,
    /// The parcel that is handed over a second time at once.
    twice: Option<Parcel>,
}

impl Outbox {
    /// An empty outbox.
    pub fn new(credit: Credit) -> Self {
        Self {
            credit,
            entries: VecDeque::new(),
            acknowledged: 0,
            handed: 0,
            reached: 0,
            waiting_cost: 0,
            flight: VecDeque::new(),
            flight_cost: 0,
            quiet_since: None,
            unanswered: 0,
            next_serial: 1,
            repeated_at: None,
            losses: 0,
            twice: None,
        }
    }

    /// Appends one happening and gives its number.
    pub fn push(&mut self, happening: Happening) -> u64 {
        self.waiting_cost += happening.cost();
        self.entries.push_back(happening);
        self.acknowledged + self.entries.len() as u64
    }

    /// Whether the socket may be read: less than the limit waits.
    pub fn has_room(&self) -> bool {
        self.waiting_cost < OUTBOX_BYTES
    }

    /// Everything has been acknowledged.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The last number ever handed over: the highest that the page may acknowledge.
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// The happenings of a parcel with their numbers, except those that were acknowledged in the meantime.
    pub fn contents(&self, parcel: Parcel) -> impl Iterator<Item = (u64, &Happening)> {
        let first = parcel.first.max(self.acknowledged + 1);
        let count = (parcel.last + 1).saturating_sub(first);
        (first..)
            .zip(self.entries.iter().skip(self.index(first)))
            .take(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The next run to hand over, if credit allows one; it then counts as handed over.
    pub fn next_parcel(&mut self, now: Instant) -> Option<Parcel> {
        if let Some(parcel) = self.twice.take() {
            return Some(parcel);
        }
        let start = self.index(self.handed + 1);
        let first = self.entries.get(start)?;
        let in_flight = self.handed - self.acknowledged;
        if !self.flight.is_empty()
            && (self.flight.len() >= self.credit.parcels
                || self.flight_cost + first.cost() > self.credit.bytes
                || in_flight >= self.credit.entries as u64)
        {
            return None;
        }
        if self.flight.len() >= SMALL_BATCHES
            && first.is_frame()
            && self.waiting_cost < self.credit.paced_bytes
        {
            return None;
        }
        let mut cost = first.cost();
        let mut count = 1_u64;
        if first.is_frame() {
            let bytes = self
                .credit
                .parcel_beginning_with(first)
                .min(self.credit.bytes.saturating_sub(self.flight_cost));
            let more = (self.credit.entries as u64).saturating_sub(in_flight + 1);
            for entry in self
                .entries
                .iter()
                .skip(start + 1)
                .take(usize::try_from(more).unwrap_or(usize::MAX))
            {
                if !entry.is_frame() || cost + entry.cost() > bytes {
                    break;
                }
                cost += entry.cost();
                count += 1;
            }
        }
        let parcel = Parcel {
            serial: self.serial(),
            first: self.handed + 1,
            last: self.handed + count,
        };
        // Losses may be as regular as we are: of two in a row, one gets through.
        if self.losses > 1 && self.flight.is_empty() {
            self.twice = Some(parcel);
        }
        self.handed = parcel.last;
        self.reached = self.reached.max(self.handed);
        self.waiting_cost -= cost;
        self.flight_cost += cost;
        self.flight.push_back(InFlight {
            serial: parcel.serial,
            last: parcel.last,
            cost,
        });
        self.quiet_since = Some(now);
        Some(parcel)
    }

    /// The page has taken everything up to this number. An older number than before changes nothing.
    pub fn acknowledge(&mut self, up_to: u64, now: Instant) -> Result<(), NeverHandedOver> {
        if up_to > self.reached {
            return Err(NeverHandedOver);
        }
        if up_to <= self.acknowledged {
            return Ok(());
        }
        while self.acknowledged < up_to {
            let Some(entry) = self.entries.pop_front() else {
                break;
            };
            self.acknowledged += 1;
            self.settle(entry.cost());
        }
        self.handed = self.handed.max(self.acknowledged);
        while self
            .flight
            .front()
            .is_some_and(|parcel| parcel.last <= up_to)
        {
            self.flight.pop_front();
        }
        self.unanswered = 0;
        self.losses = 0;
        self.quiet_since = (!self.flight.is_empty()).then_some(now);
        // What was handed over before the repetition and is still missing was lost.
        if let Some(handed) = self.repeated_at.take() {
            if self.acknowledged < handed {
                self.hand_over_again();
            }
        }
        Ok(())
    }

    /// The receiver has evaluated everything up to this serial number, and had then taken everything up to that
    /// happening. What was handed over by then and is not covered was lost.
    pub fn evaluated(
        &mut self,
        serial: u64,
        up_to: u64,
        now: Instant,
    ) -> Result<(), NeverHandedOver> {
        self.acknowledge(up_to, now)?;
        if serial >= self.next_serial {
            return Err(NeverHandedOver);
        }
        if self
            .flight
            .front()
            .is_some_and(|parcel| parcel.serial <= serial)
        {
            self.losses = self.losses.saturating_add(1);
            self.unanswered = 0;
            self.hand_over_again();
        }
        Ok(())
    }

    /// When [`Outbox::probe`] wants to be called again.
    pub fn deadline(&self) -> Option<Instant> {
        if self.flight.is_empty() {
            return None;
        }
        self.quiet_since.map(|since| since + self.patience())
    }

    /// What to do now about a page that has been quiet for too long.
    pub fn probe(&mut self, now: Instant) -> Option<Probe> {
        if self.deadline()? > now {
            return None;
        }
        self.quiet_since = Some(now);
        self.unanswered = self.unanswered.saturating_add(1);
        let serial = self.serial();
        Some(if self.credit.repeats {
            self.repeated_at = Some(self.handed);
            let number = self.acknowledged + 1;
            Probe::Repeat(Parcel {
                serial,
                first: number,
                last: number,
            })
        } else {
            Probe::Ask(serial)
        })
    }

    fn serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial - 1
    }

    fn patience(&self) -> Duration {
        PROBE_AFTER
            .saturating_mul(1 << self.unanswered.min(16))
            .min(PROBE_AT_MOST)
    }

    fn hand_over_again(&mut self) {
        self.handed = self.acknowledged;
        self.waiting_cost += self.flight_cost;
        self.flight_cost = 0;
        self.flight.clear();
        self.repeated_at = None;
        self.twice = None;
        self.quiet_since = None;
    }

    /// Takes the cost of one acknowledged happening from where it is counted.
    fn settle(&mut self, cost: usize) {
        match self.flight.front_mut() {
            Some(parcel) if self.handed >= self.acknowledged => {
                parcel.cost -= cost;
                self.flight_cost -= cost;
            }
            _ => self.waiting_cost -= cost,
        }
        if self
            .flight
            .front()
            .is_some_and(|parcel| parcel.last <= self.acknowledged)
        {
            self.flight.pop_front();
        }
    }

    fn index(&self, number: u64) -> usize {
        usize::try_from(number - self.acknowledged - 1).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
