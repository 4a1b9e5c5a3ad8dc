//! What `cargo package` would publish: what somebody who builds it needs, and nothing else.

use std::process::Command;

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_crate_holds_its_sources_permissions_licences_and_readme() {
    let list = cargo(&["package", "--list", "--allow-dirty", "--offline"]);
    let files: Vec<String> = list.lines().map(|line| line.replace('\\', "/")).collect();
    let single = [
        ".cargo_vcs_info.json",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "build.rs",
    ];
    let below = [
        "examples/",
        "fuzz/corpus/",
        "permissions/",
        "src/",
        "tests/",
    ];
    for file in &files {
        assert!(
            single.contains(&file.as_str()) || below.iter().any(|place| file.starts_with(place)),
            "{file} would be published"
        );
    }
    for needed in single.iter().skip(1).chain(&[
        "src/lib.rs",
        "src/init.js",
        "src/core/mod.rs",
        "permissions/default.toml",
    ]) {
        assert!(
            files.iter().any(|file| file == needed),
            "{needed} is missing"
        );
    }
}

/// A library that asks for one exact version of a crate can only be adopted by an app that happens to use the same one.
#[test]
fn its_requirements_are_ranges() {
    let metadata = cargo(&[
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|package| package["name"] == env!("CARGO_PKG_NAME"))
        .expect("this package");
    for dependency in package["dependencies"].as_array().expect("dependencies") {
        let requirement = dependency["req"].as_str().expect("a requirement");
        assert!(
            dependency["kind"] == "dev" || requirement.starts_with('^'),
            "{}: {requirement}",
            dependency["name"]
        );
    }
}
