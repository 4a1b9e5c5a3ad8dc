//! A page that does not take what it is given.

use super::*;

#[tokio::test]
async fn a_stalled_page_stops_the_peer_within_a_bound() {
    let (listener, port) = listener().await;
    let mut client = start(agreed(port), Ways::none(), quick(), false);
    let mut server = websocket(&listener).await;
    client.opened().await;
    let mut sent = 0_usize;
    let message = Message::binary(vec![0; 64 * 1024]);
    // Stuck for ten ping intervals: the peer is left unread, and is not taken for dead.
    while tokio::time::timeout(Duration::from_millis(1500), server.send(message.clone()))
        .await
        .is_ok()
    {
        sent += 64 * 1024;
        assert!(sent < 64 * 1024 * 1024, "the peer is never stopped");
    }
    assert!(sent > OUTBOX_BYTES, "{sent}");
    // The page wakes up and gets the rest in order, until the peer's last message.
    assert!(!client.task.is_finished());
    let mut seq = 1;
    while let Ok((_, payload)) = client.events.try_recv() {
        // The first one was repeated now and then, in case it was lost.
        if payload["seq"] == seq + 1 {
            seq += 1;
        }
    }
    assert!(
        seq as usize * 64 * 1024 <= IN_FLIGHT_BYTES,
        "{seq} in flight"
    );
    let delivered = Delivered {
        acknowledged: seq,
        ..Delivered::default()
    };
    client.mailbox.deliver(delivered).expect("accepted");
    while seq < 1 + (sent / (64 * 1024)) as u64 {
        let (_, payload) = client.next().await;
        if payload["seq"] == seq + 1 {
            seq += 1;
            let delivered = Delivered {
                acknowledged: seq,
                ..Delivered::default()
            };
            client.mailbox.deliver(delivered).expect("accepted");
        }
    }
}
