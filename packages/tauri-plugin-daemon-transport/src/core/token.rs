//! A secret that Rust attaches to upgrade requests. It cannot be printed, logged or serialised by accident, and
//! its memory is wiped when it is dropped.

use std::fmt;

use zeroize::Zeroizing;

use crate::limits::{TOKEN_BYTES, TOKEN_TAIL_BYTES};

/// What stands where a token stood.
const REDACTED: &str = "[token]";

/// A bearer token (RFC 6750): 1 to 4096 characters of visible ASCII. `Debug` prints `…`; there is no `Display`
/// and no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

/// Why a text is no [`Token`]. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It is empty.
    Empty,
    /// It has more than 4096 bytes.
    TooLong,
    /// It contains a space, a line break, a control character or non-ASCII text, which a header cannot carry.
    NotVisibleAscii,
}

impl Token {
    /// Takes a token as it is. White space around it is not forgiven: a file's last line break is not part of
    /// the token, and whoever read the file knows that.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub fn new(text: impl Into<String>) -> Result<Self, TokenError> {
        let text = Zeroizing::new(text.into());
        match text.len() {
            0 => Err(TokenError::Empty),
            length if length > TOKEN_BYTES => Err(TokenError::TooLong),
            _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(TokenError::NotVisibleAscii)
            }
            _ => Ok(Self(text)),
        }
    }

    /// The secret itself: for the one header that carries it, and for the store that keeps it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The text without this token, for answers that echo the request. Found as it is, or with any of its
    /// characters escaped for JSON, HTML or a URL; also its beginning where the text ends in the middle of it.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match self.length_in(rest) {
                Some(length) => {
                    clean.push_str(REDACTED);
                    rest = rest.get(length..).unwrap_or_default();
                }
                None => {
                    clean.push(first);
                    rest = rest.get(first.len_utf8()..).unwrap_or_default();
                }
            }
        }
        clean
    }

    /// How many bytes at the start of a text are this token, written in one of the ways that echoes are written.
    fn length_in(&self, text: &str) -> Option<usize> {
        [plain, json, html, url]
            .into_iter()
            .find_map(|escaped| self.length_as([escaped, plain], text))
    }

    /// The same where each character is read by the first of these that fits.
    fn length_as(&self, readers: [Reader; 2], text: &str) -> Option<usize> {
        let mut length = 0;
        for (matched, expected) in self.0.bytes().enumerate() {
            let rest = text.get(length..)?;
            if rest.is_empty() {
                return (matched >= TOKEN_TAIL_BYTES).then_some(length);
            }
            let taken = readers
                .iter()
                .filter_map(|reader| reader(rest))
                .find(|&(byte, _)| byte == expected);
            match taken {
                Some((_, count)) => length += count,
                // An escape that was cut in half is the text's end as well.
                None if matched >= TOKEN_TAIL_BYTES
                    && rest.len() < LONGEST_ESCAPE
                    && rest.starts_with(['\\', '%', '&']) =>
                {
                    return Some(text.len())
                }
                None => return None,
            }
        }
        Some(length)
    }
}

/// Reads one byte of a token at the start of a text, and says how many bytes it took.
type Reader = fn(&str) -> Option<(u8, usize)>;

/// `\u0022`, `&quot;`
const LONGEST_ESCAPE: usize = 6;

/// A byte that stands for itself.
fn plain(text: &str) -> Option<(u8, usize)> {
    text.bytes().next().map(|byte| (byte, 1))
}

/// RFC 8259 section 7.
fn json(text: &str) -> Option<(u8, usize)> {
    match text.strip_prefix('\\')?.strip_prefix("u00") {
        Some(digits) => Some((hex(digits.get(..2)?)?, 6)),
        None => Some((*text.as_bytes().get(1)?, 2)),
    }
}

/// RFC 3986 section 2.1.
fn url(text: &str) -> Option<(u8, usize)> {
    Some((hex(text.strip_prefix('%')?.get(..2)?)?, 3))
}

/// The references that escape what HTML has a use for.
fn html(text: &str) -> Option<(u8, usize)> {
    let (name, _) = text.strip_prefix('&')?.split_once(';')?;
    let byte = match name {
        "amp" => b'&',
        "lt" => b'<',
        "gt" => b'>',
        "quot" => b'"',
        "apos" => b'\'',
        _ => match name.strip_prefix('#')? {
            number if number.starts_with(['x', 'X']) => hex(number.get(1..)?)?,
            number => number.parse().ok()?,
        },
    };
    Some((byte, name.len() + 2))
}

fn hex(digits: &str) -> Option<u8> {
    u8::from_str_radix(digits, 16).ok()
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "the token is empty",
            Self::TooLong => "the token has more than 4096 bytes",
            Self::NotVisibleAscii => {
                "the token contains something other than visible ASCII, such as a space or a line break"
            }
        })
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(text: &str) -> Token {
        Token::new(text).expect("accepted")
    }

    #[test]
    fn only_visible_ascii_of_a_limited_length_is_a_token() {
        assert!(Token::new("a").is_ok());
        assert!(Token::new("~!".repeat(TOKEN_BYTES / 2)).is_ok());
        assert_eq!(Token::new(""), Err(TokenError::Empty));
        assert_eq!(
            Token::new("a".repeat(TOKEN_BYTES + 1)),
            Err(TokenError::TooLong)
        );
        for bad in ["a b", "a\n", "a\r\nX: y", "\0", "é", "\u{7f}"] {
            assert_eq!(Token::new(bad), Err(TokenError::NotVisibleAscii), "{bad:?}");
        }
    }

    #[test]
    fn a_token_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Some(token("secret-token"))), "Some(…)");
    }

    #[test]
    fn an_echo_is_redacted_however_it_is_escaped_and_wherever_it_is_cut() {
        let token = token("ab/c\"d<e+f=");
        for echo in [
            "ab/c\"d<e+f=",
            r#"ab/c\"d<e+f="#,
            r#"ab\/c\"d\u003ce+f="#,
            "ab/c&quot;d&lt;e+f=",
            "ab/c&#34;d&#x3c;e+f=",
            "ab%2Fc%22d%3ce%2Bf%3D",
        ] {
            assert_eq!(
                token.redact(&format!("Bearer {echo}, é")),
                "Bearer [token], é"
            );
        }
        assert_eq!(token.redact("cut: ab/c\"d<e"), "cut: [token]");
        assert_eq!(token.redact("cut: ab%2Fc%22d%3"), "cut: [token]");
        assert_eq!(token.redact("a cab, ab/d"), "a cab, ab/d");
        let odd = self::token(r"a\\b&amp;%41");
        for echo in [r"a\\b&amp;%41", r"a\\\\b&amp;%41", "a\\\\b&amp;amp;%41"] {
            assert_eq!(odd.redact(echo), "[token]", "{echo}");
        }
    }

    proptest! {
        #[test]
        fn what_is_redacted_no_longer_holds_the_token(
            secret in "[!-~]{9,40}", before in "\\PC{0,20}", after in "\\PC{0,20}",
        ) {
            let clean = token(&secret).redact(&format!("{before}{secret}{after}"));
            prop_assert!(!clean.contains(&secret), "{clean}");
        }
    }
}
