//! Frames as literals of JavaScript and JSON alike: whatever a text is, the literal's value is the text and nothing in
//! it is run.

use base64::{engine::general_purpose::STANDARD, Engine as _};

use crate::core::outbox::Happening;

/// Bytes that are looked at together: enough for the widest vectors.
const BLOCK: usize = 64;

/// Appends a frame: text as a string, binary as an array that holds its base64. What is no frame adds nothing.
pub fn push_frame(script: &mut String, happening: &Happening) {
    match happening {
        Happening::Text(text) => push_string(script, text),
        Happening::Binary(bytes) => {
            script.push_str("[\"");
            push_base64(script, bytes);
            script.push_str("\"]");
        }
        Happening::Open | Happening::Failed(_) | Happening::Closed(_) => {}
    }
}

/// Appends base64.
pub fn push_base64(script: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, script);
}

/// Appends the literal. Text without quotes, backslashes, control characters and line separators is copied
/// as it is.
pub fn push_string(script: &mut String, text: &str) {
    script.push('"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (number, block) in bytes.chunks(BLOCK).enumerate() {
        // Without branches, which lets the compiler look at many bytes at once: most blocks hold nothing special.
        let special = |byte: &u8| {
            (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\') | (*byte == 0x7f) | (*byte == 0xe2)
        };
        if !block.iter().fold(false, |seen, byte| seen | special(byte)) {
            continue;
        }
        for (at, &byte) in (number * BLOCK..).zip(block) {
            // U+2028 and U+2029 end a line in scripts older than ES2019; both begin with these bytes in UTF-8.
            let length = match byte {
                b'"' | b'\\' | 0..=0x1f | 0x7f => 1,
                0xe2 if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => 3,
                _ => continue,
            };
            script.push_str(&text[copied..at]);
            copied = at + length;
            push_escape(script, byte, bytes.get(at + 2) == Some(&0xa8));
        }
    }
    script.push_str(&text[copied..]);
    script.push('"');
}

/// Whether the text holds U+0000.
pub fn has_nul(text: &str) -> bool {
    // Without branches inside a block, as above.
    text.as_bytes()
        .chunks(BLOCK)
        .any(|block| block.iter().fold(false, |seen, byte| seen | (*byte == 0)))
}

/// One escaped character, by its first byte.
fn push_escape(script: &mut String, byte: u8, line_separator: bool) {
    script.push_str(match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        0xe2 if line_separator => "\\u2028",
        0xe2 => "\\u2029",
        control => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            script.push_str("\\u00");
            script.push(char::from(HEX[usize::from(control >> 4)]));
            script.push(char::from(HEX[usize::from(control & 15)]));
            return;
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn literal(text: &str) -> String {
        let mut script = String::new();
        push_string(&mut script, text);
        script
    }

    #[test]
    fn what_would_end_the_literal_is_escaped() {
        assert_eq!(
            literal("a\"b\\c\n\r\t\0\u{7f}"),
            r#""a\"b\\c\n\r\t\u0000\u007f""#
        );
        assert_eq!(
            literal("\u{2027}\u{2028}\u{2029}\u{202a}"),
            "\"\u{2027}\\u2028\\u2029\u{202a}\""
        );
        assert_eq!(literal(""), "\"\"");
        let long = "x".repeat(BLOCK - 1);
        assert_eq!(
            literal(&format!("{long}\u{2028}{long}\"")),
            format!("\"{long}\\u2028{long}\\\"\"")
        );
    }

    proptest! {
        #[test]
        fn the_value_of_the_literal_is_the_text(text in any::<String>()) {
            // JavaScript reads the escapes of JSON as JSON does (ECMA-262 since 2019).
            prop_assert_eq!(serde_json::from_str::<String>(&literal(&text)).ok(), Some(text));
        }
    }
}
