use std::future::Future;
use std::io;
use std::time::Duration;

/// As good as never, and yet it can be added to the time.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Returns a limit of which zero is none, for what knows no such limit: a time that is longer than anything lasts.
///
/// ```
/// use std::time::Duration;
/// use transom_adapter_tokio::or_forever;
///
/// assert_eq!(or_forever(Duration::from_secs(1)), Duration::from_secs(1));
/// assert!(or_forever(Duration::ZERO) > Duration::from_secs(365 * 24 * 60 * 60));
/// ```
pub fn or_forever(limit: Duration) -> Duration {
    match limit {
        Duration::ZERO => FOREVER,
        limit => limit,
    }
}

/// Waits for something no longer than a limit, of which zero is none.
///
/// # Errors
///
/// Those of what is waited for; [`TimedOut`](io::ErrorKind::TimedOut) when it took too long.
pub async fn in_time<T>(
    limit: Duration,
    what: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    tokio::time::timeout(or_forever(limit), what).await?
}
