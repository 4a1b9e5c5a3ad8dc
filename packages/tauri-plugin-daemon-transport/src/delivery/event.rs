//! The `event` lane: one Tauri event `daemon://message` for each frame, with `data` (text) or `base64` (binary).

use base64::{engine::general_purpose::STANDARD, Engine as _};
use serde::Serialize;

use super::{emit_payload, Address, Delivery};
use crate::core::outbox::Happening;

/// See the module.
pub struct Event;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Data<'a> {
    Data(&'a str),
    Base64(String),
}

impl Delivery for Event {
    fn frames(
        &mut self,
        to: &Address<'_>,
        _serial: u64,
        frames: &mut dyn Iterator<Item = (u64, &Happening)>,
    ) {
        for (number, happening) in frames {
            emit_frame(to, number, happening);
        }
    }
}

/// Emits one frame; anything else is not this lane's business.
pub fn emit_frame(to: &Address<'_>, number: u64, happening: &Happening) {
    let data = match happening {
        Happening::Text(text) => Data::Data(text),
        Happening::Binary(bytes) => Data::Base64(STANDARD.encode(bytes)),
        Happening::Open | Happening::Failed(_) | Happening::Closed(_) => return,
    };
    emit_payload(to, "daemon://message", number, &data);
}
