//! Sockets that the process got from whoever started it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use listenfd::ListenFd;

use super::{Listener, Socket};
use crate::contract::Error;
use crate::features::Scheme;

/// One descriptor. It is kept for the life of the process, as whoever handed it over keeps it: another server
/// of the process may use it later.
struct Inherited {
    name: String,
    socket: Result<Socket, String>,
    used: Weak<()>,
}

/// Returns the listening sockets that the process got from whoever started it, as systemd and its like hand them
/// over (`LISTEN_FDS`): those of a name (`LISTEN_FDNAMES`), or all of them.
///
/// Each is in use until its [`Listener`] is dropped, and stays with the process: another server may use it then.
///
/// # Errors
///
/// [`Error::is_configuration`] if there is none; [`Error::is_bind`] if one of them does not listen, or is in
/// use.
pub fn inherited(name: Option<&str>, scheme: Scheme) -> Result<Vec<Listener>, Error> {
    let mut all = all().lock().unwrap_or_else(PoisonError::into_inner);
    let known: BTreeSet<_> = all.iter().map(|one| format!("`{}`", one.name)).collect();
    let mut listeners = Vec::new();
    let wanted = |one: &&mut Inherited| name.is_none_or(|name| one.name == name);
    for one in all.iter_mut().filter(wanted) {
        let what = format!("the inherited socket `{}`", one.name);
        if one.used.strong_count() > 0 {
            return Err(Error::bind(what, "another endpoint uses it"));
        }
        let listener = match &one.socket {
            Ok(socket) => listener(socket, scheme).map_err(|error| Error::bind(what, error))?,
            Err(error) => return Err(Error::bind(what, error.as_str())),
        };
        let lease = Arc::new(());
        one.used = Arc::downgrade(&lease);
        listeners.push(listener.with_lease(lease));
    }
    if listeners.is_empty() {
        return Err(none(name, &known.into_iter().collect::<Vec<_>>()));
    }
    Ok(listeners)
}

fn none(name: Option<&str>, known: &[String]) -> Error {
    Error::configuration(match (name, known) {
        (Some(name), []) => format!(
            "no socket `{name}` was handed over: the process has no LISTEN_FDS; start it by a service manager \
             that opens its sockets, or bind an address"
        ),
        (Some(name), known) => format!(
            "no socket `{name}` was handed over; there are {}",
            known.join(" and ")
        ),
        (None, _) => "no socket was handed over: the process has no LISTEN_FDS; start it by a service manager \
                      that opens its sockets, or bind an address"
            .to_owned(),
    })
}

fn listener(socket: &Socket, scheme: Scheme) -> io::Result<Listener> {
    match socket.try_clone()? {
        Socket::Tcp(socket) => Listener::from_tcp(scheme, socket),
        Socket::Unix(socket) => Listener::from_unix(scheme, socket),
        #[cfg(feature = "http3")]
        Socket::Udp(_) => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// All descriptors, read once.
fn all() -> &'static Mutex<Vec<Inherited>> {
    static ALL: OnceLock<Mutex<Vec<Inherited>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut descriptors = ListenFd::from_env();
        let all = (0..descriptors.len()).map(|index| {
            // What systemd calls one that has no name.
            let name = names.next().filter(|name| !name.is_empty());
            Inherited {
                name: name.unwrap_or("unknown").to_owned(),
                socket: socket(&mut descriptors, index),
                used: Weak::new(),
            }
        });
        Mutex::new(all.collect())
    })
}

fn socket(descriptors: &mut ListenFd, index: usize) -> Result<Socket, String> {
    let socket = match descriptors.take_unix_listener(index) {
        Ok(Some(socket)) => Socket::Unix(socket),
        _ => match descriptors.take_tcp_listener(index) {
            Ok(Some(socket)) => Socket::Tcp(socket),
            Ok(None) => return Err("it is gone".to_owned()),
            Err(_) => return Err("it is no stream socket of TCP or unix".to_owned()),
        },
    };
    let listens = match &socket {
        Socket::Tcp(socket) => listens(socket),
        Socket::Unix(socket) => listens(socket),
        #[cfg(feature = "http3")]
        Socket::Udp(_) => false,
    };
    if listens {
        return Ok(socket);
    }
    Err("it does not listen; a service manager may hand over connections (`Accept=yes`), which is not what a \
         server takes"
        .to_owned())
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn listens(socket: &impl std::os::fd::AsFd) -> bool {
    socket2::SockRef::from(socket)
        .is_listener()
        .unwrap_or(false)
}

/// Elsewhere the system cannot be asked.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn listens(_: &impl std::os::fd::AsFd) -> bool {
    true
}
