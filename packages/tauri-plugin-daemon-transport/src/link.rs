//! One open WebSocket, as its owner task drives it: reading and writing progress independently, and what was
//! read or written is counted in bytes of the wire.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Sink, Stream as _};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::timeout,
};
use tokio_tungstenite::{
    tungstenite::{
        error::CapacityError,
        protocol::{CloseFrame, Role, WebSocketConfig},
        Bytes, Error as WsError, Message,
    },
    WebSocketStream,
};

use crate::{
    core::inbox::Frame,
    dial::Dialled,
    error::Failure,
    limits::{ENTRY_BYTES, MESSAGE_BYTES, MESSAGE_WIRE_BYTES, READ_BURST_BYTES, UNANSWERED_PINGS},
    stream::Stream,
    tls,
};

/// The head of a control frame that a server sends (RFC 6455 section 5.2: unmasked, at most 125 bytes).
const CONTROL_HEAD_BYTES: usize = 2;

/// Counts the bytes that pass.
struct Metered<S> {
    stream: S,
    /// Bytes that were read with the upgrade's answer, and how many of them have been given on.
    early: (Vec<u8>, usize),
    read: u64,
    written: u64,
}

/// See the module. It knows of its stream only that bytes pass.
pub struct Link<S = Stream> {
    socket: WebSocketStream<Metered<S>>,
    queue: VecDeque<Outgoing>,
    /// Frames given to the socket and not yet flushed: count and payload bytes.
    unflushed: (usize, usize),
    dirty: bool,
    /// Pings read whose answers have not been flushed.
    unanswered: usize,
    /// Bytes of the wire that belong to messages and control frames that are whole.
    whole: u64,
}

enum Outgoing {
    Frame(Frame),
    Control(Message),
}

/// What one step brought.
#[derive(Default)]
pub struct Step {
    /// Messages read, in order.
    pub received: Vec<Message>,
    /// Frames handed to the network: count and payload bytes.
    pub written: (usize, usize),
    /// Nothing more will come: the end of the stream, or an error.
    pub ended: Option<Result<(), WsError>>,
}

impl Link {
    /// Speaks WebSocket over an upgraded stream.
    pub async fn new(dialled: Dialled) -> Self {
        Self::over(dialled.stream, dialled.early).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// The same over any stream; `early` are the bytes that came with the answer to the upgrade.
    pub async fn over(stream: S, early: Vec<u8>) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        let stream = Metered {
            stream,
            early: (early, 0),
            read: 0,
            written: 0,
        };
        Self {
            // Not from a part: its buffer would grow by one frame at a time, with a read from the system for each.
            socket: WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await,
            queue: VecDeque::new(),
            unflushed: (0, 0),
            dirty: false,
            unanswered: 0,
            whole: 0,
        }
    }

    /// Queues messages of the page.
    pub fn queue(&mut self, frames: VecDeque<Frame>) {
        self.queue.extend(frames.into_iter().map(Outgoing::Frame));
    }

    /// Sends a ping before what is queued.
    pub fn ping(&mut self) {
        self.queue
            .push_front(Outgoing::Control(Message::Ping(Bytes::new())));
    }

    /// Queues a close frame after everything else.
    pub fn close(&mut self, frame: CloseFrame) {
        self.queue
            .push_back(Outgoing::Control(Message::Close(Some(frame))));
    }

    /// Bytes wait for the network.
    pub fn is_waiting(&self) -> bool {
        self.dirty || !self.queue.is_empty()
    }

    /// Bytes read and written on the wire so far.
    pub fn counters(&self) -> (u64, u64) {
        let metered = self.socket.get_ref();
        (metered.read, metered.written)
    }

    /// Waits until something was read or written. Nothing is lost if the caller stops waiting.
    pub async fn step(&mut self, reading: bool) -> Step {
        poll_fn(|context| self.poll_step(context, reading)).await
    }

    fn poll_step(&mut self, context: &mut Context<'_>, reading: bool) -> Poll<Step> {
        let mut step = Step::default();
        let before = self.counters().1;
        let written = self.poll_write(context, &mut step);
        if reading {
            self.poll_read(context, &mut step);
        }
        // Read first even so: the peer may have said why before it stopped reading.
        if let (Err(error), None) = (written, &step.ended) {
            step.ended = Some(Err(error));
        }
        let progress = self.counters().1 != before || step.written.0 > 0;
        if progress || !step.received.is_empty() || step.ended.is_some() {
            Poll::Ready(step)
        } else {
            Poll::Pending
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, step: &mut Step) -> Result<(), WsError> {
        let mut socket = Pin::new(&mut self.socket);
        // Answers to pings first: behind a message that the peer does not take, more of them would gather.
        if self.unanswered > 0 && socket.as_mut().poll_flush(context)?.is_pending() {
            return Ok(());
        }
        self.unanswered = 0;
        while !self.queue.is_empty() {
            if socket.as_mut().poll_ready(context)?.is_pending() {
                return Ok(());
            }
            let message = match self.queue.pop_front() {
                Some(Outgoing::Frame(frame)) => {
                    self.unflushed.0 += 1;
                    self.unflushed.1 += frame.len();
                    match frame {
                        Frame::Text(text) => Message::Text(text),
                        Frame::Binary(bytes) => Message::Binary(bytes),
                    }
                }
                Some(Outgoing::Control(message)) => message,
                None => break,
            };
            self.dirty = true;
            socket.as_mut().start_send(message)?;
        }
        if self.dirty && socket.poll_flush(context)?.is_ready() {
            self.dirty = false;
            step.written = std::mem::take(&mut self.unflushed);
        }
        Ok(())
    }

    fn poll_read(&mut self, context: &mut Context<'_>, step: &mut Step) {
        let mut bytes = 0;
        // The library answers pings by itself and keeps the answers until the peer takes them, however many.
        while bytes < READ_BURST_BYTES && self.unanswered < UNANSWERED_PINGS {
            match Pin::new(&mut self.socket).poll_next(context) {
                Poll::Ready(Some(Ok(message))) => {
                    bytes += message.len() + ENTRY_BYTES;
                    match &message {
                        Message::Text(_) | Message::Binary(_) => self.whole = self.counters().0,
                        control => self.whole += (control.len() + CONTROL_HEAD_BYTES) as u64,
                    }
                    if message.is_ping() {
                        self.unanswered += 1;
                        self.dirty = true;
                    }
                    step.received.push(message);
                }
                Poll::Ready(
                    Some(Err(WsError::ConnectionClosed | WsError::AlreadyClosed)) | None,
                ) => {
                    step.ended = Some(Ok(()));
                    break;
                }
                Poll::Ready(Some(Err(error))) => {
                    step.ended = Some(Err(error));
                    break;
                }
                Poll::Pending => break,
            }
        }
        let size = usize::try_from(self.counters().0.saturating_sub(self.whole));
        if size.map_or(true, |size| size > MESSAGE_WIRE_BYTES) && step.ended.is_none() {
            step.ended = Some(Err(WsError::Capacity(CapacityError::MessageTooLong {
                size: MESSAGE_WIRE_BYTES,
                max_size: MESSAGE_BYTES,
            })));
        }
    }

    /// The end of a link that nobody listens to any more: writes what is queued and the close frame, if one is
    /// given, and reads until the peer has ended it too, but no longer than this.
    pub async fn finish(mut self, close: Option<CloseFrame>, time: Duration) {
        if let Some(frame) = close {
            self.close(frame);
        }
        let until_end = async {
            while self.step(true).await.ended.is_none() {}
            // TLS says goodbye too, so that the peer knows that nothing was cut off. Whether it listens is its affair.
            let _ = self.socket.get_mut().shutdown().await;
        };
        // Late or not: the socket is dropped now, which ends it.
        let _ = timeout(time, until_end).await;
    }
}

/// What an error of the WebSocket library means.
pub fn failure_of(error: &WsError) -> Failure {
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    match error {
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Failure::reset("the connection ended without a close frame")
        }
        WsError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            Failure::timed_out(format!("the connection was lost: {error}"))
        }
        WsError::Io(error) => tls::failure_in(error)
            .unwrap_or_else(|| Failure::reset(format!("the connection was lost: {error}"))),
        WsError::Capacity(_) => Failure::new(
            "protocol_error",
            format!(
                "the peer sent a message of more than {MESSAGE_BYTES} bytes, or cut one into fragments without end"
            ),
        ),
        other => Failure::new(
            "protocol_error",
            format!("the peer broke the WebSocket protocol: {other}"),
        ),
    }
}

/// The close code that tells the peer what was wrong (RFC 6455 section 7.4.1).
pub fn close_code_of(error: &WsError) -> Option<u16> {
    match error {
        WsError::Capacity(_) => Some(1009),
        WsError::Utf8(_) => Some(1007),
        WsError::Protocol(_) => Some(1002),
        _ => None,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let (early, given) = &mut this.early;
        if *given < early.len() {
            let count = buffer.remaining().min(early.len() - *given);
            buffer.put_slice(&early[*given..*given + count]);
            *given += count;
            this.read += count as u64;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.read += (buffer.filled().len() - before) as u64;
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &result {
            self.written += *count as u64;
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
