use std::io::Write;
use std::process::ExitCode;

use crate::contract::Error;

/// Turns the result of a program into its exit code; an error becomes one line on standard error.
///
/// A `main` that returns the error itself would print it for programmers; this prints it for whoever
/// runs the program: `error: failed to bind to http://127.0.0.1:80: Permission denied (os error 13)`.
///
/// ```no_run
/// use std::process::ExitCode;
/// use transom::{Error, Host, HyperServer};
///
/// #[tokio::main]
/// async fn main() -> ExitCode {
///     transom::hosting::exit(run().await)
/// }
///
/// async fn run() -> Result<(), Error> {
///     Host::builder(HyperServer::new("http://127.0.0.1:5000"))
///         .configure(|app| app.run_fn(|_| async { "hello" }))
///         .run()
///         .await
/// }
/// ```
pub fn exit(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error is no reason to fail in another way.
            let _ = writeln!(
                std::io::stderr().lock(),
                "error: {}",
                one_line(&error.report())
            );
            ExitCode::FAILURE
        }
    }
}

/// The causes of others may have several lines, a parser's above all.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
