//! Asking the person, as a state machine: who may ask and when, whether an answer still counts, and what was
//! allowed for the page that is shown. It knows no dialog and no clock.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::{grant::Grant, id::Id};
use crate::limits::{
    ASKS_PER_WINDOW, ASK_WINDOW, REFUSALS_FORGOTTEN, REFUSAL_PAUSE, REFUSAL_PAUSE_AT_MOST,
};

/// Names one question. An answer counts only with the ticket of the question that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

/// What the person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// For the page that is shown now.
    Once,
    /// From now on.
    Always,
    /// No; also Escape, closing the dialog, and everything that is not one of the two above.
    Refused,
}

/// Why nobody is asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// A question of this webview is open.
    InProgress,
    /// It may ask again after this time.
    TooOften(Duration),
}

#[derive(Debug)]
struct Open {
    ticket: Ticket,
    page: Id,
    grant: Grant,
}

#[derive(Debug, Default)]
struct Asker {
    open: Option<Open>,
    /// When it asked, within the window.
    asked: VecDeque<Instant>,
    /// Refusals since the person last agreed, and the last of them.
    refusals: u32,
    refused_at: Option<Instant>,
    /// What the person allowed to the page that is shown.
    once: Vec<(Id, Grant)>,
}

/// The questions of all webviews.
#[derive(Debug, Default)]
pub struct Consent {
    askers: HashMap<String, Asker>,
    last: u64,
}

impl Asker {
    fn pause(&self) -> Duration {
        let doublings = self.refusals.saturating_sub(1).min(31);
        REFUSAL_PAUSE
            .saturating_mul(1 << doublings)
            .min(REFUSAL_PAUSE_AT_MOST)
    }

    /// Until when it may not ask.
    fn waits_until(&self) -> Option<Instant> {
        let refused = self.refused_at.map(|at| at + self.pause());
        let full = (self.asked.len() >= ASKS_PER_WINDOW)
            .then(|| self.asked.front().map(|&first| first + ASK_WINDOW))
            .flatten();
        refused.max(full)
    }

    fn refuse(&mut self, now: Instant) {
        self.refusals = self.refusals.saturating_add(1);
        self.refused_at = Some(now);
    }

    fn forget_old(&mut self, now: Instant) {
        while self
            .asked
            .front()
            .is_some_and(|&at| now.saturating_duration_since(at) >= ASK_WINDOW)
        {
            self.asked.pop_front();
        }
        if self
            .refused_at
            .is_some_and(|at| now.saturating_duration_since(at) >= REFUSALS_FORGOTTEN)
        {
            self.refusals = 0;
            self.refused_at = None;
        }
    }
}

impl Consent {
    /// A page wants the person to be asked. With a ticket, the question may be shown.
    pub fn ask(
        &mut self,
        webview: &str,
        page: Id,
        grant: Grant,
        now: Instant,
    ) -> Result<Ticket, NotNow> {
        let asker = self.askers.entry(webview.to_owned()).or_default();
        if asker.open.is_some() {
            return Err(NotNow::InProgress);
        }
        asker.forget_old(now);
        if let Some(until) = asker.waits_until().filter(|&until| until > now) {
            return Err(NotNow::TooOften(until - now));
        }
        self.last += 1;
        let ticket = Ticket(self.last);
        asker.asked.push_back(now);
        asker.open = Some(Open {
            ticket,
            page,
            grant,
        });
        Ok(ticket)
    }

    /// Whether this question still waits for its answer.
    pub fn is_open(&self, webview: &str, ticket: Ticket) -> bool {
        self.askers
            .get(webview)
            .and_then(|asker| asker.open.as_ref())
            .is_some_and(|open| open.ticket == ticket)
    }

    /// The person has answered. False: the answer counts for nothing, because its page is gone.
    pub fn answer(&mut self, webview: &str, ticket: Ticket, answer: Answer, now: Instant) -> bool {
        let Some(asker) = self.askers.get_mut(webview) else {
            return false;
        };
        let Some(open) = asker.open.take_if(|open| open.ticket == ticket) else {
            return false;
        };
        match answer {
            Answer::Refused => asker.refuse(now),
            Answer::Once | Answer::Always => {
                asker.refusals = 0;
                asker.refused_at = None;
            }
        }
        if answer == Answer::Once {
            asker.once.push((open.page, open.grant));
        }
        true
    }

    /// The webview shows another page, or none. Gives the question that has to be taken away; it counts as
    /// refused, so that a page gains nothing by reloading itself.
    pub fn page_gone(&mut self, webview: &str, now: Instant) -> Option<Ticket> {
        let asker = self.askers.get_mut(webview)?;
        asker.once.clear();
        let open = asker.open.take()?;
        asker.refuse(now);
        Some(open.ticket)
    }

    /// Whether the person has allowed this to the page that is shown. A page without an id is the one shown.
    pub fn allows(&self, webview: &str, page: Option<Id>, grant: &Grant) -> bool {
        self.askers.get(webview).is_some_and(|asker| {
            asker
                .once
                .iter()
                .any(|(owner, once)| once == grant && page.is_none_or(|page| page == *owner))
        })
    }

    /// Takes back what was allowed once, in every webview. Says whether there was any.
    pub fn revoke(&mut self, grant: &Grant) -> bool {
        let mut any = false;
        for asker in self.askers.values_mut() {
            let before = asker.once.len();
            asker.once.retain(|(_, once)| once != grant);
            any |= asker.once.len() < before;
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const PAGE: Id = Id::from_bytes([1; 16]);
    const NEXT: Id = Id::from_bytes([2; 16]);

    fn grant(number: u16) -> Grant {
        Grant::read(&format!("ws://127.0.0.1:{}/ws", 40_000 + number)).expect("a URL")
    }

    #[test]
    fn a_webview_has_one_question_at_a_time() {
        let mut consent = Consent::default();
        let now = Instant::now();
        let ticket = consent.ask("main", PAGE, grant(1), now).expect("asked");
        assert_eq!(
            consent.ask("main", PAGE, grant(2), now),
            Err(NotNow::InProgress)
        );
        assert!(consent.ask("other", PAGE, grant(2), now).is_ok());
        assert!(consent.answer("main", ticket, Answer::Always, now));
        assert!(consent.ask("main", PAGE, grant(2), now).is_ok());
    }

    #[test]
    fn each_refusal_doubles_the_pause_and_an_agreement_ends_it() {
        let mut consent = Consent::default();
        let mut now = Instant::now();
        let refuse = |consent: &mut Consent, now: Instant| {
            let ticket = consent.ask("main", PAGE, grant(1), now).expect("asked");
            assert!(consent.answer("main", ticket, Answer::Refused, now));
            match consent.ask("main", PAGE, grant(1), now) {
                Err(NotNow::TooOften(pause)) => pause,
                other => panic!("{other:?}"),
            }
        };
        let mut expected = REFUSAL_PAUSE;
        for _ in 0..20 {
            // Far enough apart that the number of questions in a window plays no part.
            now += ASK_WINDOW.max(expected);
            assert_eq!(refuse(&mut consent, now), expected);
            expected = (expected * 2).min(REFUSAL_PAUSE_AT_MOST);
        }
        now += REFUSAL_PAUSE_AT_MOST;
        let ticket = consent.ask("main", PAGE, grant(1), now).expect("asked");
        assert!(consent.answer("main", ticket, Answer::Once, now));
        assert_eq!(refuse(&mut consent, now), REFUSAL_PAUSE);
    }

    #[test]
    fn refusals_are_forgotten_after_a_quiet_time() {
        let mut consent = Consent::default();
        let mut now = Instant::now();
        for _ in 0..3 {
            now += REFUSAL_PAUSE_AT_MOST;
            let ticket = consent.ask("main", PAGE, grant(1), now).expect("asked");
            consent.answer("main", ticket, Answer::Refused, now);
        }
        now += REFUSALS_FORGOTTEN;
        let ticket = consent.ask("main", PAGE, grant(1), now).expect("asked");
        consent.answer("main", ticket, Answer::Refused, now);
        assert_eq!(
            consent.ask("main", PAGE, grant(1), now),
            Err(NotNow::TooOften(REFUSAL_PAUSE))
        );
    }

    #[test]
    fn questions_in_a_window_of_time_are_limited_even_where_the_person_agrees() {
        let mut consent = Consent::default();
        let start = Instant::now();
        for port in 1..=ASKS_PER_WINDOW {
            let port = u16::try_from(port).expect("small");
            let ticket = consent
                .ask("main", PAGE, grant(port), start)
                .expect("asked");
            consent.answer("main", ticket, Answer::Once, start);
        }
        assert_eq!(
            consent.ask("main", PAGE, grant(99), start),
            Err(NotNow::TooOften(ASK_WINDOW))
        );
        assert!(consent
            .ask("main", PAGE, grant(99), start + ASK_WINDOW)
            .is_ok());
    }

    #[test]
    fn the_answer_to_a_page_that_is_gone_counts_for_nothing() {
        let mut consent = Consent::default();
        let now = Instant::now();
        let ticket = consent.ask("main", PAGE, grant(1), now).expect("asked");
        assert_eq!(consent.page_gone("main", now), Some(ticket));
        assert!(!consent.answer("main", ticket, Answer::Once, now));
        assert!(!consent.allows("main", None, &grant(1)));
        // The reload did not make a new question possible at once.
        assert_eq!(
            consent.ask("main", NEXT, grant(1), now),
            Err(NotNow::TooOften(REFUSAL_PAUSE))
        );
    }

    #[test]
    fn once_is_for_one_page_and_can_be_taken_back() {
        let mut consent = Consent::default();
        let now = Instant::now();
        let allow = |consent: &mut Consent, now| {
            let ticket = consent.ask("main", PAGE, grant(1), now).expect("asked");
            assert!(consent.answer("main", ticket, Answer::Once, now));
        };
        allow(&mut consent, now);
        assert!(consent.allows("main", Some(PAGE), &grant(1)));
        assert!(consent.allows("main", None, &grant(1)));
        assert!(!consent.allows("main", Some(NEXT), &grant(1)));
        assert!(!consent.allows("main", Some(PAGE), &grant(2)));
        assert!(!consent.allows("other", Some(PAGE), &grant(1)));
        assert!(consent.revoke(&grant(1)));
        assert!(!consent.revoke(&grant(1)));
        assert!(!consent.allows("main", Some(PAGE), &grant(1)));
        allow(&mut consent, now);
        consent.page_gone("main", now);
        assert!(!consent.allows("main", None, &grant(1)));
    }

    /// One thing that happens in a generated history.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        Ask { page: bool, port: u16 },
        Answer { ticket: usize, answer: Answer },
        PageGone,
        Revoke { port: u16 },
        Later { millis: u64 },
    }

    fn event() -> impl Strategy<Value = Event> {
        let answer = prop_oneof![
            Just(Answer::Once),
            Just(Answer::Always),
            Just(Answer::Refused)
        ];
        prop_oneof![
            4 => (any::<bool>(), 1_u16..4).prop_map(|(page, port)| Event::Ask { page, port }),
            4 => (0_usize..8, answer).prop_map(|(ticket, answer)| Event::Answer { ticket, answer }),
            1 => Just(Event::PageGone),
            1 => (1_u16..4).prop_map(|port| Event::Revoke { port }),
            4 => (0_u64..120_000).prop_map(|millis| Event::Later { millis }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Whatever happens in whatever order: allowed is only what the person answered with "once" to the
        /// question that was open, in the page that is still shown; and questions keep their distance.
        #[test]
        fn nothing_is_allowed_that_was_not_answered(events in vec(event(), 0..60)) {
            let mut consent = Consent::default();
            let mut now = Instant::now();
            let mut tickets: Vec<(Ticket, Id, u16)> = Vec::new();
            let mut open: Option<(Ticket, Id, u16)> = None;
            let mut allowed: Vec<(Id, u16)> = Vec::new();
            let mut shown: VecDeque<Instant> = VecDeque::new();
            let mut refused: Option<Instant> = None;
            for event in events {
                match event {
                    Event::Ask { page, port } => {
                        let page = if page { PAGE } else { NEXT };
                        match consent.ask("main", page, grant(port), now) {
                            Ok(ticket) => {
                                prop_assert!(open.is_none());
                                prop_assert!(refused.is_none_or(|at| now - at >= REFUSAL_PAUSE));
                                shown.push_back(now);
                                shown.retain(|&at| now - at < ASK_WINDOW);
                                prop_assert!(shown.len() <= ASKS_PER_WINDOW);
                                open = Some((ticket, page, port));
                                tickets.push((ticket, page, port));
                            }
                            Err(NotNow::InProgress) => prop_assert!(open.is_some()),
                            Err(NotNow::TooOften(wait)) => {
                                prop_assert!(wait > Duration::ZERO && wait <= REFUSAL_PAUSE_AT_MOST.max(ASK_WINDOW));
                            }
                        }
                    }
                    Event::Answer { ticket, answer } => {
                        let Some(&asked) = tickets.iter().rev().nth(ticket) else { continue };
                        let counts = consent.answer("main", asked.0, answer, now);
                        prop_assert_eq!(counts, open == Some(asked));
                        if counts {
                            open = None;
                            refused = (answer == Answer::Refused).then_some(now);
                            if answer == Answer::Once {
                                allowed.push((asked.1, asked.2));
                            }
                        }
                    }
                    Event::PageGone => {
                        prop_assert_eq!(consent.page_gone("main", now), open.map(|open| open.0));
                        if open.take().is_some() {
                            refused = Some(now);
                        }
                        allowed.clear();
                    }
                    Event::Revoke { port } => {
                        consent.revoke(&grant(port));
                        allowed.retain(|(_, granted)| *granted != port);
                    }
                    Event::Later { millis } => now += Duration::from_millis(millis),
                }
                for page in [PAGE, NEXT] {
                    for port in 1..4 {
                        prop_assert_eq!(
                            consent.allows("main", Some(page), &grant(port)),
                            allowed.contains(&(page, port))
                        );
                    }
                }
            }
        }
    }
}
