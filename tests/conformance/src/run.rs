use std::sync::Arc;

use http::request::Builder;
use http::{Method, StatusCode};
use transom::{App, Body};

use crate::client::{Identity, authority};
use crate::notes::Seen;
use crate::running::Running;
use crate::{
    Connection, Edge, Failure, Frames, Lint, Manifest, Notes, Outcome, Protocol, Report, Target,
    Wire, same,
};

/// The field by which a request chooses the application that answers it.
pub(crate) const CASE: &str = "x-conformance-case";

/// What the client of a case works with: the server that runs, and the application's notes.
#[derive(Clone, Debug)]
pub struct Run {
    pub(crate) line: Arc<str>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) target: Target,
    pub(crate) server: Arc<Running>,
    pub(crate) notes: Notes,
    pub(crate) report: Report,
}

impl Run {
    /// Returns a request for this case's application; `target` is a path and query.
    pub fn request(&self, method: &str, target: &str) -> Builder {
        // As bytes, so that a mistake is told by `body`.
        http::Request::builder()
            .method(method.as_bytes())
            .uri(target)
            .header(CASE, &*self.line)
    }

    /// Returns a GET for this case's application.
    pub fn get(&self, target: &str) -> Builder {
        self.request("GET", target)
    }

    /// Returns a POST for this case's application.
    pub fn post(&self, target: &str) -> Builder {
        self.request("POST", target)
    }

    /// Returns a POST for this case's application, whose body is made while it is sent, and has `length` bytes.
    ///
    /// Through a gateway the request announces them: few of the protocols behind one have a body of which that is
    /// not known.
    pub fn post_streamed(&self, target: &str, length: u64) -> Builder {
        let post = self.post(target);
        match self.protocol {
            Some(Protocol::Gateway) => post.header(http::header::CONTENT_LENGTH, length),
            _ => post,
        }
    }

    /// Returns the head of an HTTP/1.1 request for this case's application, without the empty line at its
    /// end.
    pub fn head(&self, method: &str, target: &str) -> String {
        self.head_to(&self.server, method, target)
    }

    /// As [`head`](Self::head), for a server of the case's own.
    pub fn head_to(&self, server: &Running, method: &str, target: &str) -> String {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\n{}",
            authority(server.features()),
            self.field()
        )
    }

    /// Returns the field that chooses this case's application, as a line of HTTP/1.1.
    pub fn field(&self) -> String {
        format!("{CASE}: {}\r\n", self.line)
    }

    /// Opens a connection of this line's protocol.
    ///
    /// # Errors
    ///
    /// The server cannot be reached that way.
    pub async fn connect(&self) -> Outcome<Connection> {
        self.server.connect(self.protocol()?).await
    }

    /// As [`connect`](Self::connect), showing a certificate if the server asks for one.
    pub(crate) async fn connect_showing(&self, identity: Option<&Identity>) -> Outcome<Connection> {
        self.server
            .connect_showing(self.protocol()?, identity)
            .await
    }

    /// Opens a socket to write bytes of HTTP/1.1 on.
    ///
    /// # Errors
    ///
    /// The server has no socket.
    pub async fn wire(&self) -> Outcome<Wire> {
        self.server.wire().await
    }

    /// Opens a connection of HTTP/2 to send frames on.
    ///
    /// # Errors
    ///
    /// The server has no socket, or does not agree to HTTP/2.
    pub async fn frames(&self) -> Outcome<Frames> {
        self.server.frames().await
    }

    /// Sends a request on a connection of its own, and returns it as the observing application saw it.
    ///
    /// # Errors
    ///
    /// The answer is not 200, or the application saw no request, or its body broke off.
    pub async fn observe(&self, request: Builder) -> Outcome<Arc<Seen>> {
        self.observe_with(request, Body::empty()).await
    }

    /// As [`observe`](Self::observe), with a body.
    ///
    /// # Errors
    ///
    /// As [`observe`](Self::observe).
    pub async fn observe_with(&self, request: Builder, body: Body) -> Outcome<Arc<Seen>> {
        self.observe_on(&mut self.connect().await?, request, body)
            .await
    }

    /// As [`observe_with`](Self::observe_with), on a connection that is there.
    ///
    /// # Errors
    ///
    /// As [`observe`](Self::observe).
    pub async fn observe_on(
        &self,
        connection: &mut Connection,
        request: Builder,
        body: Body,
    ) -> Outcome<Arc<Seen>> {
        let ordinal = self.notes.seen().len();
        let reply = connection.send(request.body(body)?).await?;
        same("the status", reply.status(), StatusCode::OK)?;
        reply.finish().await?;
        self.observed(ordinal).await
    }

    /// Sends the bytes of a request on a socket of its own, and returns it as the observing application
    /// saw it.
    ///
    /// # Errors
    ///
    /// The answer is not 200, or the application saw no request, or its body broke off.
    pub async fn observe_bytes(&self, request: impl AsRef<[u8]>) -> Outcome<Arc<Seen>> {
        let mut wire = self.wire().await?;
        let ordinal = self.notes.seen().len();
        wire.send(request).await?;
        let reply = wire.read_reply().await?;
        same("the status", reply.head.status, 200)?;
        self.observed(ordinal).await
    }

    async fn observed(&self, ordinal: usize) -> Outcome<Arc<Seen>> {
        let seen = self.notes.request(ordinal).await?;
        match &seen.error {
            None => Ok(seen),
            Some(error) => Err(Failure::from(error).at("the body in the application")),
        }
    }

    /// Returns the notes of the application.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Returns the protocol of this line.
    ///
    /// # Errors
    ///
    /// It has none: the case starts servers of its own.
    pub fn protocol(&self) -> Outcome<Protocol> {
        self.protocol
            .ok_or_else(|| Failure::new("the case is of no protocol"))
    }

    /// Returns the server that serves all cases.
    pub fn server(&self) -> &Running {
        &self.server
    }

    /// Returns what the server says that it can do.
    pub fn manifest(&self) -> &Manifest {
        self.target.manifest()
    }

    /// Returns the target, to make more servers.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Starts a server of the case's own, which answers every request with `app`, inside the lint.
    ///
    /// # Errors
    ///
    /// The server does not start.
    pub async fn start(&self, app: App) -> Outcome<Running> {
        self.target.start(self.lint(app)).await
    }

    /// As [`start`](Self::start), of a server that holds its clients to some limits.
    ///
    /// # Errors
    ///
    /// The server does not start, or there is none with limits.
    pub async fn start_at_the_edge(&self, edge: Edge, app: App) -> Outcome<Running> {
        self.target.start_at_the_edge(&edge, self.lint(app)).await
    }

    /// Puts the lint around an application that no server of the kit's starts.
    pub(crate) fn lint(&self, app: App) -> App {
        App::new(Lint::reporting_to(app, self.report.clone()))
    }

    /// Returns the methods that any server takes.
    pub(crate) fn plain_methods() -> [Method; 6] {
        [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::OPTIONS,
        ]
    }
}
