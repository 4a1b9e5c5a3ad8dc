//! How what happened on a connection crosses into the page. `open`, `error` and `close` are Tauri events in
//! every lane; frames cross as the lane has it.

mod argument;
mod event;
pub mod literal;
mod script;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    core::{
        id::Id,
        outbox::{Credit, Happening, Outbox, Parcel, Probe},
    },
    error::Failure,
    mailbox::Mailbox,
    page::Page,
    stream::Via,
};

/// The global that the init script defines.
pub const RECEIVER: &str = "__DAEMON_TRANSPORT__";

/// Which way the frames of a connection take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Many frames at once, to the receiver of the init script.
    Batch,
    /// One Tauri event `daemon://message` for each frame.
    #[default]
    Event,
}

/// The receiving end of one connection.
pub struct Address<'a> {
    /// The way into the page.
    pub page: &'a Arc<dyn Page>,
    /// Where its acknowledgements go, and the names of the connection and of the page.
    pub mailbox: &'a Arc<Mailbox>,
    /// Which way the connection took, told with its opening.
    pub via: Option<Via>,
}

impl Address<'_> {
    fn connection(&self) -> Id {
        self.mailbox.id
    }

    /// The page's own id, if it uses the receiver.
    fn page_id(&self) -> Option<Id> {
        self.mailbox.owner.page
    }
}

/// Hands frames over. Implementations keep nothing: the outbox does.
pub trait Delivery: Send {
    /// Hands over a run of frames with consecutive numbers. `serial` is the number of the hand-over.
    fn frames(
        &mut self,
        to: &Address<'_>,
        serial: u64,
        frames: &mut dyn Iterator<Item = (u64, &Happening)>,
    );
}

impl Lane {
    /// How much of this lane may be in flight.
    pub fn credit(self, page_id: Option<Id>) -> Credit {
        match (self, page_id) {
            (Self::Batch, _) => Credit::BATCH,
            (Self::Event, Some(_)) => Credit::EVENT,
            (Self::Event, None) => Credit::PLAIN_EVENT,
        }
    }

    /// The lane's implementation for a page.
    pub fn delivery(self, page: &dyn Page) -> Box<dyn Delivery> {
        match self {
            Self::Batch if page.takes_calls() => Box::<argument::AsArgument>::default(),
            Self::Batch => Box::<script::AsScript>::default(),
            Self::Event => Box::new(event::Event),
        }
    }
}

/// Hands over one parcel.
pub fn hand_over(delivery: &mut dyn Delivery, to: &Address<'_>, outbox: &Outbox, parcel: Parcel) {
    let mut contents = outbox.contents(parcel).peekable();
    match contents.peek() {
        Some((_, happening)) if happening.is_frame() => {
            delivery.frames(to, parcel.serial, &mut contents)
        }
        _ => contents.for_each(|(number, happening)| emit(to, number, happening)),
    }
}

/// Asks a quiet page what it has taken.
pub fn probe(delivery: &mut dyn Delivery, to: &Address<'_>, outbox: &Outbox, probe: Probe) {
    match (probe, to.page_id()) {
        (Probe::Ask(serial), Some(page_id)) => to.page.evaluate(format!(
            r#"window.{RECEIVER}&&{RECEIVER}.probe("{page_id}","{}",{serial})"#,
            to.connection()
        )),
        (Probe::Ask(_), None) => {}
        (Probe::Repeat(parcel), _) => hand_over(delivery, to, outbox, parcel),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a, T: Serialize> {
    connection_id: Id,
    seq: u64,
    #[serde(flatten)]
    rest: &'a T,
}

#[derive(Serialize)]
struct OpenPayload {
    via: Option<Via>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClosedPayload<'a> {
    code: u16,
    reason: &'a str,
    was_clean: bool,
}

fn emit(to: &Address<'_>, number: u64, happening: &Happening) {
    match happening {
        Happening::Open => emit_payload(to, "daemon://open", number, &OpenPayload { via: to.via }),
        Happening::Failed(failure) => {
            emit_payload::<Failure>(to, "daemon://error", number, failure)
        }
        Happening::Closed(closed) => emit_payload(
            to,
            "daemon://close",
            number,
            &ClosedPayload {
                code: closed.code,
                reason: &closed.reason,
                was_clean: closed.was_clean,
            },
        ),
        Happening::Text(_) | Happening::Binary(_) => event::emit_frame(to, number, happening),
    }
}

fn emit_payload<T: Serialize>(to: &Address<'_>, event: &'static str, number: u64, rest: &T) {
    let payload = Payload {
        connection_id: to.connection(),
        seq: number,
        rest,
    };
    // Serialising strings and numbers cannot fail.
    if let Ok(payload) = serde_json::to_string(&payload) {
        to.page.emit(event, payload);
    }
}
