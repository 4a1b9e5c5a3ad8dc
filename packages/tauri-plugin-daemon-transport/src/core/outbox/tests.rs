//! The outbox against a page that loses, delays and repeats.

use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;

use super::*;

/// A page with the receiver: takes scripts in order, some of which are lost, and answers late.
#[derive(Default)]
struct ModelPage {
    scripts: VecDeque<Script>,
    early: BTreeSet<u64>,
    taken: Vec<u64>,
    /// What was evaluated, and what was taken by then.
    answers: VecDeque<(u64, u64)>,
}

enum Script {
    Parcel(u64, Vec<u64>),
    Probe(u64),
}

impl ModelPage {
    fn contiguous(&self) -> u64 {
        self.taken.len() as u64
    }

    fn evaluate(&mut self, lost: bool) {
        match self.scripts.pop_front() {
            Some(Script::Parcel(serial, numbers)) if !lost => {
                self.early.extend(
                    numbers
                        .into_iter()
                        .filter(|&number| number > self.taken.len() as u64),
                );
                while self.early.remove(&(self.contiguous() + 1)) {
                    self.taken.push(self.contiguous() + 1);
                }
                self.answers.push_back((serial, self.contiguous()));
            }
            Some(Script::Probe(number)) if !lost => {
                self.answers.push_back((number, self.contiguous()))
            }
            _ => {}
        }
    }
}

#[derive(Debug, Clone)]
enum Op {
    Push(usize),
    PushClose,
    HandOver,
    Evaluate { lost: bool },
    Answer { lost: bool },
    Tick(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => prop_oneof![0_usize..200, Just(BATCH_BYTES / 2), Just(IN_FLIGHT_BYTES + 1)].prop_map(Op::Push),
        1 => Just(Op::PushClose),
        4 => Just(Op::HandOver),
        4 => prop::bool::weighted(0.25).prop_map(|lost| Op::Evaluate { lost }),
        4 => prop::bool::weighted(0.1).prop_map(|lost| Op::Answer { lost }),
        2 => (0_u64..2000).prop_map(Op::Tick),
    ]
}

fn payload(size: usize) -> Happening {
    // One allocation, shared: the sizes count, not the bytes.
    static ZEROS: &[u8] = &[0; IN_FLIGHT_BYTES + 1];
    Happening::Binary(Bytes::from_static(&ZEROS[..size]))
}

fn closed() -> Happening {
    Happening::Closed(Closed {
        code: 1000,
        reason: String::new(),
        was_clean: true,
    })
}

/// Drives outbox and page through the operations and then through a time without faults.
fn run(credit: Credit, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut outbox = Outbox::new(credit);
    let mut page = ModelPage::default();
    let mut now = Instant::now();
    let mut pushed = 0;
    let calm = std::iter::repeat_n(
        [
            Op::Tick(30_000),
            Op::HandOver,
            Op::Evaluate { lost: false },
            Op::Evaluate { lost: false },
            Op::Evaluate { lost: false },
            Op::Answer { lost: false },
            Op::Answer { lost: false },
            Op::Answer { lost: false },
        ],
        20 + 4 * ops.len(),
    )
    .flatten();
    for op in ops.into_iter().chain(calm) {
        match op {
            Op::Push(size) => pushed = outbox.push(payload(size)),
            Op::PushClose => pushed = outbox.push(closed()),
            Op::HandOver => {
                while let Some(parcel) = outbox.next_parcel(now) {
                    let numbers: Vec<u64> =
                        outbox.contents(parcel).map(|(number, _)| number).collect();
                    prop_assert_eq!(&numbers, &(parcel.first..=parcel.last).collect::<Vec<_>>());
                    page.scripts
                        .push_back(Script::Parcel(parcel.serial, numbers));
                }
            }
            Op::Evaluate { lost } => page.evaluate(lost),
            Op::Answer { lost } => {
                if let Some((serial, up_to)) = page.answers.pop_front().filter(|_| !lost) {
                    let result = if credit.repeats {
                        outbox.acknowledge(up_to, now)
                    } else {
                        outbox.evaluated(serial, up_to, now)
                    };
                    prop_assert_eq!(result, Ok(()));
                }
            }
            Op::Tick(milliseconds) => {
                now += Duration::from_millis(milliseconds);
                match outbox.probe(now) {
                    Some(Probe::Ask(number)) => page.scripts.push_back(Script::Probe(number)),
                    Some(Probe::Repeat(parcel)) => page
                        .scripts
                        .push_back(Script::Parcel(parcel.serial, vec![parcel.first])),

                    None => {}
                }
                prop_assert_eq!(outbox.probe(now), None, "one question at a time");
            }
        }
        check(&outbox, credit)?;
    }
    prop_assert_eq!(page.contiguous(), pushed, "everything arrives");
    prop_assert!(outbox.is_empty(), "everything is let go");
    prop_assert_eq!((outbox.waiting_cost, outbox.flight_cost), (0, 0));
    Ok(())
}

fn check(outbox: &Outbox, credit: Credit) -> Result<(), TestCaseError> {
    prop_assert!(outbox.flight.len() <= credit.parcels);
    prop_assert!(outbox.flight_cost <= credit.bytes || outbox.flight.len() == 1);
    let cost: usize = outbox.entries.iter().map(Happening::cost).sum();
    prop_assert_eq!(outbox.waiting_cost + outbox.flight_cost, cost);
    let in_flight = outbox.handed - outbox.acknowledged;
    let handed: usize = outbox
        .entries
        .iter()
        .take(in_flight as usize)
        .map(Happening::cost)
        .sum();
    prop_assert_eq!(outbox.flight_cost, handed);
    prop_assert_eq!(
        outbox
            .flight
            .iter()
            .map(|parcel| parcel.cost)
            .sum::<usize>(),
        handed
    );
    prop_assert!(in_flight <= credit.entries as u64 || outbox.flight.len() <= 1);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_page_with_the_receiver_gets_everything_once_and_in_order(ops in prop::collection::vec(op(), 0..120)) {
        run(Credit::BATCH, ops)?;
    }

    #[test]
    fn a_page_without_the_receiver_gets_everything_too(ops in prop::collection::vec(op(), 0..60)) {
        run(Credit::PLAIN_EVENT, ops)?;
    }
}

#[test]
fn what_was_never_handed_over_cannot_be_acknowledged() {
    let mut outbox = Outbox::new(Credit::BATCH);
    let now = Instant::now();
    outbox.push(Happening::Open);
    assert_eq!(outbox.acknowledge(1, now), Err(NeverHandedOver));
    outbox.next_parcel(now);
    assert_eq!(outbox.acknowledge(2, now), Err(NeverHandedOver));
    assert_eq!(outbox.acknowledge(u64::MAX, now), Err(NeverHandedOver));
    assert_eq!(outbox.evaluated(2, 0, now), Err(NeverHandedOver));
    assert_eq!(outbox.acknowledge(1, now), Ok(()));
    assert!(outbox.is_empty());
}

#[test]
fn a_stalled_page_stops_the_reading_and_is_asked_at_growing_intervals() {
    let mut outbox = Outbox::new(Credit::BATCH);
    let start = Instant::now();
    let mut pushed = 0;
    while outbox.has_room() {
        outbox.push(payload(1000));
        pushed += 1;
        while outbox.next_parcel(start).is_some() {}
    }
    assert!(
        pushed * 1000 <= OUTBOX_BYTES + IN_FLIGHT_BYTES,
        "{pushed} messages"
    );
    let questions = (0..3600)
        .filter(|&second| outbox.probe(start + Duration::from_secs(second)).is_some())
        .count();
    assert!(
        (100..140).contains(&questions),
        "{questions} questions in an hour"
    );
}

#[test]
fn messages_share_a_parcel_and_the_end_crosses_alone() {
    let mut outbox = Outbox::new(Credit::BATCH);
    let now = Instant::now();
    outbox.push(Happening::Open);
    for _ in 0..3 {
        outbox.push(payload(10));
    }
    outbox.push(closed());
    let parcels: Vec<(u64, u64)> = std::iter::from_fn(|| outbox.next_parcel(now))
        .map(|parcel| (parcel.first, parcel.last))
        .collect();
    assert_eq!(parcels, [(1, 1), (2, 4), (5, 5)]);
}

#[test]
fn a_message_of_the_largest_size_crosses_alone() {
    let mut outbox = Outbox::new(Credit::BATCH);
    let now = Instant::now();
    outbox.push(payload(10));
    outbox.push(payload(IN_FLIGHT_BYTES + 1));
    outbox.push(payload(10));
    assert_eq!(
        outbox
            .next_parcel(now)
            .map(|parcel| (parcel.first, parcel.last)),
        Some((1, 1))
    );
    assert_eq!(outbox.next_parcel(now), None);
    assert_eq!(outbox.acknowledge(1, now), Ok(()));
    assert_eq!(
        outbox
            .next_parcel(now)
            .map(|parcel| (parcel.first, parcel.last)),
        Some((2, 2))
    );
    assert_eq!(outbox.next_parcel(now), None);
}

#[test]
fn a_loss_is_found_by_what_was_evaluated_after_it() {
    let mut outbox = Outbox::new(Credit::BATCH);
    let now = Instant::now();
    let hand_over = |outbox: &mut Outbox| {
        outbox
            .next_parcel(now)
            .map(|parcel| (parcel.serial, parcel.first))
    };
    outbox.push(payload(10));
    assert_eq!(hand_over(&mut outbox), Some((1, 1)));
    outbox.push(payload(10));
    assert_eq!(hand_over(&mut outbox), Some((2, 2)));
    // The first was lost. Both go again, in one parcel, and a late answer about the first time changes nothing.
    assert_eq!(outbox.evaluated(2, 0, now), Ok(()));
    assert_eq!(hand_over(&mut outbox), Some((3, 1)));
    assert_eq!(outbox.evaluated(2, 0, now), Ok(()));
    assert_eq!(hand_over(&mut outbox), None);
    // Lost once more: now it goes twice.
    assert_eq!(outbox.probe(now + PROBE_AT_MOST), Some(Probe::Ask(4)));
    assert_eq!(outbox.evaluated(4, 0, now), Ok(()));
    assert_eq!(hand_over(&mut outbox), Some((5, 1)));
    assert_eq!(hand_over(&mut outbox), Some((5, 1)));
    assert_eq!(hand_over(&mut outbox), None);
}

#[test]
fn a_lone_message_goes_at_once_and_a_flood_of_small_ones_is_gathered() {
    let mut outbox = Outbox::new(Credit::BATCH);
    let now = Instant::now();
    for number in 1..=2 {
        outbox.push(payload(10));
        assert!(outbox.next_parcel(now).is_some(), "{number}");
    }
    outbox.push(payload(10));
    outbox.push(payload(10));
    assert_eq!(outbox.next_parcel(now), None);
    assert_eq!(outbox.acknowledge(1, now), Ok(()));
    assert_eq!(
        outbox
            .next_parcel(now)
            .map(|parcel| (parcel.first, parcel.last)),
        Some((3, 4))
    );
    outbox.push(payload(PACED_BYTES));
    assert!(outbox.next_parcel(now).is_some());
    outbox.push(payload(10));
    outbox.push(closed());
    assert_eq!(outbox.next_parcel(now), None);
    assert_eq!(outbox.acknowledge(5, now), Ok(()));
    assert_eq!(outbox.next_parcel(now).map(|parcel| parcel.first), Some(6));
    assert_eq!(outbox.next_parcel(now).map(|parcel| parcel.first), Some(7));
}
