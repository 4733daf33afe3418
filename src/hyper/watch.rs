//! Whether files changed.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Files, and what they looked like when they were last read.
#[derive(Debug)]
pub(in crate::hyper) struct Files {
    paths: Vec<PathBuf>,
    stamps: Mutex<Vec<Option<Stamp>>>,
}

/// What a file looks like from outside. Symbolic links are followed, so that one that points elsewhere is a
/// change.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Its device and number, and when those were last changed.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Files {
    pub(in crate::hyper) fn new(paths: Vec<PathBuf>) -> Self {
        let files = Self {
            paths,
            stamps: Mutex::default(),
        };
        files.have_changed();
        files
    }

    /// Returns whether they changed since this was last asked. Blocks on the file system.
    pub(in crate::hyper) fn have_changed(&self) -> bool {
        let now: Vec<_> = self.paths.iter().map(Stamp::of).collect();
        let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = *stamps != now;
        *stamps = now;
        changed
    }
}

impl Stamp {
    fn of(path: &PathBuf) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        Some(Self {
            modified: file.modified().ok(),
            length: file.len(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt as _;
                (file.dev(), file.ino(), file.ctime(), file.ctime_nsec())
            },
        })
    }
}
