//! Embeds the page and the capabilities of the contract app.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("../contract-app/capabilities/*");
    tauri_build::try_build(attributes)?;
    Ok(())
}
