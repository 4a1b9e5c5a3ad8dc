//! The commands for endpoints that the person allows. A page can have the person asked; listing and revoking have
//! permissions of their own, and no command answers.

use serde::{Deserialize, Serialize};
use tauri::{
    command,
    ipc::{CommandScope, GlobalScope, Request},
    Manager, Runtime, State, Webview,
};

use crate::{
    commands::{arguments, RawEntry},
    connections::Connections,
    core::id::Id,
    dialog::WindowAsks,
    endpoints::{Decision, Endpoints, GrantedEndpoints, Scopes, Supplicant},
    error::{Error, ErrorCode},
};

#[derive(Deserialize)]
struct Ask {
    url: String,
    page: Id,
}

#[derive(Deserialize)]
struct Revoke {
    url: String,
}

/// What `daemon_request_endpoint` gives.
#[derive(Serialize)]
pub struct Decided {
    decision: Decision,
}

impl Scopes {
    /// The entries as Tauri hands them over.
    pub fn of(command: &CommandScope<RawEntry>, global: &GlobalScope<RawEntry>) -> Self {
        let entries = |lists: [&[std::sync::Arc<RawEntry>]; 2]| {
            lists
                .into_iter()
                .flatten()
                .map(|entry| entry.value().clone())
                .collect()
        };
        Self {
            allow: entries([command.allows(), global.allows()]),
            deny: entries([command.denies(), global.denies()]),
        }
    }
}

/// Has the person asked whether this page may connect to an endpoint. Answers when they have decided.
#[command]
pub async fn daemon_request_endpoint<R: Runtime>(
    webview: Webview<R>,
    request: Request<'_>,
    connections: State<'_, Connections>,
    endpoints: State<'_, Endpoints>,
    command_scope: CommandScope<RawEntry>,
    global_scope: GlobalScope<RawEntry>,
) -> Result<Decided, Error> {
    let ask: Ask = arguments(request.body())?;
    // What holds is what holds for connecting; a deny list of this command counts as well.
    let resolved = webview
        .resolve_command_scope::<RawEntry>("daemon-transport", "daemon_connect")
        .map_err(|problem| {
            Error::new(
                ErrorCode::PolicyRefused,
                format!("the capability files cannot be read: {problem}"),
            )
        })?
        .ok_or_else(|| {
            Error::new(
                ErrorCode::PolicyRefused,
                "this page may connect to nothing: its capability lacks \"daemon-transport:default\"",
            )
        })?;
    let mut scopes = Scopes::of(resolved.command_scope(), resolved.global_scope());
    scopes
        .deny
        .extend(Scopes::of(&command_scope, &global_scope).deny);
    let config = webview.config();
    let app = config
        .product_name
        .as_deref()
        .unwrap_or(&webview.package_info().name);
    let from = Supplicant {
        app,
        webview: webview.label(),
        page: ask.page,
    };
    let asks = WindowAsks(webview.clone());
    let decision = endpoints
        .request(&connections, &from, &ask.url, &scopes, &asks)
        .await?;
    Ok(Decided { decision })
}

/// The endpoints that the person always allows.
#[command(async)]
pub fn daemon_list_endpoints(endpoints: State<'_, Endpoints>) -> Result<GrantedEndpoints, Error> {
    endpoints.list()
}

/// Takes an endpoint back and ends the connections that rest on it. Says whether it had been allowed.
#[command(async)]
pub fn daemon_revoke_endpoint(
    request: Request<'_>,
    connections: State<'_, Connections>,
    endpoints: State<'_, Endpoints>,
) -> Result<bool, Error> {
    let revoke: Revoke = arguments(request.body())?;
    endpoints.revoke(&connections, &revoke.url)
}
