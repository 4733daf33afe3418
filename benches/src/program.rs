//! What programs share that count rows of a table: `serve NAME` is one of the servers, which the program starts itself; other
//! arguments are the rows that are counted.

use std::error::Error;
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Runs such a program. `count` returns whether every row is within its bounds, which is exit code 0; otherwise it is 1, and
/// 2 for an error.
pub fn run<E: Copy>(
    all: &[E],
    name: impl Fn(&E) -> &'static str,
    serve: impl FnOnce(&str) -> Result<()>,
    count: impl FnOnce(&[E]) -> Result<bool>,
) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["serve", name] => serve(name).map(|()| true),
        [] => count(all),
        ref names => chosen(all, name, names).and_then(|rows| count(&rows)),
    };
    match done {
        Ok(within) => ExitCode::from(u8::from(!within)),
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn chosen<E: Copy>(all: &[E], name: impl Fn(&E) -> &'static str, names: &[&str]) -> Result<Vec<E>> {
    let find = |asked: &&str| {
        let found = all.iter().find(|row| name(row) == *asked).copied();
        found.ok_or_else(|| format!("there is no row `{asked}`").into())
    };
    names.iter().map(find).collect()
}
