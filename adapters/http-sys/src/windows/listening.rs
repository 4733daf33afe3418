use std::env;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use transom::Error;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_CALL_NOT_IMPLEMENTED, ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_NAME, ERROR_SHARING_VIOLATION,
};

use super::delegation::Delegation;
use super::sys::{
    Api, Opened, Platform, RequestQueue, SecurityDescriptor, ServerSession, UrlGroup, is_registered,
};
use crate::options::Options;
use crate::{RequestQueueMode, UrlPrefix};

/// How many ports are tried where any will do. Between finding one and taking it somebody else may.
const TRIES: usize = 16;

/// What is held from `bind` on. Dropping it gives all of it back, and ends every request that has no answer.
#[derive(Debug)]
pub(crate) struct Listening {
    /// One; on a system whose groups take a single prefix, one for each.
    groups: Vec<Group>,
    /// The queue was made here.
    made: bool,
    first_context: u64,
    prefixes: Vec<UrlPrefix>,
    queue: Arc<RequestQueue>,
    session: ServerSession,
}

#[derive(Debug)]
struct Group {
    group: Arc<UrlGroup>,
    registered: Vec<String>,
}

impl Group {
    fn add(&mut self, prefix: String, context: u64) -> io::Result<()> {
        self.group.add(&prefix, context)?;
        self.registered.push(prefix);
        Ok(())
    }
}

impl Listening {
    pub(crate) fn open(prefixes: Vec<UrlPrefix>, options: &Options) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::bind("HTTP.sys", error);
        if options.delegation && !Platform::get().has_delegation() {
            return Err(not_set("delegation")(missing()));
        }
        let api = Api::initialize().map_err(failed)?;
        let session = ServerSession::open(api).map_err(failed)?;
        let sddl = options.queue_security.as_deref();
        let security = sddl.map(security).transpose()?;
        let name = options.queue_name.as_deref();
        let opened = RequestQueue::open(name, options.queue_mode, security.as_ref());
        let Opened { queue, made } = opened.map_err(|error| match name {
            Some(name) => {
                let what = format_args!("the request queue `{name}`");
                Error::bind(what, queue_explained(error))
            }
            None => failed(error),
        })?;
        let mut listening = Self {
            groups: Vec::new(),
            made,
            first_context: first_context(),
            prefixes: Vec::with_capacity(prefixes.len()),
            queue,
            session,
        };
        if options.queue_mode == RequestQueueMode::Attach {
            if let Some(prefix) = prefixes.iter().find(|prefix| prefix.port() == 0) {
                return Err(Error::configuration(format!(
                    "`{prefix}`: who attaches to a queue takes the ports that its maker has"
                )));
            }
            // They are registered by who made the queue.
            listening.prefixes = prefixes;
            return Ok(listening);
        }
        if made {
            listening.set_up_queue(options)?;
        }
        listening.add_group(options)?;
        for prefix in prefixes {
            let prefix = listening.add(&prefix, options)?;
            listening.prefixes.push(prefix);
        }
        Ok(listening)
    }

    /// Returns the prefixes as they are registered.
    pub(crate) fn prefixes(&self) -> &[UrlPrefix] {
        &self.prefixes
    }

    /// Returns the context of the requests of the first prefix; those of the next have the next. No other server has any
    /// of them.
    pub(crate) fn first_context(&self) -> u64 {
        self.first_context
    }

    pub(crate) fn queue(&self) -> &Arc<RequestQueue> {
        &self.queue
    }

    /// Returns what makes rules for requests that are handed to others.
    pub(crate) fn delegation(&self) -> Option<Delegation> {
        let group = self.groups.first()?;
        Some(Delegation::new(&group.group))
    }

    /// Has the kernel route nothing here any more. What is in the queue stays there.
    pub(crate) fn close(&mut self) {
        for Group { group, registered } in &mut self.groups {
            for prefix in registered.drain(..) {
                // There is nothing to do about a failure, and closing the group does the same.
                let _ = group.remove(&prefix);
            }
        }
    }

    fn set_up_queue(&self, options: &Options) -> Result<(), Error> {
        if let Some(length) = options.queue_length {
            self.queue
                .set_length(length)
                .map_err(not_set("a queue length"))?;
        }
        if let Some(verbosity) = options.verbosity {
            self.queue
                .set_verbosity(verbosity)
                .map_err(not_set("a verbosity of 503"))?;
        }
        Ok(())
    }

    fn add_group(&mut self, options: &Options) -> Result<(), Error> {
        let group = self
            .session
            .group(&self.queue)
            .map_err(|error| Error::bind("HTTP.sys", error))?;
        if let Some(limit) = options.max_connections {
            group
                .set_max_connections(limit)
                .map_err(not_set("a limit of connections"))?;
        }
        if let Some(timeouts) = &options.timeouts {
            group.set_timeouts(timeouts).map_err(not_set("timeouts"))?;
        }
        if options.authentication.challenges().next().is_some() {
            group
                .set_authentication(options.authentication)
                .map_err(not_set("authentication"))?;
        }
        self.groups.push(Group {
            group: Arc::new(group),
            registered: Vec::new(),
        });
        Ok(())
    }

    /// Registers a prefix, and returns it with its port.
    fn add(&mut self, prefix: &UrlPrefix, options: &Options) -> Result<UrlPrefix, Error> {
        let asked = prefix.to_string();
        let any_port = prefix.port() == 0;
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for _ in 0..if any_port { TRIES } else { 1 } {
            let prefix = match any_port {
                true => {
                    let port = free_port(prefix).map_err(|error| Error::bind(&asked, error))?;
                    prefix.clone().with_port(port)
                }
                false => prefix.clone(),
            };
            match self.register(&prefix, options)? {
                Ok(()) => return Ok(prefix),
                Err(error) if !self.made && is_taken(&error) && !any_port && self.has(&prefix) => {
                    return Ok(prefix);
                }
                Err(error) if any_port && is_taken(&error) => last = error,
                Err(error) => return Err(Error::bind(&asked, explained(&prefix, error))),
            }
        }
        Err(Error::bind(asked, last))
    }

    /// Returns whether somebody has registered a prefix for this queue.
    fn has(&self, prefix: &UrlPrefix) -> bool {
        is_registered(&prefix.to_string(), &self.queue)
    }

    fn register(&mut self, prefix: &UrlPrefix, options: &Options) -> Result<io::Result<()>, Error> {
        let prefix = prefix.to_string();
        let index = self.prefixes.len();
        let context = self.first_context + index as u64;
        let add = |groups: &mut Vec<Group>| match groups.last_mut() {
            Some(group) => group.add(prefix.clone(), context),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        match add(&mut self.groups) {
            // A group of Wine's takes one.
            Err(error) if code(&error) == Some(ERROR_CALL_NOT_IMPLEMENTED) && index > 0 => {
                self.add_group(options)?;
                Ok(add(&mut self.groups))
            }
            registered => Ok(registered),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.close();
        self.queue.close();
    }
}

fn security(sddl: &str) -> Result<SecurityDescriptor, Error> {
    let none = |error| {
        let what = format!(
            "`{}` is no security descriptor; one is written as `D:(A;;GA;;;BA)`",
            sddl.escape_debug()
        );
        Error::configuration_from(what, error)
    };
    match sddl.contains('\0') {
        true => Err(none(io::ErrorKind::InvalidInput.into())),
        false => SecurityDescriptor::parse(sddl).map_err(none),
    }
}

/// Returns a context that is no other server's: the id of the process, which server of it, and which prefix of that.
fn first_context() -> u64 {
    static SERVERS: AtomicU64 = AtomicU64::new(0);
    let server = SERVERS.fetch_add(1, Ordering::Relaxed) & 0xFFFF;
    u64::from(process::id()) << 32 | server << 16
}

fn missing() -> io::Error {
    io::Error::from_raw_os_error(ERROR_CALL_NOT_IMPLEMENTED as i32)
}

fn not_set(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |error| match code(&error) {
        Some(ERROR_CALL_NOT_IMPLEMENTED) => {
            Error::configuration(format!("the HTTP.sys of this system has no {what}"))
        }
        _ => Error::configuration_from(format!("HTTP.sys does not take {what}"), error),
    }
}

/// Returns a port that nobody listens on. The kernel knows no port 0.
fn free_port(prefix: &UrlPrefix) -> io::Result<u16> {
    let host = prefix.host().trim_matches(['[', ']']);
    let ip = host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    Ok(TcpListener::bind((ip, 0))?.local_addr()?.port())
}

fn is_taken(error: &io::Error) -> bool {
    // A port that the system keeps for itself, or for somebody else, is denied.
    matches!(
        code(error),
        Some(ERROR_ALREADY_EXISTS | ERROR_SHARING_VIOLATION)
    )
}

fn code(error: &io::Error) -> Option<u32> {
    error.raw_os_error().map(|code| code as u32)
}

/// Says what is wrong with a queue, where that can be said.
fn queue_explained(error: io::Error) -> io::Error {
    let (kind, what) = match code(&error) {
        Some(ERROR_ALREADY_EXISTS) => (
            io::ErrorKind::AlreadyExists,
            "there is one of this name; `RequestQueueMode::Attach` takes requests out of it",
        ),
        Some(ERROR_FILE_NOT_FOUND) => (io::ErrorKind::NotFound, "there is none of this name"),
        Some(ERROR_ACCESS_DENIED) => (
            io::ErrorKind::PermissionDenied,
            "this account may not use it; who made it says who may",
        ),
        Some(ERROR_INVALID_NAME) => (io::ErrorKind::InvalidInput, "this is no name of a queue"),
        _ => return error,
    };
    io::Error::new(kind, what)
}

/// Says what to do about it, where that can be said.
fn explained(prefix: &UrlPrefix, error: io::Error) -> io::Error {
    let (kind, what) = match code(&error) {
        Some(ERROR_ACCESS_DENIED) => (
            io::ErrorKind::PermissionDenied,
            format!(
                "this account may not register the prefix; an administrator allows it with `{}`",
                Reservation(prefix)
            ),
        ),
        Some(ERROR_ALREADY_EXISTS) => (
            io::ErrorKind::AddrInUse,
            "the prefix is registered already, by this process or by another".to_owned(),
        ),
        Some(ERROR_SHARING_VIOLATION) => (
            io::ErrorKind::AddrInUse,
            "a program that is not on HTTP.sys has the port".to_owned(),
        ),
        _ => return error,
    };
    io::Error::new(kind, what)
}

/// The command that lets this account register a prefix.
struct Reservation<'a>(&'a UrlPrefix);

impl fmt::Display for Reservation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let user = match (of("USERDOMAIN"), of("USERNAME")) {
            (Some(domain), Some(user)) => format!("{domain}\\{user}"),
            (None, Some(user)) => user,
            _ => "Everyone".to_owned(),
        };
        write!(f, "netsh http add urlacl url={} user=\"{user}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_prefix_names_the_command_that_allows_it() {
        let prefix: UrlPrefix = "http://+:80/app".parse().unwrap();
        let denied = io::Error::from_raw_os_error(ERROR_ACCESS_DENIED as i32);
        let said = explained(&prefix, denied);
        assert_eq!(said.kind(), io::ErrorKind::PermissionDenied);
        let command = "netsh http add urlacl url=http://+:80/app/ user=\"";
        assert!(said.to_string().contains(command), "{said}");
    }

    #[test]
    fn what_the_system_lacks_is_named() {
        let error = not_set("timeouts")(missing());
        assert!(error.is_configuration());
        assert_eq!(
            error.to_string(),
            "the HTTP.sys of this system has no timeouts"
        );
    }
}
