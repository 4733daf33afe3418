use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Invocation, Outgoing, Problem, RuntimeApi};

/// How long the Runtime API, which is on the same machine, may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// More than any event has: AWS Lambda takes 6 MB from clients that wait, and emulators take more.
const LARGEST_PAYLOAD: usize = 128 << 20;

/// How much is read of an answer that only says whether something was accepted.
const LARGEST_ANSWER: usize = 64 << 10;

const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A connection to the Runtime API, opened when it is needed. Nothing of it runs unless one of its futures is
/// polled, and dropping it closes it: so whoever has it owns all there is.
pub(crate) struct Link {
    api: RuntimeApi,
    open: Option<Open>,
}

struct Open {
    sender: SendRequest<Outgoing>,
    connection: Driver,
}

type Io = TokioIo<TcpStream>;

/// hyper's half of a connection. It must be polled for anything to happen.
struct Driver(Option<Pin<Box<http1::Connection<Io, Outgoing>>>>);

impl Link {
    pub(crate) fn new(api: RuntimeApi) -> Self {
        Self { api, open: None }
    }

    /// Returns one to the same Runtime API.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.api.clone())
    }

    /// Waits for the head of an invocation; the rest of it is [`receive`](Self::receive)d.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection, and an event that is on its way with it.
    pub(crate) async fn next(&mut self) -> Result<Response<Incoming>, Failed> {
        loop {
            let reused = self.open.is_some();
            let request = self.request(Method::GET, "/2018-06-01/runtime/invocation/next");
            let response = match self
                .send(request.body(Outgoing::Whole(Bytes::new()))?)
                .await
            {
                // The other side may close what nobody uses; asking again loses nothing.
                Err(_) if reused => continue,
                response => response?,
            };
            match response.status() {
                StatusCode::OK => return Ok(response),
                // What an emulator says that has no event and will not wait for one.
                StatusCode::NO_CONTENT => self.finish(response).await?,
                status => {
                    let answer = self.read(response, LARGEST_ANSWER).await?.1;
                    return Err(Failed::refused(
                        "an invocation was asked for",
                        status,
                        &answer,
                    ));
                }
            }
        }
    }

    /// Reads an invocation to its end.
    pub(crate) async fn receive(
        &mut self,
        response: Response<Incoming>,
    ) -> Result<Invocation, Failed> {
        let headers = response.headers().clone();
        let payload = match self.read(response, LARGEST_PAYLOAD).await?.1 {
            payload if payload.len() > LARGEST_PAYLOAD => Bytes::new(),
            payload => payload,
        };
        Invocation::read(&headers, payload)
            .ok_or_else(|| Failed::new("the Runtime API sent an invocation whose `Lambda-Runtime-Aws-Request-Id` is absent, or no id"))
    }

    /// Answers an invocation. Returns whether the answer was small enough.
    pub(crate) async fn respond(
        &mut self,
        invocation: &Invocation,
        content_type: &'static str,
        content: Outgoing,
    ) -> Result<bool, Failed> {
        let path = format!(
            "/2018-06-01/runtime/invocation/{}/response",
            invocation.id()
        );
        let mut request = self
            .request(Method::POST, &path)
            .header(header::CONTENT_TYPE, content_type);
        if let Outgoing::Streamed(..) = content {
            request = request
                .header("lambda-runtime-function-response-mode", "streaming")
                .header(header::TRANSFER_ENCODING, "chunked")
                .header(header::TRAILER, Outgoing::ERROR_TYPE)
                .header(header::TRAILER, Outgoing::ERROR_BODY);
        }
        let request = with_token(request, invocation).body(content)?;
        let status = self.post(request, "a response was sent").await?;
        Ok(status != StatusCode::PAYLOAD_TOO_LARGE)
    }

    /// Says that an invocation has no response, and why.
    pub(crate) async fn fail(
        &mut self,
        invocation: &Invocation,
        problem: &Problem,
    ) -> Result<(), Failed> {
        tracing::error!(target: "transom", id = invocation.id(), kind = problem.kind(), "{}", problem.message());
        let path = format!("/2018-06-01/runtime/invocation/{}/error", invocation.id());
        let request = with_token(self.report(&path, problem), invocation);
        let request = request.body(Outgoing::Whole(problem.to_json()))?;
        self.post(request, "an error was reported").await.map(drop)
    }

    /// Says that the function could not begin, and why.
    pub(crate) async fn fail_to_begin(&mut self, problem: &Problem) -> Result<(), Failed> {
        let request = self.report("/2018-06-01/runtime/init/error", problem);
        let request = request.body(Outgoing::Whole(problem.to_json()))?;
        self.post(request, "an error was reported").await.map(drop)
    }

    /// Says that the function of SnapStart is ready for its snapshot, and waits until it is restored.
    pub(crate) async fn restored(&mut self) -> Result<(), Failed> {
        let request = self.request(Method::GET, "/2018-06-01/runtime/restore/next");
        let response = self
            .send(request.body(Outgoing::Whole(Bytes::new()))?)
            .await?;
        let (status, answer) = self.read(response, LARGEST_ANSWER).await?;
        // What was open then is not any more.
        self.open = None;
        match status.is_success() {
            true => Ok(()),
            false => Err(Failed::refused(
                "the restore was waited for",
                status,
                &answer,
            )),
        }
    }

    /// Registers an extension that wants no events, and returns its id.
    pub(crate) async fn register_extension(
        &mut self,
        name: &'static str,
    ) -> Result<HeaderValue, Failed> {
        let request = self
            .request(Method::POST, "/2020-01-01/extension/register")
            .header("lambda-extension-name", name)
            .body(Outgoing::Whole(Bytes::from_static(br#"{"events":[]}"#)))?;
        let response = self.send(request).await?;
        let id = response
            .headers()
            .get("lambda-extension-identifier")
            .cloned();
        let (status, answer) = self.read(response, LARGEST_ANSWER).await?;
        id.filter(|_| status.is_success())
            .ok_or_else(|| Failed::refused("an extension was registered", status, &answer))
    }

    /// Waits for an event of an extension. None comes to one that wants none.
    pub(crate) async fn next_of_extension(&mut self, id: HeaderValue) -> Result<(), Failed> {
        let request = self
            .request(Method::GET, "/2020-01-01/extension/event/next")
            .header("lambda-extension-identifier", id);
        let response = self
            .send(request.body(Outgoing::Whole(Bytes::new()))?)
            .await?;
        self.finish(response).await
    }

    fn report(&self, path: &str, problem: &Problem) -> http::request::Builder {
        self.request(Method::POST, path)
            .header(
                header::CONTENT_TYPE,
                "application/vnd.aws.lambda.error+json",
            )
            .header(Outgoing::ERROR_TYPE, problem.kind())
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(self.api.target(path))
            .header(header::HOST, self.api.authority())
            .header(header::USER_AGENT, AGENT)
    }

    /// Returns the status of what was accepted, or refused without more harm than that.
    async fn post(
        &mut self,
        request: Request<Outgoing>,
        when: &'static str,
    ) -> Result<StatusCode, Failed> {
        let response = self.send(request).await?;
        let (status, answer) = self.read(response, LARGEST_ANSWER).await?;
        if status.is_server_error() {
            // By its specification no error of this kind is recovered from.
            return Err(Failed::refused(when, status, &answer));
        }
        if !status.is_success() {
            let answer = String::from_utf8_lossy(&answer);
            tracing::error!(target: "transom", %status, %answer, "the Runtime API refused it when {when}");
        }
        Ok(status)
    }

    async fn send(&mut self, request: Request<Outgoing>) -> Result<Response<Incoming>, Failed> {
        let usable = match &mut self.open {
            Some(open) => open.connection.drive(open.sender.ready()).await.is_ok(),
            None => false,
        };
        if !usable {
            self.open = None;
            self.open = Some(Open::new(&self.api).await?);
        }
        let Some(open) = &mut self.open else {
            return Err(Failed::new("there is no connection to the Runtime API"));
        };
        let sent = open
            .connection
            .drive(open.sender.send_request(request))
            .await;
        sent.map_err(|error| {
            self.open = None;
            Failed::from(error)
        })
    }

    /// Reads an answer, and one byte more of it than `most` if it is longer.
    async fn read(
        &mut self,
        response: Response<Incoming>,
        most: usize,
    ) -> Result<(StatusCode, Bytes), Failed> {
        let status = response.status();
        let Some(open) = &mut self.open else {
            return Err(Failed::new("there is no connection to the Runtime API"));
        };
        let read = open
            .connection
            .drive(collect(response.into_body(), most))
            .await;
        match read {
            // After an error nobody wants what is still to be sent.
            Ok(answer) if answer.len() <= most && status.is_success() => {
                // The end of the exchange, not only of the answer: what was sent is all gone then.
                if open.connection.drive(open.sender.ready()).await.is_err() {
                    self.open = None;
                }
                Ok((status, answer))
            }
            read => {
                self.open = None;
                Ok((status, read?))
            }
        }
    }

    async fn finish(&mut self, response: Response<Incoming>) -> Result<(), Failed> {
        self.read(response, LARGEST_ANSWER).await.map(drop)
    }
}

impl Open {
    async fn new(api: &RuntimeApi) -> Result<Self, Failed> {
        let connecting = timeout(CONNECT, TcpStream::connect((api.host(), api.port())));
        let connected = match connecting.await {
            Ok(connected) => connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let stream = connected.map_err(|error| Failed {
            what: format!("the Runtime API at {api} is not to be reached").into(),
            source: Some(error.into()),
        })?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            sender,
            connection: Driver(Some(Box::pin(connection))),
        })
    }
}

impl Driver {
    /// Waits for a future that needs the connection to be polled.
    async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Some(connection) = &mut self.0
                && connection.as_mut().poll(cx).is_ready()
            {
                // What waits for it hears of it.
                self.0 = None;
            }
            future.as_mut().poll(cx)
        })
        .await
    }
}

async fn collect(mut body: Incoming, most: usize) -> Result<Bytes, hyper::Error> {
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        all.extend_from_slice(&data[..data.len().min(most + 1 - all.len())]);
        if all.len() > most {
            break;
        }
    }
    Ok(all.freeze())
}

fn with_token(request: http::request::Builder, invocation: &Invocation) -> http::request::Builder {
    match &invocation.token {
        Some(token) => request.header("lambda-runtime-invocation-id", token),
        None => request,
    }
}

/// The Runtime API cannot be spoken with.
#[derive(Debug)]
pub(crate) struct Failed {
    what: std::borrow::Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failed {
    fn new(what: &'static str) -> Self {
        Self {
            what: what.into(),
            source: None,
        }
    }

    /// Returns whether it is the connection that failed, and not the Runtime API.
    pub(crate) fn is_broken(&self) -> bool {
        self.source.is_some()
    }

    fn refused(when: &str, status: StatusCode, answer: &[u8]) -> Self {
        let answer = String::from_utf8_lossy(&answer[..answer.len().min(1000)]).into_owned();
        Self {
            what: format!("the Runtime API answered {status} when {when}: {answer}").into(),
            source: None,
        }
    }
}

impl From<hyper::Error> for Failed {
    fn from(error: hyper::Error) -> Self {
        Self {
            what: "the connection to the Runtime API broke".into(),
            source: Some(error.into()),
        }
    }
}

impl From<http::Error> for Failed {
    fn from(error: http::Error) -> Self {
        Self {
            what: "what was to be sent to the Runtime API is no request".into(),
            source: Some(error.into()),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for Failed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
