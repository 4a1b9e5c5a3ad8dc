//! The way into a page: one evaluated script, one call, or one Tauri event. An interface, so that connections are
//! tested without a window, and so that a test can lose evaluations on purpose.

use tauri::{Emitter, EventTarget, Runtime, Webview};

use crate::call::Call;

/// A page as a connection sees it. No way tells whether the page got anything; acknowledgements do.
pub trait Page: Send + Sync + 'static {
    /// Evaluates a script in the main frame, after all scripts and events given before it.
    fn evaluate(&self, script: String);
    /// Emits a Tauri event whose payload is this JSON text.
    fn emit(&self, event: &'static str, payload: String);
    /// Whether [`Page::call`] works here.
    fn takes_calls(&self) -> bool {
        false
    }
    /// Calls a function in the main frame, after all scripts and calls given before it. Does nothing where calls do not
    /// work.
    fn call(&self, _call: Call) {}
}

/// The page of a webview.
pub struct WebviewPage<R: Runtime>(pub Webview<R>);

impl<R: Runtime> Page for WebviewPage<R> {
    fn evaluate(&self, script: String) {
        // An error means that the event loop has ended or the webview is gone: there is nobody to tell.
        let _ = self.0.eval(script);
    }

    fn emit(&self, event: &'static str, payload: String) {
        // As above. Listeners of other webviews that asked for the target "any" get the event too: Tauri has no
        // way to leave them out. They learn an id that is useless to them.
        let _ = self
            .0
            .emit_str_to(EventTarget::webview(self.0.label()), event, payload);
    }

    #[cfg(webkitgtk)]
    fn takes_calls(&self) -> bool {
        true
    }

    #[cfg(webkitgtk)]
    fn call(&self, call: Call) {
        crate::webkit::call(&self.0, call);
    }
}
