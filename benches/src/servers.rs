//! The servers that `instructions` counts, each on one thread.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body::Body as _;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tower::layer::layer_fn;
use transom::adapter::Dispatcher;
use transom::features::{
    ConnectionInfo, Features, RequestIdentifier, RequestLifetime, Scheme, Transport,
};
use transom::hyper::Limits;
use transom::pipeline::Next;
use transom::{
    Application, ApplicationBuilder, Body, BoundServer, HyperServer, Request, RequestExt, Server,
    Shutdown,
};

use crate::GREETING;

/// Their names, and what each is.
pub const ALL: &[(&str, &str)] = &[
    ("bare-hyper", "bare hyper, pipeline_flush"),
    ("dispatcher", "... with a Dispatcher"),
    ("no-limits", "HyperServer without limits"),
    ("hyper-server", "HyperServer"),
    ("features", "... and features looked up"),
    ("erased", "... erased, and a pipeline"),
    ("stages", "... and 8 layers in it"),
];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Serves by that name on a port of its own, which it prints, until its standard input is closed.
///
/// # Errors
///
/// There is no such server, or it does not start.
pub fn serve(name: &str) -> Result<()> {
    let (runtime, listener) = started()?;
    let pipeline = |stages: usize| {
        (0..stages)
            .fold(ApplicationBuilder::new(), |app, _| {
                app.layer(layer_fn(|next: Next| next))
            })
            .run(greet)
    };
    let server = HyperServer::from_tcp_listener;
    runtime.block_on(async {
        match name {
            "bare-hyper" => bare(listener).await,
            "dispatcher" => dispatched(listener).await,
            "no-limits" => hosted(server(listener).with_limits(no_limits()), greet).await,
            "hyper-server" => hosted(server(listener), greet).await,
            "features" => hosted(server(listener), ask_and_greet).await,
            "erased" => hosted(server(listener).boxed(), pipeline(0)).await,
            "stages" => hosted(server(listener).boxed(), pipeline(8)).await,
            _ => Err(format!("there is no server `{name}`").into()),
        }
    })
}

/// Returns a runtime of one thread, and a listener of which the client was told.
pub(crate) fn started() -> Result<(Runtime, TcpListener)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    listening(listener.local_addr()?)?;
    Ok((runtime, listener))
}

/// Tells the client where the server is.
pub(crate) fn listening(address: SocketAddr) -> Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{address}")?;
    Ok(output.flush()?)
}

/// Limits that hold a client to nothing, as far as there is a choice.
fn no_limits() -> Limits {
    Limits::default()
        .with_keep_alive_timeout(None)
        .with_request_head_timeout(None)
        .with_max_request_body_size(None)
        .with_min_request_body_rate(None)
        .with_min_response_rate(None)
}

/// The answer that all of them give.
pub(crate) fn greeting<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

pub(crate) async fn greet(_: Request) -> Response<Body> {
    greeting(Body::from(GREETING))
}

async fn ask_and_greet(request: Request) -> Response<Body> {
    let features = request.features();
    let known = features.get::<RequestIdentifier>().is_some()
        && features.get::<RequestLifetime>().is_some()
        && features.get::<ConnectionInfo>().is_some();
    assert!(known, "the features are there");
    greeting(Body::from(GREETING))
}

/// hyper, and nothing else: what a program without a framework would write.
async fn bare(listener: TcpListener) -> Result<()> {
    let service = service_fn(|_: http::Request<Incoming>| async {
        Ok::<_, Infallible>(greeting(Full::new(Bytes::from_static(GREETING.as_bytes()))))
    });
    accept(listener, move |stream| {
        http1::Builder::new()
            .pipeline_flush(true)
            .serve_connection(stream, service)
    })
    .await
}

/// hyper, and what every server does around the application: the least that an adapter can cost.
async fn dispatched(listener: TcpListener) -> Result<()> {
    let (_trigger, shutdown) = Shutdown::pair();
    let dispatcher = Dispatcher::new(greet, Features::new(), &shutdown);
    accept(listener, move |stream| {
        let dispatcher = dispatcher.clone();
        let connection = dispatcher.connection(ConnectionInfo::new(Transport::Tcp), Scheme::Http);
        let connection = Arc::new(connection);
        let service = service_fn(move |request: http::Request<Incoming>| {
            let request = request.map(|body| match body.is_end_stream() {
                true => Body::empty(),
                false => Body::new(body),
            });
            dispatcher.call(&connection, request).run()
        });
        http1::Builder::new()
            .pipeline_flush(true)
            .serve_connection(stream, service)
    })
    .await
}

type Stream = TokioIo<tokio::net::TcpStream>;

async fn accept<F>(listener: TcpListener, serve: impl Fn(Stream) -> F) -> Result<()>
where
    F: Future<Output: Send> + Send + 'static,
{
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    tokio::spawn(serve(TokioIo::new(stream)));
    end_of_input().await;
    Ok(())
}

pub(crate) async fn hosted(server: impl Server, app: impl Application) -> Result<()> {
    let bound = server.bind().await?;
    let (trigger, shutdown) = Shutdown::pair();
    let serve = std::pin::pin!(bound.serve(app, shutdown));
    tokio::select! {
        served = serve => served?,
        () = end_of_input() => trigger.request(),
    }
    Ok(())
}

/// Waits until whoever started the program closes its standard input.
pub(crate) async fn end_of_input() {
    let (sender, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    // It is dropped or sent; both mean that there is no more input.
    let _ = ended.await;
}
