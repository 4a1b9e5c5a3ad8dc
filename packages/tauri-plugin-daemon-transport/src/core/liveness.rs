//! When a silent peer counts as dead. A ping follows silence, and anything heard after it counts as an answer.
//! While the socket is left unread on purpose (the page is behind) no answer can be seen, and none is expected.

use std::time::{Duration, Instant};

use crate::limits::Timeouts;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Send a ping.
    Ping,
    /// Nothing was heard in time after a ping.
    PeerSilent,
    /// The peer took no byte for too long.
    PeerNotReading,
}

/// See the module.
#[derive(Debug)]
pub struct Liveness {
    timeouts: Timeouts,
    heard: Instant,
    pinged: Option<Instant>,
    /// Since when bytes wait to be written without any being taken.
    stuck: Option<Instant>,
    reading: bool,
}

impl Liveness {
    /// Begins with an open connection.
    pub fn new(timeouts: Timeouts, now: Instant) -> Self {
        Self {
            timeouts,
            heard: now,
            pinged: None,
            stuck: None,
            reading: true,
        }
    }

    /// Bytes arrived.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// Bytes were taken by the network, or none were waiting.
    pub fn wrote(&mut self, still_waiting: bool, now: Instant) {
        self.stuck = still_waiting.then_some(now);
    }

    /// Bytes began to wait.
    pub fn waiting(&mut self, now: Instant) {
        self.stuck.get_or_insert(now);
    }

    /// Whether the socket is being read. Reading anew starts the waits anew.
    pub fn reading(&mut self, reading: bool, now: Instant) {
        if reading && !self.reading {
            self.heard(now);
        }
        self.reading = reading;
    }

    /// When [`Liveness::due`] has something to say.
    pub fn deadline(&self) -> Option<Instant> {
        let answer = self.reading.then(|| match self.pinged {
            Some(pinged) => pinged + self.timeouts.pong_deadline,
            None => self.heard + self.timeouts.ping_interval,
        });
        let write = self.stuck.map(|since| since + self.timeouts.write_stall);
        match (answer, write) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// What is due now. A ping counts as sent.
    pub fn due(&mut self, now: Instant) -> Option<Due> {
        if self
            .stuck
            .is_some_and(|since| since + self.timeouts.write_stall <= now)
        {
            return Some(Due::PeerNotReading);
        }
        if !self.reading {
            return None;
        }
        match self.pinged {
            Some(pinged) if pinged + self.timeouts.pong_deadline <= now => Some(Due::PeerSilent),
            None if self.heard + self.timeouts.ping_interval <= now => {
                self.pinged = Some(now);
                Some(Due::Ping)
            }
            _ => None,
        }
    }

    /// How long the peer was silent.
    pub fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_silent_peer_is_pinged_and_then_given_up() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        assert_eq!(liveness.due(start + second(9)), None);
        assert_eq!(liveness.due(start + second(10)), Some(Due::Ping));
        assert_eq!(liveness.due(start + second(19)), None);
        assert_eq!(liveness.deadline(), Some(start + second(20)));
        assert_eq!(liveness.due(start + second(20)), Some(Due::PeerSilent));
    }

    #[test]
    fn anything_heard_counts_as_an_answer() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        assert_eq!(liveness.due(start + second(10)), Some(Due::Ping));
        liveness.heard(start + second(15));
        assert_eq!(liveness.due(start + second(24)), None);
        assert_eq!(liveness.due(start + second(25)), Some(Due::Ping));
    }

    #[test]
    fn no_answer_is_expected_while_nothing_is_read() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        assert_eq!(liveness.due(start + second(10)), Some(Due::Ping));
        liveness.reading(false, start + second(11));
        assert_eq!(liveness.deadline(), None);
        assert_eq!(liveness.due(start + second(1000)), None);
        liveness.reading(true, start + second(1000));
        assert_eq!(liveness.due(start + second(1009)), None);
        assert_eq!(liveness.due(start + second(1010)), Some(Due::Ping));
    }

    #[test]
    fn a_peer_that_takes_no_byte_is_given_up_and_one_that_takes_some_is_not() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        liveness.reading(false, start);
        liveness.waiting(start);
        liveness.waiting(start + second(20));
        liveness.wrote(true, start + second(29));
        assert_eq!(liveness.due(start + second(58)), None);
        assert_eq!(liveness.due(start + second(59)), Some(Due::PeerNotReading));
        liveness.wrote(false, start + second(59));
        assert_eq!(liveness.deadline(), None);
    }
}
