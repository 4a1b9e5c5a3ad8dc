//! The `batch` lane as an argument: a call of the receiver carries a run of frames as JSON, and long ones as strings of
//! their own, and gives back what the page has taken, or what it wants to send. Nothing of it is source code: the engine
//! neither parses nor hashes nor keeps it, and a long text is not even escaped. Few bytes are source code all the same,
//! because that is answered sooner.

use std::sync::Arc;

use super::{
    literal::{has_nul, push_base64, push_frame},
    Address, Delivery, RECEIVER,
};
use crate::{
    call::{Answer, Argument, Call, Code},
    core::outbox::Happening,
    limits::{LONG_FRAME_BYTES, SCRIPT_BYTES},
    line,
};

/// The call. `RECEIVER` of the parent module, and the receiver's `take`.
const BODY: &str = "const receiver = window.__DAEMON_TRANSPORT__;
return receiver && receiver.take(page, connection, serial, first, frames, long);";

/// See the module.
#[derive(Default)]
pub struct AsArgument {
    /// Size of the last JSON, as a guess for the next.
    size: usize,
}

impl Delivery for AsArgument {
    fn frames(
        &mut self,
        to: &Address<'_>,
        serial: u64,
        frames: &mut dyn Iterator<Item = (u64, &Happening)>,
    ) {
        let Some(page_id) = to.page_id() else { return };
        let mut json = String::with_capacity(self.size + self.size / 8);
        let mut long = Vec::new();
        let mut first = None;
        for (number, happening) in frames {
            first.get_or_insert(number);
            json.push(if json.is_empty() { '[' } else { ',' });
            match happening {
                // Text that the engine would cut off at U+0000 is escaped however long it is.
                Happening::Text(text) if text.len() >= LONG_FRAME_BYTES && !has_nul(text) => {
                    json.push_str(&long.len().to_string());
                    long.push(text.clone());
                }
                Happening::Binary(bytes) if bytes.len() >= LONG_FRAME_BYTES => {
                    json.push_str(&format!("[{}]", long.len()));
                    let mut base64 = String::new();
                    push_base64(&mut base64, bytes);
                    long.push(base64.into());
                }
                short => push_frame(&mut json, short),
            }
        }
        let Some(first) = first else { return };
        json.push(']');
        self.size = json.len();
        let connection = to.connection();
        let code = if json.len() <= SCRIPT_BYTES && long.is_empty() {
            let take =
                format!(r#"{RECEIVER}.take("{page_id}","{connection}",{serial},{first},{json})"#);
            Code::Script(match line::owed_answer(to.mailbox) {
                None => format!("window.{RECEIVER}&&{take}"),
                Some(answer) => format!("window.{RECEIVER}&&({answer},{take})"),
            })
        } else {
            line::tell_owed_answer(to.page.as_ref(), to.mailbox);
            let arguments = vec![
                ("page", Argument::Text(page_id.to_string())),
                ("connection", Argument::Text(connection.to_string())),
                ("serial", Argument::Number(serial)),
                ("first", Argument::Number(first)),
                ("frames", Argument::Text(json)),
                ("long", Argument::Texts(long)),
            ];
            Code::Function(BODY, arguments)
        };
        let mailbox = Arc::clone(to.mailbox);
        to.page.call(Call {
            code,
            answered: Box::new(move |answer| match answer {
                Answer::Number(taken) => mailbox.taken(serial, taken as u64),
                Answer::Text(request) => line::take_at_once(&mailbox, &request),
                // The receiver of another page, or one that does not know the connection yet.
                Answer::Nothing => {}
            }),
        });
    }
}
