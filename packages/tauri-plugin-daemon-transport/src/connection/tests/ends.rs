//! How connections end, over each kind of stream: one close, with the peer's own words where it had any.

use super::{
    kinds::{Server, KINDS},
    *,
};

#[tokio::test]
async fn an_end_without_a_close_frame_is_a_reset() {
    for zero_linger in [false, true] {
        let (listener, port) = listener().await;
        let mut client = connect(port, patient());
        let server = websocket(&listener).await;
        client.opened().await;
        if zero_linger {
            server.get_ref().set_zero_linger().expect("set");
        }
        drop(server);
        assert_eq!(client.failure().await["code"], "connection_reset");
    }
}

#[tokio::test]
async fn an_end_without_a_close_frame_is_a_reset_over_each_kind_of_stream() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(patient());
        let server = peer.websocket().await;
        client.opened().await;
        drop(server);
        assert_eq!(
            client.failure().await["code"],
            "connection_reset",
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn bytes_that_are_no_frames_are_a_protocol_error() {
    for bytes in [
        &[0x8b_u8, 0x00][..],
        &[0x81, 0x01, 0xff],
        &[0xc1, 0x00],
        &[0x81, 0x81, 0, 0, 0, 0, 0],
    ] {
        let (listener, port) = listener().await;
        let mut client = connect(port, patient());
        let mut stream = raw_upgrade(&listener).await;
        client.opened().await;
        stream.write_all(bytes).await.expect("written");
        assert_eq!(
            client.failure().await["code"],
            "protocol_error",
            "{bytes:?}"
        );
    }
}

#[tokio::test]
async fn a_close_reaches_the_peer_with_code_and_reason_after_what_was_sent() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(patient());
        let mut server = peer.websocket().await;
        client.opened().await;
        client.send(Frame::Text("last".into()));
        client.goodbye(4001, "bye");
        assert_eq!(
            server.next().await.expect("a message").expect("valid"),
            Message::text("last")
        );
        let close = server.next().await.expect("a close").expect("valid");
        assert_eq!(close, Message::Close(Some(close_frame(4001, "bye"))));
        // The answer goes out with the next read.
        assert!(server.next().await.is_none());
        let rest = client.rest().await;
        let [("daemon://close", close)] = rest.as_slice() else {
            panic!("not one close: {rest:?}");
        };
        assert_eq!(
            (&close["code"], &close["reason"]),
            (&json!(4001), &json!("bye"))
        );
        assert_eq!(close["wasClean"], true);
    }
}

#[tokio::test]
async fn a_close_of_the_peer_reaches_the_page_with_code_and_reason() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(patient());
        let mut server = peer.websocket().await;
        client.opened().await;
        server.send(Message::text("last")).await.expect("sent");
        server
            .close(Some(close_frame(4002, "enough")))
            .await
            .expect("closed");
        let end = tokio::spawn(async move { while server.next().await.is_some() {} });
        let rest = client.rest().await;
        let [("daemon://message", last), ("daemon://close", close)] = rest.as_slice() else {
            panic!("not a message and one close: {rest:?}");
        };
        assert_eq!(last["data"], "last");
        assert_eq!(
            (&close["code"], &close["reason"]),
            (&json!(4002), &json!("enough"))
        );
        end.await.expect("the client ends it too");
    }
}

#[tokio::test]
async fn a_close_that_is_never_answered_ends_within_its_deadline() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(quick());
        let _silent = raw_upgraded(peer.accept().await).await;
        client.opened().await;
        client.goodbye(1000, "");
        let rest = client.rest().await;
        assert_eq!(rest.len(), 1, "{rest:?}");
        assert_eq!(
            (rest[0].0, &rest[0].1["code"]),
            ("daemon://close", &json!(1006))
        );
    }
}

#[tokio::test]
async fn a_close_before_open_cancels_the_attempt_and_is_one_close() {
    let (listener, port) = listener().await;
    let client = connect(port, patient());
    let mut stream = accept(&listener).await;
    client.goodbye(1000, "");
    let rest = client.rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(
        (rest[0].0, &rest[0].1["code"]),
        ("daemon://close", &json!(1006))
    );
    let mut left = Vec::new();
    stream.read_to_end(&mut left).await.expect("the end");
}

#[tokio::test]
async fn when_the_page_is_gone_the_peer_is_told_and_the_page_is_not() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(patient());
        let mut server = peer.websocket().await;
        client.opened().await;
        client.mailbox.release();
        let close = server.next().await.expect("a close").expect("valid");
        assert_eq!(close, Message::Close(Some(close_frame(1001, ""))));
        assert_eq!(client.rest().await, []);
    }
}
