//! What the host application is told when a connection opens, for its log.

use std::sync::Arc;

pub use crate::stream::Via;

/// A connection has opened. No URL and no secret is in here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// Label of the webview that it belongs to.
    pub webview: String,
    /// Which way it took.
    pub via: Via,
    /// Why it is not the first place of the local daemon, where that is so.
    pub fallback: Option<String>,
}

/// Is told of connections that open.
pub(crate) type Observer = Arc<dyn Fn(&Opened) + Send + Sync>;
