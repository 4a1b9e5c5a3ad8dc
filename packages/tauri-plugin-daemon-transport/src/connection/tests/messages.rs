//! Messages both ways, over each kind of stream.

use super::{
    kinds::{Server, KINDS},
    *,
};

#[tokio::test]
async fn messages_cross_unaltered_in_both_directions() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(patient());
        let mut server = peer.websocket().await;
        client.opened().await;

        for text in ["", "a\0b", "\u{2028}", r#"{"__proto__":1}"#, "\u{1f600}"] {
            server.send(Message::text(text)).await.expect("sent");
            let (event, payload) = client.next().await;
            assert_eq!(
                (event, &payload["data"]),
                ("daemon://message", &json!(text))
            );
            client.send(Frame::Text(text.into()));
            assert_eq!(
                server.next().await.expect("a message").expect("valid"),
                Message::text(text)
            );
        }
        server
            .send(Message::binary(vec![0, 255, 10]))
            .await
            .expect("sent");
        assert_eq!(client.next().await.1["base64"], "AP8K");
        client.send(Frame::Binary(vec![0, 255, 10].into()));
        assert_eq!(
            server.next().await.expect("a message").expect("valid"),
            Message::binary(vec![0, 255, 10])
        );
    }
}

#[tokio::test]
async fn a_message_of_16_mib_passes_and_a_larger_one_is_a_protocol_error() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(patient());
        let server = peer.websocket().await;
        client.opened().await;
        let (mut sink, mut stream) = server.split();
        let echo = tokio::spawn(async move {
            let big = stream.next().await.expect("a message").expect("valid");
            assert_eq!(big.len(), MESSAGE_BYTES);
            sink.send(big).await.expect("sent");
            // The peer may stop reading before all of it is written.
            let _ = sink.send(Message::binary(vec![0; MESSAGE_BYTES + 1])).await;
            stream.next().await
        });
        let buffered = client.send(Frame::Text("x".repeat(MESSAGE_BYTES).into()));
        assert_eq!(buffered, MESSAGE_BYTES);
        let (_, payload) = client.next().await;
        assert_eq!(payload["data"].as_str().map(str::len), Some(MESSAGE_BYTES));
        assert_eq!(
            client.send(Frame::Text(String::new().into())),
            0,
            "the network has it all"
        );
        assert_eq!(client.failure().await["code"], "protocol_error");
        if let Some(Ok(Message::Close(Some(frame)))) = echo.await.expect("no panic") {
            assert_eq!(u16::from(frame.code), 1009);
        }
    }
}
