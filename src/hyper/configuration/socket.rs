//! What an endpoint says of its sockets.

use super::endpoint::EndpointValues;
use super::key::{Key, Where, field};
use super::kind::{Count, Kind as _, Optional, Size, Time};
use crate::configuration::{Entry, Value};
use crate::contract::Error;

/// `socket!(with_x, "name", "what it is", read, "what it is about", "default")`: a key that is an
/// option of that name.
macro_rules! socket {
    ($with:ident, $name:literal, $is:literal, $read:expr, $about:literal, $default:literal) => {
        Key {
            name: $name,
            kestrel: None,
            is: $is,
            optional: false,
            about: $about,
            on: Where::All,
            read: |target: EndpointValues, entry, problems| match problems.ok(($read)(entry)) {
                Some(value) => EndpointValues {
                    socket: target.socket.$with(value),
                    ..target
                },
                None => target,
            },
            shown: |_| Some($default.into()),
        }
    };
}

pub(super) const NO_DELAY: Key<EndpointValues> = field!(
    EndpointValues,
    no_delay,
    None,
    "`true` or `false`",
    Entry::boolean,
    "whether TCP sends small packets at once",
    |_| Some("true".into())
)
.on(Where::Tcp);

pub(super) const KEEP_ALIVE: Key<EndpointValues> = Key {
    optional: true,
    ..socket!(
        with_keep_alive,
        "keep_alive",
        "time",
        <Optional<Time<1000>>>::read,
        "after how long TCP asks a silent client whether it is there",
        "none"
    )
}
.on(Where::Tcp);

pub(super) const BACKLOG: Key<EndpointValues> = socket!(
    with_backlog,
    "backlog",
    "number",
    <Count<u32>>::read,
    "connections that may wait to be accepted",
    "512"
);

pub(super) const IPV6_ONLY: Key<EndpointValues> = socket!(
    with_ipv6_only,
    "ipv6_only",
    "`true` or `false`",
    Entry::boolean,
    "whether an address of IPv6 takes connections of IPv6 alone",
    "false for `[::]` and `*`"
)
.on(Where::Tcp);

pub(super) const REUSE_PORT: Key<EndpointValues> = socket!(
    with_reuse_port,
    "reuse_port",
    "`true` or `false`",
    Entry::boolean,
    "whether other sockets may listen at the same address",
    "false"
)
.on(Where::Tcp);

pub(super) const RECEIVE_BUFFER: Key<EndpointValues> = socket!(
    with_receive_buffer,
    "receive_buffer",
    "size",
    <Size<usize>>::read,
    "the system's buffer for what arrives",
    "the system's"
);

pub(super) const SEND_BUFFER: Key<EndpointValues> = socket!(
    with_send_buffer,
    "send_buffer",
    "size",
    <Size<usize>>::read,
    "the system's buffer for what is sent",
    "the system's"
);

pub(super) const UNIX_MODE: Key<EndpointValues> = socket!(
    with_unix_mode,
    "unix_mode",
    "mode, like `0o660` or `\"660\"`",
    mode,
    "who may connect to a unix socket",
    "by the umask"
)
.on(Where::Unix);

pub(super) const UNIX_OWNER: Key<EndpointValues> = socket!(
    with_unix_owner,
    "unix_owner",
    "name or number",
    name,
    "the owner of the file of a unix socket",
    "the process's"
)
.on(Where::Unix);

pub(super) const UNIX_GROUP: Key<EndpointValues> = socket!(
    with_unix_group,
    "unix_group",
    "name or number",
    name,
    "the group of the file of a unix socket",
    "the process's"
)
.on(Where::Unix);

/// The mode of a file, which nobody writes in base 10.
fn mode(entry: &Entry) -> Result<u32, Error> {
    let octal = |text: &str| u32::from_str_radix(text, 8).ok();
    let mode = match entry.value() {
        Value::Number(text) => text.strip_prefix("0o").and_then(octal),
        Value::Text(text) => {
            let text = text.trim();
            octal(text.strip_prefix("0o").unwrap_or(text))
        }
        _ => None,
    };
    mode.filter(|mode| *mode <= 0o777).ok_or_else(|| {
        entry.error("it is not the mode of a file; write it in octal, like `0o660` or `\"660\"`")
    })
}

/// A user or a group.
fn name(entry: &Entry) -> Result<String, Error> {
    match entry.value() {
        Value::Number(number) => Ok(number.clone()),
        _ => entry.text().map(str::to_owned),
    }
}
