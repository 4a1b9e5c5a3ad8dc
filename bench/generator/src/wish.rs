//! What a connection is for: the path and the query of its URL.

use std::{collections::HashMap, str::FromStr};

/// One measurement, as the URL asks for it.
#[derive(Debug)]
pub struct Wish {
    /// The case: the path without its slash.
    pub case: String,
    values: HashMap<String, String>,
}

impl Wish {
    /// Reads `/case?name=value&...`.
    pub fn parse(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            case: path.trim_start_matches('/').to_owned(),
            values: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// A text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// A number; zero where there is none.
    pub fn number<T: FromStr + Default>(&self, name: &str) -> T {
        self.text(name).parse().unwrap_or_default()
    }
}
