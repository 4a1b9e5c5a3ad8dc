//! A peer that falls silent, and a computer that has slept.

use super::{
    kinds::{Server, KINDS},
    *,
};

#[tokio::test]
async fn a_peer_that_never_answers_a_ping_has_timed_out() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let _half_open = raw_upgrade(&listener).await;
    client.opened().await;
    assert_eq!(client.failure().await["code"], "timed_out");
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let mut server = websocket(&listener).await;
    client.opened().await;
    let mut pings = 0;
    while pings < 4 {
        if server
            .next()
            .await
            .expect("still open")
            .expect("valid")
            .is_ping()
        {
            pings += 1;
        }
    }
    assert!(!client.task.is_finished());
}

#[tokio::test]
async fn a_peer_that_does_not_read_does_not_stop_the_reading_and_times_out() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let mut stream = raw_upgrade(&listener).await;
    client.opened().await;
    client.send(Frame::Binary(vec![0; MESSAGE_BYTES].into()));
    // An unmasked text frame, while the client's write is stuck.
    stream
        .write_all(&[0x81, 2, b'h', b'i'])
        .await
        .expect("written");
    assert_eq!(client.next().await.1["data"], "hi");
    assert_eq!(client.failure().await["code"], "timed_out");
}

/// Timeouts under which nobody is pinged for an hour, unless the link is suspected.
fn slow_but_for_waking() -> Timeouts {
    Timeouts {
        ping_interval: Duration::from_secs(3600),
        pong_deadline: Duration::from_secs(3600),
        ..quick()
    }
}

#[tokio::test]
async fn after_a_sleep_a_dead_link_is_known_soon_over_each_kind_of_stream() {
    for &kind in KINDS {
        let peer = Server::new(kind).await;
        let mut client = peer.connect(slow_but_for_waking());
        let _half_open = raw_upgraded(peer.accept().await).await;
        client.opened().await;
        client.mailbox.suspect();
        assert_eq!(client.failure().await["code"], "timed_out", "{kind:?}");
    }
}

#[tokio::test]
async fn after_a_sleep_a_link_that_answers_stays() {
    let (listener, port) = listener().await;
    let mut client = connect(port, slow_but_for_waking());
    let mut server = websocket(&listener).await;
    client.opened().await;
    for _ in 0..3 {
        client.mailbox.suspect();
        let ping = tokio::time::timeout(PATIENCE, server.next())
            .await
            .expect("a ping");
        let ping = ping.expect("still open").expect("valid");
        assert!(ping.is_ping(), "{ping}");
        // The answer is on its way; it arrives before what follows it.
        server
            .send(Message::text("after the answer"))
            .await
            .expect("sent");
        assert_eq!(client.next().await.0, "daemon://message");
    }
    assert!(!client.task.is_finished());
}
