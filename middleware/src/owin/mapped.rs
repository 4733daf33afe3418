//! Which key shows what of a request and its response.

use transom::features::{
    ConnectionInfo, OriginalTarget, RequestIdentifier, RequestLifetime, ServerInfo, ServerLifetime,
    TlsInfo, Transport, Upgrade,
};
use transom::{Features, RequestExt};

use super::properties::Value;
use super::view::{End, EndPart, Given, View};
use super::{EnvironmentError, Properties, keys, opaque, parse};

/// A key that is a view of something.
pub(super) struct Mapped {
    pub(super) key: &'static str,
    pub(super) get: fn(&View) -> Option<Value>,
    /// What is read only becomes an item of its own when it is set.
    pub(super) set: Option<Set>,
}

type Set = fn(&mut View, Given<'_>) -> Result<(), EnvironmentError>;

/// Returns what a key is a view of.
pub(super) fn mapped(key: &str) -> Option<&'static Mapped> {
    MAPPED.iter().find(|mapped| mapped.key == key)
}

fn value<T: Send + 'static>(value: T) -> Option<Value> {
    Some(Box::new(value))
}

fn optional<T: Send + 'static>(found: Option<T>) -> Option<Value> {
    found.and_then(value)
}

fn end(view: &View, which: End, part: EndPart) -> Option<Value> {
    optional(view.end(which).and_then(|end| part.of(end)))
}

pub(super) static MAPPED: &[Mapped] = &[
    Mapped {
        key: keys::VERSION,
        get: |_| value("1.0".to_owned()),
        set: None,
    },
    Mapped {
        key: keys::REQUEST_BODY,
        // It is taken; an environment asks for it by itself.
        get: |_| None,
        set: Some(View::set_body),
    },
    Mapped {
        key: keys::REQUEST_HEADERS,
        get: |view| value(view.head.headers.clone()),
        set: Some(View::set_request_headers),
    },
    Mapped {
        key: keys::REQUEST_METHOD,
        get: |view| value(view.head.method.as_str().to_owned()),
        set: Some(View::set_method),
    },
    Mapped {
        key: keys::REQUEST_PATH,
        get: |view| value(view.path()),
        set: Some(View::set_path),
    },
    Mapped {
        key: keys::REQUEST_PATH_BASE,
        get: |view| value(view.path_base()),
        set: Some(View::set_path_base),
    },
    Mapped {
        key: keys::REQUEST_PROTOCOL,
        get: |view| value(parse::protocol(view.head.version)),
        set: Some(View::set_protocol),
    },
    Mapped {
        key: keys::REQUEST_QUERY_STRING,
        get: |view| value(view.head.uri.query().unwrap_or_default().to_owned()),
        set: Some(View::set_query),
    },
    Mapped {
        key: keys::REQUEST_SCHEME,
        get: |view| value(view.scheme().to_owned()),
        set: Some(View::set_scheme),
    },
    Mapped {
        key: keys::REQUEST_ID,
        get: |view| optional(view.feature::<RequestIdentifier>().map(|id| id.to_string())),
        set: Some(View::set_id),
    },
    Mapped {
        key: keys::RESPONSE_BODY,
        get: |view| value(view.response_body()),
        set: Some(View::replace_response_body),
    },
    Mapped {
        key: keys::RESPONSE_HEADERS,
        get: |view| value(view.response.headers.clone()),
        set: Some(View::set_response_headers),
    },
    Mapped {
        key: keys::RESPONSE_STATUS_CODE,
        get: |view| value(view.status().as_u16()),
        set: Some(View::set_status),
    },
    Mapped {
        key: keys::CALL_CANCELLED,
        get: |view| optional(view.feature::<RequestLifetime>()),
        set: Some(View::set_cancelled),
    },
    Mapped {
        key: keys::REMOTE_IP_ADDRESS,
        get: |view| end(view, End::Remote, EndPart::Ip),
        set: Some(|view, given| view.set_end(End::Remote, EndPart::Ip, given)),
    },
    Mapped {
        key: keys::REMOTE_PORT,
        get: |view| end(view, End::Remote, EndPart::Port),
        set: Some(|view, given| view.set_end(End::Remote, EndPart::Port, given)),
    },
    Mapped {
        key: keys::LOCAL_IP_ADDRESS,
        get: |view| end(view, End::Local, EndPart::Ip),
        set: Some(|view, given| view.set_end(End::Local, EndPart::Ip, given)),
    },
    Mapped {
        key: keys::LOCAL_PORT,
        get: |view| end(view, End::Local, EndPart::Port),
        set: Some(|view, given| view.set_end(End::Local, EndPart::Port, given)),
    },
    Mapped {
        key: keys::IS_LOCAL,
        get: |view| optional(is_local(view)),
        set: None,
    },
    Mapped {
        key: keys::CONNECTION_ID,
        get: |view| {
            optional(
                view.feature::<ConnectionInfo>()
                    .map(|info| info.id().to_string()),
            )
        },
        set: None,
    },
    Mapped {
        key: keys::ON_SENDING_HEADERS,
        get: |view| value(view.on_sending_headers.clone()),
        set: None,
    },
    Mapped {
        key: keys::ON_DISPOSE,
        get: |view| optional(view.feature::<ServerLifetime>()),
        set: None,
    },
    Mapped {
        key: keys::CAPABILITIES,
        get: |view| value(capabilities(view)),
        set: None,
    },
    Mapped {
        key: keys::CLIENT_CERTIFICATE,
        get: |view| {
            optional(
                view.feature::<TlsInfo>()
                    .and_then(|tls| tls.client_certificate().cloned()),
            )
        },
        set: None,
    },
    Mapped {
        key: keys::OPAQUE_UPGRADE,
        get: |view| optional(opaque::of_request(&view.head, &view.accepted)),
        set: None,
    },
    Mapped {
        key: keys::FEATURES,
        get: |view| optional(view.head.extensions.get::<Features>().cloned()),
        set: None,
    },
    Mapped {
        key: keys::REQUEST_TARGET,
        get: |view| {
            optional(
                view.feature::<OriginalTarget>()
                    .map(|target| target.to_string()),
            )
        },
        set: None,
    },
];

/// Returns whether both ends are on one machine, where that can be known.
fn is_local(view: &View) -> Option<bool> {
    let info = view.feature::<ConnectionInfo>()?;
    if matches!(info.transport(), Transport::Unix | Transport::Memory) {
        return Some(true);
    }
    let ip = |end| view.end(end)?.ip();
    let remote = ip(End::Remote)?;
    Some(remote.to_canonical().is_loopback() || ip(End::Local) == Some(remote))
}

fn capabilities(view: &View) -> Properties {
    let capabilities = Properties::new();
    if let Some(server) = view.feature::<ServerInfo>() {
        capabilities.set(keys::SERVER_NAME, server.to_string());
    }
    if view.head.features().contains::<dyn Upgrade>() {
        capabilities.set(keys::OPAQUE_VERSION, "1.0".to_owned());
    }
    capabilities
}
