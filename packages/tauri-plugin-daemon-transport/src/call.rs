//! A call into a page whose engine answers: what the called code gives comes back without a request of the page. Much
//! text goes beside the code, where it is neither escaped into a script nor read by its parser.

use tokio_tungstenite::tungstenite::Utf8Bytes;

/// One call. Like a script it may be lost without a word, when the page goes; then `answered` is dropped, or called
/// with [`Answer::Nothing`].
pub struct Call {
    /// What is run.
    pub code: Code,
    /// Is told what the code gives. Called on the main thread: it must not wait.
    pub answered: Box<dyn FnOnce(Answer) + Send>,
}

/// The code of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Code {
    /// A script; its last expression is the answer. The quicker form for little data.
    Script(String),
    /// The body of an asynchronous function, the same in every call so that the engine reads it once, with the names and
    /// values of its arguments. The answer is what it gives, or its promise.
    Function(&'static str, Vec<(&'static str, Argument)>),
}

/// A value that goes into the page. No text may hold U+0000: the engine would end it there.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// A number below 2^53.
    Number(u64),
    /// A string.
    Text(String),
    /// An object with these strings as its members "0", "1", and so on.
    Texts(Vec<Utf8Bytes>),
}

/// What comes back. A page may give anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Nothing that could be meant: another page, an error, or no number and no string.
    Nothing,
    /// A number.
    Number(f64),
    /// A string, in UTF-8.
    Text(Vec<u8>),
}
