//! The owner task of one connection: it dials, carries frames both ways, watches the peer and the page, tells
//! the page one end with at most one cause, and ends when the page has taken everything or is gone.

use std::{sync::Arc, time::Instant};

use tokio::time::sleep_until;
use tokio_tungstenite::tungstenite::{
    protocol::{frame::coding::CloseCode, CloseFrame},
    Bytes, Message, Utf8Bytes,
};

use crate::{
    core::{
        liveness::{Due, Liveness},
        outbox::{Closed, Happening, Outbox},
    },
    delivery::{self, Address, Delivery, Lane},
    dial::{dial, Plan},
    error::Failure,
    limits::{Timeouts, ANSWER_WAIT, ENDED_KEPT, LINGER_TIME, RELEASE_TIME},
    line,
    link::{close_code_of, failure_of, Link, Step},
    mailbox::{Goodbye, Mail, Mailbox},
    opened::Opened,
    page::Page,
    stream::Via,
};

/// What the task owns.
pub struct Connection {
    mailbox: Arc<Mailbox>,
    page: Arc<dyn Page>,
    delivery: Box<dyn Delivery>,
    outbox: Outbox,
    timeouts: Timeouts,
    /// Which way the connection took.
    via: Option<Via>,
    /// A page that cannot answer probes is not waited for for ever.
    patient: bool,
    /// When the answer that the page is owed goes by itself.
    answer_due: Option<Instant>,
}

/// How an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The connection opened, however it ended.
    Opened,
    /// It did not.
    Failed,
    /// The page did not wait for it.
    Cancelled,
}

/// How a connection ended, if the page is still there to be told.
type End = Option<(Option<Failure>, Closed)>;

impl Connection {
    /// A connection that is about to be made.
    pub fn new(mailbox: Arc<Mailbox>, page: Arc<dyn Page>, lane: Lane, timeouts: Timeouts) -> Self {
        let page_id = mailbox.owner.page;
        Self {
            mailbox,
            delivery: lane.delivery(page.as_ref()),
            page,
            outbox: Outbox::new(lane.credit(page_id)),
            timeouts,
            via: None,
            patient: page_id.is_some(),
            answer_due: None,
        }
    }

    /// The whole life of the connection. Says how the attempt went.
    pub async fn run(mut self, plan: Plan) -> Attempt {
        let (attempt, end) = match self.establish(plan).await {
            Ok(link) => {
                self.outbox.push(Happening::Open);
                (Attempt::Opened, self.carry(link).await)
            }
            Err(end @ Some((Some(_), _))) => (Attempt::Failed, end),
            Err(end) => (Attempt::Cancelled, end),
        };
        self.mailbox.socket_ended();
        let Some((failure, closed)) = end else {
            return attempt;
        };
        if let Some(failure) = failure {
            self.outbox.push(Happening::Failed(failure));
        }
        self.outbox.push(Happening::Closed(closed));
        self.see_off().await;
        attempt
    }

    async fn establish(&mut self, plan: Plan) -> Result<Link, End> {
        let mailbox = Arc::clone(&self.mailbox);
        let ways = Arc::clone(&plan.ways);
        let interrupted = async {
            loop {
                match mailbox.look() {
                    (_, true) => return None,
                    _ if mailbox.is_revoked() => return Some((Some(Failure::revoked()), abrupt())),
                    (Some(_), _) => return Some((None, abrupt())),
                    (None, false) => mailbox.news().await,
                }
            }
        };
        tokio::select! {
            biased;
            end = interrupted => Err(end),
            dialled = dial(plan, &self.timeouts) => match dialled {
                Ok(dialled) => {
                    let via = dialled.stream.via();
                    self.via = Some(via);
                    if let Some(observer) = &ways.observer {
                        observer(&Opened {
                            webview: self.mailbox.owner.webview.clone(),
                            via,
                            fallback: dialled.fallback.clone(),
                        });
                    }
                    Ok(Link::new(dialled).await)
                }
                Err(failure) => Err(Some((Some(failure), abrupt()))),
            },
        }
    }

    async fn carry(&mut self, mut link: Link) -> End {
        let mut liveness = Liveness::new(self.timeouts, Instant::now());
        let mut counters = link.counters();
        let mut close_deadline: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let mail = self.mailbox.collect();
            if mail.released {
                tokio::spawn(link.finish(Some(close_frame(1001, "")), RELEASE_TIME));
                return None;
            }
            if mail.revoked {
                tokio::spawn(link.finish(Some(close_frame(1001, "")), RELEASE_TIME));
                let failure = close_deadline.is_none().then(Failure::revoked);
                return Some((failure, abrupt()));
            }
            self.attend(&mail, now);
            if mail.suspected {
                liveness.suspect();
            }
            link.queue(mail.frames);
            if let (Some(goodbye), None) = (mail.goodbye, close_deadline) {
                link.close(goodbye_frame(goodbye));
                close_deadline = Some(now + self.timeouts.close);
            }
            let closing = close_deadline.is_some();
            if close_deadline.is_some_and(|deadline| deadline <= now) {
                return Some((None, abrupt()));
            }

            let reading = closing || self.outbox.has_room();
            let seen = link.counters();
            if seen.0 != counters.0 {
                liveness.heard(now);
            }
            if seen.1 != counters.1 || !link.is_waiting() {
                liveness.wrote(link.is_waiting(), now);
            } else {
                liveness.waiting(now);
            }
            counters = seen;
            liveness.reading(reading, now);
            if !closing {
                match liveness.due(now) {
                    Some(Due::Ping) => link.ping(),
                    Some(due) => return Some((Some(self.silent(due, &liveness, now)), abrupt())),
                    None => {}
                }
            }

            let deadline = [
                self.outbox.deadline(),
                self.answer_due,
                liveness.deadline().filter(|_| !closing),
                close_deadline,
            ]
            .into_iter()
            .flatten()
            .min();
            let step = tokio::select! {
                biased;
                () = self.mailbox.news() => continue,
                step = link.step(reading) => step,
                () = until(deadline) => continue,
            };
            if let Some((failure, closed, frame)) = self.take(step, closing) {
                tokio::spawn(link.finish(frame, LINGER_TIME));
                return Some((failure, closed));
            }
        }
    }

    /// Takes acknowledgements, hands over what credit allows, asks a quiet page.
    fn attend(&mut self, mail: &Mail, now: Instant) {
        if mail.line && self.page.takes_calls() {
            line::open(Arc::clone(&self.page), Arc::clone(&self.mailbox));
        }
        // The mailbox has refused numbers that were never handed over.
        let _ = self.outbox.acknowledge(mail.acknowledged, now);
        if let Some((serial, acknowledged)) = mail.evaluated {
            let _ = self.outbox.evaluated(serial, acknowledged, now);
        }
        let to = Address {
            page: &self.page,
            mailbox: &self.mailbox,
            via: self.via,
        };
        while let Some(parcel) = self.outbox.next_parcel(now) {
            // First, so that an acknowledgement that comes at once is not refused.
            self.mailbox.handed_over(self.outbox.reached());
            delivery::hand_over(self.delivery.as_mut(), &to, &self.outbox, parcel);
        }
        if let Some(probe) = self.outbox.probe(now) {
            delivery::probe(self.delivery.as_mut(), &to, &self.outbox, probe);
        }
        // A hand-over may have taken it along.
        self.answer_due = self
            .mailbox
            .owes_answer()
            .then(|| self.answer_due.unwrap_or(now + ANSWER_WAIT));
        if self.answer_due.is_some_and(|due| due <= now) {
            line::tell_owed_answer(self.page.as_ref(), &self.mailbox);
            self.answer_due = None;
        }
    }

    /// Takes what a step brought. An end comes with the close frame that is owed to the peer.
    fn take(
        &mut self,
        step: Step,
        closing: bool,
    ) -> Option<(Option<Failure>, Closed, Option<CloseFrame>)> {
        self.mailbox.written(step.written);
        for message in step.received {
            match message {
                // After its own close a page gets no more messages, as in browsers.
                Message::Text(_) | Message::Binary(_) if closing => {}
                // A copy of its own for a small message: otherwise it would keep the whole read buffer in memory.
                Message::Text(text) => {
                    let _ = self.outbox.push(Happening::Text(compact_text(text)));
                }
                Message::Binary(bytes) => {
                    let _ = self.outbox.push(Happening::Binary(compact(bytes)));
                }
                Message::Close(frame) if is_unlawful(frame.as_ref()) => {
                    let failure = Failure::new(
                        "protocol_error",
                        "the peer closed the connection with a code that nobody may send",
                    );
                    return Some(((!closing).then_some(failure), abrupt(), None));
                }
                Message::Close(frame) => return Some((None, closed_by_peer(frame), None)),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        match step.ended? {
            Ok(()) => Some((
                (!closing).then(|| Failure::reset("the connection ended without a close frame")),
                abrupt(),
                None,
            )),
            Err(error) => {
                let frame = close_code_of(&error).map(|code| close_frame(code, ""));
                Some(((!closing).then(|| failure_of(&error)), abrupt(), frame))
            }
        }
    }

    fn silent(&self, due: Due, liveness: &Liveness, now: Instant) -> Failure {
        match due {
            Due::PeerNotReading => Failure::timed_out(format!(
                "the daemon has taken no data for {:?}; it may hang",
                self.timeouts.write_stall
            )),
            Due::Ping | Due::PeerSilent => Failure::timed_out(format!(
                "the daemon has been silent for {} s and did not answer a ping",
                liveness.silence(now).as_secs()
            )),
        }
    }

    /// After the end of the socket: waits until the page has taken everything.
    async fn see_off(&mut self) {
        let patience = (!self.patient).then(|| Instant::now() + ENDED_KEPT);
        loop {
            let now = Instant::now();
            let mail = self.mailbox.collect();
            self.attend(&mail, now);
            if mail.released || self.outbox.is_empty() || patience.is_some_and(|until| until <= now)
            {
                return;
            }
            let deadline = [self.outbox.deadline(), self.answer_due, patience]
                .into_iter()
                .flatten()
                .min();
            tokio::select! {
                () = self.mailbox.news() => {}
                () = until(deadline) => {}
            }
        }
    }
}

/// Waits for a moment, or for ever.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

fn abrupt() -> Closed {
    Closed {
        code: 1006,
        reason: String::new(),
        was_clean: false,
    }
}

/// Whether a close frame has a code that RFC 6455 section 7.4 keeps from the wire. The library puts its own code and
/// reason in place of those of such a frame, and gives the answer to the peer that belongs to it.
fn is_unlawful(frame: Option<&CloseFrame>) -> bool {
    frame.is_some_and(|frame| {
        !frame.code.is_allowed()
            || (frame.code == CloseCode::Protocol && frame.reason.as_str() == "Protocol violation")
    })
}

fn closed_by_peer(frame: Option<CloseFrame>) -> Closed {
    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
        (u16::from(frame.code), frame.reason.as_str().to_owned())
    });
    Closed {
        code,
        reason,
        was_clean: true,
    }
}

fn close_frame(code: u16, reason: &str) -> CloseFrame {
    CloseFrame {
        code: CloseCode::from(code),
        reason: reason.into(),
    }
}

fn goodbye_frame(goodbye: Goodbye) -> CloseFrame {
    close_frame(goodbye.code, &goodbye.reason)
}

/// Above this size a message fills most of the buffer that it was read into.
const SHARED_FROM: usize = 64 * 1024;

fn compact(bytes: Bytes) -> Bytes {
    if bytes.len() >= SHARED_FROM {
        bytes
    } else {
        Bytes::copy_from_slice(&bytes)
    }
}

fn compact_text(text: Utf8Bytes) -> Utf8Bytes {
    if text.len() >= SHARED_FROM {
        text
    } else {
        Utf8Bytes::from(text.as_str())
    }
}

#[cfg(test)]
mod lossy_page;
#[cfg(test)]
mod tests;
