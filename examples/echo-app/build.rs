//! Embeds the page and the capability file.

fn main() {
    tauri_build::build();
}
