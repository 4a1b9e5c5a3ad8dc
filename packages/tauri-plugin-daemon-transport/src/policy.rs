//! The plugin's verdicts without the plugin: for tests of an app's capabilities, and for tools that explain them.
//!
//! `daemon_connect` asks the same code with the entries of the page's capabilities. The example `policy` of this
//! crate reads capability files and judges URLs from standard input.
//!
//! ```
//! use serde_json::json;
//! use tauri_plugin_daemon_transport::policy::{ErrorCode, Policy, Verdict};
//!
//! let allow = json!({ "scheme": "ws", "host": "127.0.0.1", "port": 6767, "path": "/ws" });
//! let policy = Policy::new([&allow], []);
//!
//! assert!(policy.check("ws://127.0.0.1:6767/ws").is_allowed());
//! let Verdict::Refuse { code, message, normal } = policy.check("ws://127.1:6767/ws") else { panic!() };
//! assert_eq!(code, ErrorCode::InvalidUrl);
//! assert_eq!(normal.as_deref(), Some("ws://127.0.0.1:6767/ws"));
//! assert!(message.contains("ws://127.0.0.1:6767/ws"));
//! ```

use serde_json::Value;

use crate::core::{
    endpoint::{normal_form, parse},
    policy::{self, Agreed},
    reach::Reach,
};
pub use crate::error::ErrorCode;

/// The entries that hold for one page.
#[derive(Debug, Clone, Default)]
pub struct Policy(policy::Policy);

impl Policy {
    /// Reads entries as they stand in the `allow` and `deny` lists of capability files. One that cannot be read is
    /// no error here: it allows nothing, and refusals name it. One in `deny` refuses everything.
    pub fn new<'a>(
        allow: impl IntoIterator<Item = &'a Value>,
        deny: impl IntoIterator<Item = &'a Value>,
    ) -> Self {
        Self(policy::Policy::read(allow, deny))
    }

    /// Whether a page may connect to this URL. Nothing is resolved and nothing is dialled.
    pub fn check(&self, url: &str) -> Verdict {
        match parse(url).and_then(|endpoint| self.0.check(endpoint)) {
            Ok(agreed) => Verdict::Allow {
                condition: condition(agreed),
            },
            Err(error) => Verdict::Refuse {
                code: error.code,
                message: error.message,
                normal: normal_form(url),
            },
        }
    }
}

/// What a policy says of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A page may connect to it. The URL is its own normal form.
    Allow {
        /// For a host name: what its addresses have to be, which is checked once it has been resolved.
        condition: Option<String>,
    },
    /// A page may not. `daemon_connect` rejects with this code and message.
    Refuse {
        /// [`ErrorCode::InvalidUrl`] or [`ErrorCode::PolicyRefused`].
        code: ErrorCode,
        /// What is wrong, and what to change: the URL's normal form, or the entry to add.
        message: String,
        /// What the URL means where that differs from how it was written, or the URL itself. None if it means
        /// nothing that a WebSocket could connect to, or if it has user info.
        normal: Option<String>,
    },
}

impl Verdict {
    /// Whether a page may connect.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

fn condition(agreed: Agreed) -> Option<String> {
    match agreed {
        Agreed::WebSocket(agreed) => match agreed.reach {
            Reach::Name(rules) => Some(rules.to_string()),
            Reach::Addresses(_) => None,
        },
        Agreed::LocalDaemon => None,
    }
}
