//! The list of endpoints that the person always allows, as it stands in its file. Every rule is strict: a file
//! with one thing in it that this version would not have written grants nothing at all.

use serde::{Deserialize, Serialize};

use super::grant::Grant;
use crate::limits::{ENDPOINT_LIST_ENTRIES, WEBVIEW_LABEL_BYTES};

/// The version of the form. A file of another version is not read.
const FORMAT: u32 = 1;

/// One endpoint that the person always allows to one webview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The endpoint.
    pub grant: Grant,
    /// The label of the webview that asked.
    pub webview: String,
    /// When the person agreed, in milliseconds since 1970 by this computer's clock.
    pub granted_at: u64,
}

/// All of them, the oldest first, each pair of webview and endpoint once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointList {
    entries: Vec<Listed>,
}

/// The list has as many entries as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    endpoints: Vec<Record>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    url: String,
    webview: String,
    granted_at: u64,
}

impl EndpointList {
    /// Reads a file's bytes. The error says what is wrong with them.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if file.format != FORMAT {
            return Err(format!(
                "its format is {}, and this version reads format {FORMAT}",
                file.format
            ));
        }
        let mut list = Self::default();
        for Record {
            url,
            webview,
            granted_at,
        } in file.endpoints
        {
            let grant = Grant::read(&url)?;
            if list.holds(&grant, &webview) {
                return Err(format!("it names {url:?} twice"));
            }
            list.add(Listed {
                grant,
                webview,
                granted_at,
            })
            .map_err(|Full| format!("more than {ENDPOINT_LIST_ENTRIES} endpoints are in it"))?;
        }
        Ok(list)
    }

    /// The bytes of the file.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(&File {
            format: FORMAT,
            endpoints: self
                .entries
                .iter()
                .map(|listed| Record {
                    url: listed.grant.url().to_owned(),
                    webview: listed.webview.clone(),
                    granted_at: listed.granted_at,
                })
                .collect(),
        })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// All entries.
    pub fn entries(&self) -> &[Listed] {
        &self.entries
    }

    /// Whether the person always allows this endpoint to this webview.
    pub fn holds(&self, grant: &Grant, webview: &str) -> bool {
        self.entries
            .iter()
            .any(|listed| listed.grant == *grant && listed.webview == webview)
    }

    /// Adds an entry. One that is there already stays as it is.
    pub fn add(&mut self, listed: Listed) -> Result<(), Full> {
        if self.holds(&listed.grant, &listed.webview) {
            return Ok(());
        }
        if self.entries.len() >= ENDPOINT_LIST_ENTRIES || listed.webview.len() > WEBVIEW_LABEL_BYTES
        {
            return Err(Full);
        }
        self.entries.push(listed);
        Ok(())
    }

    /// Takes an endpoint out, for every webview. Says whether it was there.
    pub fn remove(&mut self, grant: &Grant) -> bool {
        let before = self.entries.len();
        self.entries.retain(|listed| listed.grant != *grant);
        self.entries.len() < before
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::{json, Value};

    use super::*;
    use crate::limits::{ENDPOINT_LIST_BYTES, URL_BYTES};

    fn listed(url: &str, webview: &str) -> Listed {
        Listed {
            grant: Grant::read(url).expect("a URL"),
            webview: webview.into(),
            granted_at: 1_700_000_000_000,
        }
    }

    fn read(value: &Value) -> Result<EndpointList, String> {
        EndpointList::read(value.to_string().as_bytes())
    }

    fn entry() -> Value {
        json!({ "url": "ws://127.0.0.1:6767/ws", "webview": "main", "grantedAt": 1 })
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut list = EndpointList::default();
        for (url, webview) in [
            ("ws://127.0.0.1:6767/ws", "main"),
            ("ws://127.0.0.1:6767/ws", "other"),
            ("ws://[::1]:8080/", "main"),
        ] {
            list.add(listed(url, webview)).expect("room");
            list.add(listed(url, webview)).expect("there already");
        }
        assert_eq!(list.entries().len(), 3);
        assert_eq!(
            EndpointList::read(&list.write().expect("bytes")),
            Ok(list.clone())
        );
        assert!(list.remove(&listed("ws://127.0.0.1:6767/ws", "").grant));
        assert!(!list.remove(&listed("ws://127.0.0.1:6767/ws", "").grant));
        assert_eq!(list.entries().len(), 1);
    }

    #[test]
    fn a_grant_of_one_webview_is_none_of_another() {
        let mut list = EndpointList::default();
        let main = listed("ws://127.0.0.1:6767/ws", "main");
        list.add(main.clone()).expect("room");
        assert!(list.holds(&main.grant, "main"));
        assert!(!list.holds(&main.grant, "other"));
    }

    #[test]
    fn one_thing_that_was_not_written_here_spoils_the_whole_file() {
        let with = |change: &dyn Fn(&mut Value)| {
            let mut file = json!({ "format": 1, "endpoints": [entry()] });
            change(&mut file);
            file
        };
        assert!(read(&with(&|_| {})).is_ok());
        let broken = [
            with(&|file| file["format"] = json!(2)),
            with(&|file| file["format"] = json!("1")),
            with(&|file| file["more"] = json!(true)),
            with(&|file| file["endpoints"][0]["more"] = json!(true)),
            with(&|file| file["endpoints"][0]["url"] = json!("ws://*:6767/ws")),
            with(&|file| file["endpoints"][0]["url"] = json!("ws://127.1:6767/ws")),
            with(&|file| file["endpoints"][0]["url"] = json!("ws://127.0.0.1:6767/ws?a")),
            with(&|file| file["endpoints"][0]["url"] = json!("daemon+local:")),
            with(&|file| file["endpoints"][0]["webview"] = json!(null)),
            with(&|file| file["endpoints"][0]["webview"] = json!("w".repeat(1000))),
            with(&|file| file["endpoints"][0]["grantedAt"] = json!(-1)),
            with(&|file| file["endpoints"] = json!([entry(), entry()])),
            with(&|file| file["endpoints"] = json!({})),
            json!([]),
            json!(null),
        ];
        for file in &broken {
            assert!(read(file).is_err(), "{file}");
        }
        for bytes in [
            "",
            "{",
            r#"{"format":1,"endpoints":[]}{"format":1,"endpoints":[]}"#,
            r#"{"format":1,"format":1,"endpoints":[]}"#,
        ] {
            assert!(EndpointList::read(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }

    #[test]
    fn the_largest_list_fits_into_its_file() {
        let mut list = EndpointList::default();
        for number in 0..ENDPOINT_LIST_ENTRIES {
            let start = format!("ws://127.0.0.1:{}/", 40_000 + number);
            let url = format!("{start}{}", "a".repeat(URL_BYTES - start.len()));
            list.add(listed(&url, &"w".repeat(WEBVIEW_LABEL_BYTES)))
                .expect("room");
        }
        assert_eq!(list.add(listed("ws://[::1]/", "main")), Err(Full));
        let bytes = list.write().expect("bytes");
        assert!(bytes.len() <= ENDPOINT_LIST_BYTES, "{}", bytes.len());
        assert_eq!(EndpointList::read(&bytes), Ok(list));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn arbitrary_bytes_never_crash_and_never_grant(bytes in vec(any::<u8>(), 0..300)) {
            prop_assert!(EndpointList::read(&bytes).is_err());
        }

        #[test]
        fn a_file_with_one_byte_changed_grants_nothing_that_it_did_not_name(
            at in 0_usize..200,
            to in any::<u8>(),
        ) {
            let mut list = EndpointList::default();
            list.add(listed("ws://127.0.0.1:6767/ws", "main")).expect("room");
            let mut bytes = list.write().expect("bytes");
            let at = at % bytes.len();
            bytes[at] = to;
            if let Ok(read) = EndpointList::read(&bytes) {
                // What is read is what stands there, letter for letter: nothing is completed or corrected.
                let file: Value = serde_json::from_slice(&bytes).expect("JSON");
                prop_assert_eq!(read.entries().len(), 1);
                for listed in read.entries() {
                    let entry = &file["endpoints"][0];
                    prop_assert_eq!(entry["url"].as_str(), Some(listed.grant.url()));
                    prop_assert_eq!(entry["webview"].as_str(), Some(listed.webview.as_str()));
                }
            }
        }
    }
}
