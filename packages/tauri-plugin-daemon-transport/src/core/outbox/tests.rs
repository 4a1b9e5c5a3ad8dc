//! The outbox, case by case. `model.rs` drives it through generated histories.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Bytes;

use super::*;
use crate::limits::{IN_FLIGHT_BYTES, PACED_BYTES};

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

#[test]
fn without_the_receiver_one_repetition_that_arrives_brings_back_all_that_was_lost() {
    let mut outbox = Outbox::new(Credit::PLAIN_EVENT);
    let now = Instant::now();
    for _ in 0..100 {
        outbox.push(payload(10));
    }
    while outbox.next_parcel(now).is_some() {}
    // None of them arrived. The first goes again, alone, and only its acknowledgement tells that the rest was lost.
    let later = now + PROBE_AFTER;
    assert!(matches!(
        outbox.probe(later),
        Some(Probe::Repeat(Parcel {
            first: 1,
            last: 1,
            ..
        }))
    ));
    assert_eq!(outbox.next_parcel(later), None);
    assert_eq!(outbox.acknowledge(1, later), Ok(()));
    let again = outbox.next_parcel(later);
    assert_eq!(
        again.map(|parcel| (parcel.first, parcel.last)),
        Some((2, 100))
    );
}
