use crate::{Failure, Notes, Outcome, ensure};

/// How much more memory a process may have while a body of 64 MiB passes through: a quarter of it. Sockets are
/// the system's and not the process's; what remains are buffers, windows, and what the allocator keeps.
const MOST: u64 = 16 * 1024 * 1024;

/// How much memory this process has at one time beside another, the application's notes between the two.
#[derive(Debug)]
pub(crate) struct Growth {
    before: u64,
}

impl Growth {
    pub(crate) fn begin() -> Outcome<Self> {
        Ok(Self {
            before: resident()?,
        })
    }

    /// Notes how much memory there is now; in the application.
    pub(crate) fn look(notes: &Notes) {
        match resident() {
            Ok(now) => notes.raise("resident", now),
            Err(failure) => notes.say(failure.to_string()),
        }
    }

    /// Fails if there ever was too much more than in the beginning.
    pub(crate) fn within_bounds(&self, notes: &Notes) -> Outcome {
        let most = notes.sum("resident");
        ensure(most > 0, "the application did not look at its memory")?;
        let more = most.saturating_sub(self.before);
        ensure(
            more <= MOST,
            format!("the process took {more} bytes more of memory, and {MOST} at most are allowed"),
        )
    }
}

/// Returns how many bytes of memory this process has.
#[cfg(windows)]
fn resident() -> Outcome<u64> {
    let memory = memory_stats::memory_stats();
    let memory = memory.ok_or_else(|| Failure::new("the system does not tell of memory"))?;
    Ok(memory.physical_mem as u64)
}

/// Returns how many bytes of memory this process has.
#[cfg(not(windows))]
fn resident() -> Outcome<u64> {
    let kibibytes = match cfg!(target_os = "linux") {
        true => status()?,
        false => from_ps()?,
    };
    Ok(kibibytes * 1024)
}

#[cfg(not(windows))]
fn status() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.ok_or_else(|| Failure::new("/proc/self/status does not tell VmRSS"))?;
    Ok(line.trim_end_matches("kB").trim().parse()?)
}

#[cfg(not(windows))]
fn from_ps() -> Outcome<u64> {
    let id = std::process::id().to_string();
    let output = std::process::Command::new("ps")
        .args(["-o", "rss=", "-p", &id])
        .output();
    let output = output.map_err(|error| Failure::from(error).at("ps, which tells of memory"))?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// In kibibytes.
    const SLACK: u64 = 16 * 1024;

    #[test]
    fn both_ways_tell_the_same_memory() -> Outcome {
        // Other tests of the process take some meanwhile, and give some back.
        let (before, other, behind) = (status()?, from_ps()?, status()?);
        let (low, high) = (before.min(behind), before.max(behind));
        let near = low.saturating_sub(SLACK)..high + SLACK;
        ensure(
            near.contains(&other),
            format!("{other} kibibytes, and {near:?} the other way"),
        )
    }
}
