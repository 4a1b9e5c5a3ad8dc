//! Work that may block (the resolver of names, files, the keyring) with a deadline. A call that hangs holds its
//! place until it returns, so that repeated attempts cannot fill the process with hanging threads.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};

use crate::limits::BLOCKING_AT_ONCE;

/// The places for blocking work; clones share them.
#[derive(Debug, Clone)]
pub struct Blocking(Arc<Semaphore>);

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// The deadline passed; the work may still go on.
    Deadline,
    /// The work panicked, or the application is ending.
    Lost,
}

impl Default for Blocking {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BLOCKING_AT_ONCE)))
    }
}

impl Blocking {
    /// Runs the work on a thread of its own and waits for it, the wait for a free place included.
    pub async fn run<T: Send + 'static>(
        &self,
        time: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Missed> {
        let whole = async {
            let place = Arc::clone(&self.0)
                .acquire_owned()
                .await
                .map_err(|_| Missed::Lost)?;
            tokio::task::spawn_blocking(move || {
                let _place = place;
                work()
            })
            .await
            .map_err(|_| Missed::Lost)
        };
        timeout(time, whole).await.unwrap_or(Err(Missed::Deadline))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_hangs_holds_its_place_until_it_returns() {
        let blocking = Blocking::default();
        let mut releases = Vec::new();
        for _ in 0..BLOCKING_AT_ONCE {
            let (release, wait) = mpsc::channel::<()>();
            releases.push(release);
            let hanging = blocking.run(Duration::from_millis(1), move || wait.recv().is_err());
            assert_eq!(hanging.await, Err(Missed::Deadline));
        }
        let late = blocking.run(Duration::from_millis(1), || ());
        assert_eq!(late.await, Err(Missed::Deadline), "no place is left");
        drop(releases);
        let next = blocking.run(Duration::from_secs(10), || 7);
        assert_eq!(next.await, Ok(7));
    }
}
