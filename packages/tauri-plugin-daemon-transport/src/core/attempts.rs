//! How often the pages of a webview may try to connect: a bucket that empties with each attempt and fills with
//! time. An attempt that fails costs more than one that opens.

use std::time::{Duration, Instant};

use crate::limits::{ATTEMPTS_PER_SECOND, ATTEMPT_BUCKET, ATTEMPT_FAILED_COST};

/// See the module.
#[derive(Debug)]
pub struct Attempts {
    /// Attempts that are left, in thousandths, so that short times count. Failures of attempts that were made
    /// side by side can bring it below nothing.
    left: i64,
    since: Instant,
}

const WHOLE: i64 = 1000;
const FULL: i64 = ATTEMPT_BUCKET * WHOLE;

impl Attempts {
    /// A full bucket.
    pub fn new(now: Instant) -> Self {
        Self {
            left: FULL,
            since: now,
        }
    }

    /// Takes one attempt, or says how long to wait for the next.
    pub fn begin(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        if self.left >= WHOLE {
            self.left -= WHOLE;
            return Ok(());
        }
        let missing = self.left.abs_diff(WHOLE);
        Err(Duration::from_millis(
            missing.div_ceil(ATTEMPTS_PER_SECOND.unsigned_abs()),
        ))
    }

    /// An attempt has failed.
    pub fn failed(&mut self, now: Instant) {
        self.fill(now);
        self.left = self.left.saturating_sub(ATTEMPT_FAILED_COST * WHOLE);
    }

    /// Nothing is lost by forgetting this bucket.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.left == FULL
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since).as_millis();
        let gained = i64::try_from(passed)
            .unwrap_or(FULL)
            .saturating_mul(ATTEMPTS_PER_SECOND);
        if gained > 0 {
            self.left = self.left.saturating_add(gained).min(FULL);
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_thousand_connections_in_a_row_pass_at_any_pace() {
        let now = Instant::now();
        let mut attempts = Attempts::new(now);
        for _ in 0..1000 {
            assert_eq!(attempts.begin(now), Ok(()));
        }
    }

    #[test]
    fn failures_are_soon_limited_to_a_few_a_second() {
        let now = Instant::now();
        let mut attempts = Attempts::new(now);
        let mut failures = 0;
        while attempts.begin(now).is_ok() {
            attempts.failed(now);
            failures += 1;
        }
        assert!((32..=64).contains(&failures), "{failures}");
        let mut later = now;
        let mut in_a_minute = 0;
        while later < now + Duration::from_secs(60) {
            match attempts.begin(later) {
                Ok(()) => {
                    attempts.failed(later);
                    in_a_minute += 1;
                }
                Err(wait) => later += wait,
            }
        }
        assert!((180..=240).contains(&in_a_minute), "{in_a_minute}");
    }

    proptest! {
        #[test]
        fn whoever_waits_as_long_as_told_may_go_on(steps in prop::collection::vec((any::<bool>(), 0_u64..50), 1..400)) {
            let mut now = Instant::now();
            let mut attempts = Attempts::new(now);
            let start = now;
            let mut begun = 0_i64;
            for (fails, pause) in steps {
                now += Duration::from_millis(pause);
                if let Err(wait) = attempts.begin(now) {
                    prop_assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
                    now += wait;
                    prop_assert_eq!(attempts.begin(now), Ok(()));
                }
                begun += 1;
                if fails {
                    attempts.failed(now);
                }
                let passed = now.duration_since(start).as_millis() as i64;
                prop_assert!(begun * WHOLE <= FULL + passed * ATTEMPTS_PER_SECOND);
            }
        }
    }
}
