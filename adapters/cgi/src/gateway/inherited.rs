//! Sockets that the process got from whoever started it.

#[cfg(unix)]
use std::{io, os::fd::AsFd};

#[cfg(unix)]
use socket2::Socket as RawSocket;
use transom::Error;
use transom::adapter::Listener;
#[cfg(unix)]
use transom::features::Scheme;

/// Returns the sockets of `LISTEN_FDS`, or else descriptor 0, as web servers hand it to a program that they spawn.
///
/// # Errors
///
/// [`Error::is_configuration`] if there is none; [`Error::is_bind`] if one of them does not listen, or is in use.
#[cfg(unix)]
pub(super) fn inherited() -> Result<Vec<Listener>, Error> {
    match transom::adapter::inherited(None, Scheme::Http) {
        Err(error) if error.is_configuration() => of_descriptor_0().map(|listener| vec![listener]),
        inherited => inherited,
    }
}

#[cfg(not(unix))]
pub(super) fn inherited() -> Result<Vec<Listener>, Error> {
    Err(none())
}

fn none() -> Error {
    Error::configuration(
        "no socket was handed over: there is no LISTEN_FDS, and descriptor 0 is no socket that listens; start the \
         program by a service manager that opens its sockets, or by a web server, or bind an address",
    )
}

#[cfg(unix)]
fn of_descriptor_0() -> Result<Listener, Error> {
    let descriptor = io::stdin().as_fd().try_clone_to_owned();
    let socket = RawSocket::from(descriptor.map_err(|_| none())?);
    let address = socket.local_addr().map_err(|_| none())?;
    if !is_listener(&socket) {
        return Err(none());
    }
    let listener = match address.as_socket() {
        Some(_) => Listener::from_tcp(Scheme::Http, socket.into()),
        None if address.is_unix() => Listener::from_unix(Scheme::Http, socket.into()),
        None => return Err(none()),
    };
    listener.map_err(|error| Error::bind("descriptor 0", error))
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn is_listener(socket: &RawSocket) -> bool {
    socket.is_listener().unwrap_or(false)
}

/// Elsewhere the system cannot be asked.
#[cfg(all(
    unix,
    not(any(target_os = "linux", target_os = "android", target_os = "freebsd"))
))]
fn is_listener(_: &RawSocket) -> bool {
    true
}
