use std::time::Duration;

/// Returns whole seconds, the begun one included: who comes back then does not come too early.
pub(crate) fn rounded_up(duration: Duration) -> u64 {
    let begun = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(begun)
}
