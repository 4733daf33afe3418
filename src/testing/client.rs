use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};

use http::{HeaderValue, Uri, header};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::exchange::Exchange;
use crate::adapter::Connection;
use crate::body::Body;
use crate::contract::{Error, Response};
use crate::features::{Feature, Upgraded};

/// The client of a [`TestServer`](super::TestServer); also one of that server's features.
///
/// Cheap to clone. A request that is sent before the server serves waits for it.
#[derive(Clone, Debug)]
pub struct TestClient {
    exchanges: mpsc::Sender<Exchange>,
    /// The server, if this client is what keeps it running.
    _serving: Option<Arc<JoinSet<Result<(), Error>>>>,
}

impl TestClient {
    pub(super) fn new(exchanges: mpsc::Sender<Exchange>) -> Self {
        Self {
            exchanges,
            _serving: None,
        }
    }

    pub(super) fn owning(self, serving: JoinSet<Result<(), Error>>) -> Self {
        Self {
            _serving: Some(Arc::new(serving)),
            ..self
        }
    }

    /// Opens a connection: requests on it share what a connection has.
    pub fn connect(&self) -> TestConnection {
        TestConnection {
            client: self.clone(),
            connection: Arc::default(),
        }
    }

    /// Sends a request on a connection of its own, and returns the response once its head is there. A
    /// request without an authority and without `Host` gets `Host: localhost`.
    ///
    /// # Errors
    ///
    /// The server hung up without an answer: it stopped, or the application aborted the request.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future disconnects the client, and so does dropping the body of the response before
    /// its end.
    pub async fn send<B: Into<Body>>(&self, request: http::Request<B>) -> Result<Response, HungUp> {
        self.connect().send(request).await
    }

    /// Sends a GET; see [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Panics
    ///
    /// Panics if `target` is not a valid request target.
    #[track_caller]
    pub fn get(
        &self,
        target: &str,
    ) -> impl Future<Output = Result<Response, HungUp>> + Send + use<> {
        let uri: Uri = match target.parse() {
            Ok(uri) => uri,
            Err(error) => panic!("`{target}` is not a request target: {error}"),
        };
        let mut request = http::Request::new(());
        *request.uri_mut() = uri;
        let client = self.clone();
        async move { client.send(request).await }
    }

    /// Sends a request for an upgrade, whose fields the caller has set. The connection is there if the
    /// application took it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn upgrade<B: Into<Body>>(
        &self,
        request: http::Request<B>,
    ) -> Result<(Response, Option<Upgraded>), HungUp> {
        self.connect().upgrade(request).await
    }
}

impl Feature for TestClient {
    const NAME: &'static str = "testing.client";
}

/// One connection of a [`TestClient`]. Requests may overlap, as on HTTP/2.
#[derive(Clone, Debug)]
pub struct TestConnection {
    client: TestClient,
    connection: Arc<OnceLock<Connection>>,
}

impl TestConnection {
    /// As [`TestClient::send`], on this connection.
    ///
    /// # Errors
    ///
    /// As [`TestClient::send`].
    pub async fn send<B: Into<Body>>(&self, request: http::Request<B>) -> Result<Response, HungUp> {
        self.upgrade(request).await.map(|(response, _)| response)
    }

    /// As [`TestClient::upgrade`], on this connection.
    ///
    /// # Errors
    ///
    /// As [`TestClient::send`].
    pub async fn upgrade<B: Into<Body>>(
        &self,
        request: http::Request<B>,
    ) -> Result<(Response, Option<Upgraded>), HungUp> {
        let mut request = request.map(Into::into);
        // HTTP/1.1 demands one, and what runs on every server may rely on it.
        if request.uri().authority().is_none() && !request.headers().contains_key(header::HOST) {
            let localhost = HeaderValue::from_static("localhost");
            request.headers_mut().insert(header::HOST, localhost);
        }
        let (reply, answer) = oneshot::channel();
        let exchange = Exchange {
            connection: Arc::clone(&self.connection),
            request,
            reply,
        };
        self.client
            .exchanges
            .send(exchange)
            .await
            .map_err(|_| HungUp(()))?;
        answer.await.map_err(|_| HungUp(()))
    }
}

/// The server hung up without an answer; see [`TestClient::send`].
#[derive(Clone, Debug)]
pub struct HungUp(());

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server hung up without an answer")
    }
}

impl StdError for HungUp {}
