//! Counts what a third-party engine costs with a Transom application on it, beside the same engine as its own users
//! write it, and fails if an adapter costs more than its bound.
//!
//! `serve NAME` is one of the servers. The names of engines as arguments are those that are counted.

use std::error::Error;
use std::process::ExitCode;

use transom_benches::adapters::{self, Entry};
use transom_benches::count::{measure, rate};
use transom_benches::program;

/// How many requests each look at the clock is over.
const TIMED: u64 = 20_000;
/// How often each server is looked at; the best counts, as the one that was disturbed least.
const LOOKS: usize = 3;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let name = |entry: &Entry| entry.name;
    program::run(adapters::ALL, name, adapters::serve, count)
}

/// Prints the table, and returns whether every adapter is within its bound.
fn count(entries: &[Entry]) -> Result<bool> {
    println!("| engine | its own | with Transom | ratio | at most | allocations | requests/s |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mut within = true;
    for Entry { name, bound, .. } in entries {
        let native = format!("{name}-native");
        let (alone, adapted) = (measure(&native)?, measure(name)?);
        let ratio = adapted.instructions / alone.instructions;
        let holds = bound.is_none_or(|bound| ratio <= bound);
        let bound = bound.map_or_else(|| "-".to_owned(), |bound| format!("{bound:.2}"));
        println!(
            "| {name} | {:.0} | {:.0} | {ratio:.2} | {bound} | {:+.1} | {:.2} |",
            alone.instructions,
            adapted.instructions,
            adapted.allocations - alone.allocations,
            best(name)? / best(&native)?,
        );
        if !holds {
            println!("\n{name} is over its bound: {ratio:.3} times the instructions.\n");
        }
        within &= holds;
    }
    Ok(within)
}

fn best(name: &str) -> Result<f64> {
    let mut best = 0_f64;
    for _ in 0..LOOKS {
        best = best.max(rate(name, TIMED)?);
    }
    Ok(best)
}
