//! What the dialog says. Of the page's making there is only the URL, in its normal form, which is ASCII; the
//! rest is written here. The host is always shown whole.

use super::{
    endpoint::{Host, Security, WebSocketEndpoint},
    grant::Grant,
};
use crate::limits::{SHOWN_NAME_CHARS, SHOWN_PATH_CHARS};

/// The button that allows it to the page that is shown.
pub const ONCE: &str = "Allow once";
/// The button that allows it from now on.
pub const ALWAYS: &str = "Always allow";
/// The button that allows nothing. It is the default, and what Escape and closing the dialog mean.
pub const REFUSE: &str = "Don't allow";

/// The texts of one dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Title of the dialog's window.
    pub title: String,
    /// The question itself, in one sentence.
    pub heading: String,
    /// The endpoint.
    pub address: String,
    /// What the app could do there.
    pub consequence: &'static str,
    /// What is dangerous about it.
    pub warning: Option<&'static str>,
    /// What the answers mean.
    pub answers: &'static str,
}

impl Question {
    /// The question whether this app may connect to this endpoint.
    pub fn new(app: &str, grant: &Grant) -> Self {
        let app = clipped(app, SHOWN_NAME_CHARS);
        let endpoint = grant.endpoint();
        let here = endpoint.host.is_this_computer();
        let warning = (endpoint.security == Security::Plain && !here).then_some(
            "This connection is not encrypted: others on the network could read and change what is sent.",
        );
        let consequence = match &endpoint.host {
            _ if here => {
                "The app could then send data to the program that listens there, on this computer, and receive \
                 data from it."
            }
            Host::Name(_) => {
                "The app could then send data to the computer of that name and receive data from it."
            }
            Host::Localhost | Host::Address(_) => {
                "The app could then send data to that computer and receive data from it."
            }
        };
        Self {
            title: app.clone(),
            heading: format!("Allow {app} to connect to {}?", endpoint.authority()),
            address: address(endpoint),
            consequence,
            warning,
            answers: "\u{201c}Allow once\u{201d} lasts until the page is reloaded or closed. \
                      \u{201c}Always allow\u{201d} is remembered.",
        }
    }
}

impl Question {
    /// Everything below the heading, as plain text.
    pub fn body(&self) -> String {
        let paragraphs = [
            Some(self.address.as_str()),
            Some(self.consequence),
            self.warning,
            Some(self.answers),
        ];
        let paragraphs: Vec<&str> = paragraphs.into_iter().flatten().collect();
        paragraphs.join("\n\n")
    }
}

/// The URL, with the middle of a long path left out.
fn address(endpoint: &WebSocketEndpoint) -> String {
    let path = &endpoint.path;
    let start = format!("{}://{}", endpoint.security.scheme(), endpoint.authority());
    if path.len() <= SHOWN_PATH_CHARS {
        return format!("{start}{path}");
    }
    let half = SHOWN_PATH_CHARS / 2;
    let (Some(first), Some(last)) = (path.get(..half), path.get(path.len() - half..)) else {
        // A path in normal form is ASCII.
        return format!("{start}/\u{2026}");
    };
    let left_out = path.len() - 2 * half;
    format!("{start}{first}\u{2026} ({left_out} more characters) \u{2026}{last}")
}

/// One line of at most so many characters.
fn clipped(text: &str, most: usize) -> String {
    let line: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    if line.chars().count() <= most {
        return line;
    }
    let mut short: String = line.chars().take(most - 1).collect();
    short.push('\u{2026}');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(url: &str) -> Question {
        Question::new("Holdfast", &Grant::read(url).expect("a URL"))
    }

    #[test]
    fn it_names_the_app_the_endpoint_and_what_the_app_could_do() {
        let question = ask("ws://127.0.0.1:6767/ws");
        assert_eq!(
            question.heading,
            "Allow Holdfast to connect to 127.0.0.1:6767?"
        );
        assert_eq!(question.address, "ws://127.0.0.1:6767/ws");
        assert!(question.consequence.contains("on this computer"));
        assert_eq!(question.warning, None);
    }

    #[test]
    fn it_says_when_a_connection_to_another_computer_is_not_encrypted() {
        let question = ask("ws://192.168.1.10/ws");
        assert!(question.consequence.contains("that computer"));
        assert!(question
            .warning
            .is_some_and(|warning| warning.contains("not encrypted")));
        assert!(ask("ws://build.example/ws").warning.is_some());
        assert_eq!(ask("wss://build.example/ws").warning, None);
    }

    #[test]
    fn a_long_path_loses_its_middle_visibly_and_the_host_stays_whole() {
        let host = format!("localhost.{}evil.test", "a.".repeat(100));
        let question = ask(&format!("ws://{host}:6767/start{}end", "x".repeat(1500)));
        assert!(question.heading.contains(&format!("{host}:6767?")));
        assert!(question
            .address
            .starts_with(&format!("ws://{host}:6767/start")));
        assert!(question.address.contains("more characters"));
        assert!(question.address.ends_with("end"));
    }

    #[test]
    fn the_apps_name_is_one_short_line() {
        let name = format!("Line\nbreak{}", "n".repeat(200));
        let question = Question::new(&name, &Grant::read("ws://localhost/").expect("a URL"));
        assert!(!question.title.contains('\n'));
        assert_eq!(question.title.chars().count(), SHOWN_NAME_CHARS);
    }

    proptest! {
        #[test]
        fn whatever_the_path_the_dialog_stays_small_and_plain(path in "/[!-~]{0,1900}") {
            let Ok(grant) = Grant::read(&format!("ws://127.0.0.1:6767{path}")) else { return Ok(()) };
            let question = Question::new("Holdfast", &grant);
            prop_assert!(question.address.starts_with("ws://127.0.0.1:6767/"));
            prop_assert!(question.address.chars().count() < SHOWN_PATH_CHARS + 80);
            let plain = question
                .address
                .chars()
                .all(|char| char == '\u{2026}' || (' '..='~').contains(&char));
            prop_assert!(plain, "{}", question.address);
        }
    }
}
