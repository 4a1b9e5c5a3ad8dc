//! The outbox against a model of the page: scripts get lost, answers get lost, come late and come twice, and a
//! hostile page acknowledges what it never got. What the page has taken is exactly what was pushed, in order; the
//! bounds hold after each step; and when the faults end, everything arrives.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use proptest::prelude::*;
use tokio_tungstenite::tungstenite::Bytes;

use super::*;
use crate::{
    core::cases::CASES,
    error::Failure,
    limits::{BATCH_BYTES, IN_FLIGHT_BYTES, OUTBOX_BYTES},
};

/// One step of a history.
#[derive(Debug, Clone)]
enum Op {
    /// A message of so many bytes arrives from the peer, if the socket is read at all.
    Receive(usize),
    /// Something other than a message happens.
    Happen(Happening),
    /// Whatever credit allows is handed over.
    HandOver,
    /// The next script is evaluated by the page, or lost.
    Evaluate { lost: bool },
    /// The page's next answer arrives, is lost, or arrives and stays to arrive again.
    Answer(Arrival),
    /// The page acknowledges so many beyond what was ever handed over.
    FalseAcknowledgement(u64),
    /// The page names a hand-over that never was.
    FalseSerial(u64),
    /// An acknowledgement from long ago arrives.
    OldAcknowledgement(prop::sample::Index),
    /// Time passes, in milliseconds.
    Tick(u64),
}

#[derive(Debug, Clone, Copy)]
enum Arrival {
    Once,
    Again,
    Never,
}

/// The largest message of these histories: larger than everything that may be in flight.
const LARGEST: usize = IN_FLIGHT_BYTES + 1;

/// Messages are slices of this at different places, so that each is told from the others without being copied.
static ZEROS: &[u8] = &[0; LARGEST + PLACES];
const PLACES: usize = 1024;

fn op() -> impl Strategy<Value = Op> {
    let size = prop_oneof![
        6 => 0_usize..200,
        1 => Just(BATCH_BYTES / 2),
        1 => Just(LARGEST),
    ];
    let other = prop_oneof![
        Just(Happening::Open),
        Just(Happening::Failed(Failure::new("x", "y"))),
        Just(Happening::Closed(Closed {
            code: 1000,
            reason: String::new(),
            was_clean: true,
        })),
    ];
    let arrival = prop_oneof![
        6 => Just(Arrival::Once),
        1 => Just(Arrival::Again),
        1 => Just(Arrival::Never),
    ];
    prop_oneof![
        8 => size.prop_map(Op::Receive),
        1 => other.prop_map(Op::Happen),
        6 => Just(Op::HandOver),
        6 => prop::bool::weighted(0.25).prop_map(|lost| Op::Evaluate { lost }),
        6 => arrival.prop_map(Op::Answer),
        1 => prop_oneof![1_u64..3, Just(u64::MAX)].prop_map(Op::FalseAcknowledgement),
        1 => (0_u64..1000).prop_map(Op::FalseSerial),
        1 => any::<prop::sample::Index>().prop_map(Op::OldAcknowledgement),
        3 => (0_u64..2000).prop_map(Op::Tick),
    ]
}

/// What is on its way into the page.
enum Script {
    /// A script of the `batch` lane, which the receiver answers with its serial number.
    Batch(u64, Vec<(u64, Happening)>),
    /// One Tauri event, which says nothing about serial numbers.
    Event(u64, Happening),
    Probe(u64),
}

/// What is on its way out of it: the last serial number, if there is one, and what has been taken.
#[derive(Clone, Copy)]
struct Answer {
    evaluated: Option<u64>,
    taken: u64,
}

/// The page, as the guest library or any page that follows the documentation behaves.
#[derive(Default)]
struct Page {
    scripts: VecDeque<Script>,
    early: BTreeMap<u64, Happening>,
    taken: Vec<Happening>,
    evaluated: u64,
    answers: VecDeque<Answer>,
}

impl Page {
    fn evaluate(&mut self, lost: bool) {
        let Some(script) = self.scripts.pop_front().filter(|_| !lost) else {
            return;
        };
        match script {
            Script::Batch(serial, happenings) => {
                for (number, happening) in happenings {
                    self.arrive(number, happening);
                }
                self.evaluated = self.evaluated.max(serial);
            }
            Script::Event(number, happening) => self.arrive(number, happening),
            Script::Probe(serial) => self.evaluated = self.evaluated.max(serial),
        }
        self.answers.push_back(Answer {
            evaluated: (self.evaluated > 0).then_some(self.evaluated),
            taken: self.taken.len() as u64,
        });
    }

    fn arrive(&mut self, number: u64, happening: Happening) {
        let next = |taken: &Vec<Happening>| taken.len() as u64 + 1;
        if number >= next(&self.taken) {
            self.early.insert(number, happening);
        }
        while let Some(happening) = self.early.remove(&next(&self.taken)) {
            self.taken.push(happening);
        }
    }
}

/// A history under way.
struct World {
    credit: Credit,
    /// Frames cross as Tauri events, each by itself.
    events: bool,
    outbox: Outbox,
    page: Page,
    now: Instant,
    pushed: Vec<Happening>,
    acknowledgements: Vec<u64>,
    serials: u64,
}

impl World {
    fn new(credit: Credit, events: bool) -> Self {
        Self {
            credit,
            events,
            outbox: Outbox::new(credit),
            page: Page::default(),
            now: Instant::now(),
            pushed: Vec::new(),
            acknowledgements: Vec::new(),
            serials: 0,
        }
    }

    fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        match op {
            Op::Receive(size) if self.outbox.has_room() => {
                let place = self.pushed.len() % PLACES;
                self.push(Happening::Binary(Bytes::from_static(
                    &ZEROS[place..place + size],
                )))?;
            }
            Op::Receive(_) => {}
            Op::Happen(happening) => self.push(happening)?,
            Op::HandOver => {
                while let Some(parcel) = self.outbox.next_parcel(self.now) {
                    self.cross(parcel)?;
                }
            }
            Op::Evaluate { lost } => self.page.evaluate(lost),
            Op::Answer(arrival) => self.answer(arrival)?,
            Op::FalseAcknowledgement(beyond) => {
                let before = self.state();
                let number = self.outbox.reached().saturating_add(beyond);
                let result = self.outbox.acknowledge(number, self.now);
                prop_assert_eq!(result, Err(NeverHandedOver));
                prop_assert_eq!(before, self.state(), "it changes nothing");
            }
            Op::FalseSerial(beyond) => {
                let serial = self.serials + 1 + beyond;
                let result = self.outbox.evaluated(serial, 0, self.now);
                prop_assert_eq!(result, Err(NeverHandedOver));
            }
            Op::OldAcknowledgement(which) => {
                if !self.acknowledgements.is_empty() {
                    let before = self.state();
                    let number = *which.get(&self.acknowledgements);
                    prop_assert_eq!(self.outbox.acknowledge(number, self.now), Ok(()));
                    prop_assert_eq!(before, self.state(), "it changes nothing");
                }
            }
            Op::Tick(milliseconds) => self.tick(Duration::from_millis(milliseconds))?,
        }
        self.check()
    }

    /// Everything of the outbox that a later step could notice, but for the messages.
    fn state(&self) -> impl PartialEq + std::fmt::Debug {
        let outbox = &self.outbox;
        (
            (outbox.acknowledged, outbox.handed, outbox.reached),
            (outbox.entries.len(), outbox.flight.len(), outbox.losses),
            (outbox.waiting_cost, outbox.flight_cost),
            (outbox.deadline(), outbox.repeated_at, outbox.twice),
        )
    }

    fn push(&mut self, happening: Happening) -> Result<(), TestCaseError> {
        self.pushed.push(happening.clone());
        prop_assert_eq!(self.outbox.push(happening), self.pushed.len() as u64);
        Ok(())
    }

    /// A parcel becomes scripts, as `delivery` makes them.
    fn cross(&mut self, parcel: Parcel) -> Result<(), TestCaseError> {
        prop_assert!(parcel.first <= parcel.last && parcel.last <= self.outbox.reached());
        self.serials = self.serials.max(parcel.serial);
        let happenings: Vec<(u64, Happening)> = self
            .outbox
            .contents(parcel)
            .map(|(number, happening)| (number, happening.clone()))
            .collect();
        let numbers: Vec<u64> = happenings.iter().map(|(number, _)| *number).collect();
        prop_assert_eq!(numbers, (parcel.first..=parcel.last).collect::<Vec<_>>());
        let frames = happenings.iter().filter(|(_, it)| it.is_frame()).count();
        prop_assert!(
            happenings.len() == 1 || frames == happenings.len(),
            "what is no frame crosses alone"
        );
        if frames > 0 && !self.events {
            self.page
                .scripts
                .push_back(Script::Batch(parcel.serial, happenings));
        } else {
            self.page.scripts.extend(
                happenings
                    .into_iter()
                    .map(|(number, happening)| Script::Event(number, happening)),
            );
        }
        Ok(())
    }

    fn answer(&mut self, arrival: Arrival) -> Result<(), TestCaseError> {
        let Some(answer) = self.page.answers.pop_front() else {
            return Ok(());
        };
        match arrival {
            Arrival::Never => return Ok(()),
            Arrival::Again => self.page.answers.push_back(answer),
            Arrival::Once => {}
        }
        let result = match answer.evaluated {
            Some(serial) if !self.credit.repeats => {
                self.outbox.evaluated(serial, answer.taken, self.now)
            }
            _ => self.outbox.acknowledge(answer.taken, self.now),
        };
        prop_assert_eq!(result, Ok(()), "an honest page is never refused");
        self.acknowledgements.push(answer.taken);
        Ok(())
    }

    fn tick(&mut self, time: Duration) -> Result<(), TestCaseError> {
        self.now += time;
        let due = self
            .outbox
            .deadline()
            .is_some_and(|deadline| deadline <= self.now);
        let probe = self.outbox.probe(self.now);
        prop_assert_eq!(due, probe.is_some(), "the deadline is kept");
        match probe {
            Some(Probe::Ask(serial)) => {
                self.serials = self.serials.max(serial);
                self.page.scripts.push_back(Script::Probe(serial));
            }
            Some(Probe::Repeat(parcel)) => {
                prop_assert_eq!(
                    parcel.first,
                    parcel.last,
                    "one happening, not a copy of all"
                );
                self.cross(parcel)?;
            }
            None => {}
        }
        prop_assert_eq!(self.outbox.probe(self.now), None, "one question at a time");
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let outbox = &self.outbox;
        let taken = &self.page.taken;
        prop_assert!(taken.len() <= self.pushed.len());
        for (at, (taken, pushed)) in taken.iter().zip(&self.pushed).enumerate() {
            prop_assert!(same(taken, pushed), "number {} is another one", at + 1);
        }
        // Nothing is let go before the page has it.
        let kept_from = self.pushed.len() - outbox.entries.len();
        prop_assert!(kept_from <= taken.len());
        prop_assert_eq!(kept_from as u64, outbox.acknowledged);
        // What waits and what is in flight are all there is, and are counted as what they cost.
        let in_flight = outbox.handed - outbox.acknowledged;
        let cost = |entries: &mut dyn Iterator<Item = &Happening>| -> usize {
            entries.map(Happening::cost).sum()
        };
        let split = usize::try_from(in_flight).unwrap_or(usize::MAX);
        let flying = cost(&mut outbox.entries.iter().take(split));
        let waiting = cost(&mut outbox.entries.iter().skip(split));
        prop_assert_eq!(outbox.flight_cost, flying);
        prop_assert_eq!(outbox.waiting_cost, waiting);
        let parcels: usize = outbox.flight.iter().map(|parcel| parcel.cost).sum();
        prop_assert_eq!(parcels, flying);
        // The bounds. One message may overshoot each, because it cannot be divided.
        let alone = outbox.flight.len() <= 1;
        prop_assert!(outbox.flight.len() <= self.credit.parcels);
        prop_assert!(flying <= self.credit.bytes || alone);
        prop_assert!(in_flight <= self.credit.entries as u64 || alone);
        let largest = LARGEST + crate::limits::ENTRY_BYTES;
        let others = self.pushed.iter().filter(|it| !it.is_frame()).count();
        let bound = OUTBOX_BYTES + largest + self.credit.bytes.max(largest);
        prop_assert!(waiting + flying <= bound + others * crate::limits::ENTRY_BYTES);
        Ok(())
    }

    /// After the faults: everything arrives, is let go, and nothing more is asked.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        // The first rounds find what was lost. Then a large message takes a round of its own, and of the others at
        // least two cross in each: one by one would be what a page that was buried in losses must not suffer.
        let large = self.pushed.iter().filter(|it| it.cost() > LARGEST).count();
        for _ in 0..6 + large + self.pushed.len() / 2 {
            if self.outbox.is_empty() {
                break;
            }
            self.step(Op::HandOver)?;
            while !self.page.scripts.is_empty() {
                self.step(Op::Evaluate { lost: false })?;
            }
            while !self.page.answers.is_empty() {
                self.step(Op::Answer(Arrival::Once))?;
            }
            self.step(Op::Tick(30_000))?;
        }
        prop_assert_eq!(self.page.taken.len(), self.pushed.len(), "all arrive");
        prop_assert!(self.outbox.is_empty(), "all are let go");
        prop_assert_eq!(self.outbox.deadline(), None, "nothing more is asked");
        prop_assert!(self.outbox.has_room());
        Ok(())
    }
}

/// Compares the place of a message instead of its bytes.
fn same(one: &Happening, other: &Happening) -> bool {
    match (one, other) {
        (Happening::Binary(one), Happening::Binary(other)) => {
            one.as_ptr() == other.as_ptr() && one.len() == other.len()
        }
        _ => one == other,
    }
}

fn run(credit: Credit, events: bool, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut world = World::new(credit, events);
    for op in ops {
        world.step(op)?;
    }
    world.settle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn in_the_batch_lane_a_page_takes_exactly_what_happened(ops in prop::collection::vec(op(), 0..60)) {
        run(Credit::BATCH, false, ops)?;
    }

    #[test]
    fn in_the_event_lane_too(ops in prop::collection::vec(op(), 0..60)) {
        run(Credit::EVENT, true, ops)?;
    }

    #[test]
    fn and_without_the_receiver(ops in prop::collection::vec(op(), 0..60)) {
        run(Credit::PLAIN_EVENT, true, ops)?;
    }
}
