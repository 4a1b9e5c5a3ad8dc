//! Reads a small file that is this user's alone: no symbolic link, no other kind of file, nobody else's, and
//! readable by nobody else.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use crate::limits::RUNTIME_FILE_BYTES;

/// The whole text, which is wiped when it is dropped. An error of the kind `NotFound` means that there is no such file; any other says what is wrong.
pub fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = open(path)?;
    check(&file)?;
    // Large enough from the start: a buffer that grows leaves copies of a secret behind.
    let mut text = Zeroizing::new(String::with_capacity(RUNTIME_FILE_BYTES + 1));
    let read = file
        .take(RUNTIME_FILE_BYTES as u64 + 1)
        .read_to_string(&mut text)?;
    if read > RUNTIME_FILE_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {RUNTIME_FILE_BYTES} bytes"
        )));
    }
    Ok(text)
}

/// Opens the file itself: never what a symbolic link names, and without waiting for a pipe's writer.
#[cfg(unix)]
pub fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::{fs::OFlags, io::Errno};

    // Not blocking: opening a pipe would wait for its writer.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(code) if code == Errno::LOOP.raw_os_error() => {
                io::Error::other("it is a symbolic link")
            }
            _ => error,
        })
}

/// Whether it is a regular file that is this user's alone.
#[cfg(unix)]
pub fn check(file: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    let mode = found.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(io::Error::other(format!(
            "others can read or write it (mode {mode:o}); it should have mode 600"
        )));
    }
    Ok(())
}

/// On Windows a file in the user's own profile is private by the rights it inherits.
#[cfg(not(unix))]
pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// Whether it is a regular file.
#[cfg(not(unix))]
pub fn check(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() {
        Ok(())
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        fs,
        os::unix::fs::{symlink, PermissionsExt},
    };

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    }

    #[test]
    fn only_a_regular_file_of_this_user_alone_is_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        fs::write(&file, "text").expect("written");
        mode(&file, 0o600);
        assert_eq!(read(&file).expect("read").as_str(), "text");
        for bad in [0o640, 0o604, 0o620, 0o602, 0o666] {
            mode(&file, bad);
            let problem = read(&file).expect_err("open to others").to_string();
            assert!(problem.contains(&format!("{bad:o}")), "{problem}");
        }
        mode(&file, 0o600);
        let link = directory.path().join("link");
        symlink(&file, &link).expect("linked");
        assert_eq!(
            read(&link).expect_err("a link").to_string(),
            "it is a symbolic link"
        );
        assert!(read(directory.path()).is_err());
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .expect("a pipe");
        assert!(read(&pipe).is_err());
        assert_eq!(
            read(&directory.path().join("none"))
                .expect_err("none")
                .kind(),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        fs::write(&file, vec![b' '; RUNTIME_FILE_BYTES + 1]).expect("written");
        mode(&file, 0o600);
        assert!(read(&file).is_err());
    }
}
