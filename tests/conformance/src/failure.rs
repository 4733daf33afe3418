use std::fmt;
use std::future::Future;
use std::time::Duration;

/// How long any one step of a case may take.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// What the client of a case ends with.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a case failed, for a person to read. Any error becomes one with `?`.
#[derive(Clone)]
pub struct Failure(String);

impl Failure {
    /// Says what went wrong.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// Puts where it went wrong before what.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            text += &format!(": {cause}");
            next = cause.source();
        }
        Self(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fails unless two values are the same.
///
/// # Errors
///
/// Says what is different, and both values.
#[expect(
    clippy::needless_pass_by_value,
    reason = "literals at the call need no `&`"
)]
pub fn same<L: fmt::Debug + PartialEq<R>, R: fmt::Debug>(what: &str, is: L, should: R) -> Outcome {
    match is == should {
        true => Ok(()),
        false => Err(Failure(format!("{what}: {is:?}, and should be {should:?}"))),
    }
}

/// Fails unless a condition holds; `otherwise` says what is wrong if it does not.
///
/// # Errors
///
/// The condition does not hold.
pub fn ensure(holds: bool, otherwise: impl Into<String>) -> Outcome {
    match holds {
        true => Ok(()),
        false => Err(Failure(otherwise.into())),
    }
}

/// Waits for a future, but no longer than [`DEADLINE`].
///
/// # Errors
///
/// It took longer; `what` names it.
pub async fn within<F: Future>(what: &str, future: F) -> Outcome<F::Output> {
    within_for(DEADLINE, what, future).await
}

/// As [`within`], with a deadline of the caller's.
///
/// # Errors
///
/// It took longer; `what` names it.
pub async fn within_for<F: Future>(
    deadline: Duration,
    what: &str,
    future: F,
) -> Outcome<F::Output> {
    tokio::time::timeout(deadline, future)
        .await
        .map_err(|_| Failure(format!("{what} did not happen within {deadline:?}")))
}
