//! The inbox against a page whose requests run twice, overlap, come late or leave gaps, and a network that takes
//! frames now and then. What reaches the network is each frame of the page once and in order; a refusal changes
//! nothing; the limits hold after each step.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::{core::cases::CASES, limits::MESSAGE_BYTES};

/// One step of a history.
#[derive(Debug, Clone)]
enum Op {
    /// The page sends new messages of these sizes in one request, numbered or not.
    Send { sizes: Vec<usize>, numbered: bool },
    /// A request runs with so many of the page's frames, beginning anywhere among those it has made.
    Again(prop::sample::Index, usize),
    /// A request begins so far beyond the next number.
    Gap(u64),
    /// The writer fetches what is there.
    Drain,
    /// The network takes so many frames from the writer.
    Write(usize),
    /// So many frames at once, empty ones.
    Burst(usize),
}

/// Frames are slices of this at different places, so that each is told from the others without being copied.
static ZEROS: &[u8] = &[0; MESSAGE_BYTES + PLACES];
const PLACES: usize = 4096;

fn op() -> impl Strategy<Value = Op> {
    let size =
        prop_oneof![6 => 0_usize..200, 1 => Just(MESSAGE_BYTES / 3), 1 => Just(MESSAGE_BYTES)];
    prop_oneof![
        6 => (prop::collection::vec(size, 0..5), any::<bool>())
            .prop_map(|(sizes, numbered)| Op::Send { sizes, numbered }),
        4 => (any::<prop::sample::Index>(), 0_usize..8).prop_map(|(from, count)| Op::Again(from, count)),
        1 => (1_u64..u64::MAX / 2).prop_map(Op::Gap),
        4 => Just(Op::Drain),
        4 => (0_usize..8).prop_map(Op::Write),
    ]
}

#[derive(Default)]
struct World {
    inbox: Inbox,
    /// Every frame of the page, in order; those beyond the inbox's next number were refused so far.
    page: Vec<Frame>,
    /// Fetched and not yet taken by the network.
    writer: VecDeque<Frame>,
    /// So many frames have reached the writer.
    fetched: usize,
    /// Written frames.
    written: usize,
}

impl World {
    fn frame(&mut self, size: usize) {
        let number = self.page.len();
        let place = number % PLACES;
        let bytes = Bytes::from_static(&ZEROS[place..place + size]);
        // A long text would be checked for UTF-8 each time.
        let text = number.is_multiple_of(2) && size < 1000;
        self.page.push(if text {
            Frame::Text(Utf8Bytes::try_from(bytes).expect("zeros are UTF-8"))
        } else {
            Frame::Binary(bytes)
        });
    }

    fn taken(&self) -> usize {
        usize::try_from(self.inbox.next() - 1).expect("a count")
    }

    /// One request with these of the page's frames.
    fn request(&mut self, from: usize, to: usize) -> Result<(), TestCaseError> {
        let before = (self.inbox.next(), self.inbox.buffered());
        let frames: Vec<Frame> = self.page.get(from..to).unwrap_or_default().to_vec();
        let new = self
            .page
            .get(self.taken().max(from)..to)
            .unwrap_or_default();
        let bytes = before.1 + new.iter().map(Frame::len).sum::<usize>();
        let waiting = self.taken() - self.written + new.len();
        let result = self.inbox.take(from as u64 + 1, frames);
        if from > usize::try_from(before.0 - 1).expect("a count") {
            prop_assert_eq!(result, Err(Refusal::Gap(before.0)));
        } else if bytes > SEND_QUEUE_BYTES || waiting > SEND_QUEUE_MESSAGES {
            prop_assert_eq!(result, Err(Refusal::Full));
        } else {
            prop_assert_eq!(result, Ok(()));
            prop_assert_eq!(
                self.taken(),
                to.max(usize::try_from(before.0 - 1).expect("a count"))
            );
            return Ok(());
        }
        prop_assert_eq!(
            before,
            (self.inbox.next(), self.inbox.buffered()),
            "a refusal changes nothing"
        );
        Ok(())
    }

    fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        match op {
            Op::Send { sizes, numbered } => {
                // A page that sends without numbers goes on from where Rust is.
                let from = if numbered {
                    self.page.len()
                } else {
                    self.taken()
                };
                self.page.truncate(from);
                sizes.into_iter().for_each(|size| self.frame(size));
                self.request(from, self.page.len())?;
            }
            Op::Burst(count) => {
                let from = self.page.len();
                (0..count).for_each(|_| self.frame(0));
                self.request(from, self.page.len())?;
            }
            Op::Again(from, count) => {
                let from = from.index(self.page.len() + 1);
                self.request(from, (from + count).min(self.page.len()))?;
            }
            Op::Gap(beyond) => {
                let next = self.inbox.next();
                let result = self
                    .inbox
                    .take(next + beyond, vec![Frame::Text("x".into())]);
                prop_assert_eq!(result, Err(Refusal::Gap(next)));
                prop_assert_eq!(self.inbox.next(), next);
            }
            Op::Drain => {
                for frame in self.inbox.drain() {
                    prop_assert!(
                        same(&frame, &self.page[self.fetched]),
                        "in order, each once"
                    );
                    self.fetched += 1;
                    self.writer.push_back(frame);
                }
                prop_assert_eq!(self.fetched, self.taken(), "all that was taken");
            }
            Op::Write(count) => {
                let count = count.min(self.writer.len());
                let payload = self.writer.drain(..count).map(|frame| frame.len()).sum();
                self.inbox.written(count, payload);
                self.written += count;
            }
        }
        let waiting = &self.page[self.written..self.taken()];
        let bytes: usize = waiting.iter().map(Frame::len).sum();
        prop_assert_eq!(self.inbox.buffered(), bytes, "the page is told the truth");
        prop_assert!(bytes <= SEND_QUEUE_BYTES && waiting.len() <= SEND_QUEUE_MESSAGES);
        Ok(())
    }
}

fn same(one: &Frame, other: &Frame) -> bool {
    let place = |frame: &Frame| match frame {
        Frame::Text(text) => (false, text.as_str().as_ptr(), text.len()),
        Frame::Binary(bytes) => (true, bytes.as_ptr(), bytes.len()),
    };
    place(one) == place(other)
}

fn run(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut world = World::default();
    for op in ops {
        world.step(op)?;
    }
    // Whatever happened: once the network has taken all, there is room again.
    world.step(Op::Drain)?;
    world.step(Op::Write(usize::MAX))?;
    prop_assert_eq!(world.inbox.buffered(), 0);
    world.page.truncate(world.taken());
    world.step(Op::Send {
        sizes: vec![MESSAGE_BYTES, MESSAGE_BYTES],
        numbered: true,
    })?;
    prop_assert_eq!(world.taken(), world.page.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn each_frame_reaches_the_network_once_and_in_order(ops in prop::collection::vec(op(), 0..60)) {
        run(ops)?;
    }
}

proptest! {
    // Each of these holds half a million frames: few are enough for a bound that is only a count.
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn the_number_of_frames_is_bounded_whatever_their_sizes(
        ops in prop::collection::vec(prop_oneof![
            (0..SEND_QUEUE_MESSAGES).prop_map(Op::Burst),
            Just(Op::Drain),
            (0..SEND_QUEUE_MESSAGES).prop_map(Op::Write),
        ], 0..12)
    ) {
        run(ops)?;
    }
}
