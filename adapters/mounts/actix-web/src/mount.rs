use actix_web::Error;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse, fn_service};
use transom::adapter::Mount;
use transom::features::ServerInfo;
use transom::{Application, Features};

use crate::handler;

/// The release of actix-web that this crate is made for.
const FRAMEWORK_VERSION: &str = "4.18";

/// Makes an application one that actix-web calls, by a [`service`].
pub fn mount<A: Application>(app: A) -> Mount<A> {
    let mut features = Features::new();
    features.insert(
        ServerInfo::new("actix-web", FRAMEWORK_VERSION)
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
    );
    Mount::new(app, features)
}

/// Returns the mount as a service, for `default_service`: of an `App`, for all that it has no route for, or
/// of a `web::scope`, whose path becomes the [`PathBase`](transom::features::PathBase).
///
/// ```
/// use actix_web::{App, test, web};
/// use transom::features::PathBase;
/// use transom::{Body, Request, RequestExt, Response};
///
/// # actix_web::rt::System::new().block_on(async {
/// let app = async |request: Request| {
///     let base = request.feature::<PathBase>().map(PathBase::as_str).unwrap_or_default();
///     Response::new(Body::from(format!("{base} and {}", request.uri())))
/// };
/// let mount = transom_actix_web::mount(app);
/// let service = test::init_service(
///     App::new()
///         .route("/old", web::get().to(async || "old"))
///         .service(web::scope("/new").default_service(transom_actix_web::service(&mount))),
/// )
/// .await;
///
/// let request = test::TestRequest::get().uri("/new/a?b").insert_header(("host", "example.com"));
/// let answer = test::call_and_read_body(&service, request.to_request()).await;
/// assert_eq!(answer, "/new and /a?b");
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
pub fn service<A: Application>(
    mount: &Mount<A>,
) -> impl ServiceFactory<
    ServiceRequest,
    Config = (),
    Response = ServiceResponse,
    Error = Error,
    InitError = (),
> + use<A> {
    let mount = mount.clone();
    fn_service(move |request| handler::handle(mount.clone(), request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_locked_framework() {
        let lock = include_str!("../../../../Cargo.lock");
        let entry = format!("name = \"actix-web\"\nversion = \"{FRAMEWORK_VERSION}.");
        assert!(
            lock.contains(&entry),
            "FRAMEWORK_VERSION is not what is locked"
        );
    }
}
