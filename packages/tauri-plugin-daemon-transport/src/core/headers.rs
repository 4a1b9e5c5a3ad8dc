//! Which headers a page may add to the upgrade request. What names an origin, a host, a cookie, the upgrade
//! itself or the message's own framing is Rust's alone.

use std::{collections::BTreeMap, fmt};

use crate::{
    error::{Error, ErrorCode},
    limits::{HEADER_BYTES, HEADER_COUNT},
};

/// Headers that passed the check. Their values may be secrets: `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Headers {
    /// The checked names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Where Rust attaches a credential of its own, a page that has set one is refused: two are one too many, and
    /// a page must not take the place of the other.
    pub fn refuse_authorization(&self) -> Result<(), Error> {
        match self
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION))
        {
            Some((name, _)) => Err(invalid(format!(
                "the header {name} may not be set by a page where the application attaches a credential of its own"
            ))),
            None => Ok(()),
        }
    }
}

const AUTHORIZATION: &str = "Authorization";

/// The forbidden request-headers of the Fetch Standard, which browsers keep from pages as well, and what tells a
/// server who asks or how the message ends (RFC 9110 sections 6 to 10, RFC 7239).
const FORBIDDEN: &[&str] = &[
    "accept-charset",
    "accept-encoding",
    "alt-used",
    "connection",
    "content-encoding",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
];

const FORBIDDEN_PREFIXES: &[&str] = &["sec-", "proxy-", "x-forwarded", "access-control-"];

/// Checks what a page asks for; a refusal names the header.
pub fn check(headers: BTreeMap<String, String>) -> Result<Headers, Error> {
    if headers.len() > HEADER_COUNT {
        return Err(invalid(format!(
            "{} headers were given; at most {HEADER_COUNT} are accepted",
            headers.len()
        )));
    }
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > HEADER_BYTES {
        return Err(invalid(format!(
            "the headers have {bytes} bytes; at most {HEADER_BYTES} are accepted"
        )));
    }
    let mut seen: Vec<String> = Vec::with_capacity(headers.len());
    for (name, value) in &headers {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(invalid(format!(
                "{name:?} is not a header name (RFC 9110 section 5.6.2)"
            )));
        }
        // Some servers hand headers on in a form where both signs are one.
        let lower = name.to_ascii_lowercase().replace('_', "-");
        if FORBIDDEN.contains(&lower.as_str())
            || FORBIDDEN_PREFIXES
                .iter()
                .any(|prefix| lower.starts_with(prefix))
        {
            return Err(invalid(format!(
                "the header {name} may not be set by a page"
            )));
        }
        if seen.contains(&lower) {
            return Err(invalid(format!("the header {name} was given twice")));
        }
        seen.push(lower);
        // The value is not repeated in the message: it may be a secret.
        if !value
            .bytes()
            .all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte))
        {
            return Err(invalid(format!(
                "the value of the header {name} contains a line break, a control character or non-ASCII text"
            )));
        }
        if value.trim() != value {
            return Err(invalid(format!(
                "the value of the header {name} begins or ends with white space, which servers drop (RFC 9110 \
                 section 5.5)"
            )));
        }
    }
    Ok(Headers(headers.into_iter().collect()))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidHeader, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<Headers, Error> {
        check(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn a_header_of_the_page_passes() {
        let headers = one("Authorization", "Bearer abc").expect("accepted");
        assert_eq!(
            headers.iter().collect::<Vec<_>>(),
            [("Authorization", "Bearer abc")]
        );
        assert!(one("X-Client", "").is_ok());
    }

    #[test]
    fn headers_that_are_not_the_pages_are_refused_by_name() {
        for name in [
            "Origin",
            "ORIGIN",
            "Host",
            "Cookie",
            "Sec-WebSocket-Key",
            "sec-websocket-protocol",
            "Sec-Fetch-Site",
            "Connection",
            "Upgrade",
            "Proxy-Authorization",
            "Content-Length",
            "Transfer-Encoding",
            "TE",
            "X-Forwarded-Host",
            "X_Forwarded_For",
            "Content_Length",
            "Sec_WebSocket_Accept",
            "X-Real-IP",
            "Forwarded",
        ] {
            let error = one(name, "x").expect_err(name);
            assert_eq!(error.code, ErrorCode::InvalidHeader);
            assert!(error.message.contains(name));
        }
    }

    #[test]
    fn what_http_does_not_allow_is_refused() {
        for (name, value) in [
            ("", "x"),
            ("A B", "x"),
            ("A:", "x"),
            ("A\r\nB", "x"),
            ("Ä", "x"),
            ("A", "x\r\nOrigin: evil"),
            ("A", "x\n"),
            ("A", "\0"),
            ("A", "é"),
            ("A", "\u{7f}"),
            ("A", " x"),
            ("A", "x\t"),
            ("A", " "),
        ] {
            assert!(one(name, value).is_err(), "{name:?}: {value:?}");
        }
        assert!(one("A", &"x".repeat(HEADER_BYTES)).is_err());
        assert!(check(
            (0..=HEADER_COUNT)
                .map(|n| (format!("A{n}"), String::new()))
                .collect()
        )
        .is_err());
        assert!(check(BTreeMap::from([
            ("A-B".into(), "1".into()),
            ("a_b".into(), "2".into())
        ]))
        .is_err());
        assert!(check(BTreeMap::from([
            ("A".into(), "1".into()),
            ("a".into(), "2".into())
        ]))
        .is_err());
    }

    #[test]
    fn a_refusal_never_repeats_the_value() {
        assert!(!one("Authorization", "secret\n")
            .expect_err("refused")
            .message
            .contains("secret"));
    }

    #[test]
    fn beside_the_applications_credential_a_page_may_have_none_and_no_value_is_shown() {
        let headers = one("X-Client", "my-value").expect("accepted");
        assert_eq!(headers.refuse_authorization(), Ok(()));
        assert!(!format!("{headers:?}").contains("my-value"));
        for name in ["Authorization", "authorization", "AUTHORIZATION"] {
            let headers = one(name, "Bearer of the page").expect("accepted");
            let error = headers.refuse_authorization().expect_err(name);
            assert_eq!(error.code, ErrorCode::InvalidHeader);
            assert!(error.message.contains(name) && !error.message.contains("Bearer"));
        }
    }
}
