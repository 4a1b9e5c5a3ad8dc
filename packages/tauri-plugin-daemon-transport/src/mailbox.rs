//! What commands leave for a connection's owner task. Commands only write here and wake the task; they never
//! wait, and the lock is never held for longer than moving a few words.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    core::{
        grant::Grant,
        id::Id,
        inbox::{Frame, Inbox, Refusal},
        ownership::Owner,
        wire::Request,
    },
    error::{Error, ErrorCode},
    limits::{SEND_QUEUE_BYTES, SEND_QUEUE_MESSAGES},
};

/// How the page wants it to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye {
    /// The close code.
    pub code: u16,
    /// The reason, at most 123 bytes.
    pub reason: String,
}

/// What one `daemon_send` brings.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Everything up to this number was taken by the page.
    pub acknowledged: u64,
    /// Serial number of the last hand-over that the page has evaluated.
    pub evaluated: Option<u64>,
    /// Number of the first frame; `None` for frames of a page that does not number them.
    pub first: Option<u64>,
    /// The frames.
    pub frames: Vec<Frame>,
    /// The page is not told by what carried this: it is owed an answer.
    pub owing: bool,
}

impl From<Request> for Delivered {
    fn from(request: Request) -> Self {
        Self {
            acknowledged: request.acknowledged,
            evaluated: request.evaluated,
            first: Some(request.first),
            frames: request.frames,
            owing: false,
        }
    }
}

/// What the task finds when it looks.
#[derive(Debug, Default)]
pub struct Mail {
    /// The highest acknowledgement.
    pub acknowledged: u64,
    /// What the page has evaluated at last, and what it had taken by then.
    pub evaluated: Option<(u64, u64)>,
    /// Frames for the socket.
    pub frames: VecDeque<Frame>,
    /// The page wants it to end.
    pub goodbye: Option<Goodbye>,
    /// The page is gone.
    pub released: bool,
    /// The peer may be gone without a word: look now.
    pub suspected: bool,
    /// What allowed the connection was taken back.
    pub revoked: bool,
    /// The page may have a line from now on.
    pub line: bool,
}

/// Whether the page may send by a line: see [`crate::line`].
#[derive(Debug, Default, PartialEq, Eq)]
enum LineState {
    /// It has not shown yet that it may send.
    #[default]
    Unproven,
    /// It has; the task is to open one.
    Admitted,
    /// The task has opened one.
    Opened,
}

#[derive(Debug, Default)]
struct Contents {
    inbox: Inbox,
    acknowledged: u64,
    /// The last number handed over to the page.
    reached: u64,
    evaluated: Option<(u64, u64)>,
    goodbye: Option<Goodbye>,
    released: bool,
    suspected: bool,
    revoked: bool,
    ended: bool,
    line: LineState,
    /// What went wrong with the request whose answer is owed, if anything.
    owed: Option<Option<Error>>,
}

/// The shared part of one connection.
#[derive(Debug)]
pub struct Mailbox {
    /// The connection.
    pub id: Id,
    /// Whose it is.
    pub owner: Owner,
    /// The window that the owner's webview is in.
    pub window: String,
    /// What the person allowed, where no capability allows the connection.
    pub grant: Option<Grant>,
    contents: Mutex<Contents>,
    wake: Notify,
}

impl Mailbox {
    /// An empty mailbox.
    pub fn new(id: Id, owner: Owner, window: String) -> Self {
        Self {
            id,
            owner,
            window,
            grant: None,
            contents: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// The same for a connection that rests on what the person allowed.
    #[must_use]
    pub fn resting_on(mut self, grant: Option<Grant>) -> Self {
        self.grant = grant;
        self
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        // Nothing in here can be left half-done by a panic.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what a page sends and says how many of its bytes wait for the network. All of it or nothing.
    pub fn deliver(&self, delivered: Delivered) -> Result<usize, Error> {
        let mut contents = self.contents();
        if delivered.acknowledged > contents.reached {
            return Err(Error::new(
                ErrorCode::InvalidAck,
                format!(
                    "{} was acknowledged, but nothing beyond {} was handed over",
                    delivered.acknowledged, contents.reached
                ),
            ));
        }
        let mut news = false;
        if !delivered.frames.is_empty() && !contents.ended && contents.goodbye.is_none() {
            let first = delivered.first.unwrap_or_else(|| contents.inbox.next());
            contents
                .inbox
                .take(first, delivered.frames)
                .map_err(refusal)?;
            news = true;
        }
        if delivered.acknowledged > contents.acknowledged {
            contents.acknowledged = delivered.acknowledged;
            news = true;
        }
        if let Some(serial) = delivered.evaluated {
            // A request that runs twice says the same twice.
            contents.evaluated = contents
                .evaluated
                .max(Some((serial, delivered.acknowledged)));
            news = true;
        }
        if delivered.owing {
            contents.owed = Some(None);
            news = true;
        }
        let buffered = contents.inbox.buffered();
        drop(contents);
        if news {
            self.wake.notify_one();
        }
        Ok(buffered)
    }

    /// The page has evaluated this hand-over, and had then taken everything up to that number.
    pub fn taken(&self, serial: u64, acknowledged: u64) {
        // Refused is what was never handed over: of a receiver that lies, and nobody else.
        let _ = self.deliver(Delivered {
            acknowledged,
            evaluated: Some(serial),
            ..Delivered::default()
        });
    }

    /// The page has made a request by the command `daemon_send`, which its capabilities therefore allow.
    pub fn admit_line(&self) {
        let mut contents = self.contents();
        if contents.line == LineState::Unproven {
            contents.line = LineState::Admitted;
            drop(contents);
            self.wake.notify_one();
        }
    }

    /// Whether the page has, or had, a line.
    pub fn has_line(&self) -> bool {
        self.contents().line == LineState::Opened
    }

    /// The page wants the end. Only the first wish counts.
    pub fn say_goodbye(&self, goodbye: Goodbye) {
        self.contents().goodbye.get_or_insert(goodbye);
        self.wake.notify_one();
    }

    /// The page is gone.
    pub fn release(&self) {
        self.contents().released = true;
        self.wake.notify_one();
    }

    /// The computer woke up, or the network may have changed.
    pub fn suspect(&self) {
        self.contents().suspected = true;
        self.wake.notify_one();
    }

    /// What allowed the connection was taken back.
    pub fn revoke(&self) {
        self.contents().revoked = true;
        self.wake.notify_one();
    }

    /// Whether the page is gone.
    pub fn is_released(&self) -> bool {
        self.contents().released
    }

    /// Whether it was.
    pub fn is_revoked(&self) -> bool {
        self.contents().revoked
    }

    /// Waits until something new may be in here.
    pub async fn news(&self) {
        self.wake.notified().await;
    }

    /// Takes what is in here.
    pub fn collect(&self) -> Mail {
        let mut contents = self.contents();
        Mail {
            acknowledged: contents.acknowledged,
            evaluated: contents.evaluated.take(),
            frames: contents.inbox.drain(),
            goodbye: contents.goodbye.clone(),
            released: contents.released,
            suspected: std::mem::take(&mut contents.suspected),
            revoked: contents.revoked,
            line: contents.open_line(),
        }
    }

    /// The same, leaving the frames: they wait for the connection to open.
    pub fn look(&self) -> (Option<Goodbye>, bool) {
        let contents = self.contents();
        (contents.goodbye.clone(), contents.released)
    }

    /// The page is owed the answer that its request was refused.
    pub fn owe_refusal(&self, refused: Error) {
        self.contents().owed = Some(Some(refused));
        self.wake.notify_one();
    }

    /// Whether the page is owed an answer.
    pub fn owes_answer(&self) -> bool {
        self.contents().owed.is_some()
    }

    /// What the page is owed: the bytes that wait for the network, or an error. Once.
    pub fn owed_answer(&self) -> Option<Result<usize, Error>> {
        let mut contents = self.contents();
        let refused = contents.owed.take()?;
        Some(refused.map_or_else(|| Ok(contents.inbox.buffered()), Err))
    }

    /// Numbers up to this one have been handed over.
    pub fn handed_over(&self, reached: u64) {
        self.contents().reached = reached;
    }

    /// Frames were handed to the network.
    pub fn written(&self, (frames, payload): (usize, usize)) {
        self.contents().inbox.written(frames, payload);
    }

    /// The socket has ended: what waits will never be sent.
    pub fn socket_ended(&self) {
        let mut contents = self.contents();
        contents.ended = true;
        contents.inbox = Inbox::default();
    }
}

impl Contents {
    fn open_line(&mut self) -> bool {
        let admitted = self.line == LineState::Admitted;
        if admitted {
            self.line = LineState::Opened;
        }
        admitted
    }
}

fn refusal(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Full => Error::new(
            ErrorCode::SendQueueFull,
            format!(
                "more than {SEND_QUEUE_BYTES} bytes or {SEND_QUEUE_MESSAGES} messages would wait for the network; send \
                 less, or wait until they are written"
            ),
        ),
        Refusal::Gap(expected) => Error::new(
            ErrorCode::SendOutOfOrder,
            format!("the frames before these are missing: number {expected} is expected"),
        ),
    }
}
