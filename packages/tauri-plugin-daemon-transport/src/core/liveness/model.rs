//! Liveness against a peer that is heard now and then and a network that takes bytes now and then: a ping, and the
//! end, come exactly when they are due, never earlier and never later than the deadline that was named.

use proptest::prelude::*;

use super::*;
use crate::core::cases::CASES;

/// One step of a history.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// So many milliseconds pass, and nobody looks.
    Pass(u64),
    /// Time passes up to the deadline, and somebody looks.
    Deadline,
    /// Somebody looks.
    Look,
    Heard,
    /// Bytes were taken; whether more wait.
    Wrote(bool),
    /// Bytes wait, and none were taken.
    Waiting,
    /// The page is behind, or not any more.
    Reading(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0_u64..12_000).prop_map(Op::Pass),
        4 => Just(Op::Deadline),
        2 => Just(Op::Look),
        2 => Just(Op::Heard),
        2 => any::<bool>().prop_map(Op::Wrote),
        2 => Just(Op::Waiting),
        2 => any::<bool>().prop_map(Op::Reading),
    ]
}

struct World {
    liveness: Liveness,
    timeouts: Timeouts,
    now: Instant,
    /// Since when nothing was heard although somebody listened.
    quiet: Instant,
    pinged: Option<Instant>,
    stuck: Option<Instant>,
    reading: bool,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let timeouts = Timeouts::default();
        Self {
            liveness: Liveness::new(timeouts, now),
            timeouts,
            now,
            quiet: now,
            pinged: None,
            stuck: None,
            reading: true,
        }
    }

    fn look(&mut self) -> Result<(), TestCaseError> {
        let since = |moment: Instant| self.now.duration_since(moment);
        let stuck = self
            .stuck
            .is_some_and(|moment| since(moment) >= self.timeouts.write_stall);
        let dead = self.reading
            && self
                .pinged
                .is_some_and(|moment| since(moment) >= self.timeouts.pong_deadline);
        let quiet = self.reading
            && self.pinged.is_none()
            && since(self.quiet) >= self.timeouts.ping_interval;
        let named = self.liveness.deadline();
        let due = self.liveness.due(self.now);
        match due {
            Some(Due::PeerNotReading) => prop_assert!(stuck),
            Some(Due::PeerSilent) => prop_assert!(dead && !stuck),
            Some(Due::Ping) => {
                prop_assert!(quiet && !stuck);
                self.pinged = Some(self.now);
            }
            None => prop_assert!(!stuck && !dead && !quiet),
        }
        prop_assert_eq!(
            due.is_some(),
            named.is_some_and(|moment| moment <= self.now),
            "the deadline names the moment"
        );
        if matches!(due, Some(Due::Ping) | None) {
            // Or its owner would turn in circles.
            prop_assert!(self
                .liveness
                .deadline()
                .is_none_or(|moment| moment > self.now));
        }
        Ok(())
    }

    fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        match op {
            Op::Pass(milliseconds) => self.now += Duration::from_millis(milliseconds),
            Op::Deadline => {
                if let Some(deadline) = self.liveness.deadline() {
                    self.now = self.now.max(deadline);
                }
                self.look()?;
            }
            Op::Look => self.look()?,
            Op::Heard => {
                self.liveness.heard(self.now);
                (self.quiet, self.pinged) = (self.now, None);
            }
            Op::Wrote(more) => {
                self.liveness.wrote(more, self.now);
                self.stuck = more.then_some(self.now);
            }
            Op::Waiting => {
                self.liveness.waiting(self.now);
                self.stuck = self.stuck.or(Some(self.now));
            }
            Op::Reading(reading) => {
                self.liveness.reading(reading, self.now);
                if reading && !self.reading {
                    (self.quiet, self.pinged) = (self.now, None);
                }
                self.reading = reading;
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_peer_is_asked_and_given_up_exactly_when_it_is_due(ops in prop::collection::vec(op(), 0..80)) {
        let mut world = World::new();
        for op in ops {
            world.step(op)?;
        }
    }

    /// Whatever it does besides: one that answers each ping in time and takes a byte in time is kept.
    #[test]
    fn a_peer_that_answers_in_time_is_never_given_up(
        answers in prop::collection::vec((0_u64..10_000, 0_u64..30_000, any::<bool>()), 1..40)
    ) {
        let start = Instant::now();
        let mut liveness = Liveness::new(Timeouts::default(), start);
        let mut now = start;
        for (answer, write, waits) in answers {
            if waits {
                liveness.waiting(now);
                let taken = now + Duration::from_millis(write);
                while let Some(deadline) = liveness.deadline().filter(|&moment| moment < taken) {
                    prop_assert_eq!(liveness.due(deadline), Some(Due::Ping));
                    liveness.heard(deadline + Duration::from_millis(answer).min(taken - deadline));
                }
                now = taken;
                liveness.heard(now);
                liveness.wrote(false, now);
            } else if let Some(deadline) = liveness.deadline() {
                prop_assert_eq!(liveness.due(deadline), Some(Due::Ping));
                now = deadline + Duration::from_millis(answer);
                prop_assert_eq!(liveness.due(now), None);
                liveness.heard(now);
            }
        }
    }
}
