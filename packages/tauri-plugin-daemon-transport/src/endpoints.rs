//! Endpoints that the person allows: asking for one, using what was allowed, listing it and taking it back. A
//! grant is one more entry at the end of the allow list, so the deny list wins over it.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{
    connections::Connections,
    core::{
        consent::Answer,
        endpoint,
        endpoint_list::{Full, Listed},
        grant::Grant,
        id::Id,
        policy::{Agreed, Policy},
        question::Question,
    },
    dialog::Asks,
    endpoint_file::EndpointFile,
    error::{Error, ErrorCode},
    limits::ENDPOINT_LIST_ENTRIES,
};

/// The scope entries that hold for one page.
#[derive(Debug, Clone, Default)]
pub struct Scopes {
    /// Of the allow lists.
    pub allow: Vec<Value>,
    /// Of the deny lists.
    pub deny: Vec<Value>,
}

impl Scopes {
    /// What the capability files say.
    pub fn policy(&self) -> Policy {
        Policy::read(&self.allow, &self.deny)
    }

    /// The same, with an endpoint that the person allowed.
    pub fn policy_with(&self, grant: &Grant) -> Policy {
        let granted = grant.entry();
        Policy::read(self.allow.iter().chain([&granted]), &self.deny)
    }
}

/// A page that wants the person to be asked.
pub struct Supplicant<'a> {
    /// The name of the app, as people know it.
    pub app: &'a str,
    /// The label of its webview.
    pub webview: &'a str,
    /// The id of the page.
    pub page: Id,
}

/// For how long an endpoint is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Until the page is reloaded or closed.
    Once,
    /// From now on.
    Always,
}

/// An endpoint that the person always allows to one webview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GrantedEndpoint {
    /// Its URL in normal form, without a query.
    pub url: String,
    /// The label of the webview that asked, and that may use it.
    pub webview: String,
    /// When the person agreed, in milliseconds since 1970 by this computer's clock.
    pub granted_at: u64,
}

/// The endpoints that the person always allows, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GrantedEndpoints {
    /// The endpoints.
    pub endpoints: Vec<GrantedEndpoint>,
    /// A file that was found damaged since the app started: what was wrong, and where it is kept. What it held
    /// is not allowed any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<Error>,
}

/// See the module.
#[derive(Clone)]
pub struct Endpoints {
    file: Arc<EndpointFile>,
}

impl Endpoints {
    /// Those in this file.
    pub fn new(file: EndpointFile) -> Self {
        Self {
            file: Arc::new(file),
        }
    }

    /// The verdict on one attempt, and the grant that it rests on, if no capability alone allows the attempt.
    /// The file is read only where no capability does.
    pub fn agree(
        &self,
        connections: &Connections,
        webview: &str,
        page: Option<Id>,
        scopes: &Scopes,
        url: &str,
    ) -> Result<(Agreed, Option<Grant>), Error> {
        let endpoint = endpoint::parse(url)?;
        let refusal = match scopes.policy().check(endpoint.clone()) {
            Ok(agreed) => return Ok((agreed, None)),
            Err(refusal) => refusal,
        };
        match Grant::of(&endpoint) {
            Ok(grant) if self.allows(connections, webview, page, &grant) => {
                let agreed = scopes.policy_with(&grant).check(endpoint)?;
                Ok((agreed, Some(grant)))
            }
            _ => Err(refusal),
        }
    }

    fn allows(
        &self,
        connections: &Connections,
        webview: &str,
        page: Option<Id>,
        grant: &Grant,
    ) -> bool {
        connections.consents.allows(webview, page, grant)
            || self.file.granted().holds(grant, webview)
    }

    /// Asks the person, unless the endpoint is allowed already or cannot be.
    pub async fn request(
        &self,
        connections: &Connections,
        from: &Supplicant<'_>,
        url: &str,
        scopes: &Scopes,
        asks: &dyn Asks,
    ) -> Result<Decision, Error> {
        let endpoint = endpoint::parse(url)?;
        if scopes.policy().check(endpoint.clone()).is_ok() {
            return Ok(Decision::Always);
        }
        let grant = Grant::of(&endpoint).map_err(|why| {
            Error::new(
                ErrorCode::PolicyRefused,
                format!("nobody can be asked for this endpoint: {why}. Only a capability file can allow it"),
            )
        })?;
        // What is refused even with the grant is refused for good: a deny list covers it, say.
        scopes.policy_with(&grant).check(endpoint)?;
        let consents = &connections.consents;
        if consents.allows(from.webview, Some(from.page), &grant) {
            return Ok(Decision::Once);
        }
        let wanted = grant.clone();
        let webview = from.webview.to_owned();
        if self
            .with_file(move |file| Ok(file.granted().holds(&wanted, &webview)))
            .await?
        {
            return Ok(Decision::Always);
        }

        let ticket = consents.ask(from.webview, from.page, grant.clone())?;
        // After the ticket: a page load from now on takes the question back.
        if let Err(stale) = connections.claim(from.webview, Some(from.page)) {
            consents.answer(from.webview, ticket, Answer::Refused);
            return Err(stale);
        }
        let (answered, answer) = oneshot::channel();
        let close = asks.ask(Question::new(from.app, &grant), answered);
        consents.shown(from.webview, ticket, close);
        let answer = answer.await.unwrap_or(Answer::Refused);
        if !consents.answer(from.webview, ticket, answer) {
            return Err(Error::stale_page());
        }
        match answer {
            Answer::Once => Ok(Decision::Once),
            Answer::Always => {
                let webview = from.webview.to_owned();
                self.with_file(move |file| remember(file, grant, webview))
                    .await?;
                Ok(Decision::Always)
            }
            Answer::Refused => Err(Error::new(
                ErrorCode::EndpointRefused,
                format!("the person did not allow this app to connect to {grant}"),
            )),
        }
    }

    /// Those that the person always allows. Reads a file.
    pub fn list(&self) -> Result<GrantedEndpoints, Error> {
        let (list, damage) = self.file.look()?;
        Ok(GrantedEndpoints {
            endpoints: list
                .entries()
                .iter()
                .map(|listed| GrantedEndpoint {
                    url: listed.grant.url().to_owned(),
                    webview: listed.webview.clone(),
                    granted_at: listed.granted_at,
                })
                .collect(),
            damaged: damage.map(|what| Error::new(ErrorCode::EndpointListDamaged, what)),
        })
    }

    /// Takes an endpoint back from every webview, for now and for ever, and ends the connections that rest on
    /// it. Says whether it had been allowed. Writes a file.
    pub fn revoke(&self, connections: &Connections, url: &str) -> Result<bool, Error> {
        let endpoint = endpoint::parse(url)?;
        let Ok(grant) = Grant::of(&endpoint) else {
            return Ok(false);
        };
        // The file first: what still stands there could be used again at once.
        let listed = self.file.change(|list| {
            let removed = list.remove(&grant);
            Ok((removed, removed))
        });
        let once = connections.consents.revoke(&grant);
        connections.revoke(&grant);
        Ok(listed? || once)
    }

    /// Ends the connections that rest on a grant, if it does not hold any more.
    pub fn keep_to(&self, connections: &Connections, webview: &str, grant: &Grant) {
        if !self.allows(connections, webview, None, grant) {
            connections.revoke(grant);
        }
    }

    /// Runs file work where it may wait.
    pub async fn with_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(&EndpointFile) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let file = Arc::clone(&self.file);
        tauri::async_runtime::spawn_blocking(move || work(&file))
            .await
            .map_err(|problem| {
                Error::new(
                    ErrorCode::EndpointListUnavailable,
                    format!("the list of allowed endpoints could not be used: {problem}"),
                )
            })?
    }
}

fn remember(file: &EndpointFile, grant: Grant, webview: String) -> Result<(), Error> {
    let granted_at = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
    file.change(|list| {
        let listed = Listed {
            grant,
            webview,
            granted_at,
        };
        list.add(listed).map_err(|Full| {
            Error::new(
                ErrorCode::EndpointListFull,
                format!(
                    "{ENDPOINT_LIST_ENTRIES} endpoints are always allowed already, which is the most; revoke one"
                ),
            )
        })?;
        Ok(((), true))
    })
}

#[cfg(test)]
mod tests;
