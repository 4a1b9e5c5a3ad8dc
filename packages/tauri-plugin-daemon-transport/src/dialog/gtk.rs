//! The dialog on GTK, the toolkit that Tauri's windows are made of here: it belongs to the window that asks, is
//! drawn by the same main loop, and can be taken away again.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        Arc,
    },
};

use gtk::{glib, prelude::*, MessageDialog, MessageType, ResponseType, Window};
use tauri::{Manager, Runtime, Webview};
use tokio::sync::oneshot;

use super::CloseDialog;
use crate::{
    core::{
        consent::Answer,
        question::{Question, ALWAYS, ONCE, REFUSE},
    },
    limits::ANSWER_DELAY,
};

const REFUSED: ResponseType = ResponseType::Cancel;
const ALLOWED_ONCE: ResponseType = ResponseType::Other(1);
const ALLOWED_ALWAYS: ResponseType = ResponseType::Other(2);

/// Line length that the texts are wrapped at, in characters: a long host breaks within, so that the buttons
/// stay on the screen.
const LINE_CHARS: i32 = 60;

/// Longer words may break.
const LONG_WORD_CHARS: usize = 24;

thread_local! {
    /// The dialogs that are visible. They live on the main thread.
    static VISIBLE: RefCell<HashMap<u64, MessageDialog>> = RefCell::default();
}

/// Shows the dialog over the webview's window. The sender is dropped unused where that cannot be done.
pub fn show<R: Runtime>(
    webview: &Webview<R>,
    question: Question,
    answered: oneshot::Sender<Answer>,
) -> CloseDialog {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    // Work for the main thread is not kept in order with work that the main thread does itself: a dialog may be
    // closed before it is shown.
    let closed = Arc::new(AtomicBool::new(false));
    let app = webview.app_handle().clone();
    let window = webview.window();
    let unless = Arc::clone(&closed);
    // Fails when the app ends: then nobody is asked, and nobody has agreed.
    let _ = app.run_on_main_thread(move || {
        if unless.load(Ordering::Acquire) {
            return;
        }
        let parent = window.gtk_window().ok();
        let dialog = build(&question, parent.as_ref().map(|window| window.upcast_ref()));
        let answered = Cell::new(Some(answered));
        dialog.connect_response(move |dialog, response| {
            if let Some(answered) = answered.take() {
                // Nobody waits for it any more when the page is gone.
                let _ = answered.send(match response {
                    ALLOWED_ONCE => Answer::Once,
                    ALLOWED_ALWAYS => Answer::Always,
                    _ => Answer::Refused,
                });
                VISIBLE.with_borrow_mut(|visible| visible.remove(&number));
                take_away(dialog);
            }
        });
        VISIBLE.with_borrow_mut(|visible| visible.insert(number, dialog.clone()));
        dialog.present();
    });
    Box::new(move || {
        closed.store(true, Ordering::Release);
        let _ = app.run_on_main_thread(move || {
            let dialog = VISIBLE.with_borrow_mut(|visible| visible.remove(&number));
            if let Some(dialog) = dialog {
                take_away(&dialog);
            }
        });
    })
}

fn take_away(dialog: &MessageDialog) {
    dialog.hide();
    // Destroys it, by way of a response that nobody listens to any more.
    dialog.close();
}

/// The label below the heading.
fn secondary_label(dialog: &MessageDialog) -> Option<gtk::Label> {
    let texts = dialog.message_area().downcast::<gtk::Container>().ok()?;
    texts.children().pop()?.downcast().ok()
}

/// Lets long words break anywhere, by spaces without width. The toolkit's own way would add hyphens, and a host
/// with a hyphen is another host.
fn breakable(text: &str) -> String {
    let mut result = String::with_capacity(2 * text.len());
    let mut run = 0;
    for char in text.chars() {
        run = if char.is_whitespace() { 0 } else { run + 1 };
        if run > LONG_WORD_CHARS {
            result.push('\u{200b}');
        }
        result.push(char);
    }
    result
}

fn build(question: &Question, parent: Option<&Window>) -> MessageDialog {
    let kind = if question.warning.is_some() {
        MessageType::Warning
    } else {
        MessageType::Question
    };
    let mut builder = MessageDialog::builder()
        .title(&question.title)
        .text(breakable(&question.heading))
        .secondary_text(breakable(&question.body()))
        .message_type(kind)
        .modal(true)
        .destroy_with_parent(true);
    if let Some(parent) = parent {
        builder = builder.transient_for(parent);
    }
    let dialog = builder.build();
    if let Ok(texts) = dialog.message_area().downcast::<gtk::Container>() {
        for label in texts.children() {
            if let Ok(label) = label.downcast::<gtk::Label>() {
                label.set_max_width_chars(LINE_CHARS);
                label.set_xalign(0.0);
                label.set_halign(gtk::Align::Fill);
            }
        }
    }
    if let (Some(warning), Some(label)) = (question.warning, secondary_label(&dialog)) {
        // Bold. The text around it is escaped; none of it can change how the dialog looks.
        let body = glib::markup_escape_text(&label.text());
        let warning = glib::markup_escape_text(warning);
        label.set_markup(&body.replace(warning.as_str(), &format!("<b>{warning}</b>")));
    }
    // Mnemonics: the letter after the line.
    dialog.add_button(&format!("_{REFUSE}"), REFUSED);
    dialog.add_button(&ONCE.replace("once", "_once"), ALLOWED_ONCE);
    dialog.add_button(&format!("_{ALWAYS}"), ALLOWED_ALWAYS);
    dialog.set_default_response(REFUSED);
    if let Some(button) = dialog.widget_for_response(REFUSED) {
        button.grab_focus();
    }
    let allowing = [ALLOWED_ONCE, ALLOWED_ALWAYS];
    for response in allowing {
        dialog.set_response_sensitive(response, false);
    }
    let weak = dialog.downgrade();
    dialog.connect_map(move |_| {
        let weak = weak.clone();
        glib::timeout_add_local_once(ANSWER_DELAY, move || {
            if let Some(dialog) = weak.upgrade() {
                for response in allowing {
                    dialog.set_response_sensitive(response, true);
                }
            }
        });
    });
    dialog
}
