use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use transom::features::MaxRequestBodySize;
#[cfg(any(windows, test))]
use transom::features::ServerLimit;

use crate::Authentication;

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
    /// It attaches to the queue if there is one of that name, and makes it if not. It registers its prefixes either way,
    /// unless somebody has for this queue.
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

/// As ASP.NET has it.
#[cfg(any(windows, test))]
const LONGEST_NAME: usize = 260;

/// What a server was told.
#[derive(Clone, Debug)]
#[cfg_attr(not(windows), allow(dead_code, reason = "its reader is on Windows"))]
pub(crate) struct Options {
    pub(crate) accepts: usize,
    pub(crate) queue_name: Option<String>,
    pub(crate) queue_mode: RequestQueueMode,
    pub(crate) queue_security: Option<String>,
    pub(crate) queue_length: Option<u32>,
    pub(crate) verbosity: Option<Http503Verbosity>,
    pub(crate) max_connections: Option<Option<u32>>,
    pub(crate) max_request_body_size: Option<u64>,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) authentication: Authentication,
    pub(crate) response_caching: bool,
    pub(crate) kernel_response_buffering: bool,
    pub(crate) delegation: bool,
}

impl Default for Options {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            accepts: 5 * processors,
            queue_name: None,
            queue_mode: RequestQueueMode::default(),
            queue_security: None,
            queue_length: None,
            verbosity: None,
            max_connections: None,
            max_request_body_size: Some(MaxRequestBodySize::DEFAULT),
            timeouts: None,
            authentication: Authentication::new(),
            response_caching: true,
            kernel_response_buffering: false,
            delegation: false,
        }
    }
}

#[cfg(any(windows, test))]
impl Options {
    /// Returns the limits. Of what nobody has set the kernel does not say what it is, and it is not among them.
    pub(crate) fn limits(&self) -> impl Iterator<Item = ServerLimit> {
        let time = |name, seconds: u16| {
            (seconds > 0).then(|| ServerLimit::time(name, Duration::from_secs(seconds.into())))
        };
        let connections =
            |limit: Option<u32>| ServerLimit::count("max_connections", limit.map(u64::from));
        let Timeouts {
            entity_body,
            drain_entity_body,
            request_queue,
            idle_connection,
            header_wait,
            min_send_rate,
        } = self.timeouts.unwrap_or_default();
        [
            Some(ServerLimit::bytes(
                "max_request_body_size",
                self.max_request_body_size,
            )),
            self.max_connections.map(connections),
            self.queue_length
                .map(|length| ServerLimit::count("max_queued_requests", u64::from(length))),
            time("keep_alive_timeout", idle_connection),
            time("request_head_timeout", header_wait),
            time("request_body_timeout", entity_body),
            time("request_drain_timeout", drain_entity_body),
            time("request_queue_timeout", request_queue),
            (min_send_rate > 0)
                .then(|| ServerLimit::rate("min_response_rate", u64::from(min_send_rate))),
        ]
        .into_iter()
        .flatten()
    }

    /// Says what cannot be, whatever the system has.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name = self.queue_name.as_deref().unwrap_or_default();
        if name.contains('\0') || name.encode_utf16().count() > LONGEST_NAME {
            return Err(format!(
                "the name of a request queue has at most {LONGEST_NAME} characters, and no NUL: `{}`",
                name.escape_debug()
            ));
        }
        let attaches = self.queue_mode == RequestQueueMode::Attach;
        if attaches && self.queue_security.is_some() {
            return Err(format!(
                "the security descriptor of the request queue `{name}` is for who makes it, and `RequestQueueMode::Attach` does not"
            ));
        }
        if attaches && self.delegation {
            return Err(format!(
                "requests are handed to other queues by who has URL prefixes, and those of the request queue `{name}` are its maker's"
            ));
        }
        self.authentication.check()
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
    fn five_requests_a_processor_are_waited_for() {
        let options = Options::default();
        assert!(options.accepts >= 5 && options.accepts.is_multiple_of(5));
        assert!(options.response_caching);
    }

    #[test]
    fn limits_are_told_as_far_as_they_are_known() {
        let names = |options: &Options| {
            options
                .limits()
                .map(|limit| limit.name())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&Options::default()), ["max_request_body_size"]);
        let timeouts = Timeouts::new()
            .with_header_wait(Duration::from_secs(9))
            .with_min_send_rate(1000);
        let options = Options {
            max_connections: Some(None),
            queue_length: Some(7),
            timeouts: Some(timeouts),
            ..Options::default()
        };
        let told: Vec<_> = options.limits().skip(1).collect();
        assert_eq!(
            told,
            [
                ServerLimit::count("max_connections", None),
                ServerLimit::count("max_queued_requests", 7),
                ServerLimit::time("request_head_timeout", Duration::from_secs(9)),
                ServerLimit::rate("min_response_rate", 1000),
            ]
        );
    }

    #[test]
    fn what_cannot_be_is_named() {
        let attaches = Options {
            queue_name: Some("theirs".into()),
            queue_mode: RequestQueueMode::Attach,
            ..Options::default()
        };
        let with_security = Options {
            queue_security: Some("D:".into()),
            ..attaches.clone()
        };
        let delegating = Options {
            delegation: true,
            ..attaches.clone()
        };
        let named = |name: String| Options {
            queue_name: Some(name),
            ..Options::default()
        };
        for (options, says) in [
            (
                with_security,
                "security descriptor of the request queue `theirs`",
            ),
            (delegating, "handed to other queues"),
            (named("a\0b".into()), "no NUL: `a\\0b`"),
            (named("a".repeat(261)), "at most 260 characters"),
        ] {
            let error = options.check().unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        for options in [Options::default(), attaches, named("a".repeat(260))] {
            assert_eq!(options.check(), Ok(()));
        }
    }
}
