//! Sockets that the process got from whoever started it.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::OnceLock;

use listenfd::ListenFd;
use socket2::{SockRef, Socket as RawSocket};
use transom::Error;
use transom::adapter::{Listener, Socket};
use transom::features::Scheme;

/// Returns the sockets that the process got from whoever started it: those of `LISTEN_FDS`, or else descriptor 0,
/// as web servers hand it to a program that they spawn.
///
/// They stay the process's own: each call returns further handles of the same sockets.
///
/// # Errors
///
/// [`Error::is_configuration`] if there is none; [`Error::is_bind`] if one of them does not listen.
pub(crate) fn inherited() -> Result<Vec<Listener>, Error> {
    static ALL: OnceLock<Vec<Result<Socket, String>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut descriptors = ListenFd::from_env();
        let all = 0..descriptors.len();
        all.map(|index| of_index(&mut descriptors, index)).collect()
    });
    if all.is_empty() {
        return of_descriptor_0().map(|listener| vec![listener]);
    }
    let listener = |(index, socket): (usize, &Result<Socket, String>)| {
        let what = format!("the inherited socket {index}");
        match socket {
            Ok(socket) => {
                let socket = socket.try_clone().and_then(listener);
                socket.map_err(|error| Error::bind(what, error))
            }
            Err(error) => Err(Error::bind(what, error.as_str())),
        }
    };
    all.iter().enumerate().map(listener).collect()
}

fn of_index(descriptors: &mut ListenFd, index: usize) -> Result<Socket, String> {
    let socket = match descriptors.take_unix_listener(index) {
        Ok(Some(socket)) => Socket::Unix(socket),
        _ => match descriptors.take_tcp_listener(index) {
            Ok(Some(socket)) => Socket::Tcp(socket),
            Ok(None) => return Err("it is gone".to_owned()),
            Err(_) => return Err("it is no stream socket of TCP or unix".to_owned()),
        },
    };
    let is_listener = match &socket {
        Socket::Tcp(socket) => is_listener(&SockRef::from(socket)),
        Socket::Unix(socket) => is_listener(&SockRef::from(socket)),
        _ => false,
    };
    is_listener
        .then_some(socket)
        .ok_or_else(|| "it does not listen; a service manager may hand over connections".to_owned())
}

fn of_descriptor_0() -> Result<Listener, Error> {
    let none = || {
        Error::configuration(
            "no socket was handed over: there is no LISTEN_FDS, and descriptor 0 is no socket that listens; start \
             the program by a service manager that opens its sockets, or by a web server, or bind an address",
        )
    };
    let descriptor = io::stdin().as_fd().try_clone_to_owned();
    let descriptor: OwnedFd = descriptor.map_err(|_| none())?;
    let socket = RawSocket::from(descriptor);
    let address = socket.local_addr().map_err(|_| none())?;
    if !is_listener(&SockRef::from(&socket)) {
        return Err(none());
    }
    let socket = match address.as_socket() {
        Some(_) => Socket::Tcp(socket.into()),
        None if address.is_unix() => Socket::Unix(socket.into()),
        None => return Err(none()),
    };
    listener(socket).map_err(|error| Error::bind("descriptor 0", error))
}

fn listener(socket: Socket) -> io::Result<Listener> {
    match socket {
        Socket::Tcp(socket) => Listener::from_tcp(Scheme::Http, socket),
        Socket::Unix(socket) => Listener::from_unix(Scheme::Http, socket),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn is_listener(socket: &RawSocket) -> bool {
    socket.is_listener().unwrap_or(false)
}

/// Elsewhere the system cannot be asked.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn is_listener(_: &RawSocket) -> bool {
    true
}
