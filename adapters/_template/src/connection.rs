//! One connection: the only file that names the engine.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use transom::adapter::{Aborted, Connection, Dispatcher, ResponseBody, check_head};
use transom::features::{ConnectionInfo, Endpoint, ResponseTrailers, Scheme, Transport};
use transom::{Application, Body, Request, RequestExt, Shutdown};

pub(crate) async fn serve<A: Application>(
    stream: TcpStream,
    dispatcher: Dispatcher<A>,
    shutdown: Shutdown,
) -> io::Result<()> {
    let _counted = dispatcher.statistics().count_connection();
    // An answer of two writes must not wait for the client's acknowledgement.
    stream.set_nodelay(true)?;
    let info = ConnectionInfo::new(Transport::Tcp)
        .with_local(Endpoint::Tcp(stream.local_addr()?))
        .with_remote(Endpoint::Tcp(stream.peer_addr()?));
    let connection = Arc::new(dispatcher.connection(info, Scheme::Http));
    let served = AtomicBool::new(false);
    let service = service_fn(|request| {
        served.store(true, Ordering::Relaxed);
        answer(&dispatcher, &connection, request)
    });
    let mut engine = http1::Builder::new();
    // With a timer, a client that is slow with its head is given up after 30 s.
    engine.timer(TokioTimer::new());
    let mut serving = pin!(engine.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // First: a request that comes behind the stop is not answered.
        biased;
        // The engine would wait for a first request.
        () = shutdown.requested() => match served.load(Ordering::Relaxed) {
            true => serving.as_mut().graceful_shutdown(),
            false => return Ok(()),
        },
        ended = &mut serving => return ended.map_err(io::Error::other),
    }
    serving.await.map_err(io::Error::other)
}

type Answer = http::Response<Either<ResponseBody, Empty<Bytes>>>;

/// An error is an application that hung up: the engine closes the connection. If the client goes away, the engine
/// drops the future, and so the application hears of it.
async fn answer<A: Application>(
    dispatcher: &Dispatcher<A>,
    connection: &Connection,
    mut request: http::Request<Incoming>,
) -> Result<Answer, Aborted> {
    // The engine's own `OnUpgrade` would promise what this server does not keep.
    request.extensions_mut().clear();
    // For an engine that looks neither at `Host` nor at the form of the target.
    if check_head(&request).is_err() {
        let mut refused = Answer::new(Either::Right(Empty::new()));
        *refused.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(refused);
    }
    // An engine with types of its own makes them into those of `http` here, and `adapter::body_pump` carries a body
    // that is not `Send` or blocks.
    let mut call = dispatcher.call(connection, request.map(Body::new));
    if takes_trailers(call.request()) {
        let features = call.request_mut().features_mut();
        features.insert(ResponseTrailers::new());
    }
    Ok(call.run().await?.map(Either::Left))
}

/// The engine sends trailers to whoever says that he takes them.
fn takes_trailers(request: &Request) -> bool {
    let mut fields = request.headers().get_all(header::TE).iter();
    fields.any(|field| {
        let field = field.to_str().unwrap_or_default();
        let mut codings = field.split(',').map(str::trim);
        codings.any(|coding| coding.eq_ignore_ascii_case("trailers"))
    })
}
