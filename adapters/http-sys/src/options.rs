use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

/// Whether a server makes its request queue, or attaches to one that there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestQueueMode {
    /// It makes the queue; one of that name must not exist.
    #[default]
    Create,
    /// It takes requests out of the queue of that name, which another process has made and set up. The prefixes are
    /// that process's; those of this server only say which part of a path is the path base.
    Attach,
    /// It attaches to the queue if there is one of that name, and makes it if not.
    CreateOrAttach,
}

/// What the kernel answers when it cannot hand a request over: the queue is full, or nobody has it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "Http503VerbosityLevel")]
pub enum Http503Verbosity {
    /// It resets the connection.
    #[default]
    Basic,
    /// It answers 503.
    Limited,
    /// It answers 503 and says why.
    Full,
}

/// By which schemes the kernel authenticates clients; none at first.
///
/// A response of 401 then carries a challenge for each, unless the application has set `WWW-Authenticate` itself, and
/// the kernel shakes hands. Who the client is tells the feature `WindowsUser`.
///
/// ```
/// use transom_http_sys::Authentication;
///
/// let intranet = Authentication::new().with_negotiate().without_anonymous();
/// assert_ne!(intranet, Authentication::new());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "AuthenticationManager")]
pub struct Authentication {
    pub(crate) basic: bool,
    pub(crate) ntlm: bool,
    pub(crate) negotiate: bool,
    pub(crate) kerberos: bool,
    pub(crate) required: bool,
}

impl Authentication {
    /// Returns none of them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds Basic: the client sends name and password with each request, readable for everybody unless it is over
    /// TLS.
    #[must_use]
    pub fn with_basic(self) -> Self {
        Self {
            basic: true,
            ..self
        }
    }

    /// Adds NTLM.
    #[must_use]
    pub fn with_ntlm(self) -> Self {
        Self { ntlm: true, ..self }
    }

    /// Adds Negotiate: Kerberos if client and server can, or else NTLM.
    #[must_use]
    pub fn with_negotiate(self) -> Self {
        Self {
            negotiate: true,
            ..self
        }
    }

    /// Adds Kerberos.
    #[must_use]
    pub fn with_kerberos(self) -> Self {
        Self {
            kerberos: true,
            ..self
        }
    }

    /// Answers 401 to clients that are not authenticated, before the application sees them.
    #[doc(alias = "AllowAnonymous")]
    #[must_use]
    pub fn without_anonymous(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Returns the challenges of a 401, the strongest first.
    #[cfg(any(windows, test))]
    pub(crate) fn challenges(self) -> impl Iterator<Item = &'static str> {
        [
            (self.kerberos, "Kerberos"),
            (self.negotiate, "Negotiate"),
            (self.ntlm, "NTLM"),
            (self.basic, "Basic"),
        ]
        .into_iter()
        .filter_map(|(asked, scheme)| asked.then_some(scheme))
    }
}

/// How long the kernel waits for clients, and for this process. What is not set is the system's, mostly 2 minutes.
///
/// They are whole seconds, rounded up, 65,535 at most.
///
/// ```
/// use std::time::Duration;
/// use transom_http_sys::Timeouts;
///
/// let timeouts = Timeouts::new().with_idle_connection(Duration::from_secs(30)).with_min_send_rate(1000);
/// assert_ne!(timeouts, Timeouts::new());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "TimeoutManager")]
pub struct Timeouts {
    pub(crate) entity_body: u16,
    pub(crate) drain_entity_body: u16,
    pub(crate) request_queue: u16,
    pub(crate) idle_connection: u16,
    pub(crate) header_wait: u16,
    pub(crate) min_send_rate: u32,
}

impl Timeouts {
    /// Returns those of the system.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the next piece of a body may take.
    #[must_use]
    pub fn with_entity_body(self, timeout: Duration) -> Self {
        Self {
            entity_body: seconds(timeout),
            ..self
        }
    }

    /// Sets how long a body that nobody has read may take to end, before the next request.
    #[must_use]
    pub fn with_drain_entity_body(self, timeout: Duration) -> Self {
        Self {
            drain_entity_body: seconds(timeout),
            ..self
        }
    }

    /// Sets how long a request may wait in the queue.
    #[must_use]
    pub fn with_request_queue(self, timeout: Duration) -> Self {
        Self {
            request_queue: seconds(timeout),
            ..self
        }
    }

    /// Sets how long a connection may be idle.
    #[doc(alias = "KeepAliveTimeout")]
    #[must_use]
    pub fn with_idle_connection(self, timeout: Duration) -> Self {
        Self {
            idle_connection: seconds(timeout),
            ..self
        }
    }

    /// Sets how long the head of a request may take.
    #[doc(alias = "RequestHeadersTimeout")]
    #[must_use]
    pub fn with_header_wait(self, timeout: Duration) -> Self {
        Self {
            header_wait: seconds(timeout),
            ..self
        }
    }

    /// Sets how many bytes a second a client has to take of a response; 150 if it is not set.
    #[doc(alias = "MinSendBytesPerSecond")]
    #[must_use]
    pub fn with_min_send_rate(self, bytes: u32) -> Self {
        Self {
            min_send_rate: bytes,
            ..self
        }
    }
}

fn seconds(timeout: Duration) -> u16 {
    let more = u64::from(timeout.subsec_nanos() > 0);
    u16::try_from(timeout.as_secs().saturating_add(more)).unwrap_or(u16::MAX)
}

/// What a server was told.
#[derive(Clone, Debug)]
#[cfg_attr(not(windows), allow(dead_code, reason = "its reader is on Windows"))]
pub(crate) struct Options {
    pub(crate) accepts: usize,
    pub(crate) queue_name: Option<String>,
    pub(crate) queue_mode: RequestQueueMode,
    pub(crate) queue_length: Option<u32>,
    pub(crate) verbosity: Option<Http503Verbosity>,
    pub(crate) max_connections: Option<Option<u32>>,
    pub(crate) max_request_body_size: Option<Option<u64>>,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) authentication: Authentication,
    pub(crate) response_caching: bool,
}

impl Default for Options {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            accepts: 5 * processors,
            queue_name: None,
            queue_mode: RequestQueueMode::default(),
            queue_length: None,
            verbosity: None,
            max_connections: None,
            max_request_body_size: None,
            timeouts: None,
            authentication: Authentication::new(),
            response_caching: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_whole_seconds_rounded_up() {
        for (timeout, whole) in [
            (Duration::ZERO, 0),
            (Duration::from_millis(1), 1),
            (Duration::from_secs(120), 120),
            (Duration::from_millis(1500), 2),
            (Duration::from_secs(65_535), 65_535),
            (Duration::MAX, 65_535),
        ] {
            assert_eq!(seconds(timeout), whole, "{timeout:?}");
        }
    }

    #[test]
    fn the_strongest_challenge_comes_first() {
        let all = Authentication::new()
            .with_basic()
            .with_ntlm()
            .with_negotiate()
            .with_kerberos();
        let challenges: Vec<_> = all.challenges().collect();
        assert_eq!(challenges, ["Kerberos", "Negotiate", "NTLM", "Basic"]);
        assert_eq!(Authentication::new().challenges().count(), 0);
    }

    #[test]
    fn five_requests_a_processor_are_waited_for() {
        let options = Options::default();
        assert!(options.accepts >= 5 && options.accepts.is_multiple_of(5));
        assert!(options.response_caching);
    }
}
