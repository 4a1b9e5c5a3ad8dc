//! The upgrade: what the server sees, and what the page is told of each answer.

use super::*;

#[tokio::test]
async fn the_upgrade_request_has_the_pages_headers_and_no_origin() {
    let (listener, port) = listener().await;
    let _client = connect(port, patient());
    let request = head(&mut accept(&listener).await).await;
    assert!(
        request.contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")),
        "{request}"
    );
    assert!(request.contains("\r\nX-Client: test\r\n"), "{request}");
    assert!(
        !request.to_ascii_lowercase().contains("origin"),
        "{request}"
    );
}

#[tokio::test]
async fn frames_that_come_with_the_upgrade_answer_are_not_lost() {
    let (listener, port) = listener().await;
    let mut client = connect(port, patient());
    let mut stream = accept(&listener).await;
    let request = head(&mut stream).await;
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .expect("a key");
    let answer = format!(
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n\u{81}\u{2}hi",
        derive_accept_key(key.as_bytes())
    );
    // Latin-1 by hand: the first two bytes of the frame are not UTF-8.
    let bytes: Vec<u8> = answer.chars().map(|char| char as u8).collect();
    stream.write_all(&bytes).await.expect("written");
    client.opened().await;
    assert_eq!(client.next().await.1["data"], "hi");
}

#[tokio::test]
async fn nothing_listening_is_connection_refused() {
    let (listener, port) = listener().await;
    drop(listener);
    let error = connect(port, quick()).failure().await;
    assert_eq!(error["code"], "connection_refused");
    assert!(error["message"]
        .as_str()
        .is_some_and(|message| message.contains(&format!("127.0.0.1:{port}"))));
}

/// Answers the upgrade with these bytes, piece by piece in segments of their own, and keeps the connection open.
async fn answered_with(pieces: &[&str]) -> Value {
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    head(&mut stream).await;
    stream.set_nodelay(true).expect("set");
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.expect("written");
        // Another segment: the client has seen the piece before when it asks the scheduler again.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
    let failure = client.failure().await;
    assert!(
        tokio::time::timeout(Duration::from_millis(1), listener.accept())
            .await
            .is_err(),
        "a second connection"
    );
    failure
}

#[tokio::test]
async fn a_refused_upgrade_keeps_its_status_and_body() {
    let body = r#"{"code":"origin_not_allowed","message":"Origin not allowed"}"#;
    let head = format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let error = answered_with(&[&head, body]).await;
    assert_eq!(error["code"], "upgrade_refused");
    assert_eq!(error["status"], 403);
    assert_eq!(error["body"], body);
    assert_eq!(error["message"], "403 Origin not allowed");
}

#[tokio::test]
async fn any_other_status_is_a_refusal_and_redirects_are_not_followed() {
    let error = answered_with(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"]).await;
    assert_eq!(
        (&error["code"], &error["status"]),
        (&json!("upgrade_refused"), &json!(200))
    );
    let error = answered_with(&[
        "HTTP/1.1 302 Found\r\nLocation: ws://evil.test/\r\nContent-Length: 0\r\n\r\n",
    ])
    .await;
    assert_eq!(
        (&error["code"], &error["status"]),
        (&json!("upgrade_refused"), &json!(302))
    );
}

#[tokio::test]
async fn what_is_no_upgrade_is_a_failed_handshake() {
    let wrong_accept = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    assert_eq!(
        answered_with(&[wrong_accept]).await["code"],
        "handshake_failed"
    );
    assert_eq!(
        answered_with(&["220 mail.test ESMTP\r\n"]).await["code"],
        "handshake_failed"
    );
    let bomb = format!("HTTP/1.1 101 S\r\nX: {}", "x".repeat(1024 * 1024));
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    head(&mut stream).await;
    // The client may hang up before all of it is written.
    let _ = stream.write_all(bomb.as_bytes()).await;
    assert_eq!(client.failure().await["code"], "handshake_failed");
}

#[tokio::test]
async fn silence_and_a_slow_drip_end_within_the_upgrade_deadline() {
    assert_eq!(answered_with(&[]).await["code"], "timed_out");
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    let drip = tokio::spawn(async move {
        head(&mut stream).await;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        for byte in "HTTP/1.1 101 Switching Protocols\r\n".bytes().cycle() {
            tick.tick().await;
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    });
    assert_eq!(client.failure().await["code"], "timed_out");
    drip.await.expect("the client hangs up");
}

#[tokio::test]
async fn an_end_during_the_upgrade_is_a_reset() {
    let (listener, port) = listener().await;
    let client = connect(port, quick());
    let mut stream = accept(&listener).await;
    head(&mut stream).await;
    drop(stream);
    assert_eq!(client.failure().await["code"], "connection_reset");
}
