//! One budget for all processes that share a Redis. Start it twice, and ask both:
//!
//! ```sh
//! cargo run -p transom-middleware --features rate-limiting-redis --example shared_rate_limit -- redis://127.0.0.1/
//! curl -i http://127.0.0.1:PORT/fixed
//! ```

use std::error::Error;
use std::time::Duration;

use transom::{ApplicationBuilder, Host, HyperServer};
use transom_middleware::rate_limiting::{Quota, RateLimitingLayer, RedisStore, WithoutStore};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| "redis://127.0.0.1/".to_owned());
    let limits = |name: &str, quota| {
        let store = RedisStore::new(&url)?;
        let limits = RateLimitingLayer::new(quota).with_store(store);
        Ok::<_, Box<dyn Error>>(limits.with_name(name).with_fields(true))
    };
    let fixed = limits("fixed", Quota::fixed_window(100, HOUR))?;
    let sliding = limits("sliding", Quota::sliding_window(100, HOUR))?;
    let bucket = limits("bucket", Quota::token_bucket(100, 1, HOUR))?;
    let second = limits("second", Quota::sliding_window(2, Duration::from_secs(1)))?;
    let strict = limits("strict", Quota::fixed_window(1_000_000, HOUR))?
        .with_without_store(WithoutStore::Refuse);

    let branch =
        |limits| move |app: ApplicationBuilder| app.layer(limits).run_fn(|_| async { "hello\n" });
    Host::builder(HyperServer::new("http://127.0.0.1:0"))
        .configure(move |app| {
            app.map("/fixed", branch(fixed))
                .map("/sliding", branch(sliding))
                .map("/bucket", branch(bucket))
                .map("/second", branch(second))
                .map("/strict", branch(strict))
                .build()
        })
        .run()
        .await?;
    Ok(())
}
