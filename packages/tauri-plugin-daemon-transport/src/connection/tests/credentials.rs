//! Tokens of remote endpoints: attached by Rust, to the endpoint they were given for and to no other.

use std::{collections::HashMap, sync::Mutex};

use super::*;
use crate::{
    blocking::Blocking,
    core::{headers::Headers, policy::AgreedEndpoint, token::Token},
    credentials::{Credential, CredentialError, CredentialStore, Credentials},
};

/// A store in memory, which can be made to fail or to hang.
#[derive(Default)]
pub struct Memory {
    kept: Mutex<HashMap<String, Credential>>,
    pub broken: bool,
    pub hangs: Option<Mutex<std::sync::mpsc::Receiver<()>>>,
}

impl CredentialStore for Memory {
    fn load(&self, name: &str) -> Result<Option<Credential>, CredentialError> {
        if let Some(hangs) = &self.hangs {
            // Until the test lets it go.
            let _ = hangs.lock().expect("unpoisoned").recv();
        }
        if self.broken {
            return Err(CredentialError::new(
                "credential_unavailable",
                "the keyring is locked",
            ));
        }
        Ok(self.kept.lock().expect("unpoisoned").get(name).cloned())
    }

    fn store(&self, name: &str, credential: &Credential) -> Result<(), CredentialError> {
        self.kept
            .lock()
            .expect("unpoisoned")
            .insert(name.into(), credential.clone());
        Ok(())
    }

    fn forget(&self, name: &str) -> Result<bool, CredentialError> {
        Ok(self.kept.lock().expect("unpoisoned").remove(name).is_some())
    }
}

pub fn token(text: &str) -> Token {
    Token::new(text).expect("a token")
}

pub fn ways_with(store: Memory) -> (Arc<Ways>, Credentials) {
    let credentials = Credentials::new(Arc::new(store));
    let ways = Ways {
        credentials: credentials.clone(),
        ..Ways::none()
    };
    (Arc::new(ways), credentials)
}

/// An agreement whose entry names the credential `work`.
pub fn with_credential(port: u16) -> Agreed {
    let entry = json!({ "scheme": "ws", "host": "127.0.0.1", "port": port, "path": "/ws", "credential": "work" });
    allowed(&entry, &format!("ws://127.0.0.1:{port}/ws"))
}

#[tokio::test]
async fn a_stored_token_is_attached_and_a_forgotten_one_is_missing() {
    let (listener, port) = listener().await;
    let (ways, credentials) = ways_with(Memory::default());
    credentials
        .store("work", &format!("ws://127.0.0.1:{port}/"), token("of-work"))
        .expect("stored");
    let client = start(with_credential(port), Arc::clone(&ways), patient(), true);
    let request = head(&mut accept(&listener).await).await;
    assert!(
        request.contains("\r\nAuthorization: Bearer of-work\r\n"),
        "{request}"
    );
    drop(client);

    assert_eq!(credentials.forget("work"), Ok(true));
    assert_eq!(credentials.forget("work"), Ok(false));
    let error = start(with_credential(port), ways, patient(), true)
        .failure()
        .await;
    assert_eq!(error["code"], "credential_missing");
}

#[tokio::test]
async fn a_token_goes_to_the_endpoint_it_was_given_for_and_to_no_other() {
    let (listener, port) = listener().await;
    for elsewhere in [
        format!("ws://127.0.0.1:{}/ws", port ^ 1),
        format!("wss://127.0.0.1:{port}/ws"),
        format!("ws://localhost:{port}/ws"),
        "wss://daemon.test/ws".to_owned(),
    ] {
        let (ways, credentials) = ways_with(Memory::default());
        credentials
            .store("work", &elsewhere, token("of-work"))
            .expect("stored");
        let error = start(with_credential(port), ways, patient(), true)
            .failure()
            .await;
        assert_eq!(error["code"], "credential_mismatch", "{elsewhere}");
    }
    let accepted = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await;
    assert!(accepted.is_err(), "it was dialled");
}

#[tokio::test]
async fn a_store_that_fails_or_hangs_ends_the_attempt_in_time() {
    let (broken, _) = ways_with(Memory {
        broken: true,
        ..Memory::default()
    });
    let error = start(with_credential(1), broken, quick(), true)
        .failure()
        .await;
    assert_eq!(error["code"], "credential_unavailable");
    let (release, wait) = std::sync::mpsc::channel();
    let (hanging, _) = ways_with(Memory {
        hangs: Some(Mutex::new(wait)),
        ..Memory::default()
    });
    let error = start(with_credential(1), hanging, quick(), true)
        .failure()
        .await;
    assert_eq!(error["code"], "timed_out");
    drop(release);
}

#[test]
fn a_token_is_not_kept_for_an_endpoint_where_it_could_be_read_on_the_way() {
    let (_, credentials) = ways_with(Memory::default());
    let refusal = |url: &str| {
        credentials
            .store("work", url, token("t"))
            .expect_err(url)
            .code
    };
    assert_eq!(refusal("ws://daemon.test/ws"), "credential_insecure");
    assert_eq!(refusal("ws://192.168.1.10/ws"), "credential_insecure");
    assert_eq!(refusal("daemon+local:"), "invalid_url");
    assert_eq!(refusal("wss://user@daemon.test/"), "invalid_url");
    assert_eq!(
        credentials.store("work", "wss://daemon.test/ws", token("t")),
        Ok(())
    );
}

#[tokio::test]
async fn no_token_leaves_the_computer_in_the_clear_even_if_an_entry_said_so() {
    let Agreed::WebSocket(agreed) = with_credential(1) else {
        panic!("not a WebSocket");
    };
    let mut endpoint = agreed.endpoint.clone();
    endpoint.host = crate::core::endpoint::Host::Address("192.0.2.1".parse().expect("an address"));
    // No entry can be read that says this, and no store of ours keeps it; two locks on one door.
    let forged = Memory::default();
    let mut credential = Credential::new("wss://192.0.2.1:1/", token("t")).expect("bound");
    credential.endpoint = "ws://192.0.2.1:1".into();
    forged.store("work", &credential).expect("stored");
    let (ways, _) = ways_with(forged);
    let agreed = Agreed::WebSocket(AgreedEndpoint {
        endpoint,
        reach: crate::core::reach::Reach::Addresses(vec!["192.0.2.1".parse().expect("an address")]),
        ..agreed
    });
    let plan = Plan {
        agreed,
        headers: Headers::default(),
        ways,
    };
    let failure = crate::dial::dial(plan, &patient())
        .await
        .err()
        .expect("refused");
    assert_eq!(failure.code, "policy_refused");
}

#[tokio::test]
async fn a_redirect_is_an_error_and_the_token_follows_it_nowhere() {
    for status in [301, 302, 303, 307, 308] {
        let (listener, port) = listener().await;
        let (elsewhere, other_port) = super::listener().await;
        let (ways, credentials) = ways_with(Memory::default());
        credentials
            .store("work", &format!("ws://127.0.0.1:{port}/"), token("of-work"))
            .expect("stored");
        let client = start(with_credential(port), ways, patient(), true);
        let mut stream = accept(&listener).await;
        head(&mut stream).await;
        let answer = format!(
            "HTTP/1.1 {status} Moved\r\nLocation: ws://127.0.0.1:{other_port}/ws\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.expect("written");
        let error = client.failure().await;
        assert_eq!(
            (&error["code"], &error["status"]),
            (&json!("upgrade_refused"), &json!(status))
        );
        for listener in [&listener, &elsewhere] {
            let second = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await;
            assert!(second.is_err(), "a second connection");
        }
    }
}

/// Needs a Secret Service: `npm test` runs it in a session with a keyring of its own.
#[tokio::test]
#[ignore = "needs the keyring of a desktop session"]
async fn the_systems_keyring_keeps_and_forgets_a_token() {
    let service = format!(
        "test.daemon-transport.{}",
        Id::random().expect("randomness")
    );
    let credentials = Credentials::new(Arc::new(crate::credentials::Keyring::new(service)));
    let Agreed::WebSocket(agreed) = with_credential(6767) else {
        panic!("not a WebSocket");
    };
    let blocking = Blocking::default();
    let time = Duration::from_secs(60);
    let missing = credentials
        .token("work", &agreed.endpoint, &blocking, time)
        .await
        .expect_err("none yet");
    assert_eq!(missing.code, "credential_missing");
    let keeper = credentials.clone();
    let stored = tokio::task::spawn_blocking(move || {
        keeper.store("work", "ws://127.0.0.1:6767/", token("of-work"))
    });
    stored.await.expect("no panic").expect("stored");
    let found = credentials
        .token("work", &agreed.endpoint, &blocking, time)
        .await
        .expect("found");
    assert_eq!(found, token("of-work"));
    let forgotten = tokio::task::spawn_blocking(move || credentials.forget("work"));
    assert_eq!(forgotten.await.expect("no panic"), Ok(true));
}
