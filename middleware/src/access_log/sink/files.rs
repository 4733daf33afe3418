use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::SystemTime;

use super::names::Name;
use super::{BatchError, LineWriter, Lines, RollingFile};
use crate::access_log::format::{LogFormat, Stamp};

/// The files of [`RollingFile`], and the one that is written.
pub(in crate::access_log) struct Files {
    options: RollingFile,
    format: LogFormat,
    open: Open,
}

struct Open {
    name: Name,
    file: LineWriter<File>,
    /// How long it was when it was opened.
    before: u64,
    /// There is nothing in it but its head.
    fresh: bool,
}

impl Open {
    fn size(&self) -> u64 {
        self.before.saturating_add(self.file.written())
    }
}

impl Files {
    pub(in crate::access_log) fn open(options: RollingFile, format: LogFormat) -> io::Result<Self> {
        options.check()?;
        let now = options.clock.time();
        let day = Stamp::of(now).day();
        let directory = options.directory.display().to_string();
        let open = fs::create_dir_all(&options.directory)
            .and_then(|()| {
                let last = names(&options)?
                    .into_iter()
                    .filter(|name| name.day == day)
                    .max();
                open(
                    &options,
                    &format,
                    last.unwrap_or(Name { day, number: 0 }),
                    now,
                )
            })
            .map_err(|error| {
                let why = format!("the access log cannot be written in `{directory}`: {error}");
                io::Error::new(error.kind(), why)
            })?;
        let files = Self {
            options,
            format,
            open,
        };
        files.delete_oldest();
        Ok(files)
    }

    /// Goes on to the next file, if it is another day, or the one that is open has no room for a line.
    fn roll(&mut self, line: &str) -> io::Result<()> {
        let now = self.options.clock.time();
        let today = Stamp::of(now).day();
        let length = line.len() as u64 + 1;
        let fits = |limit| self.open.fresh || self.open.size().saturating_add(length) <= limit;
        // A clock that was set back begins no day again.
        let next = if today > self.open.name.day {
            Name {
                day: today,
                number: 0,
            }
        } else if self.options.size_limit.is_none_or(fits) {
            return Ok(());
        } else {
            self.open.name.next().unwrap_or(self.open.name)
        };
        fs::create_dir_all(&self.options.directory)?;
        self.open = open(&self.options, &self.format, next, now)?;
        self.delete_oldest();
        Ok(())
    }

    fn delete_oldest(&self) {
        let Some(retained) = self.options.retained else {
            return;
        };
        let deleted = names(&self.options).and_then(|mut names| {
            names.sort_unstable();
            names.truncate(names.len().saturating_sub(retained));
            let old = names.into_iter().filter(|name| *name != self.open.name);
            // One that cannot be deleted keeps no others.
            old.map(|name| fs::remove_file(path(&self.options, name)))
                .fold(Ok(()), Result::and)
        });
        if let Err(error) = deleted {
            tracing::warn!(%error, "an old file of the access log cannot be deleted");
        }
    }
}

impl Lines for Files {
    fn write(&mut self, lines: &[String]) -> Result<(), BatchError> {
        let mut rest = lines;
        while let Some(first) = rest.first() {
            let lost = rest.len();
            self.roll(first)
                .map_err(|error| BatchError { lost, error })?;
            let open = &mut self.open;
            let limit = self.options.size_limit.unwrap_or(u64::MAX);
            let mut size = open.size() + first.len() as u64 + 1;
            // The first has room, or is too long for any file.
            let fits = |line: &&String| {
                size += line.len() as u64 + 1;
                size <= limit
            };
            let more = rest[1..].iter().take_while(fits).count();
            let (now, later) = rest.split_at(1 + more);
            open.fresh = false;
            open.file.write(now).map_err(|failed| BatchError {
                lost: failed.lost + later.len(),
                ..failed
            })?;
            rest = later;
        }
        Ok(())
    }
}

/// Opens a file, or if it is full the next one that is not, and writes its head.
fn open(
    options: &RollingFile,
    format: &LogFormat,
    mut name: Name,
    now: SystemTime,
) -> io::Result<Open> {
    loop {
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path(options, name))?;
        let size = file.metadata()?.len();
        // A file that is continued gets it again: the columns may be others.
        let head = format.head(now);
        let begins = size.saturating_add(head.len() as u64);
        if size > 0 && options.size_limit.is_some_and(|limit| begins >= limit) {
            let full = || io::Error::other("there is no number for another file of this day");
            name = name.next().ok_or_else(full)?;
            continue;
        }
        let torn = size > 0 && {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            last != *b"\n"
        };
        let mut file = LineWriter::new(file).torn(torn).with_head(head);
        file.write(&[]).map_err(|failed| failed.error)?;
        return Ok(Open {
            name,
            file,
            before: size,
            fresh: size == 0,
        });
    }
}

/// Returns those of the files that are there.
fn names(options: &RollingFile) -> io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(&options.directory)? {
        let name = entry?.file_name();
        let rest = name
            .to_str()
            .and_then(|name| name.strip_prefix(&options.prefix));
        names.extend(rest.and_then(Name::parse));
    }
    Ok(names)
}

fn path(options: &RollingFile, name: Name) -> PathBuf {
    options.directory.join(format!("{}{name}", options.prefix))
}
