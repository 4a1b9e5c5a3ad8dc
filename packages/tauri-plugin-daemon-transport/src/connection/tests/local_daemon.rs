//! `daemon+local:`: which place is dialled, what is checked there, and what is told.

use super::*;
use crate::{
    core::token::Token,
    error::Failure,
    local_daemon::{LocalDaemonError, Place},
};

fn daemon(places: Vec<Place>) -> LocalDaemon {
    LocalDaemon {
        places,
        path: "/ws".into(),
        token: None,
    }
}

fn tcp(port: u16) -> Place {
    Place::Tcp((Ipv4Addr::LOCALHOST, port).into())
}

fn to(daemon: LocalDaemon) -> Client {
    start(Agreed::LocalDaemon, ways_to(daemon), patient(), true)
}

#[tokio::test]
async fn the_local_daemon_is_found_by_the_application() {
    let (listener, port) = listener().await;
    let mut client = to(daemon(vec![tcp(port)]));
    let mut stream = accept(&listener).await;
    let request = head(&mut stream).await;
    assert!(request.starts_with("GET /ws HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")),
        "{request}"
    );
    assert!(!request.contains("Authorization"), "{request}");
    client.goodbye(1000, "");
    assert_eq!(client.next().await.0, "daemon://close");
}

#[tokio::test]
async fn why_it_is_not_found_is_the_applications_to_tell() {
    let ways = Ways {
        resolver: Some(Arc::new(|| {
            Err(LocalDaemonError::new("daemon_not_running", "start it"))
        })),
        ..Ways::none()
    };
    let error = start(Agreed::LocalDaemon, ways, patient(), true)
        .failure()
        .await;
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("daemon_not_running"), &json!("start it"))
    );
}

#[tokio::test]
async fn a_place_of_another_computer_is_not_dialled() {
    let elsewhere = Place::Tcp("192.0.2.1:80".parse().expect("an address"));
    let error = to(daemon(vec![elsewhere])).failure().await;
    assert_eq!(error["code"], "policy_refused");
}

#[tokio::test]
async fn its_token_goes_into_the_upgrade_and_a_page_may_not_set_one() {
    let (listener, port) = listener().await;
    let with_token = LocalDaemon {
        token: Some(Token::new("a-secret").expect("a token")),
        ..daemon(vec![tcp(port)])
    };
    let client = to(with_token.clone());
    let mut stream = accept(&listener).await;
    let request = head(&mut stream).await;
    assert!(
        request.contains("\r\nAuthorization: Bearer a-secret\r\n"),
        "{request}"
    );
    assert_eq!(request.matches("a-secret").count(), 1, "{request}");
    drop(client);

    let failure: Failure = crate::dial::dial(
        Plan {
            agreed: Agreed::LocalDaemon,
            headers: headers::check(BTreeMap::from([(
                "authorization".into(),
                "Bearer mine".into(),
            )]))
            .expect("allowed"),
            ways: Arc::new(ways_to(with_token)),
        },
        &patient(),
    )
    .await
    .err()
    .expect("refused");
    assert_eq!(failure.code, "invalid_header");
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::{set_permissions, Permissions},
        os::unix::fs::{symlink, PermissionsExt},
        path::{Path, PathBuf},
    };

    use tokio::net::UnixListener;

    use super::*;

    /// A directory of this user alone, and a path in it.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("daemon.sock");
        (directory, path)
    }

    fn mode(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).expect("set");
    }

    #[tokio::test]
    async fn its_unix_socket_comes_first_and_the_page_is_told() {
        let (_directory, path) = place();
        let socket = UnixListener::bind(&path).expect("bound");
        let (_unused, port) = listener().await;
        let mut client = to(daemon(vec![Place::UnixSocket(path), tcp(port)]));
        let (mut stream, _) = socket.accept().await.expect("a connection");
        let request = head(&mut stream).await;
        assert!(request.contains("\r\nHost: localhost\r\n"), "{request}");
        let answer = answer_to(&request);
        stream.write_all(answer.as_bytes()).await.expect("written");
        let (event, payload) = client.next().await;
        assert_eq!((event, &payload["via"]), ("daemon://open", &json!("unix")));
    }

    #[tokio::test]
    async fn where_the_socket_does_not_exist_loopback_is_taken_and_that_is_said() {
        let (_directory, path) = place();
        let (listener, port) = listener().await;
        let (told, mut fallbacks) = mpsc::unbounded_channel();
        let ways = Ways {
            observer: Some(Arc::new(move |opened: &Opened| {
                // The test may be over.
                let _ = told.send(opened.clone());
            })),
            ..ways_to(daemon(vec![Place::UnixSocket(path.clone()), tcp(port)]))
        };
        let mut client = start(Agreed::LocalDaemon, ways, patient(), true);
        let _server = websocket(&listener).await;
        let (event, payload) = client.next().await;
        assert_eq!((event, &payload["via"]), ("daemon://open", &json!("tcp")));
        let opened = fallbacks.recv().await.expect("told");
        assert_eq!((opened.via, opened.webview.as_str()), (Via::Tcp, "main"));
        let fallback = opened.fallback.expect("a reason");
        assert!(fallback.contains("socket"), "{fallback}");
    }

    #[tokio::test]
    async fn at_the_port_of_a_daemon_that_was_killed_nobody_is_dialled() {
        let (_directory, path) = place();
        // A socket that a daemon left behind when it was killed, and somebody at its former port.
        drop(UnixListener::bind(&path).expect("bound"));
        let (stranger, port) = listener().await;
        let error = to(daemon(vec![Place::UnixSocket(path), tcp(port)]))
            .failure()
            .await;
        assert_eq!(error["code"], "connection_refused", "{error}");
        let accepted = tokio::time::timeout(Duration::from_millis(1), stranger.accept()).await;
        assert!(accepted.is_err(), "a stranger was dialled");
    }

    #[tokio::test]
    async fn where_nobody_listens_anywhere_the_first_place_is_named() {
        let (_directory, path) = place();
        let (listener, port) = listener().await;
        drop(listener);
        let error = to(daemon(vec![Place::UnixSocket(path.clone()), tcp(port)]))
            .failure()
            .await;
        assert_eq!(error["code"], "connection_refused");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("the daemon's socket"), "{message}");
        // The page has no use for the path.
        assert!(!message.contains(&path.display().to_string()), "{message}");
    }

    #[tokio::test]
    async fn a_socket_that_may_be_another_users_is_not_dialled_and_nothing_else_is_either() {
        let (directory, path) = place();
        let _socket = UnixListener::bind(&path).expect("bound");
        let (tcp_listener, port) = listener().await;
        let link = directory.path().join("link.sock");
        symlink(&path, &link).expect("linked");
        let file = directory.path().join("file.sock");
        std::fs::write(&file, "").expect("written");
        let shared = directory.path().join("shared");
        std::fs::create_dir(&shared).expect("made");
        let in_shared = shared.join("daemon.sock");
        let _exposed = UnixListener::bind(&in_shared).expect("bound");
        mode(&shared, 0o777);
        for (path, reason) in [
            (link, "symbolic link"),
            (file, "no socket"),
            (in_shared, "others can write"),
        ] {
            let error = to(daemon(vec![Place::UnixSocket(path), tcp(port)]))
                .failure()
                .await;
            assert_eq!(error["code"], "socket_untrusted", "{error}");
            assert!(
                error["message"]
                    .as_str()
                    .is_some_and(|message| message.contains(reason)),
                "{error}"
            );
        }
        let accepted = tokio::time::timeout(Duration::from_millis(1), tcp_listener.accept()).await;
        assert!(accepted.is_err(), "the next place was dialled");
    }

    #[tokio::test]
    async fn a_runtime_file_is_all_that_a_daemon_has_to_write() {
        let (directory, path) = place();
        let socket = UnixListener::bind(&path).expect("bound");
        let file = directory.path().join("daemon.json");
        let text =
            json!({ "format": 1, "socket": path, "path": "/live", "token": "from-the-file" });
        std::fs::write(&file, text.to_string()).expect("written");
        mode(&file, 0o600);
        let _client = to(LocalDaemon::from_runtime_file(&file).expect("read"));
        let request = head(&mut socket.accept().await.expect("a connection").0).await;
        assert!(request.starts_with("GET /live HTTP/1.1\r\n"), "{request}");
        assert!(
            request.contains("\r\nAuthorization: Bearer from-the-file\r\n"),
            "{request}"
        );

        mode(&file, 0o644);
        let error = LocalDaemon::from_runtime_file(&file).expect_err("open to others");
        assert_eq!(error.code, "runtime_file_invalid");
        std::fs::remove_file(&file).expect("removed");
        let error = LocalDaemon::from_runtime_file(&file).expect_err("none");
        assert_eq!(error.code, "daemon_not_running");
    }
}
