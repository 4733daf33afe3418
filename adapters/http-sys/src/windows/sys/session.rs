use std::io;

use windows_sys::Win32::Networking::HttpServer as api;

use super::RequestQueue;
use super::delegate::Target;
use super::platform::{Platform, check, wide};
use crate::Authentication;
use crate::options::Timeouts;

pub(super) const VERSION: api::HTTPAPI_VERSION = api::HTTPAPI_VERSION {
    HttpApiMajorVersion: 2,
    HttpApiMinorVersion: 0,
};

/// A property that is set.
const PRESENT: api::HTTP_PROPERTY_FLAGS = api::HTTP_PROPERTY_FLAGS { _bitfield: 1 };

/// The API, initialized for as long as this lives.
#[derive(Debug)]
pub(crate) struct Api(());

impl Api {
    pub(crate) fn initialize() -> io::Result<Self> {
        // SAFETY: it may be called any number of times; the last argument has to be null.
        check(unsafe {
            api::HttpInitialize(VERSION, api::HTTP_INITIALIZE_SERVER, std::ptr::null_mut())
        })?;
        Ok(Self(()))
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // SAFETY: once for each time that it was initialized.
        unsafe { api::HttpTerminate(api::HTTP_INITIALIZE_SERVER, std::ptr::null_mut()) };
    }
}

/// What URL groups belong to. Dropping it closes them.
#[derive(Debug)]
pub(crate) struct ServerSession {
    id: u64,
    _api: Api,
}

impl ServerSession {
    pub(crate) fn open(api: Api) -> io::Result<Self> {
        let mut id = 0;
        // SAFETY: there is room for an id.
        check(unsafe { api::HttpCreateServerSession(VERSION, &mut id, 0) })?;
        Ok(Self { id, _api: api })
    }

    /// Makes a URL group whose requests go into a queue.
    pub(crate) fn group(&self, queue: &RequestQueue) -> io::Result<UrlGroup> {
        let mut id = 0;
        // SAFETY: there is room for an id.
        check(unsafe { api::HttpCreateUrlGroup(self.id, &mut id, 0) })?;
        let group = UrlGroup(id);
        let bound = queue.with_handle(|_, queue| {
            let binding = api::HTTP_BINDING_INFO {
                Flags: PRESENT,
                RequestQueueHandle: queue,
            };
            group.set(api::HttpServerBindingProperty, &binding)
        });
        bound.unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()))?;
        Ok(group)
    }
}

impl Drop for ServerSession {
    fn drop(&mut self) {
        // SAFETY: the session is open, and this is its owner.
        unsafe { api::HttpCloseServerSession(self.id) };
    }
}

/// URL prefixes, and what holds for all of them. Dropping it gives them back.
#[derive(Debug)]
pub(crate) struct UrlGroup(u64);

impl UrlGroup {
    /// Registers a prefix; its requests carry the context.
    pub(crate) fn add(&self, prefix: &str, context: u64) -> io::Result<()> {
        let prefix = wide(prefix);
        // SAFETY: the prefix ends with NUL.
        check(unsafe { api::HttpAddUrlToUrlGroup(self.0, prefix.as_ptr(), context, 0) })
    }

    /// Takes a prefix off: the kernel routes nothing here by it any more.
    pub(crate) fn remove(&self, prefix: &str) -> io::Result<()> {
        let prefix = wide(prefix);
        // SAFETY: the prefix ends with NUL.
        check(unsafe { api::HttpRemoveUrlFromUrlGroup(self.0, prefix.as_ptr(), 0) })
    }

    /// Sets how many connections there may be; `None` for any number.
    pub(crate) fn set_max_connections(&self, limit: Option<u32>) -> io::Result<()> {
        let mut limit = api::HTTP_CONNECTION_LIMIT_INFO {
            Flags: PRESENT,
            MaxConnections: limit.unwrap_or(u32::MAX),
        };
        let setting = api::HTTP_QOS_SETTING_INFO {
            QosType: api::HttpQosSettingTypeConnectionLimit,
            // Read before the call returns.
            QosSetting: (&raw mut limit).cast(),
        };
        self.set(api::HttpServerQosProperty, &setting)
    }

    /// Sets the timeouts, all of them at once: what nobody set is the system's.
    pub(crate) fn set_timeouts(&self, timeouts: &Timeouts) -> io::Result<()> {
        let info = api::HTTP_TIMEOUT_LIMIT_INFO {
            Flags: PRESENT,
            EntityBody: timeouts.entity_body,
            DrainEntityBody: timeouts.drain_entity_body,
            RequestQueue: timeouts.request_queue,
            IdleConnection: timeouts.idle_connection,
            HeaderWait: timeouts.header_wait,
            MinSendRate: timeouts.min_send_rate,
        };
        self.set(api::HttpServerTimeoutsProperty, &info)
    }

    /// Has the kernel authenticate clients.
    pub(crate) fn set_authentication(&self, authentication: Authentication) -> io::Result<()> {
        let mut info = api::HTTP_SERVER_AUTHENTICATION_INFO {
            Flags: PRESENT,
            ..api::HTTP_SERVER_AUTHENTICATION_INFO::default()
        };
        for (asked, bit) in [
            (authentication.basic, api::HTTP_AUTH_ENABLE_BASIC),
            (authentication.ntlm, api::HTTP_AUTH_ENABLE_NTLM),
            (authentication.negotiate, api::HTTP_AUTH_ENABLE_NEGOTIATE),
            (authentication.kerberos, api::HTTP_AUTH_ENABLE_KERBEROS),
        ] {
            if asked {
                info.AuthSchemes |= bit;
            }
        }
        for (asked, bit) in [
            (
                authentication.caches_kerberos,
                api::HTTP_AUTH_EX_FLAG_ENABLE_KERBEROS_CREDENTIAL_CACHING,
            ),
            (
                authentication.captures_credentials,
                api::HTTP_AUTH_EX_FLAG_CAPTURE_CREDENTIAL,
            ),
        ] {
            if asked {
                // Of 8 bits.
                info.ExFlags |= bit as u8;
            }
        }
        // Kerberos, and what there is to say about it, are the extended property's.
        let property = match authentication.kerberos || info.ExFlags != 0 {
            true => api::HttpServerExtendedAuthenticationProperty,
            false => api::HttpServerAuthenticationProperty,
        };
        self.set(property, &info)
    }

    /// Says whether requests of this group may be handed to another queue.
    pub(super) fn allow_delegation(&self, target: &Target, allowed: bool) -> io::Result<()> {
        let binding = api::HTTP_BINDING_INFO {
            Flags: api::HTTP_PROPERTY_FLAGS {
                _bitfield: u32::from(allowed),
            },
            RequestQueueHandle: target.handle(),
        };
        self.set(api::HttpServerDelegationProperty, &binding)
    }

    fn set<T>(&self, property: api::HTTP_SERVER_PROPERTY, value: &T) -> io::Result<()> {
        // SAFETY: the value has the size that is given. The caller pairs it with its property.
        check(unsafe {
            api::HttpSetUrlGroupProperty(
                self.0,
                property,
                std::ptr::from_ref(value).cast(),
                size_of::<T>() as u32,
            )
        })
    }
}

/// Returns whether the requests of a prefix go into a queue already.
pub(crate) fn is_registered(prefix: &str, queue: &RequestQueue) -> bool {
    let Some(find) = Platform::get().find_url_group() else {
        return false;
    };
    let prefix = wide(prefix);
    let mut group = 0;
    // SAFETY: the prefix ends with NUL, the handle is open, and there is room for an id.
    let found = queue.with_handle(|_, queue| unsafe { find(prefix.as_ptr(), queue, &mut group) });
    found == Some(0)
}

impl Drop for UrlGroup {
    fn drop(&mut self) {
        // SAFETY: the group is open, and this is its owner.
        unsafe { api::HttpCloseUrlGroup(self.0) };
    }
}
