//! A stage's service is cloned for each request, so it has to be `Clone`: `RateLimit` is not.

use std::time::Duration;
use tower::limit::RateLimitLayer;
use transom::ApplicationBuilder;

fn main() {
    ApplicationBuilder::new()
        .layer(RateLimitLayer::new(5, Duration::from_secs(1)))
        .build();
}
