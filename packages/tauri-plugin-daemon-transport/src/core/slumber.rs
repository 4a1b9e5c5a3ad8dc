//! Notices that the computer has slept: meanwhile the wall clock went on and the monotonic clock stood still. On
//! systems whose monotonic clock goes on as well, the time between two looks shows it.

use std::time::{Duration, Instant, SystemTime};

use crate::limits::{CLOCK_CHECK, SLEPT};

/// See the module.
#[derive(Debug)]
pub struct Slumber {
    monotonic: Instant,
    wall: SystemTime,
}

impl Slumber {
    /// Begins to watch.
    pub fn new(monotonic: Instant, wall: SystemTime) -> Self {
        Self { monotonic, wall }
    }

    /// Looks at both clocks, [`CLOCK_CHECK`] after the last time: has the computer slept since? A wall clock that
    /// was set ahead looks the same; one that was set back shows nothing.
    pub fn look(&mut self, monotonic: Instant, wall: SystemTime) -> bool {
        let ran = monotonic.saturating_duration_since(self.monotonic);
        let passed = wall.duration_since(self.wall).unwrap_or(Duration::ZERO);
        *self = Self { monotonic, wall };
        passed.saturating_sub(ran) >= SLEPT || ran >= CLOCK_CHECK + SLEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[(u64, i64)]) -> Vec<bool> {
        let (mut monotonic, mut wall) = (Instant::now(), SystemTime::now());
        let mut slumber = Slumber::new(monotonic, wall);
        steps
            .iter()
            .map(|&(ran, passed)| {
                monotonic += Duration::from_secs(ran);
                let passed_secs = Duration::from_secs(passed.unsigned_abs());
                wall = if passed < 0 {
                    wall - passed_secs
                } else {
                    wall + passed_secs
                };
                slumber.look(monotonic, wall)
            })
            .collect()
    }

    #[test]
    fn clocks_that_go_together_show_no_sleep() {
        assert_eq!(after(&[(2, 2), (2, 2), (3, 3), (2, 3)]), [false; 4]);
    }

    #[test]
    fn a_wall_clock_that_ran_ahead_shows_a_sleep_once() {
        assert_eq!(after(&[(2, 2), (2, 3600), (2, 2)]), [false, true, false]);
        assert_eq!(after(&[(2, 7)]), [true]);
    }

    #[test]
    fn a_monotonic_clock_that_goes_on_in_sleep_shows_it_too() {
        assert_eq!(after(&[(2, 2), (3600, 3600), (2, 2)]), [false, true, false]);
    }

    #[test]
    fn a_wall_clock_that_is_set_back_shows_nothing() {
        assert_eq!(after(&[(2, -3600), (2, 2)]), [false, false]);
    }
}
