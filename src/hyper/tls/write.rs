//! Files that hold secrets.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file in one step, so that nobody reads half of it. `mode` is what Unix lets others do with it.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    // Left behind by a process that was killed, and of the same number by chance.
    let _ = std::fs::remove_file(&new);
    options.open(&new)?.write_all(bytes)?;
    std::fs::rename(&new, path)
}
