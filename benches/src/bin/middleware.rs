//! Counts what each middleware costs a request, above the same pipeline without it, and fails where that is over its bound.
//!
//! `serve NAME` is one of the pipelines. The names of middlewares as arguments are those that are counted.

use std::error::Error;
use std::process::ExitCode;

use transom_benches::count::{Count, measure_asking};
use transom_benches::middleware::{self, ASKED, Entry};
use transom_benches::program;

/// How many requests the longer run sends.
const REQUESTS: u64 = 1_000;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let name = |entry: &Entry| entry.name;
    program::run(middleware::ALL, name, middleware::serve, count)
}

/// Prints the table, and returns whether every middleware is within its bounds.
fn count(entries: &[Entry]) -> Result<bool> {
    println!("| middleware | what it meets | instructions | at most | allocations | at most |");
    println!("|---|---|--:|--:|--:|--:|");
    let mut known: Vec<(&str, Count)> = Vec::new();
    let mut within = true;
    for entry in entries {
        let (with, without) = (
            counted(&mut known, entry.name)?,
            counted(&mut known, entry.beside)?,
        );
        let instructions = with.instructions - without.instructions;
        let allocations = with.allocations - without.allocations;
        println!(
            "| {} | {} | {instructions:.0} | {:.0} | {allocations:.1} | {:.0} |",
            entry.name, entry.what, entry.instructions, entry.allocations
        );
        // What not every fourth request allocates are somebody's buffers, which grow when a thread lags behind.
        let holds = instructions <= entry.instructions && allocations <= entry.allocations + 0.25;
        if !holds {
            println!("\n{} is over its bounds.\n", entry.name);
        }
        within &= holds;
    }
    Ok(within)
}

fn counted(known: &mut Vec<(&'static str, Count)>, name: &'static str) -> Result<Count> {
    if let Some((_, count)) = known.iter().find(|(counted, _)| *counted == name) {
        return Ok(*count);
    }
    let count = measure_asking(name, REQUESTS, Some(ASKED))?;
    known.push((name, count));
    Ok(count)
}
