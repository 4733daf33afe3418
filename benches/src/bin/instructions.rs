//! Counts the instructions and allocations of a request of a keep-alive connection, and fails if
//! `HyperServer` costs more than its bound beside bare hyper.
//!
//! `serve NAME` is one of the servers.

use std::error::Error;
use std::process::ExitCode;

use transom_benches::count::{Count, measure};
use transom_benches::servers;

/// The server that the bounds are for.
const BOUNDED: &str = "hyper-server";

/// What it is measured against, with what it may cost more.
const BOUNDS: [Bound; 2] = [
    Bound {
        beside: "bare-hyper",
        instructions: 1.85,
        allocations: 3.0,
    },
    Bound {
        beside: "no-limits",
        instructions: 1.15,
        allocations: 1.0,
    },
];

/// At most so many times the instructions of another server, and so many allocations more.
struct Bound {
    beside: &'static str,
    instructions: f64,
    allocations: f64,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["serve", name] => servers::serve(name).map(|()| ExitCode::SUCCESS),
        [] => measure_all(),
        _ => Err("no arguments are taken".into()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure_all() -> Result<ExitCode> {
    println!("{:>28}  instructions   ratio  allocations", "");
    let mut counts = Vec::new();
    for (name, what) in servers::ALL {
        let count = measure(name)?;
        counts.push((*name, count));
        let bare = find(&counts, BOUNDS[0].beside)?;
        let ratio = count.instructions / bare.instructions;
        println!(
            "{what:>28}  {:>12.0}  {ratio:>5.2}x  {:>11.2}",
            count.instructions, count.allocations
        );
    }
    let mut within = true;
    for bound in BOUNDS {
        within &= hold(&counts, &bound)?;
    }
    match within {
        true => println!("\nIt is within its bounds."),
        false => println!("\nIt is over its bounds."),
    }
    Ok(ExitCode::from(u8::from(!within)))
}

/// Says what the bounded server costs beside another, and returns whether that is within the bound.
fn hold(counts: &[(&str, Count)], bound: &Bound) -> Result<bool> {
    let (other, bounded) = (find(counts, bound.beside)?, find(counts, BOUNDED)?);
    let ratio = bounded.instructions / other.instructions;
    let more = bounded.allocations - other.allocations;
    println!(
        "\n{BOUNDED} beside {}: {ratio:.3}x instructions, {:.2}x at most;\n{more:+.2} allocations, {:+.2} at \
         most.",
        bound.beside, bound.instructions, bound.allocations
    );
    // Half an allocation in a hundred requests is the buffer of somebody, not of a request.
    Ok(ratio <= bound.instructions && more <= bound.allocations + 0.005)
}

fn find(counts: &[(&str, Count)], name: &str) -> Result<Count> {
    let found = counts.iter().find(|(known, _)| *known == name);
    Ok(found.ok_or_else(|| format!("{name} was not measured"))?.1)
}
