use std::ffi::OsString;
use std::io;

use bytes::Bytes;
use transom::features::ServerVariables;

use super::stdio::Stdio;

/// Returns the environment of this process.
pub(super) fn variables() -> ServerVariables {
    let variables = std::env::vars_os();
    variables
        .map(|(name, value)| (bytes(name), bytes(value)))
        .collect()
}

#[cfg(unix)]
fn bytes(text: OsString) -> Bytes {
    use std::os::unix::ffi::OsStringExt;

    text.into_vec().into()
}

#[cfg(not(unix))]
fn bytes(text: OsString) -> Bytes {
    text.to_string_lossy().into_owned().into()
}

/// Takes standard input and output. What the program prints from now on goes to standard error, which is the log of
/// the web server: a line of a log in the response would break it.
#[cfg(unix)]
pub(super) fn take() -> io::Result<Stdio> {
    use std::os::fd::AsFd;

    let input = io::stdin().as_fd().try_clone_to_owned()?;
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(io::stderr())?;
    Stdio::new(input, output)
}

/// Takes standard input and output, which the program must not print to.
#[cfg(not(unix))]
pub(super) fn take() -> io::Result<Stdio> {
    Ok(Stdio::new())
}
