//! When a silent peer counts as dead. A ping follows silence, and anything heard after it counts as an answer.
//! While the socket is left unread on purpose (the page is behind) no answer can be seen, and none is expected.
//! When the computer has slept, or the network may have changed, a ping goes out at once and must be answered soon.

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
    /// Until when something must be heard after a ping.
    answer_by: Option<Instant>,
    /// What was heard before says nothing any more: a ping is due, and soon an answer.
    suspected: bool,
    /// That ping is under way.
    hasty: bool,
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
            answer_by: None,
            suspected: false,
            hasty: false,
            stuck: None,
            reading: true,
        }
    }

    /// Bytes arrived.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.answer_by = None;
        self.hasty = false;
    }

    /// The computer woke up, or the network may have changed. Said again before an answer, it is the same question:
    /// it costs no other ping and gives no other time.
    pub fn suspect(&mut self) {
        self.suspected = !self.hasty;
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
        let answer = self.reading.then(|| match self.answer_by {
            _ if self.suspected => self.heard,
            Some(answer_by) => answer_by,
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
        if std::mem::take(&mut self.suspected) {
            self.hasty = true;
            self.answer_by = Some(now + self.timeouts.wake_deadline);
            return Some(Due::Ping);
        }
        match self.answer_by {
            Some(answer_by) if answer_by <= now => Some(Due::PeerSilent),
            None if self.heard + self.timeouts.ping_interval <= now => {
                self.answer_by = Some(now + self.timeouts.pong_deadline);
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
mod model;
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

    #[test]
    fn a_suspected_link_is_pinged_at_once_and_given_up_soon() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        liveness.suspect();
        assert!(liveness.deadline() <= Some(start + second(1)));
        assert_eq!(liveness.due(start + second(1)), Some(Due::Ping));
        // Asked again, it is the same question.
        liveness.suspect();
        assert_eq!(liveness.due(start + second(3)), None);
        assert_eq!(liveness.deadline(), Some(start + second(6)));
        assert_eq!(liveness.due(start + second(6)), Some(Due::PeerSilent));
    }

    #[test]
    fn a_suspected_link_that_answers_lives_and_can_be_suspected_again() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        // A ping of the usual kind is under way: the link gets the whole time of the new question.
        assert_eq!(liveness.due(start + second(10)), Some(Due::Ping));
        liveness.suspect();
        assert_eq!(liveness.due(start + second(19)), Some(Due::Ping));
        assert_eq!(liveness.due(start + second(23)), None);
        liveness.heard(start + second(23));
        assert_eq!(liveness.due(start + second(32)), None);
        liveness.suspect();
        assert_eq!(liveness.due(start + second(32)), Some(Due::Ping));
    }

    #[test]
    fn a_suspected_link_that_is_not_read_is_pinged_when_it_is_read_again() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        liveness.reading(false, start);
        liveness.suspect();
        assert_eq!(liveness.due(start + second(100)), None);
        liveness.reading(true, start + second(200));
        assert_eq!(liveness.due(start + second(200)), Some(Due::Ping));
    }
}
