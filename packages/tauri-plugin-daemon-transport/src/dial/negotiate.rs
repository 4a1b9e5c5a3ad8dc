//! The upgrade on the wire: the request goes out, and the answer is read within its limits. A refusal's body is
//! read too, because it tells the reason.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{timeout_at, Instant},
};

use super::Dialled;
use crate::{
    core::upgrade::{Answer, Refusal, Upgrade},
    error::Failure,
    limits::{REFUSAL_BODY_TIME, RESPONSE_HEAD_BYTES},
    stream::Stream,
    tls,
};

/// Sends the request and reads the answer. The deadline is the caller's.
pub async fn negotiate(mut stream: Stream, mut upgrade: Upgrade) -> Result<Dialled, Failure> {
    let lost = |error: io::Error| {
        tls::failure_in(&error).unwrap_or_else(|| {
            Failure::reset(format!(
                "the server ended the connection during the upgrade: {error}"
            ))
        })
    };
    stream.write_all(upgrade.request()).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    upgrade.sent();
    let mut received = Vec::with_capacity(1024);
    loop {
        // Bounded: `answer` refuses a head that reaches the limit.
        let space = (RESPONSE_HEAD_BYTES + 1).saturating_sub(received.len()) as u64;
        let count = (&mut stream)
            .take(space)
            .read_buf(&mut received)
            .await
            .map_err(lost)?;
        if count == 0 {
            return Err(Failure::reset(
                "the server ended the connection without answering the upgrade",
            ));
        }
        match upgrade.answer(&received)? {
            Answer::Incomplete => {}
            Answer::Agreed { head } => {
                let early = received.split_off(head);
                return Ok(Dialled {
                    stream,
                    early,
                    fallback: None,
                });
            }
            Answer::Refused(refusal) => return Err(explain(stream, refusal, received).await),
        }
    }
}

/// Reads the start of a refusal's body, as far as it comes in time.
async fn explain(mut stream: Stream, refusal: Refusal, mut received: Vec<u8>) -> Failure {
    let deadline = Instant::now() + REFUSAL_BODY_TIME;
    while !refusal.body_is_complete(&received) {
        match timeout_at(deadline, stream.read_buf(&mut received)).await {
            Ok(Ok(count)) if count > 0 => {}
            // The end, an error or the deadline: what has come is what can be told.
            _ => break,
        }
    }
    refusal.failure(&received)
}
