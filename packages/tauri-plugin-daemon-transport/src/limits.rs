//! Every limit of this crate, in bytes, milliseconds or counts, each with its reason. Nothing else in the
//! crate holds a number that bounds memory or time.

use std::time::Duration;

/// Longest URL a page may name, in bytes. Far above any real one; a longer one is an attempt at something.
pub const URL_BYTES: usize = 2048;

/// Longest host name, in bytes (RFC 1035 section 2.3.4, in text form without the final dot).
pub const HOST_NAME_BYTES: usize = 253;

/// Longest label of a host name, in bytes (RFC 1035 section 2.3.4).
pub const HOST_NAME_LABEL_BYTES: usize = 63;

/// Longest name of a credential in a scope entry, in bytes: a word or two.
pub const CREDENTIAL_NAME_BYTES: usize = 64;

/// Most headers a page may add to the upgrade request.
pub const HEADER_COUNT: usize = 32;

/// All names and values of those headers together, in bytes: common servers refuse requests above 8 KiB.
pub const HEADER_BYTES: usize = 4096;

/// Largest response head accepted for an upgrade, in bytes. A real one has a few hundred; this ends header bombs.
pub const RESPONSE_HEAD_BYTES: usize = 16 * 1024;

/// Most header lines accepted in that response.
pub const RESPONSE_HEADERS: usize = 64;

/// How much of a refusal's body is read and reported, in bytes: enough for a JSON error.
pub const REFUSAL_BODY_BYTES: usize = 4096;

/// How long a refusal's body may take after its head: it only makes the message better.
pub const REFUSAL_BODY_TIME: Duration = Duration::from_millis(1000);

/// Largest message either way, in bytes: the contract of the transport promises that one of 16 MiB passes.
pub const MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of the wire that one message may take: a fragment of one byte has a head of two, so a message of the
/// largest size fits however it is cut. Empty fragments without end do not.
pub const MESSAGE_WIRE_BYTES: usize = 4 * MESSAGE_BYTES;

/// Pings that may wait for their answers to be taken, at most 131 bytes each; then the socket is left unread until
/// the peer has taken some.
pub const UNANSWERED_PINGS: usize = 1024;

/// Bytes read from the socket and not yet handed to the page. At this mark the socket is left unread, and TCP
/// slows the daemon. One message may overshoot it, since messages are read whole.
pub const OUTBOX_BYTES: usize = 4 * 1024 * 1024;

/// What each retained message costs besides its payload, so that a flood of empty ones is bounded as well.
pub const ENTRY_BYTES: usize = 64;

/// Bytes handed to the page and not yet taken by it. A larger message crosses alone.
pub const IN_FLIGHT_BYTES: usize = 4 * 1024 * 1024;

/// Evaluated batches that may wait in the page: enough to hide the acknowledgement's round trip, few enough
/// that a keystroke's echo does not wait behind a long queue.
pub const IN_FLIGHT_BATCHES: usize = 4;

/// Largest batch, in bytes before escaping; a message that is larger crosses alone. WebKitGTK and WebView2 take 64 KiB
/// messages more than twice as fast together as one by one; messages of 100 bytes and 1 KiB are a tenth slower in batches
/// of 512 KiB.
#[cfg(not(any(target_os = "macos", target_os = "ios")))]
pub const BATCH_BYTES: usize = 1024 * 1024;

/// Largest batch, in bytes before escaping. WebKit on Apple systems was seen to keep the memory of evaluated
/// scripts above about 16 KiB, and not below 8 KiB.
#[cfg(any(target_os = "macos", target_os = "ios"))]
pub const BATCH_BYTES: usize = 8 * 1024;

/// From this length on a frame is an argument of its own where frames cross in calls: a text is not escaped and not read
/// as JSON then, and does not wait for the engine's garbage collection twice, as JSON and as a string: under a flood of 4 KiB
/// messages the page's process grew by 105 to 117 MiB with JSON, and by 36 to 48 MiB without. A shorter one is better off
/// among others: an argument costs about two microseconds besides its bytes.
pub const LONG_FRAME_BYTES: usize = 4 * 1024;

/// Largest batch that begins with such a frame. It gains nothing from more, and a flood leaves 40 to 65 MiB in the page's
/// memory instead of 60 to 76, until the engine collects garbage.
#[cfg(webkitgtk)]
pub const LONG_BATCH_BYTES: usize = 512 * 1024;

/// Where frames cross in scripts, long ones are like others.
#[cfg(not(webkitgtk))]
pub const LONG_BATCH_BYTES: usize = BATCH_BYTES;

/// How long the answer to a request that came with a hand-over waits for the next hand-over to ride along with. A peer that
/// asks again at once spares the page a script of its own; a page that has more to send is kept waiting no longer than
/// anybody notices.
pub const ANSWER_WAIT: Duration = Duration::from_millis(2);

/// Up to this length frames that cross in calls are a script, which an idle engine answers some 50 microseconds sooner
/// than a function with arguments. Above it, the script's own cost outweighs that.
pub const SCRIPT_BYTES: usize = 4 * 1024;

/// This many small batches may be in flight at once; a further one waits for an acknowledgement or until
/// [`PACED_BYTES`] have gathered. A lone message is never held back, and a flood of small ones does not cost a
/// script and an answer each.
pub const SMALL_BATCHES: usize = 2;

/// From this size on a batch is worth a script of its own at any time.
pub const PACED_BYTES: usize = if BATCH_BYTES < 64 * 1024 {
    BATCH_BYTES
} else {
    64 * 1024
};

/// Bytes in flight in the `event` lane: each message is a script of its own there, so less may wait.
pub const EVENT_IN_FLIGHT_BYTES: usize = 1024 * 1024;

/// Messages in flight in the `event` lane. A page that acknowledges every 256th never runs out of credit.
pub const EVENT_IN_FLIGHT_MESSAGES: usize = 1024;

/// Bytes read from the socket in one go before they are handed over: bounds the time between two hand-overs.
pub const READ_BURST_BYTES: usize = 1024 * 1024;

/// Bytes accepted from the page and not yet written to the socket: two messages of the largest size.
pub const SEND_QUEUE_BYTES: usize = 2 * MESSAGE_BYTES;

/// Messages accepted from the page and not yet written to the socket. So many cost as much as those bytes even if
/// they are empty.
pub const SEND_QUEUE_MESSAGES: usize = SEND_QUEUE_BYTES / ENTRY_BYTES;

/// Largest raw body of one request, in bytes: everything that may wait, and what frames it. What is larger could not
/// be taken anyway.
pub const REQUEST_BYTES: usize = SEND_QUEUE_BYTES + 8 * SEND_QUEUE_MESSAGES;

/// First wait without an acknowledgement before the page is asked what it has taken. Well above a slow frame,
/// well below what a person would call hanging.
pub const PROBE_AFTER: Duration = Duration::from_millis(400);

/// Longest wait between two such questions: a page that is stalled for hours gathers two small scripts a minute.
pub const PROBE_AT_MOST: Duration = Duration::from_secs(30);

/// Connections of one webview, ended ones included until the page has taken their end.
pub const CONNECTIONS_PER_WEBVIEW: usize = 32;

/// Connections in all.
pub const CONNECTIONS: usize = 128;

/// Attempts to connect that a webview may make at once: a page that opens and closes a thousand connections in a
/// row, which none has a reason to exceed, is not hindered.
pub const ATTEMPT_BUCKET: i64 = 1024;

/// Attempts that a webview gains a second, up to [`ATTEMPT_BUCKET`]: what a busy page could want for hours, and a
/// hundredth of what the machine could do.
pub const ATTEMPTS_PER_SECOND: i64 = 64;

/// What an attempt that fails costs besides itself: about 60 failures at once, and then four a second. Clients
/// that back off never reach it; trying out ports, or tokens, becomes slow.
pub const ATTEMPT_FAILED_COST: i64 = 16;

/// Calls that may block (names, files, the keyring) under way at once. One that hangs keeps its place.
pub const BLOCKING_AT_ONCE: usize = 16;

/// Addresses of one name that are dialled. All of them are checked; more than this no service needs.
pub const ADDRESSES_DIALLED: usize = 8;

/// Longest token, in bytes: together with the page's headers it stays below the 8 KiB that servers take.
pub const TOKEN_BYTES: usize = 4096;

/// From this many characters on, the beginning of a token at the end of a text counts as the token cut in two.
pub const TOKEN_TAIL_BYTES: usize = 4;

/// Largest runtime file of a local daemon, in bytes: a real one has about 500.
pub const RUNTIME_FILE_BYTES: usize = 16 * 1024;

/// Largest entry of the keyring that is read, in bytes: a token, its endpoint and their names.
pub const CREDENTIAL_BYTES: usize = TOKEN_BYTES + URL_BYTES + 256;

/// How long to wait for a free instance of a named pipe before asking again: a server makes the next one as soon as
/// it has accepted.
#[cfg(windows)]
pub const PIPE_BUSY_RETRY: Duration = Duration::from_millis(20);

/// How often the wall clock is compared with the monotonic one while connections exist: a computer that woke up
/// is noticed within this time.
pub const CLOCK_CHECK: Duration = Duration::from_secs(2);

/// The wall clock ran ahead by this much between two checks: the computer slept (or the clock was set, which
/// costs one ping). Well above what a busy computer delays a timer.
pub const SLEPT: Duration = Duration::from_secs(5);

/// Page ids remembered for each webview, so that a late request of an earlier page is known as such.
pub const FORMER_PAGES: usize = 16;

/// How long the end of a connection is kept for a page that never acknowledges (one without the guest library).
pub const ENDED_KEPT: Duration = Duration::from_secs(60);

/// How long a connection whose page is gone may take to say goodbye: the daemon sees the end within a second.
pub const RELEASE_TIME: Duration = Duration::from_millis(500);

/// How long the peer may take to close the TCP connection after both close frames.
pub const LINGER_TIME: Duration = Duration::from_millis(1000);

/// Longest reason of a close frame, in bytes (RFC 6455 section 5.5: 125 with the code).
pub const CLOSE_REASON_BYTES: usize = 123;

/// Questions to the person that one webview may cause within [`ASK_WINDOW`]: enough for an app that sets up
/// several daemons, too few to wear anybody down.
pub const ASKS_PER_WINDOW: usize = 6;

/// The time in which those are counted.
pub const ASK_WINDOW: Duration = Duration::from_secs(60);

/// Pause after a refusal, before the webview may cause another question. It doubles with each refusal in a row.
pub const REFUSAL_PAUSE: Duration = Duration::from_secs(5);

/// Longest such pause: a person who changes their mind need not restart the app.
pub const REFUSAL_PAUSE_AT_MOST: Duration = Duration::from_secs(15 * 60);

/// Refusals count as never said after this time without another.
pub const REFUSALS_FORGOTTEN: Duration = Duration::from_secs(60 * 60);

/// The buttons that allow something work only after the dialog has been visible for this long, where the toolkit
/// lets us: a page that opens it under a click or a key press gains nothing. Browsers wait a second as well.
pub const ANSWER_DELAY: Duration = Duration::from_millis(1000);

/// Longest path that the dialog shows whole, in characters. Of a longer one the middle is left out, visibly;
/// the host is always shown whole.
pub const SHOWN_PATH_CHARS: usize = 96;

/// Longest name of the app in the dialog, in characters.
pub const SHOWN_NAME_CHARS: usize = 64;

/// Most endpoints that may be allowed always: a person cannot oversee more.
pub const ENDPOINT_LIST_ENTRIES: usize = 100;

/// Largest file of them, in bytes: more than the largest list takes with the longest URLs and labels.
pub const ENDPOINT_LIST_BYTES: usize = 256 * 1024;

/// Longest label of a webview in that file, in bytes.
pub const WEBVIEW_LABEL_BYTES: usize = 256;

/// Damaged files that are kept aside, for whoever wants to know what happened. The oldest goes first.
pub const DAMAGED_LISTS_KEPT: usize = 5;

/// How long another process may hold the file while it changes it, which takes milliseconds.
pub const ENDPOINT_LIST_LOCK_WAIT: Duration = Duration::from_secs(3);

/// Between two tries to get hold of it.
pub const ENDPOINT_LIST_LOCK_RETRY: Duration = Duration::from_millis(20);

/// The waits that a host application may choose. The defaults suit a daemon on the same computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For finding the local daemon, or the addresses of a name. Default 5 s.
    pub resolve: Duration,
    /// For the dial of a place. A name's addresses share it: each gets its part of what is left. Default 5 s.
    pub dial: Duration,
    /// For the TLS handshake. Default 5 s.
    pub tls: Duration,
    /// For the credential of the system's keyring, which may have to ask the person to unlock it. Default 60 s.
    pub credential: Duration,
    /// For the whole answer to the upgrade request, however slowly its bytes come. Default 10 s.
    pub upgrade: Duration,
    /// Silence after which a ping is sent. Default 10 s.
    pub ping_interval: Duration,
    /// How long anything may take to arrive after a ping. Default 10 s.
    pub pong_deadline: Duration,
    /// The same after the computer woke up, or the network changed: a dead connection is known soon. Default 5 s.
    pub wake_deadline: Duration,
    /// How long a write may make no progress at all. Default 30 s.
    pub write_stall: Duration,
    /// For the close handshake. Default 5 s.
    pub close: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            dial: Duration::from_secs(5),
            tls: Duration::from_secs(5),
            credential: Duration::from_secs(60),
            upgrade: Duration::from_secs(10),
            ping_interval: Duration::from_secs(10),
            pong_deadline: Duration::from_secs(10),
            wake_deadline: Duration::from_secs(5),
            write_stall: Duration::from_secs(30),
            close: Duration::from_secs(5),
        }
    }
}
