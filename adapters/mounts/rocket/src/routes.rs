use rocket::Route;
use rocket::http::Method;
use transom::adapter::Mount;
use transom::features::ServerInfo;
use transom::{Application, Features};

use crate::handler::MountHandler;

/// The release of Rocket that this crate is made for.
const FRAMEWORK_VERSION: &str = "0.5";

/// Behind every route that says nothing of its rank: those have at most -1.
const RANK: isize = 20;

/// The methods that Rocket knows.
const METHODS: [Method; 9] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Head,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

/// Makes an application one that Rocket calls, by [`routes`].
pub fn mount<A: Application>(app: A) -> Mount<A> {
    let mut features = Features::new();
    features.insert(
        ServerInfo::new("Rocket", FRAMEWORK_VERSION)
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
    );
    Mount::new(app, features)
}

/// Returns the routes by which Rocket calls the mount: for every method that it knows and every path below
/// where they are mounted, which becomes the [`PathBase`](transom::features::PathBase). Every other route goes
/// before them, so that at `/` they are a fallback.
///
/// ```
/// use rocket::local::asynchronous::Client;
/// use rocket::http::Header;
/// use rocket::{get, routes};
/// use transom::features::PathBase;
/// use transom::{Body, Request, RequestExt, Response};
///
/// #[get("/old")]
/// fn old() -> &'static str {
///     "old"
/// }
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = async |request: Request| {
///     let base = request.feature::<PathBase>().map(PathBase::as_str).unwrap_or_default();
///     Response::new(Body::from(format!("{base} and {}", request.uri())))
/// };
/// let mount = transom_rocket::mount(app);
/// let rocket = rocket::build()
///     .mount("/", routes![old])
///     .mount("/new", transom_rocket::routes(&mount));
///
/// let client = Client::untracked(rocket).await?;
/// let request = client.get("/new/a?b").header(Header::new("host", "example.com"));
/// assert_eq!(request.dispatch().await.into_string().await.as_deref(), Some("/new and /a?b"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn routes<A: Application>(mount: &Mount<A>) -> Vec<Route> {
    let route = |method| {
        let handler = MountHandler(mount.clone());
        Route::ranked(RANK, method, "/<path..>", handler)
    };
    METHODS.into_iter().map(route).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_framework() {
        let lock = include_str!("../../../../Cargo.lock");
        let entry = format!("name = \"rocket\"\nversion = \"{FRAMEWORK_VERSION}.");
        assert!(
            lock.contains(&entry),
            "FRAMEWORK_VERSION is not what is locked"
        );
    }
}
