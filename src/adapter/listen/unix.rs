//! Unix sockets: their files, and who may connect.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User};
use socket2::{Domain, SockAddr, Socket as RawSocket, Type};

use super::{Listener, Socket, SocketOptions};
use crate::contract::Error;
use crate::features::ServerAddress;

/// The file of a unix socket that was made here; removed on drop, unless another has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(path)?,
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Whoever replaced the file listens there now.
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Returns the path of a socket as an address has it: that of an abstract one begins with `@`.
pub(super) fn path(address: &SocketAddr) -> Option<PathBuf> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::linux::net::SocketAddrExt as _;
        if let Some(name) = address.as_abstract_name() {
            let name = [b"@", name].concat();
            return Some(OsStr::from_bytes(&name).into());
        }
    }
    address.as_pathname().map(Into::into)
}

/// Binds a unix socket.
pub(super) fn bind(
    address: &ServerAddress,
    path: &Path,
    options: &SocketOptions,
) -> Result<Listener, Error> {
    let owner = options.unix_owner.as_deref().map(user).transpose()?;
    let group = options.unix_group.as_deref().map(self::group).transpose()?;
    let name = path.as_os_str().as_bytes().strip_prefix(b"@");
    if let (Some(_), Some(option)) = (name, options.of_a_file()) {
        return Err(Error::configuration(format!(
            "`{address}` has no file, so that it cannot have the option `{option}`"
        )));
    }
    let bound = match name {
        Some(name) => in_abstract(name, options),
        None => in_file(path, owner, group, options),
    };
    let (socket, file) = bound.map_err(|error| Error::bind(address, error))?;
    Ok(Listener::new(address.clone(), Socket::Unix(socket)).with_file(file))
}

/// Binds a name of the abstract namespace, which has no file and ends with its socket.
fn in_abstract(
    name: &[u8],
    options: &SocketOptions,
) -> io::Result<(UnixListener, Option<SocketFile>)> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "only Linux has unix sockets without a file",
        ));
    }
    let socket = new(options)?;
    let name = [b"\0", name].concat();
    socket.bind(&SockAddr::unix(OsStr::from_bytes(&name))?)?;
    Ok((listen(socket, options)?, None))
}

fn in_file(
    path: &Path,
    owner: Option<u32>,
    group: Option<u32>,
    options: &SocketOptions,
) -> io::Result<(UnixListener, Option<SocketFile>)> {
    let at = SockAddr::unix(path)?;
    let socket = new(options)?;
    socket.bind(&at).or_else(|error| {
        // Left behind by a process that ended without removing it, if nobody answers there.
        let refused = || {
            UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
        };
        if error.kind() == io::ErrorKind::AddrInUse && refused() {
            std::fs::remove_file(path)?;
            return socket.bind(&at);
        }
        Err(error)
    })?;
    let file = SocketFile::of(path)?;
    // Until `listen` a client is refused, whatever the umask allows meanwhile.
    if owner.is_some() || group.is_some() {
        chown(path, owner, group)?;
    }
    if let Some(mode) = options.unix_mode {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    Ok((listen(socket, options)?, Some(file)))
}

fn new(options: &SocketOptions) -> io::Result<RawSocket> {
    let socket = RawSocket::new(Domain::UNIX, Type::STREAM, None)?;
    super::bind::size_buffers(&socket, options)?;
    Ok(socket)
}

fn listen(socket: RawSocket, options: &SocketOptions) -> io::Result<UnixListener> {
    super::bind::listen(&socket, options)?;
    Ok(socket.into())
}

fn user(user: &str) -> Result<u32, Error> {
    let found = |name: &str| {
        let user = User::from_name(name)?;
        Ok(user.map(|user| user.uid.as_raw()))
    };
    id(user, "user", found)
}

fn group(group: &str) -> Result<u32, Error> {
    let found = |name: &str| {
        let group = Group::from_name(name)?;
        Ok(group.map(|group| group.gid.as_raw()))
    };
    id(group, "group", found)
}

/// A number is taken as it is, a name is looked up.
fn id(
    text: &str,
    what: &str,
    find: impl FnOnce(&str) -> Result<Option<u32>, nix::errno::Errno>,
) -> Result<u32, Error> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    match find(text) {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(Error::configuration(format!(
            "there is no {what} `{text}` on this system to own a unix socket"
        ))),
        Err(error) => Err(Error::configuration_from(
            format!("the {what} `{text}` of a unix socket cannot be looked up"),
            io::Error::from(error),
        )),
    }
}
