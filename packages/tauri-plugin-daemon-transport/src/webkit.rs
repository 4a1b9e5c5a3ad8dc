//! Calls into a page of WebKitGTK, through `webkit_web_view_evaluate_javascript` for a script and
//! `webkit_web_view_call_async_javascript_function` for a function.

use javascriptcore::{Value, ValueExt};
use tauri::{Runtime, Webview};
use webkit2gtk::{
    gio::Cancellable,
    glib::{Error, ToVariant, Variant, VariantDict},
    WebViewExt,
};

use crate::call::{Answer, Argument, Call, Code};

/// Calls, after all scripts and calls given before it.
pub fn call<R: Runtime>(webview: &Webview<R>, call: Call) {
    let Call { code, answered } = call;
    let answered = move |result| answered(read(result));
    const NOT_CANCELLED: Option<&Cancellable> = None;
    // An error means that the event loop has ended or the webview is gone: there is nobody to tell.
    let _ = match code {
        Code::Script(script) => webview.with_webview(move |platform| {
            let view = platform.inner();
            view.evaluate_javascript(&script, None, None, NOT_CANCELLED, answered);
        }),
        Code::Function(body, arguments) => {
            // Here and not on the main thread, which has the copying of WebKit to do.
            let arguments = dictionary(arguments);
            webview.with_webview(move |platform| {
                let (view, arguments) = (platform.inner(), Some(&arguments));
                view.call_async_javascript_function(
                    body,
                    arguments,
                    None,
                    None,
                    NOT_CANCELLED,
                    answered,
                );
            })
        }
    };
}

fn dictionary(arguments: Vec<(&'static str, Argument)>) -> Variant {
    let dictionary = VariantDict::new(None);
    for (name, argument) in arguments {
        let value = match argument {
            // Exact below 2^53; WebKit takes all numbers for doubles.
            Argument::Number(number) => (number as f64).to_variant(),
            Argument::Text(text) => text.to_variant(),
            Argument::Texts(texts) => {
                let members = VariantDict::new(None);
                for (index, text) in texts.iter().enumerate() {
                    members.insert_value(&index.to_string(), &text.as_str().to_variant());
                }
                members.end()
            }
        };
        dictionary.insert_value(name, &value);
    }
    dictionary.end()
}

fn read(result: Result<Value, Error>) -> Answer {
    match result {
        Ok(value) if value.is_number() => Answer::Number(value.to_double()),
        Ok(value) if value.is_string() => value
            .to_string_as_bytes()
            .map_or(Answer::Nothing, |bytes| Answer::Text(bytes.to_vec())),
        // The page went, or its receiver is not ours: acknowledgements stay out, and the outbox asks.
        Ok(_) | Err(_) => Answer::Nothing,
    }
}
