//! The file of endpoints that the person always allows. It is replaced whole or not at all, changed under a lock
//! so that two processes lose nothing of each other's, and believed only where nobody else could have written
//! it. A damaged one grants nothing and is kept aside.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use tempfile::NamedTempFile;

use crate::{
    core::endpoint_list::EndpointList,
    error::{Error, ErrorCode},
    limits::{
        DAMAGED_LISTS_KEPT, ENDPOINT_LIST_BYTES, ENDPOINT_LIST_LOCK_RETRY, ENDPOINT_LIST_LOCK_WAIT,
    },
    private_file,
};

/// The file's name.
pub const FILE: &str = "daemon-transport-endpoints.json";
const LOCK: &str = "daemon-transport-endpoints.lock";

/// Why the file could not be used.
#[derive(Debug)]
enum Trouble {
    /// It is there, and is not one that this plugin wrote and nobody else could have.
    Damaged(String),
    /// The system did not let us.
    Unavailable(String),
}

/// See the module. The directory is this file's own.
#[derive(Debug)]
pub struct EndpointFile {
    directory: Option<PathBuf>,
    /// What was wrong with a file that was found damaged since the app started.
    damage: Mutex<Option<String>>,
}

impl EndpointFile {
    /// The file in this directory, which is made when something is to be written. Without one, on a system that
    /// has no place for an app's configuration, nothing is ever allowed.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            damage: Mutex::default(),
        }
    }

    /// What is always allowed. In any trouble nothing is; it is logged once, and the list tells it.
    pub fn granted(&self) -> EndpointList {
        self.read().unwrap_or_else(|trouble| {
            let (Trouble::Damaged(what) | Trouble::Unavailable(what)) = trouble;
            self.note(&what);
            EndpointList::default()
        })
    }

    /// The list for people, and what was wrong with a damaged file. A damaged one is set aside.
    pub fn look(&self) -> Result<(EndpointList, Option<String>), Error> {
        let list = match self.read() {
            Err(Trouble::Damaged(_)) => self.change(|list| Ok((list.clone(), false)))?,
            read => read.map_err(error)?,
        };
        Ok((list, self.damage().clone()))
    }

    /// Changes the list as it is now, whoever wrote it last. The change says whether there is something to write.
    pub fn change<T>(
        &self,
        change: impl FnOnce(&mut EndpointList) -> Result<(T, bool), Error>,
    ) -> Result<T, Error> {
        let directory = self.directory.as_deref().ok_or_else(|| {
            error(Trouble::Unavailable(
                "this system names no directory for the app's configuration".into(),
            ))
        })?;
        make_directory(directory).map_err(|problem| error(unavailable(directory, &problem)))?;
        let _lock = lock(directory).map_err(error)?;
        let mut list = match self.read() {
            Err(Trouble::Damaged(what)) => {
                self.set_aside(directory, &what).map_err(error)?;
                EndpointList::default()
            }
            read => read.map_err(error)?,
        };
        let (result, changed) = change(&mut list)?;
        if changed {
            let path = directory.join(FILE);
            let bytes = list
                .write()
                .map_err(|problem| error(unavailable(&path, &problem)))?;
            replace(directory, &bytes).map_err(|problem| error(unavailable(&path, &problem)))?;
        }
        Ok(result)
    }

    fn damage(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        // A text is there whole or not at all, also after a panic.
        self.damage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, what: &str) {
        let mut damage = self.damage();
        if damage.is_none() {
            log::warn!("no endpoint is allowed beyond the capability files: {what}");
            *damage = Some(what.to_owned());
        }
    }

    fn read(&self) -> Result<EndpointList, Trouble> {
        let Some(directory) = &self.directory else {
            return Ok(EndpointList::default());
        };
        let path = directory.join(FILE);
        let file = match private_file::open(&path) {
            Ok(file) => file,
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
                return Ok(EndpointList::default())
            }
            Err(problem) if is_link(&path) => {
                return Err(Trouble::Damaged(format!("{}: {problem}", path.display())))
            }
            Err(problem) => return Err(unavailable(&path, &problem)),
        };
        let damaged = |what: String| Trouble::Damaged(format!("{}: {what}", path.display()));
        private_file::check(&file).map_err(|problem| damaged(problem.to_string()))?;
        only_ours_directory(directory)?;
        let mut bytes = Vec::new();
        file.take(ENDPOINT_LIST_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|problem| unavailable(&path, &problem))?;
        if bytes.len() > ENDPOINT_LIST_BYTES {
            return Err(damaged(format!(
                "it has more than {ENDPOINT_LIST_BYTES} bytes"
            )));
        }
        EndpointList::read(&bytes).map_err(damaged)
    }

    /// Gives a damaged file another name. Only under the lock.
    fn set_aside(&self, directory: &Path, what: &str) -> Result<(), Trouble> {
        let path = directory.join(FILE);
        let prefix = format!("{FILE}.damaged-");
        let numbered = |name: &str| name.strip_prefix(&prefix)?.parse::<u64>().ok();
        let entries =
            fs::read_dir(directory).map_err(|problem| unavailable(directory, &problem))?;
        let mut kept: Vec<u64> = entries
            .filter_map(|entry| numbered(entry.ok()?.file_name().to_str()?))
            .collect();
        kept.sort_unstable();
        let next = kept.last().map_or(1, |last| last.saturating_add(1));
        let aside = directory.join(format!("{prefix}{next}"));
        fs::rename(&path, &aside).map_err(|problem| unavailable(&path, &problem))?;
        kept.push(next);
        for old in kept.iter().rev().skip(DAMAGED_LISTS_KEPT) {
            let old = directory.join(format!("{prefix}{old}"));
            if let Err(problem) = fs::remove_file(&old) {
                log::warn!("{} could not be removed: {problem}", old.display());
            }
        }
        let what = format!("{what}. It was kept as {}", aside.display());
        log::warn!("the list of allowed endpoints was damaged and grants nothing: {what}");
        *self.damage() = Some(what);
        Ok(())
    }
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Held until it is dropped, or this process ends.
fn lock(directory: &Path) -> Result<File, Trouble> {
    only_ours_directory(directory)?;
    let path = directory.join(LOCK);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    private(&mut options);
    let file = options
        .open(&path)
        .map_err(|problem| unavailable(&path, &problem))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < ENDPOINT_LIST_LOCK_WAIT => {
                thread::sleep(ENDPOINT_LIST_LOCK_RETRY);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Trouble::Unavailable(format!(
                    "another process has held {} for {ENDPOINT_LIST_LOCK_WAIT:?}. Try again",
                    path.display()
                )))
            }
            Err(TryLockError::Error(problem)) => return Err(unavailable(&path, &problem)),
        }
    }
}

fn replace(directory: &Path, bytes: &[u8]) -> io::Result<()> {
    // Made with mode 0600.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(FILE))
        .map_err(|failed| failed.error)?;
    // The new name too shall survive a power cut. Elsewhere directories cannot be synced.
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

fn unavailable(path: &Path, problem: &impl ToString) -> Trouble {
    Trouble::Unavailable(format!("{}: {}", path.display(), problem.to_string()))
}

fn error(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Damaged(what) => Error::new(
            ErrorCode::EndpointListDamaged,
            format!("the list of allowed endpoints is damaged and grants nothing: {what}"),
        ),
        Trouble::Unavailable(what) => Error::new(
            ErrorCode::EndpointListUnavailable,
            format!("the list of allowed endpoints could not be read or written: {what}"),
        ),
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;

    options
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
}

/// A profile's directories are closed to others by their inherited access lists.
#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}

#[cfg(unix)]
fn owned(metadata: &fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;

    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Err(format!(
            "it belongs to user {}, and this app runs as user {user}",
            metadata.uid()
        ));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(format!(
            "its mode is {:o}: others may use it as well",
            metadata.mode() & 0o7777
        ));
    }
    Ok(())
}

/// Nobody else may put files into the directory.
#[cfg(unix)]
fn only_ours_directory(directory: &Path) -> Result<(), Trouble> {
    let metadata =
        fs::symlink_metadata(directory).map_err(|problem| unavailable(directory, &problem))?;
    if !metadata.is_dir() {
        return Err(unavailable(directory, &"it is not a directory"));
    }
    owned(&metadata).map_err(|what| {
        Trouble::Unavailable(format!(
            "{}: {what}. Make it yours alone: chmod 700",
            directory.display()
        ))
    })
}

#[cfg(not(unix))]
fn only_ours_directory(_directory: &Path) -> Result<(), Trouble> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};

    use proptest::{collection::vec, prelude::*};
    use tempfile::TempDir;

    use super::*;
    use crate::core::{endpoint_list::Listed, grant::Grant};

    const FIRST_PORT: u16 = 40_000;

    struct Home {
        _parent: TempDir,
        directory: PathBuf,
    }

    impl Home {
        fn new() -> Self {
            let parent = TempDir::new().expect("a directory");
            Self {
                directory: parent.path().join("daemon-transport"),
                _parent: parent,
            }
        }

        fn file(&self) -> EndpointFile {
            EndpointFile::new(Some(self.directory.clone()))
        }

        fn path(&self) -> PathBuf {
            self.directory.join(FILE)
        }

        fn aside(&self) -> Vec<String> {
            let mut names: Vec<String> = fs::read_dir(&self.directory)
                .expect("a directory")
                .map(|entry| {
                    entry
                        .expect("an entry")
                        .file_name()
                        .to_string_lossy()
                        .into_owned()
                })
                .filter(|name| name.contains(".damaged-"))
                .collect();
            names.sort();
            names
        }
    }

    fn grant(number: u16) -> Grant {
        Grant::read(&format!("ws://127.0.0.1:{}/ws", FIRST_PORT + number)).expect("a URL")
    }

    fn add(file: &EndpointFile, number: u16) -> Result<(), Error> {
        file.change(|list| {
            list.add(Listed {
                grant: grant(number),
                webview: "main".into(),
                granted_at: 1,
            })
            .expect("room");
            Ok(((), true))
        })
    }

    fn numbers(list: &EndpointList) -> Vec<u16> {
        list.entries()
            .iter()
            .map(|listed| listed.grant.endpoint().port - FIRST_PORT)
            .collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("there").mode() & 0o7777
    }

    #[test]
    fn what_was_allowed_is_there_after_a_restart_for_this_user_alone() {
        let home = Home::new();
        assert!(home.file().granted().entries().is_empty());
        assert!(!home.directory.exists(), "reading makes nothing");
        add(&home.file(), 1).expect("written");
        add(&home.file(), 2).expect("written");
        assert_eq!(numbers(&home.file().granted()), [1, 2]);
        assert_eq!(mode(&home.path()), 0o600);
        assert_eq!(mode(&home.directory), 0o700);
        let left: Vec<_> = fs::read_dir(&home.directory).expect("there").collect();
        assert_eq!(left.len(), 2, "the file and its lock: {left:?}");
    }

    #[test]
    fn writers_at_the_same_time_lose_nothing_of_each_other() {
        let home = Home::new();
        thread::scope(|scope| {
            for worker in 0..4_u16 {
                // A value of its own for each, as processes have.
                let file = home.file();
                scope.spawn(move || {
                    for number in 0..10 {
                        add(&file, 1 + worker * 10 + number).expect("written");
                    }
                });
            }
        });
        let mut all = numbers(&home.file().granted());
        all.sort_unstable();
        assert_eq!(all, (1..=40).collect::<Vec<u16>>());
    }

    /// Puts something in the file's place that nothing may be granted by.
    fn spoil(home: &Home, how: usize) {
        add(&home.file(), 1).expect("written");
        let path = home.path();
        let elsewhere = home.directory.join("elsewhere");
        match how {
            0 => fs::write(&path, "{").expect("written"),
            1 => fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed"),
            2 => fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).expect("changed"),
            3 => {
                fs::rename(&path, &elsewhere).expect("moved");
                symlink(&elsewhere, &path).expect("linked");
            }
            4 => {
                fs::remove_file(&path).expect("removed");
                fs::create_dir(&path).expect("made");
            }
            5 => {
                let bytes = vec![b' '; ENDPOINT_LIST_BYTES + 1];
                fs::write(&path, bytes).expect("written");
            }
            _ => {
                fs::remove_file(&path).expect("removed");
                rustix::fs::mknodat(
                    rustix::fs::CWD,
                    &path,
                    rustix::fs::FileType::Fifo,
                    rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
                    0,
                )
                .expect("a pipe");
            }
        }
    }

    #[test]
    fn a_damaged_file_grants_nothing_is_kept_aside_and_makes_way_for_a_new_one() {
        for how in 0..7 {
            let home = Home::new();
            spoil(&home, how);
            let file = home.file();
            assert!(file.granted().entries().is_empty(), "{how}");
            assert!(home.aside().is_empty(), "reading moves nothing: {how}");
            let (list, damage) = file.look().expect("a list");
            assert!(list.entries().is_empty(), "{how}");
            assert!(damage.expect("told").contains(".damaged-1"), "{how}");
            assert_eq!(home.aside(), [format!("{FILE}.damaged-1")], "{how}");
            add(&file, 2).expect("written");
            assert_eq!(numbers(&home.file().granted()), [2], "{how}");
            // Told for as long as the app runs, and not by the next one.
            assert!(file.look().expect("a list").1.is_some());
            assert!(home.file().look().expect("a list").1.is_none());
        }
    }

    #[test]
    fn of_damaged_files_the_last_few_are_kept() {
        let home = Home::new();
        for _ in 0..DAMAGED_LISTS_KEPT + 3 {
            spoil(&home, 0);
            home.file().look().expect("a list");
        }
        let aside = home.aside();
        assert_eq!(aside.len(), DAMAGED_LISTS_KEPT);
        assert_eq!(
            aside.last(),
            Some(&format!("{FILE}.damaged-{}", DAMAGED_LISTS_KEPT + 3))
        );
    }

    #[test]
    fn a_directory_that_others_can_use_is_not_used() {
        let home = Home::new();
        add(&home.file(), 1).expect("written");
        fs::set_permissions(&home.directory, fs::Permissions::from_mode(0o770)).expect("changed");
        let file = home.file();
        assert!(file.granted().entries().is_empty());
        let refused = add(&file, 2).expect_err("refused");
        assert_eq!(refused.code, ErrorCode::EndpointListUnavailable);
        assert!(refused.message.contains("chmod 700"), "{refused}");
    }

    #[test]
    fn a_process_that_holds_the_lock_for_ever_makes_a_change_fail_and_not_hang() {
        let home = Home::new();
        add(&home.file(), 1).expect("written");
        let held = lock(&home.directory).expect("free");
        let refused = add(&home.file(), 2).expect_err("held");
        assert_eq!(refused.code, ErrorCode::EndpointListUnavailable);
        drop(held);
        add(&home.file(), 2).expect("free again");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_bytes_in_the_file_grant_nothing_and_end_aside(bytes in vec(any::<u8>(), 0..400)) {
            let home = Home::new();
            add(&home.file(), 1).expect("written");
            fs::write(home.path(), &bytes).expect("written");
            let file = home.file();
            prop_assert!(file.granted().entries().is_empty());
            prop_assert!(file.look().expect("a list").1.is_some());
            let kept = fs::read(home.directory.join(format!("{FILE}.damaged-1"))).expect("kept");
            prop_assert_eq!(kept, bytes);
        }
    }
}
