use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Quota, RateLimitDecision};
use crate::seconds;

static LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Adds `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers, beside those of other layers.
pub(super) fn add(
    headers: &mut HeaderMap,
    name: &str,
    quota: &Quota,
    decision: &RateLimitDecision,
) {
    let limit = quota.limit();
    let window = seconds::rounded_up(quota.window());
    let left = decision.remaining;
    let reset = seconds::rounded_up(decision.reset_after);
    let fields = [
        (&LIMIT, format!("\"{name}\";r={left};t={reset}")),
        (&POLICY, format!("\"{name}\";q={limit};w={window}")),
    ];
    for (field, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(field, value);
        }
    }
}
