//! The servers, by name. A new adapter is a line here, and its feature and its dependency in `Cargo.toml`.

use transom::hosting::Servers;

/// Adds each server under the name of its feature, or says how to get it.
macro_rules! servers {
    ($($name:literal: $make:expr,)*) => {{
        let servers = Servers::new();
        $(
            #[cfg(feature = $name)]
            let servers = servers.with($name, $make);
            #[cfg(not(feature = $name))]
            let servers = servers.with_absent(
                $name,
                concat!("build it with `--features ", $name, "`"),
            );
        )*
        servers
    }};
}

/// Returns every server that this program may have. The first that is there is the default.
pub(crate) fn all() -> Servers {
    let servers = servers! {
        "hyper": transom::HyperServer::default,
        "actix": transom_actix::ActixServer::default,
        "tiny-http": transom_tiny_http::TinyHttpServer::default,
        "trillium": transom_trillium::TrilliumServer::default,
        "xitca": transom_xitca::XitcaServer::default,
        "pingora": transom_pingora::PingoraServer::default,
        "fastcgi": transom_cgi::FastCgiServer::default,
        "scgi": transom_cgi::ScgiServer::default,
        "uwsgi": transom_cgi::UwsgiServer::default,
        "ajp": transom_cgi::AjpServer::default,
        "cgi": transom_cgi::CgiServer::default,
        "lambda": transom_lambda::LambdaServer::default,
    };
    of_windows(servers)
}

#[cfg(windows)]
fn of_windows(servers: Servers) -> Servers {
    #[cfg(feature = "http-sys")]
    let servers = servers.with("http-sys", transom_http_sys::HttpSysServer::default);
    #[cfg(not(feature = "http-sys"))]
    let servers = servers.with_absent("http-sys", "build it with `--features http-sys`");
    servers
}

#[cfg(not(windows))]
fn of_windows(servers: Servers) -> Servers {
    servers.with_absent("http-sys", "it is a part of Windows")
}
