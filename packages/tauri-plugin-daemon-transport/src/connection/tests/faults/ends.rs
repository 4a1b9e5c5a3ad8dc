//! Connections that end in the middle of something, or go on after their end.

use super::*;

#[tokio::test]
async fn a_connection_that_breaks_off_at_any_byte_of_a_frame_is_a_reset() {
    let whole = frame(0x82, &[7; 70_000]);
    let places = [0, 1, 2, 5, 9, 10, 11, 40_000, whole.len() - 1];
    join_all(
        places
            .iter()
            .flat_map(|&length| [(length, false), (length, true)])
            .map(async |(length, reset)| {
                let bytes = &whole[..length];
                let met = meet(async |peer| {
                    peer.upgrade().await;
                    peer.write(bytes).await;
                    if reset {
                        peer.stream.set_zero_linger().expect("set");
                    }
                    peer.stream.shutdown().await.expect("ended");
                })
                .await;
                met.failed(&format!("{length} bytes"), true, "connection_reset");
            }),
    )
    .await;
}

#[tokio::test]
async fn nothing_that_comes_after_a_close_frame_reaches_the_page() {
    let met = meet(async |peer| {
        peer.upgrade().await;
        let bytes = [
            frame(0x81, b"before"),
            frame(0x88, &[0x0f, 0xa1]),
            frame(0x81, b"after"),
            frame(0x88, &[0x0f, 0xa2]),
        ];
        peer.write(&bytes.concat()).await;
    })
    .await;
    let [("daemon://open", _), ("daemon://message", message), ("daemon://close", close)] =
        met.events.as_slice()
    else {
        panic!("not open, a message and one close: {:?}", met.events);
    };
    assert_eq!(
        (&message["data"], &close["code"]),
        (&json!("before"), &json!(4001))
    );
}

#[tokio::test]
async fn a_peer_that_closes_and_then_keeps_the_socket_open_is_hung_up_on() {
    // `meet` waits until the peer sees the end of the socket.
    let met = meet(async |peer| {
        peer.upgrade().await;
        peer.write(&frame(0x88, &[0x0f, 0xa1])).await;
    })
    .await;
    assert_eq!(met.close_frame(), Some(4001), "the close is answered");
}
