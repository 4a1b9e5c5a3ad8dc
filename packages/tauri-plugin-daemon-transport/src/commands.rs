//! The three verbs. They check form and ownership, leave word for the owner task and return; none of them
//! waits. Arguments are read here rather than by Tauri, so that every refusal has a code.

use std::{collections::BTreeMap, sync::Arc};

use base64::{engine::general_purpose::STANDARD, Engine as _};
use serde::{de::DeserializeOwned, Deserialize};
use serde_json::Value;
use tauri::{
    command,
    ipc::{CommandScope, GlobalScope, InvokeBody, Request},
    utils::config::PatternKind,
    Manager, Runtime, State, Webview,
};

use crate::{
    connections::{Asker, Connections, Wish},
    core::{id::Id, inbox::Frame, wire},
    delivery::Lane,
    endpoints::{Endpoints, Scopes},
    error::Error,
    limits::{CLOSE_REASON_BYTES, MESSAGE_BYTES},
    mailbox::{Delivered, Goodbye},
    page::WebviewPage,
};

/// A scope entry as it stands in a capability file. A type of its own, because Tauri caches scopes by type.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct RawEntry(Value);

impl RawEntry {
    /// The entry.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connect {
    url: String,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    lane: Option<Lane>,
    #[serde(default)]
    page: Option<Id>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Send {
    connection_id: Id,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default)]
    ack: Option<u64>,
    #[serde(default)]
    check: bool,
    #[serde(default)]
    page: Option<Id>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Data {
    Text(String),
    Binary { base64: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Disconnect {
    connection_id: Id,
    #[serde(default)]
    code: Option<Value>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    page: Option<Id>,
}

/// Begins a connection and gives its id, before anything is dialled.
#[command]
pub fn daemon_connect<R: Runtime>(
    webview: Webview<R>,
    request: Request<'_>,
    connections: State<'_, Connections>,
    endpoints: State<'_, Endpoints>,
    command_scope: CommandScope<RawEntry>,
    global_scope: GlobalScope<RawEntry>,
) -> Result<Id, Error> {
    let wish: Connect = arguments(request.body())?;
    let scopes = Scopes::of(&command_scope, &global_scope);
    let window = webview.window();
    let asker = Asker {
        webview: webview.label(),
        window: window.label(),
    };
    let wish = Wish {
        url: wish.url,
        headers: wish.headers.unwrap_or_default(),
        lane: wish.lane.unwrap_or_default(),
        page: wish.page,
    };
    let page = wish.page;
    let mailbox = connections.connect(
        &asker,
        wish,
        |url| endpoints.agree(&connections, webview.label(), page, &scopes, url),
        Arc::new(WebviewPage(webview.clone())),
    )?;
    // It may have been taken back since the policy was made, by somebody who did not find this connection yet.
    if let Some(grant) = &mailbox.grant {
        endpoints.keep_to(&connections, webview.label(), grant);
    }
    Ok(mailbox.id)
}

/// Takes messages and acknowledgements of the page. Gives the bytes that wait for the network.
#[command]
pub fn daemon_send<R: Runtime>(
    webview: Webview<R>,
    request: Request<'_>,
    connections: State<'_, Connections>,
) -> Result<usize, Error> {
    if let Some(body) = raw(request.body())? {
        let request = wire::decode(body).map_err(Error::invalid_request)?;
        let mailbox = connections.find(webview.label(), Some(request.page), request.connection)?;
        // An app with the isolation pattern wants to see every request: there the line would be a way around it.
        if !is_isolated(&webview) {
            mailbox.admit_line();
        }
        return mailbox.deliver(request.into());
    }
    let send: Send = arguments(request.body())?;
    let frame = send.data.map(frame).transpose()?;
    let mailbox = connections.find(webview.label(), send.page, send.connection_id)?;
    if send.check {
        mailbox.suspect();
    }
    mailbox.deliver(Delivered {
        acknowledged: send.ack.unwrap_or(0),
        first: send.seq,
        frames: frame.into_iter().collect(),
        ..Delivered::default()
    })
}

/// Begins the close handshake, or cancels the attempt.
#[command]
pub fn daemon_disconnect<R: Runtime>(
    webview: Webview<R>,
    request: Request<'_>,
    connections: State<'_, Connections>,
) -> Result<(), Error> {
    let wish: Disconnect = arguments(request.body())?;
    // RFC 6455 section 7.4: the other codes are not an application's to send.
    let code = wish
        .code
        .and_then(|code| u16::try_from(code.as_u64()?).ok())
        .filter(|code| matches!(code, 1000 | 3000..=4999))
        .unwrap_or(1000);
    let mut reason = wish.reason.unwrap_or_default();
    while reason.len() > CLOSE_REASON_BYTES {
        reason.pop();
    }
    connections
        .find(webview.label(), wish.page, wish.connection_id)?
        .say_goodbye(Goodbye { code, reason });
    Ok(())
}

/// Whether the app has Tauri's isolation pattern.
fn is_isolated<R: Runtime>(webview: &Webview<R>) -> bool {
    matches!(
        webview.config().app.security.pattern,
        PatternKind::Isolation { .. }
    )
}

fn frame(data: Data) -> Result<Frame, Error> {
    let frame = match data {
        Data::Text(text) => Frame::Text(text.into()),
        Data::Binary { base64 } => Frame::Binary(
            STANDARD
                .decode(base64)
                .map_err(|error| {
                    Error::invalid_request(format!("`data.base64` is not base64: {error}"))
                })?
                .into(),
        ),
    };
    if frame.len() > MESSAGE_BYTES {
        return Err(Error::invalid_request("a message is larger than 16 MiB"));
    }
    Ok(frame)
}

/// The arguments of a command.
pub fn arguments<T: DeserializeOwned>(body: &InvokeBody) -> Result<T, Error> {
    match body {
        InvokeBody::Json(value) => T::deserialize(value)
            .map_err(|error| Error::invalid_request(format!("the arguments are wrong: {error}"))),
        InvokeBody::Raw(_) => Err(Error::invalid_request("this command takes JSON arguments")),
    }
}

/// The raw body, if this is one. Where Tauri falls back to `postMessage` it arrives as an array of numbers.
fn raw(body: &InvokeBody) -> Result<Option<Vec<u8>>, Error> {
    match body {
        InvokeBody::Raw(bytes) => Ok(Some(bytes.clone())),
        InvokeBody::Json(Value::Array(numbers)) => numbers
            .iter()
            .map(|number| number.as_u64().and_then(|number| u8::try_from(number).ok()))
            .collect::<Option<Vec<u8>>>()
            .map(Some)
            .ok_or_else(|| Error::invalid_request("a raw body is an array of bytes")),
        InvokeBody::Json(_) => Ok(None),
    }
}
