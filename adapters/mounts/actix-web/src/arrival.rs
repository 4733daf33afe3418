use std::any::Any;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use transom::adapter::Arrival;
use transom::features::{ConnectionInfo, Endpoint, PathBase, Scheme, Transport};

/// Remembers a connection of TCP, for [`HttpServer::on_connect`](actix_web::HttpServer::on_connect): then the
/// application knows the address at which it arrived, and its requests share one id.
///
/// ```
/// use actix_web::{App, HttpServer};
///
/// let server = HttpServer::new(App::new).on_connect(transom_actix_web::on_connect);
/// # let _ = server;
/// ```
pub fn on_connect(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    let mut info = ConnectionInfo::new(Transport::Tcp);
    if let Ok(remote) = stream.peer_addr() {
        info = info.with_remote(Endpoint::Tcp(remote));
    }
    if let Ok(local) = stream.local_addr() {
        info = info.with_local(Endpoint::Tcp(local));
    }
    data.insert(Arrival::new(info));
}

/// Returns what the framework knows of a request.
pub(crate) fn of(request: &HttpRequest) -> Arrival {
    let arrival = request.conn_data::<Arrival>().cloned();
    let arrival = arrival.unwrap_or_else(|| {
        let mut info = ConnectionInfo::new(Transport::Tcp);
        if let Some(remote) = request.peer_addr() {
            info = info.with_remote(Endpoint::Tcp(remote));
        }
        Arrival::new(info)
    });
    let arrival = match request.app_config().secure() {
        true => arrival.with_scheme(Scheme::Https),
        false => arrival,
    };
    let base = prefix(request).and_then(|prefix| PathBase::new(prefix).ok());
    match base {
        Some(base) => arrival.with_path_base(base),
        None => arrival,
    }
}

/// Returns what scopes have matched of the path. They look at one whose escapes are partly undone, never those
/// of a slash: so it is as many segments of the path as it was sent.
fn prefix(request: &HttpRequest) -> Option<&str> {
    let matched = request.match_info();
    let path = matched.as_str();
    let length = path.len().checked_sub(matched.unprocessed().len())?;
    let segments = path.get(..length)?.matches('/').count();
    let sent = request.uri().path();
    let end = sent.match_indices('/').nth(segments);
    match segments {
        0 => None,
        _ => Some(end.map_or(sent, |(end, _)| &sent[..end])),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_scopes_matched_is_found_in_the_path_as_it_was_sent() {
        let request = |path: &str, skip: u16| {
            let mut request = TestRequest::with_uri(path).to_srv_request();
            request.match_info_mut().skip(skip);
            prefix(request.request()).map(str::to_owned)
        };
        assert_eq!(request("/new/a", 0), None);
        assert_eq!(request("/new/a", 4).as_deref(), Some("/new"));
        assert_eq!(request("/new", 4).as_deref(), Some("/new"));
        assert_eq!(request("/%6Eew/%2F", 4).as_deref(), Some("/%6Eew"));
        assert_eq!(request("/api/v1/a", 7).as_deref(), Some("/api/v1"));
    }
}
