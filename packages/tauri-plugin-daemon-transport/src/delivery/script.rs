//! The `batch` lane as a script: one evaluated script carries a run of frames, as JavaScript literals, to the receiver.
//! A text frame is a string; a binary frame is an array that holds its base64.

use std::fmt::Write as _;

use super::{literal::push_frame, Address, Delivery, RECEIVER};
use crate::core::outbox::Happening;

/// See the module.
#[derive(Default)]
pub struct AsScript {
    /// Size of the last script, as a guess for the next.
    size: usize,
}

impl Delivery for AsScript {
    fn frames(
        &mut self,
        to: &Address<'_>,
        serial: u64,
        frames: &mut dyn Iterator<Item = (u64, &Happening)>,
    ) {
        let Some(page_id) = to.page_id() else { return };
        let mut script = String::with_capacity(self.size + self.size / 8);
        let mut begun = false;
        for (number, happening) in frames {
            if begun {
                script.push(',');
            } else {
                begun = true;
                // Writing to a string cannot fail.
                let _ = write!(
                    script,
                    r#"window.{RECEIVER}&&{RECEIVER}.deliver("{page_id}","{}",{serial},{number},["#,
                    to.connection()
                );
            }
            push_frame(&mut script, happening);
        }
        if begun {
            script.push_str("])");
            self.size = script.len();
            to.page.evaluate(script);
        }
    }
}
