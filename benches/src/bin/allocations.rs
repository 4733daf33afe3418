//! Counts the allocations of the parts of the core, exactly, and fails if one is over its bound.
//!
//! Each row is one request, or one body, after a first one that is not counted. The request exists
//! before the count begins, and the response is read to its end and dropped within it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, Full};
use tower::layer::layer_fn;
use tower::{Service, ServiceBuilder};
use transom::adapter::Dispatcher;
use transom::features::{
    ConnectionInfo, Features, RequestIdentifier, RequestLifetime, Scheme, Transport,
};
use transom::{
    App, Application, ApplicationBuilder, Body, Request, RequestExt, Response, Shutdown,
};
use transom_benches::Hello;

fn main() -> ExitCode {
    let mut table = Table::default();
    applications(&mut table);
    stages(&mut table);
    bodies(&mut table);
    dispatch(&mut table);
    table.verdict()
}

fn applications(table: &mut Table) {
    table.section("An application, above the server");
    table.row("static", 0, request(&Hello));
    table.row("erased: App", 1, request(&App::new(Hello)));
    let twice = App::new(App::new(Hello));
    table.row("erased twice", 1, request(&twice));
    let pipeline = ApplicationBuilder::new;
    table.row("a pipeline of run", 1, request(&pipeline().run(Hello)));
    let function = pipeline().run_fn(|_| async { Body::from("hello") });
    table.row("a pipeline of run_fn", 1, request(&function));
    table.row(
        "a pipeline of nothing: 404",
        1,
        request(&pipeline().build()),
    );
    let service = tower::service_fn(|_: Request| async { Ok::<_, Infallible>(hello()) });
    table.row("a tower service", 1, request(&pipeline().run(service)));
}

fn stages(table: &mut Table) {
    table.section("Stages before an application that costs 1");
    for count in 1..=8 {
        let app = repeat(count, |app| app.layer(layer_fn(Same)));
        table.row(&format!("{count} x layer"), 1 + count, request(&app));
    }
    for count in [1, 8] {
        let app = repeat(count, |app| app.use_fn(|request, next| next.run(request)));
        table.row(&format!("{count} x use_fn"), 1 + count, request(&app));
    }
    type Add = fn(ApplicationBuilder) -> ApplicationBuilder;
    let passed_by: [(&str, Add); 4] = [
        ("map", |app| app.map("/no", ApplicationBuilder::build)),
        ("map_when", |app| {
            app.map_when(|_| false, ApplicationBuilder::build)
        }),
        ("use_when", |app| app.use_when(|_| false, |detour| detour)),
        ("use_path_base", |app| app.use_path_base("/no")),
    ];
    for (name, add) in passed_by {
        let app = repeat(8, add);
        table.row(&format!("8 x {name}, passed by"), 9, request(&app));
    }
    let taken = repeat(1, |app| app.map_when(|_| true, |branch| branch.run(Hello)));
    table.row("map_when, taken", 2, request(&taken));
    let detour = |detour: ApplicationBuilder| detour.use_fn(|request, next| next.run(request));
    let taken = repeat(1, move |app| app.use_when(|_| true, detour));
    table.row("use_when of one stage, taken", 3, request(&taken));
    // What a prefix costs beside its stage: the path that is left, the base, and the first feature of
    // the request that a server did not bring.
    let taken = repeat(1, |app| app.map("/path", |branch| branch.run(Hello)));
    table.row("map, taken", 2 + 8, request(&taken));

    let stack = ServiceBuilder::new()
        .layer_fn(Same)
        .layer_fn(Same)
        .layer_fn(Same)
        .layer_fn(Same)
        .layer_fn(Same)
        .layer_fn(Same)
        .layer_fn(Same)
        .layer_fn(Same);
    let app = ApplicationBuilder::new().layer(stack).run(Hello);
    table.row("a ServiceBuilder stack of 8 layers", 2, request(&app));
}

fn bodies(table: &mut Table) {
    table.section("A body, made and read to its end");
    table.row("empty", 0, body(Body::empty));
    table.row("one chunk of static text", 0, body(|| Body::from("chunk")));
    let bytes = Bytes::from(vec![7; 64]);
    table.row(
        "one chunk of bytes",
        0,
        body(move || Body::from(bytes.clone())),
    );
    table.row(
        "a body wrapped again",
        0,
        body(|| Body::new(Body::from("chunk"))),
    );
    let full = || Body::new(Full::new(Bytes::from_static(b"chunk")));
    table.row("a foreign body", 1, body(full));
    table.row(
        "a foreign body wrapped again",
        1,
        body(move || Body::new(full())),
    );
    let chunks = || Body::from_stream(stream::iter(["a", "b"].map(Ok::<_, Infallible>)));
    table.row("a stream", 1, body(chunks));
    let trailers = HeaderMap::new();
    let with = move || Body::from("chunk").with_trailers(trailers.clone());
    table.row("a chunk and trailers", 1, body(with));
    let collected = measured(|| drop(ready(Body::from("chunk").collect(64))));
    table.row("one chunk, collected", 0, collected);
}

fn dispatch(table: &mut Table) {
    table.section("A request of a keep-alive connection, features present, from a server's hands");
    let (_trigger, shutdown) = Shutdown::pair();
    let dispatcher = Dispatcher::new(Hello, Features::new(), &shutdown);
    table.row(
        "Dispatcher and a static application",
        3,
        served(&dispatcher),
    );
    let asking = |request: Request| async move {
        let features = request.features();
        let known = features.get::<RequestIdentifier>().is_some()
            && features.get::<RequestLifetime>().is_some()
            && features.get::<ConnectionInfo>().is_some();
        assert!(known, "the features are there");
        hello()
    };
    let dispatcher = Dispatcher::new(asking, Features::new(), &shutdown);
    table.row("... that looks features up", 3, served(&dispatcher));
    let erased = ApplicationBuilder::new().run(Hello);
    let dispatcher = Dispatcher::new(erased, Features::new(), &shutdown);
    table.row("... and a pipeline of run", 4, served(&dispatcher));
}

/// Counts the second request to an application.
fn request(app: &impl Application) -> usize {
    drain(ready(app.call(get())));
    let request = get();
    measured(|| drain(ready(app.call(request))))
}

/// Counts the second body.
fn body(make: impl Fn() -> Body) -> usize {
    drain(Response::new(make()));
    measured(|| drain(Response::new(make())))
}

/// Counts the second request of a connection.
fn served<A: Application>(dispatcher: &Dispatcher<A>) -> usize {
    let connection = dispatcher.connection(ConnectionInfo::new(Transport::Memory), Scheme::Http);
    let serve = |request| {
        let response = ready(dispatcher.call(&connection, request).run());
        drain(response.unwrap_or_else(|aborted| panic!("{aborted}")));
    };
    serve(get());
    let request = get();
    measured(|| serve(request))
}

fn measured(what: impl FnOnce()) -> usize {
    usize::try_from(measure(what).count_total).unwrap_or(usize::MAX)
}

/// A request as one comes from a server: with a field or two.
fn get() -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static("/path?query");
    let host = HeaderValue::from_static("example.com");
    request.headers_mut().insert(http::header::HOST, host);
    request
}

fn hello() -> Response {
    Response::new(Body::from("hello"))
}

fn repeat(count: usize, add: impl Fn(ApplicationBuilder) -> ApplicationBuilder) -> App {
    (0..count)
        .fold(ApplicationBuilder::new(), |app, _| add(app))
        .run(Hello)
}

/// Reads a body frame by frame.
fn drain<B>(response: http::Response<B>)
where
    B: http_body::Body<Data = Bytes, Error = transom::body::Error>,
{
    let mut body = pin!(response.into_body());
    while let Some(frame) = ready(body.frame()) {
        drop(frame);
    }
}

/// The output of a future that never waits.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits for anything"),
    }
}

/// A layer that does nothing, and does not wrap the future.
#[derive(Clone)]
struct Same<S>(S);

impl<S: Service<Request>> Service<Request> for Same<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        self.0.call(request)
    }
}

/// Prints what was counted beside its bound.
#[derive(Default)]
struct Table {
    over: Vec<String>,
}

impl Table {
    fn section(&self, title: &str) {
        println!("\n{title}\n{:>46}  allocations  bound", "");
    }

    fn row(&mut self, name: &str, bound: usize, count: usize) {
        let mark = if count > bound { "  OVER" } else { "" };
        println!("{name:>46}  {count:>11}  {bound:>5}{mark}");
        if count > bound {
            self.over.push(format!("{name}: {count}, {bound} at most"));
        }
    }

    fn verdict(self) -> ExitCode {
        if self.over.is_empty() {
            println!("\nEverything is within its bound.");
            return ExitCode::SUCCESS;
        }
        println!("\nOver its bound:");
        for row in self.over {
            println!("  {row}");
        }
        ExitCode::FAILURE
    }
}
