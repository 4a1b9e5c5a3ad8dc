//! Text as a JavaScript string literal: whatever the text is, the literal's value is the text and nothing in it
//! is run.

/// Appends the literal. Text without quotes, backslashes, control characters and line separators is copied
/// as it is.
pub fn push_string(script: &mut String, text: &str) {
    script.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        // U+2028 and U+2029 end a line in scripts older than ES2019; both begin with these bytes in UTF-8.
        let length = match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f => 1,
            0xe2 if matches!(
                text.as_bytes().get(at + 1..at + 3),
                Some([0x80, 0xa8 | 0xa9])
            ) =>
            {
                3
            }
            _ => continue,
        };
        script.push_str(&text[copied..at]);
        copied = at + length;
        match byte {
            b'"' => script.push_str("\\\""),
            b'\\' => script.push_str("\\\\"),
            b'\n' => script.push_str("\\n"),
            b'\r' => script.push_str("\\r"),
            b'\t' => script.push_str("\\t"),
            0xe2 => script.push_str(if text.as_bytes()[at + 2] == 0xa8 {
                "\\u2028"
            } else {
                "\\u2029"
            }),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                script.push_str("\\x");
                script.push(char::from(HEX[usize::from(control >> 4)]));
                script.push(char::from(HEX[usize::from(control & 15)]));
            }
        }
    }
    script.push_str(&text[copied..]);
    script.push('"');
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
            r#""a\"b\\c\n\r\t\x00\x7f""#
        );
        assert_eq!(
            literal("\u{2027}\u{2028}\u{2029}\u{202a}"),
            "\"\u{2027}\\u2028\\u2029\u{202a}\""
        );
        assert_eq!(literal(""), "\"\"");
    }

    proptest! {
        #[test]
        fn the_value_of_the_literal_is_the_text(text in any::<String>()) {
            // JSON reads the same escapes but for \x.
            let json = literal(&text).replace("\\\\", "\\u005c").replace("\\x", "\\u00");
            prop_assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(text));
        }
    }
}
