//! Asks the person in a dialog that the system draws. Nothing that a page can reach takes part: it cannot see
//! the dialog, press its buttons or answer for the person. What is not a press of one of the two buttons that
//! allow something is a refusal.

use tauri::{Runtime, Webview};
use tokio::sync::oneshot;

use crate::core::{consent::Answer, question::Question};

#[cfg(webkitgtk)]
#[path = "gtk.rs"]
mod platform;

#[cfg(any(target_os = "macos", windows))]
#[path = "system.rs"]
mod platform;

/// Where there is no such dialog, nothing is allowed.
#[cfg(not(any(webkitgtk, target_os = "macos", windows)))]
mod platform {
    use super::*;

    pub fn show<R: Runtime>(
        _: &Webview<R>,
        _: Question,
        _: oneshot::Sender<Answer>,
    ) -> CloseDialog {
        Box::new(|| {})
    }
}

/// Takes a dialog away, from any thread, whether it is visible yet or not.
pub type CloseDialog = Box<dyn FnOnce() + Send>;

/// What can ask. An interface, so that the rest is tested without a window.
pub trait Asks: Send + Sync {
    /// Shows the question and returns at once. The sender is dropped unused where no answer comes.
    fn ask(&self, question: Question, answered: oneshot::Sender<Answer>) -> CloseDialog;
}

/// Asks over the window of a webview.
pub struct WindowAsks<R: Runtime>(pub Webview<R>);

impl<R: Runtime> Asks for WindowAsks<R> {
    fn ask(&self, question: Question, answered: oneshot::Sender<Answer>) -> CloseDialog {
        platform::show(&self.0, question, answered)
    }
}
