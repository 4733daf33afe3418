use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use transom::features::Feature;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_FILE_NOT_FOUND,
};

use super::sys::{RequestQueue, Target, UrlGroup};
use crate::UrlPrefix;

/// Makes the rules by which a server hands requests to the queues of others: a feature of the server that was told so by
/// [`with_delegation`](crate::HttpSysServer::with_delegation).
///
/// ```
/// use transom::{Request, RequestExt, Response};
/// use transom_http_sys::{Delegation, RequestDelegation};
///
/// /// Answers by itself where the other cannot.
/// async fn app(request: Request) -> Response {
///     let _ = hand_over(&request);
///     Response::default() // dropped, if the request is another's
/// }
///
/// fn hand_over(request: &Request) -> Result<(), Box<dyn std::error::Error>> {
///     // Made for each request only here; a rule is better kept.
///     let rule = request
///         .features()
///         .require::<Delegation>()?
///         .rule("DefaultAppPool", "http://*:80/".parse()?)?;
///     request.features().require::<RequestDelegation>()?.delegate(&rule)?;
///     Ok(())
/// }
///
/// // No server made this request.
/// assert!(hand_over(&Request::default()).unwrap_err().to_string().contains("server.delegation"));
/// ```
#[doc(alias = "IServerDelegationFeature")]
pub struct Delegation(Weak<UrlGroup>);

impl Delegation {
    pub(super) fn new(group: &Arc<UrlGroup>) -> Self {
        Self(Arc::downgrade(group))
    }

    /// Returns the rule that hands requests to the queue of this name, whose owner has registered the prefix. It holds
    /// as long as it, or a clone, is there; there may be one for each queue.
    ///
    /// The queue stays as long as the rule holds, also when its owner ends; who comes back has to open it with
    /// [`RequestQueueMode::CreateOrAttach`](crate::RequestQueueMode::CreateOrAttach).
    ///
    /// # Errors
    ///
    /// There is no such queue, this account may not use it, there is a rule for it already, or the server is gone.
    #[doc(alias = "CreateDelegationRule")]
    pub fn rule(&self, queue: &str, prefix: UrlPrefix) -> Result<DelegationRule, DelegationError> {
        let target = Target::open(queue, &self.0);
        let target = target.map_err(|error| DelegationError(Problem::Rule(queue.into(), error)))?;
        Ok(DelegationRule {
            target: Arc::new(target),
            queue: queue.into(),
            prefix,
        })
    }
}

impl fmt::Debug for Delegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delegation").finish_non_exhaustive()
    }
}

impl Feature for Delegation {
    const NAME: &'static str = "server.delegation";
}

/// Where requests are handed to: a queue, and a URL prefix of its owner. See [`Delegation::rule`].
#[derive(Clone, Debug)]
pub struct DelegationRule {
    target: Arc<Target>,
    queue: Arc<str>,
    prefix: UrlPrefix,
}

impl DelegationRule {
    /// Returns a rule for the same queue and another prefix of its owner.
    #[must_use]
    pub fn with_url_prefix(self, prefix: UrlPrefix) -> Self {
        Self { prefix, ..self }
    }

    /// Returns the name of the queue.
    pub fn queue_name(&self) -> &str {
        &self.queue
    }

    /// Returns the prefix.
    pub fn url_prefix(&self) -> &UrlPrefix {
        &self.prefix
    }
}

/// Hands a request to the queue of another: a feature of the requests of a server that may, by
/// [`with_delegation`](crate::HttpSysServer::with_delegation). See [`Delegation`].
#[doc(alias = "IHttpSysRequestDelegationFeature")]
pub struct RequestDelegation {
    hold: Arc<Hold>,
    queue: Weak<RequestQueue>,
    request: u64,
}

impl RequestDelegation {
    pub(super) fn new(hold: &Arc<Hold>, queue: &Arc<RequestQueue>, request: u64) -> Self {
        Self {
            hold: Arc::clone(hold),
            queue: Arc::downgrade(queue),
            request,
        }
    }

    /// Returns whether the request can be handed over: nothing of its body was read, its response has not begun, and it was
    /// not handed over.
    pub fn can_delegate(&self) -> bool {
        self.hold.is_whole()
    }

    /// Hands the request over. Its body and its response are the other's from then on: what the application returns is
    /// dropped, and what there is of the body cannot be read.
    ///
    /// # Errors
    ///
    /// It [cannot](Self::can_delegate) be handed over, or the system has not done it: the owner of the queue has not
    /// registered the prefix, or the client is gone. The request is the application's as before.
    #[doc(alias = "DelegateRequest")]
    pub fn delegate(&self, rule: &DelegationRule) -> Result<(), DelegationError> {
        self.hold.hand_over(|| {
            let queue = self.queue.upgrade();
            let queue = queue.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected));
            queue
                .and_then(|queue| {
                    queue.delegate(self.request, &rule.target, &rule.prefix.to_string())
                })
                .map_err(|error| DelegationError(Problem::Request(Arc::clone(&rule.queue), error)))
        })
    }
}

impl fmt::Debug for RequestDelegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestDelegation")
            .field("can_delegate", &self.can_delegate())
            .finish_non_exhaustive()
    }
}

impl Feature for RequestDelegation {
    const NAME: &'static str = "request.delegation";
}

/// Why there is no rule, or a request was not handed over. See [`Delegation::rule`] and [`RequestDelegation::delegate`].
#[derive(Debug)]
pub struct DelegationError(Problem);

#[derive(Debug)]
enum Problem {
    Rule(Arc<str>, io::Error),
    Request(Arc<str>, io::Error),
    Begun,
    Delegated,
}

impl fmt::Display for DelegationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Rule(queue, error) => {
                write!(
                    f,
                    "requests cannot be handed to the request queue `{queue}`"
                )?;
                f.write_str(match error.raw_os_error().map(|code| code as u32) {
                    Some(ERROR_FILE_NOT_FOUND) => ": there is none of this name",
                    Some(ERROR_ACCESS_DENIED) => ": this account may not use it",
                    Some(ERROR_ALREADY_EXISTS) => {
                        ": there is a rule for it; `with_url_prefix` makes another of that"
                    }
                    _ => "",
                })
            }
            Problem::Request(queue, _) => {
                write!(
                    f,
                    "the request was not handed to the request queue `{queue}`"
                )
            }
            Problem::Begun => f.write_str(
                "the request cannot be handed over: its body was read, or its response has begun",
            ),
            Problem::Delegated => f.write_str("the request was handed over already"),
        }
    }
}

impl std::error::Error for DelegationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Rule(_, error) | Problem::Request(_, error) => Some(error),
            Problem::Begun | Problem::Delegated => None,
        }
    }
}

/// Whose a request is.
#[derive(Debug, Default)]
pub(crate) struct Hold(Mutex<Stage>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Ours, and nothing was read or said.
    #[default]
    Whole,
    /// Ours for good.
    Begun,
    /// Another's.
    Delegated,
}

impl Hold {
    /// Keeps the request, before something of it is read or said. Returns whether it is ours.
    pub(crate) fn keep(&self) -> bool {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *stage == Stage::Whole {
            *stage = Stage::Begun;
        }
        *stage == Stage::Begun
    }

    /// Returns that of a request that was handed over.
    #[cfg(test)]
    pub(crate) fn delegated() -> Self {
        Self(Mutex::new(Stage::Delegated))
    }

    /// Returns whether nothing was read or said, and it is ours.
    pub(crate) fn is_whole(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == Stage::Whole
    }

    /// Gives the request away by this act. Nothing is read or said meanwhile.
    fn hand_over(
        &self,
        act: impl FnOnce() -> Result<(), DelegationError>,
    ) -> Result<(), DelegationError> {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *stage {
            Stage::Whole => act()?,
            Stage::Begun => return Err(DelegationError(Problem::Begun)),
            Stage::Delegated => return Err(DelegationError(Problem::Delegated)),
        }
        *stage = Stage::Delegated;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_begun_stays() {
        let hold = Hold::default();
        assert!(hold.keep() && hold.keep());
        let error = hold.hand_over(|| Ok(())).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("its body was read, or its response has begun")
        );
        assert!(hold.keep());
    }

    #[test]
    fn a_request_that_was_handed_over_is_nobodys_here() {
        let hold = Hold::default();
        hold.hand_over(|| Ok(())).unwrap();
        assert!(!hold.keep());
        let error = hold.hand_over(|| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "the request was handed over already");
    }

    #[test]
    fn a_request_that_the_system_does_not_hand_over_can_be_answered() {
        let hold = Hold::default();
        let failed = || {
            let cause = io::Error::from_raw_os_error(87);
            Err(DelegationError(Problem::Request("theirs".into(), cause)))
        };
        let error = hold.hand_over(failed).unwrap_err();
        assert!(error.to_string().ends_with("the request queue `theirs`"));
        assert!(std::error::Error::source(&error).is_some());
        assert!(hold.is_whole() && hold.keep());
    }

    #[test]
    fn a_rule_that_cannot_be_says_why() {
        for (code, says) in [
            (ERROR_FILE_NOT_FOUND, "`theirs`: there is none of this name"),
            (ERROR_ACCESS_DENIED, "`theirs`: this account may not use it"),
            (
                ERROR_ALREADY_EXISTS,
                "`with_url_prefix` makes another of that",
            ),
            (87, "the request queue `theirs`"),
        ] {
            let cause = io::Error::from_raw_os_error(code as i32);
            let error = DelegationError(Problem::Rule("theirs".into(), cause));
            assert!(error.to_string().ends_with(says), "{error}");
        }
    }

    #[test]
    fn a_server_that_is_gone_makes_no_rules() {
        let gone = Delegation(Weak::new());
        let prefix = "http://+:80/".parse().unwrap();
        let error = gone.rule("theirs", prefix).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        let cause = cause.downcast_ref::<io::Error>().unwrap();
        assert_eq!(cause.kind(), io::ErrorKind::NotConnected);
    }
}
