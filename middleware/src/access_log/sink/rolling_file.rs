use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::access_log::clock::Clock;

/// Files in a directory: another one each day (of UTC), and whenever one is full. The oldest are deleted.
///
/// Their names are `access-20001010.0000.log`, `access-20001010.0001.log` and so on. A program that starts again on the
/// same day goes on with the last one. Two programs, or two layers, need directories or prefixes of their own.
///
/// | option | default |
/// |---|---|
/// | [`with_prefix`](Self::with_prefix) | `access-` |
/// | [`with_size_limit`](Self::with_size_limit) | 10 MiB |
/// | [`with_retained`](Self::with_retained) | 4 files |
#[doc(alias = "W3CLoggerOptions")]
#[derive(Clone)]
pub struct RollingFile {
    pub(super) directory: PathBuf,
    pub(super) prefix: String,
    pub(super) size_limit: Option<u64>,
    pub(super) retained: Option<usize>,
    pub(super) clock: Clock,
}

impl RollingFile {
    /// Returns files in a directory, which is made if it is not there.
    #[doc(alias = "LogDirectory")]
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            prefix: "access-".to_owned(),
            size_limit: Some(10 << 20),
            retained: Some(4),
            clock: Clock::default(),
        }
    }

    /// Sets what the names begin with.
    #[must_use]
    #[doc(alias = "FileName")]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            ..self
        }
    }

    /// Sets how many bytes a file may have; `None` for any number. A line that is longer has a file of its own.
    #[must_use]
    #[doc(alias = "FileSizeLimit")]
    pub fn with_size_limit(self, bytes: Option<u64>) -> Self {
        Self {
            size_limit: bytes,
            ..self
        }
    }

    /// Sets how many files there may be, the one that is written included; `None` for any number.
    #[must_use]
    #[doc(alias = "RetainedFileCountLimit")]
    pub fn with_retained(self, files: Option<usize>) -> Self {
        Self {
            retained: files,
            ..self
        }
    }

    /// Sets the clock that tells which day it is, for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            clock: Clock::given(clock),
            ..self
        }
    }

    pub(super) fn check(&self) -> io::Result<()> {
        let wrong = if self.prefix.contains(['/', '\\', '\0']) {
            format!(
                "`{}` is not what a file's name begins with: write a prefix without slashes, like `access-`",
                self.prefix.escape_default()
            )
        } else if self.size_limit == Some(0) {
            "no file has 0 bytes: set a limit of at least 1, or `None`".to_owned()
        } else if self.retained == Some(0) {
            "0 files cannot be written: retain at least 1, or `None` for any number".to_owned()
        } else {
            return Ok(());
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
    }
}

impl std::fmt::Debug for RollingFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RollingFile")
            .field("directory", &self.directory)
            .field("prefix", &self.prefix)
            .field("size_limit", &self.size_limit)
            .field("retained", &self.retained)
            .finish_non_exhaustive()
    }
}
