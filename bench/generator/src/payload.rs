//! What the messages hold: chosen once from a seed, the same for every way.

use crate::frames::{BINARY, TEXT};

/// Kinds of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Printable ASCII that no JavaScript literal has to escape.
    Text,
    /// Non-Latin letters, emoji, quotes, backslashes, escape characters and line ends, as a terminal writes them.
    Escaped,
    /// Bytes of any value.
    Binary,
}

impl Kind {
    /// By the name it has in reports.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "text-escaped" => Some(Self::Escaped),
            "binary" => Some(Self::Binary),
            _ => None,
        }
    }

    /// Its frames.
    pub fn opcode(self) -> u8 {
        match self {
            Self::Binary => BINARY,
            Self::Text | Self::Escaped => TEXT,
        }
    }
}

/// A small generator of numbers (xorshift): the same seed gives the same bytes on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }
}

const PLAIN: &[u8] =
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;-_/+*()[]{}<>=#";
const MIXED: &[&str] = &[
    "ж",
    "я",
    "д",
    "漢",
    "字",
    "仮",
    "名",
    "é",
    "ü",
    "ß",
    "あ",
    "😀",
    "\"",
    "\\",
    "\n",
    "\r",
    "\t",
    "\u{1b}[31m",
    "\u{1b}[0m",
    "a",
    "e",
    " ",
    "0",
    "\u{2028}",
];

/// Exactly so many bytes.
pub fn make(kind: Kind, bytes: usize, seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed | 1);
    match kind {
        Kind::Text => (0..bytes)
            .map(|_| PLAIN[numbers.next(PLAIN.len())])
            .collect(),
        Kind::Binary => (0..bytes).map(|_| numbers.next(256) as u8).collect(),
        Kind::Escaped => {
            let mut text = String::with_capacity(bytes);
            while text.len() < bytes {
                let piece = MIXED[numbers.next(MIXED.len())];
                text.push_str(if text.len() + piece.len() <= bytes {
                    piece
                } else {
                    "x"
                });
            }
            text.into_bytes()
        }
    }
}

/// Length as a page sees it: UTF-16 units of a text, bytes otherwise.
pub fn units(kind: Kind, payload: &[u8]) -> usize {
    match kind {
        Kind::Binary => payload.len(),
        Kind::Text | Kind::Escaped => String::from_utf8_lossy(payload).encode_utf16().count(),
    }
}
