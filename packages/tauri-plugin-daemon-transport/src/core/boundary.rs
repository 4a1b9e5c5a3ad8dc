//! The core's promise about itself: no sockets, clocks, files, threads, tasks or Tauri. Read from its own source,
//! because a compiler cannot be asked.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What would reach out of the core, and why it must not.
const OUTSIDE: &[(&str, &str)] = &[
    ("tauri::", "the core knows no windows"),
    ("tokio::", "the core has no tasks, timers or sockets"),
    ("async ", "the core waits for nothing"),
    (".await", "the core waits for nothing"),
    ("::now()", "time comes in as an argument"),
    (".elapsed()", "time comes in as an argument"),
    ("std::thread", "the core has no threads"),
    ("std::fs", "the core reads no files"),
    ("std::io", "the core reads and writes nothing"),
    ("std::env", "the core has no surroundings"),
    ("std::process", "the core starts nothing"),
    ("net::Tcp", "the core has no sockets"),
    ("net::Udp", "the core has no sockets"),
    ("os::unix", "the core has no sockets"),
    ("to_socket_addrs", "the core asks no DNS"),
    ("ToSocketAddrs", "the core asks no DNS"),
    ("Mutex", "the core shares nothing"),
    ("println!", "the core tells its caller, and nobody else"),
];

/// Modules of the crate that the core may know: they reach out no more than it does.
const MAY_KNOW: &[&str] = &["core", "error", "limits"];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).expect("the core's directory");
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The part of a file that is compiled into the plugin, without comments.
fn shipped(text: &str) -> String {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_core_has_no_sockets_clocks_files_threads_or_windows() {
    let mut files = Vec::new();
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core");
    sources(&core, &mut files);
    // Files that hold only tests: declared as such by the module they belong to.
    let tests = ["boundary.rs", "cases.rs", "model.rs", "tests.rs"];
    files.retain(|path| !tests.iter().any(|name| path.ends_with(name)));
    assert!(files.len() > 10, "the core was found: {files:?}");
    for path in files {
        let text = shipped(&fs::read_to_string(&path).expect("a source file"));
        for (word, why) in OUTSIDE {
            assert!(
                !text.contains(word),
                "{}: {word:?}, but {why}",
                path.display()
            );
        }
        for (at, _) in text.match_indices("crate::") {
            let rest = text[at + "crate::".len()..].trim_start_matches(['{', ' ', '\n']);
            let module: String = rest
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            assert!(
                MAY_KNOW.contains(&module.as_str()),
                "{}: the core does not know crate::{module}",
                path.display()
            );
        }
    }
}
