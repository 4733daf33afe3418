use std::env;
use std::process::{Command, Stdio};

use crate::{Failure, Outcome};

/// Set in the process that runs one trial alone.
const ALONE: &str = "TRANSOM_CONFORMANCE_ALONE";

/// Runs one trial of the program that runs, in a process of its own: the memory of that process is then the
/// trial's alone.
///
/// It starts the program once more, with the trial's name as a filter that has to match the whole name; there
/// `run` is called.
///
/// # Errors
///
/// The trial failed, or there is none of that name.
///
/// # Cancel safety
///
/// It blocks its thread until the trial has ended.
pub fn in_own_process(trial: &str, run: impl FnOnce() -> Outcome) -> Outcome {
    if env::var_os(ALONE).is_some() {
        return run();
    }
    let output = Command::new(env::current_exe()?)
        .args([trial, "--exact", "--test-threads=1"])
        .env(ALONE, "1")
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    // A filter that matches nothing is no failure of a test program.
    match output.status.success() && said.contains(" 1 passed") {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "in a process of its own, which ended with {}:\n{}{}",
            output.status,
            said.trim(),
            String::from_utf8_lossy(&output.stderr).trim(),
        ))),
    }
}
