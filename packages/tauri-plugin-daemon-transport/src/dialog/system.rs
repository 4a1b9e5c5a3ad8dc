//! The dialog on macOS and Windows, drawn by the system through the crate `rfd`. It cannot be taken away again:
//! the answer to a page that is gone counts for nothing, which is decided elsewhere.

use rfd::{AsyncMessageDialog, MessageButtons, MessageDialogResult, MessageLevel};
use tauri::{Manager, Runtime, Webview};
use tokio::sync::oneshot;

use super::CloseDialog;
use crate::core::{
    consent::Answer,
    question::{Question, ALWAYS, ONCE, REFUSE},
};

/// Shows the dialog over the webview's window. The sender is dropped unused where that cannot be done.
pub fn show<R: Runtime>(
    webview: &Webview<R>,
    question: Question,
    answered: oneshot::Sender<Answer>,
) -> CloseDialog {
    let window = webview.window();
    // Dialogs are made on the main thread. Fails when the app ends: then nobody is asked.
    let _ = webview.app_handle().run_on_main_thread(move || {
        let asked = AsyncMessageDialog::new()
            .set_parent(&window)
            .set_title(&question.heading)
            .set_description(question.body())
            .set_level(if question.warning.is_some() {
                MessageLevel::Warning
            } else {
                MessageLevel::Info
            })
            // The first is the default: the key Enter refuses.
            .set_buttons(MessageButtons::YesNoCancelCustom(
                REFUSE.into(),
                ONCE.into(),
                ALWAYS.into(),
            ))
            .show();
        tauri::async_runtime::spawn(async move {
            let answer = match asked.await {
                MessageDialogResult::Custom(label) if label == ONCE => Answer::Once,
                MessageDialogResult::Custom(label) if label == ALWAYS => Answer::Always,
                _ => Answer::Refused,
            };
            // Nobody waits for it any more when the page is gone.
            let _ = answered.send(answer);
        });
    });
    Box::new(|| {})
}
