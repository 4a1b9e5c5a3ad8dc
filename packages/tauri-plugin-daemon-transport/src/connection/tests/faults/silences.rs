//! Peers that do not answer, do not read, or take their time.

use super::*;

#[tokio::test]
async fn a_half_open_connection_times_out_whatever_is_sent_into_it() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let stream = raw_upgrade(&listener).await;
    client.opened().await;
    client.send(Frame::Text("into the void".into()));
    assert_eq!(client.failure().await["code"], "timed_out");
    drop(stream);
}

#[tokio::test]
async fn a_peer_that_pings_without_end_and_reads_no_answer_is_stopped_and_times_out() {
    let ping = frame(0x89, &[7; 125]);
    let met = meet(async |peer| {
        peer.upgrade().await;
        peer.flood(&ping.repeat(1024)).await;
    })
    .await;
    met.failed("a ping flood", true, "timed_out");
    // Each answer that is kept costs as much as its ping: what the peer could send is what was kept for it. Nearly
    // all of this are the buffers of the system, for both directions.
    assert!(met.taken < 32 * 1024 * 1024, "{} bytes of pings", met.taken);
}

#[tokio::test]
async fn a_peer_that_pings_without_end_and_reads_is_answered_and_carries_messages() {
    let (listener, port) = listener().await;
    let mut client = connect(port, quick());
    let server = websocket(&listener).await;
    client.opened().await;
    let (mut sink, mut stream) = server.split();
    const PINGS: usize = 20_000;
    let pings = tokio::spawn(async move {
        for _ in 0..PINGS {
            sink.send(Message::Ping(vec![7; 125].into()))
                .await
                .expect("sent");
        }
        sink.send(Message::text("done")).await.expect("sent");
        sink
    });
    client.send(Frame::Text("in between".into()));
    let mut pongs = 0;
    let mut heard = None;
    while heard.is_none() || pongs == 0 {
        match stream.next().await.expect("open").expect("valid") {
            Message::Pong(_) => pongs += 1,
            Message::Text(text) => heard = Some(text),
            _ => {}
        }
    }
    let reading = tokio::spawn(async move { while stream.next().await.is_some() {} });
    assert_eq!(client.next().await.1["data"], "done");
    client.goodbye(1000, "");
    drop(pings.await.expect("all were taken"));
    reading.abort();
}
