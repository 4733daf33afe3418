//! How servers are started, and how they end.
#![allow(clippy::unwrap_used)]

mod nowin;

use std::future::Future;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nowin::Nowin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use transom::body::BoxError;
use transom::features::{ServerAddress, ServerAddresses, ServerInfo};
use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
use transom_middleware::owin::{AppFunc, Environment, Properties, keys};
use transom_owin::{OwinServer, OwinServerFactory, RunningOwinServer};

const DEADLINE: Duration = Duration::from_secs(10);

fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.enable_all().worker_threads(2).build().unwrap();
    runtime.block_on(async { timeout(DEADLINE, test).await.expect("the test hangs") })
}

async fn hello(_: Request) -> Response {
    Response::new(Body::from("hello"))
}

async fn ask(address: &ServerAddress) -> String {
    let mut stream = TcpStream::connect(address.connect_addr().unwrap())
        .await
        .unwrap();
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn bound(server: &impl BoundServer) -> Vec<ServerAddress> {
    let addresses = server.features().require::<ServerAddresses>();
    addresses.unwrap().bound()
}

#[test]
fn every_address_is_listened_on_and_told() {
    run(async {
        let addresses = "http://127.0.0.1:0;http://127.0.0.1:0";
        let server = OwinServer::new(Nowin::default(), addresses)
            .bind()
            .await
            .unwrap();
        let info = server.features().require::<ServerInfo>().unwrap();
        assert_eq!(info.to_string(), "nowin/1.0");
        let addresses = bound(&server);
        assert_eq!(addresses.len(), 2);
        let (trigger, shutdown) = Shutdown::pair();
        let serving = tokio::spawn(server.serve(hello, shutdown));
        for address in &addresses {
            assert!(ask(address).await.ends_with("\r\n\r\nhello"));
        }
        trigger.request();
        serving.await.unwrap().unwrap();
    });
}

#[test]
fn what_was_started_is_released_if_one_address_is_not_to_be_had() {
    run(async {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let (first, second) = (at(&free), at(&taken));
        drop(free);
        let server = OwinServer::new(Nowin::default(), &format!("{first};{second}"));
        let error = server.bind().await.unwrap_err();
        assert!(error.is_bind());
        assert!(error.to_string().contains(&second), "{error}");
        TcpListener::bind(first.trim_start_matches("http://")).unwrap();
    });
}

#[test]
fn a_server_that_does_not_tell_is_believed_and_refused_port_zero() {
    run(async {
        let silent = Nowin {
            keeps_addresses: true,
            ..Nowin::default()
        };
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let server = OwinServer::new(silent.clone(), &address)
            .bind()
            .await
            .unwrap();
        assert_eq!(bound(&server)[0].to_string(), address);
        drop(server);
        let server = OwinServer::new(silent, "http://127.0.0.1:0");
        let error = server.bind().await.unwrap_err().report();
        assert!(error.contains("does not tell which port"), "{error}");
    });
}

#[test]
fn a_request_that_comes_before_the_application_waits_for_it() {
    run(async {
        let server = OwinServer::new(Nowin::default(), "http://127.0.0.1:0");
        let server = server.bind().await.unwrap();
        let address = bound(&server).remove(0);
        let asked = tokio::spawn(async move { ask(&address).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!asked.is_finished());
        let serving = tokio::spawn(server.serve(hello, Shutdown::never()));
        assert!(asked.await.unwrap().ends_with("hello"));
        serving.abort();
    });
}

#[test]
fn a_server_that_falls_over_is_an_error_of_serve() {
    run(async {
        let ends = watch::Sender::new(false);
        let nowin = Nowin {
            ends: Some(ends.subscribe()),
            ..Nowin::default()
        };
        let server = OwinServer::new(nowin, "http://127.0.0.1:0");
        let server = server.bind().await.unwrap();
        let serving = tokio::spawn(server.serve(hello, Shutdown::never()));
        ends.send_replace(true);
        let error = serving.await.unwrap().unwrap_err();
        assert!(error.is_serve());
        assert_eq!(error.report(), "the server nowin/1.0 failed: it fell over");
    });
}

/// A server that is called by hand, and knows neither to stop nor to drop what it calls.
#[derive(Clone, Default)]
struct ByHand {
    app: Arc<Mutex<Option<AppFunc>>>,
    stopped: Arc<AtomicUsize>,
}

impl OwinServerFactory for ByHand {
    type Server = Self;

    fn initialize(&mut self, properties: &Properties) {
        assert_eq!(properties.get::<String>(keys::VERSION).unwrap(), "1.0");
    }

    async fn create(&mut self, app: AppFunc, _: Properties) -> Result<Self, BoxError> {
        *self.app.lock().unwrap() = Some(app);
        Ok(self.clone())
    }
}

impl RunningOwinServer for ByHand {
    fn addresses(&self) -> Vec<ServerAddress> {
        Vec::new()
    }

    async fn stop(&mut self) {
        self.stopped.fetch_add(1, Ordering::Relaxed);
    }
}

impl ByHand {
    async fn bind(&self) -> impl BoundServer + use<> {
        let server = OwinServer::new(self.clone(), "http://127.0.0.1:1");
        server.bind().await.unwrap()
    }

    async fn call(&self) -> (Environment, Result<(), BoxError>) {
        let app = self.app.lock().unwrap().clone().unwrap();
        let environment = request();
        let called = app.call(environment.clone()).await;
        (environment, called)
    }
}

fn request() -> Environment {
    let environment = Environment::new();
    let text = |key, text: &str| environment.set(key, text.to_owned()).unwrap();
    text(keys::REQUEST_METHOD, "GET");
    text(keys::REQUEST_PATH, "/");
    let host = (http::header::HOST, http::HeaderValue::from_static("a"));
    let headers = http::HeaderMap::from_iter([host]);
    environment.set(keys::REQUEST_HEADERS, headers).unwrap();
    let sink = transom_middleware::owin::ResponseBody::new(futures_util::io::sink());
    environment.set(keys::RESPONSE_BODY, sink).unwrap();
    environment
}

#[test]
fn a_stop_waits_for_what_is_in_flight_although_the_server_does_not() {
    run(async {
        let by_hand = ByHand::default();
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (began, goes) = (Arc::clone(&begun), Arc::clone(&go));
        let app = move |_: Request| {
            let (began, goes) = (Arc::clone(&began), Arc::clone(&goes));
            async move {
                began.notify_one();
                goes.notified().await;
                Response::new(Body::from("hello"))
            }
        };
        let (trigger, shutdown) = Shutdown::pair();
        let serving = tokio::spawn(by_hand.bind().await.serve(app, shutdown));
        let caller = by_hand.clone();
        let called = tokio::spawn(async move { caller.call().await });
        begun.notified().await;
        trigger.request();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!serving.is_finished());
        assert_eq!(by_hand.stopped.load(Ordering::Relaxed), 1);
        go.notify_one();
        let (environment, called) = called.await.unwrap();
        called.unwrap();
        assert_eq!(
            environment.get::<u16>(keys::RESPONSE_STATUS_CODE),
            Some(200)
        );
        serving.await.unwrap().unwrap();
        let (_, late) = by_hand.call().await;
        assert_eq!(late.unwrap_err().to_string(), "the server has stopped");
    });
}

#[test]
fn dropping_serve_ends_what_a_server_still_runs() {
    run(async {
        let by_hand = ByHand::default();
        let begun = Arc::new(Notify::new());
        let began = Arc::clone(&begun);
        let app = move |_: Request| {
            began.notify_one();
            std::future::pending()
        };
        let serving = tokio::spawn(by_hand.bind().await.serve(app, Shutdown::never()));
        let caller = by_hand.clone();
        let called = tokio::spawn(async move { caller.call().await });
        begun.notified().await;
        serving.abort();
        let (_, called) = called.await.unwrap();
        assert!(called.is_err());
        let (_, late) = by_hand.call().await;
        assert!(late.is_err());
    });
}
