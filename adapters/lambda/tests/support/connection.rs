use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::runtime_api::{Answer, Invocation, Problem, State};

/// How long a function may be without a connection before it counts as gone: it may open another.
const GRACE: Duration = Duration::from_millis(50);

/// What AWS Lambda takes at once.
const LARGEST: usize = 6 << 20;

pub(super) async fn accept(listener: TcpListener, state: Arc<State>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        state.with(|tables| {
            tables.connections += 1;
            tables.was_connected = true;
        });
        state.changed.notify_waiters();
        let state = Arc::clone(&state);
        connections.spawn(async move {
            // What was delivered on it and not answered yet.
            let open = Arc::new(Mutex::new(Vec::new()));
            let service =
                service_fn(|request| serve(request, Arc::clone(&state), Arc::clone(&open)));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            drop(connection.await);
            let lost = std::mem::take(&mut *open.lock().unwrap());
            state.with(|tables| {
                tables.connections -= 1;
                for id in lost {
                    tables.waiting.remove(&id);
                }
            });
            state.changed.notify_waiters();
            tokio::time::sleep(GRACE).await;
            state.with(|tables| {
                if tables.connections == 0 {
                    tables.is_gone = true;
                    tables.queue.clear();
                    tables.waiting.clear();
                }
            });
        });
        while connections.try_join_next().is_some() {}
    }
}

type Open = Arc<Mutex<Vec<String>>>;

async fn serve(
    request: Request<Incoming>,
    state: Arc<State>,
    open: Open,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    assert!(head.headers.contains_key("host"));
    let path = head.uri.path().to_owned();
    let field = |name: &str| {
        let value = head.headers.get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    match (&head.method, path.strip_prefix("/2018-06-01/runtime/")) {
        (&Method::GET, Some("restore/next")) => {
            state.with(|tables| tables.restored_after = Some(tables.asked));
            return Ok(status_of(StatusCode::OK));
        }
        (&Method::GET, Some("invocation/next")) => {
            state.with(|tables| tables.asked += 1);
            if let Some(Some(status)) = state.with(|tables| tables.refusals.pop_front()) {
                return Ok(status_of(StatusCode::from_u16(status).unwrap()));
            }
            let invocation = {
                let _idle = Idle::new(&state);
                next(&state).await
            };
            open.lock().unwrap().push(invocation.id);
            let mut response = Response::new(Full::new(invocation.payload));
            for (name, value) in invocation.headers {
                let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
                response.headers_mut().append(name, value);
            }
            return Ok(response);
        }
        (&Method::POST, Some("init/error")) => {
            let problem = problem(&body.collect().await?.to_bytes());
            assert_eq!(
                field("lambda-runtime-function-error-type"),
                Some(problem.kind.clone())
            );
            state.with(|tables| tables.init_error = Some(problem));
            return Ok(accepted());
        }
        (&Method::POST, None) if path == "/2020-01-01/extension/register" => {
            let name = field("lambda-extension-name").unwrap();
            state.with(|tables| tables.extensions.push(name));
            let mut response = Response::new(Full::default());
            let id = http::HeaderValue::from_static("extension-1");
            response
                .headers_mut()
                .insert("lambda-extension-identifier", id);
            return Ok(response);
        }
        (&Method::GET, None) if path == "/2020-01-01/extension/event/next" => {
            assert_eq!(
                field("lambda-extension-identifier").as_deref(),
                Some("extension-1")
            );
            return std::future::pending().await;
        }
        _ => {}
    }
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let ["2018-06-01", "runtime", "invocation", id, verb] = parts[..] else {
        return Ok(status_of(StatusCode::NOT_FOUND));
    };
    let Some(sender) = state.with(|tables| tables.waiting.remove(id)) else {
        return Ok(status_of(StatusCode::BAD_REQUEST));
    };
    assert_eq!(
        field("lambda-runtime-invocation-id"),
        Some(format!("token-of-{id}"))
    );
    let done = || open.lock().unwrap().retain(|other| other != id);
    if verb == "error" {
        let problem = problem(&body.collect().await?.to_bytes());
        assert_eq!(
            field("lambda-runtime-function-error-type"),
            Some(problem.kind.clone())
        );
        done();
        let _ = sender.send(Answer::Failed(problem));
        return Ok(accepted());
    }
    if field("lambda-runtime-function-response-mode").as_deref() == Some("streaming") {
        assert_eq!(
            field("content-type").as_deref(),
            Some("application/vnd.awslambda.http-integration-response")
        );
        let (chunks, received) = mpsc::channel(1);
        let _ = sender.send(Answer::Streamed(received));
        forward(body, chunks).await?;
        done();
        return Ok(accepted());
    }
    let payload = body.collect().await?.to_bytes();
    if payload.len() > LARGEST {
        state.with(|tables| tables.waiting.insert(id.to_owned(), sender));
        return Ok(status_of(StatusCode::PAYLOAD_TOO_LARGE));
    }
    done();
    let _ = sender.send(Answer::Buffered(payload));
    Ok(accepted())
}

struct Idle<'s>(&'s State);

impl<'s> Idle<'s> {
    fn new(state: &'s State) -> Self {
        state.with(|tables| tables.idle += 1);
        Self(state)
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.with(|tables| tables.idle -= 1);
    }
}

async fn next(state: &State) -> Invocation {
    loop {
        let mut changed = std::pin::pin!(state.changed.notified());
        changed.as_mut().enable();
        if let Some(invocation) = state.with(|tables| tables.queue.pop_front()) {
            return invocation;
        }
        changed.await;
    }
}

/// Passes a stream on. A client that went away is nothing that a function hears of.
async fn forward(
    mut body: Incoming,
    chunks: mpsc::Sender<Result<Bytes, String>>,
) -> Result<(), hyper::Error> {
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                let _ = chunks
                    .send(Err(format!("the function broke off: {error}")))
                    .await;
                return Err(error);
            }
        };
        let chunk = match frame.into_data() {
            Ok(data) => Ok(data),
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap();
                let body = STANDARD
                    .decode(&trailers["lambda-runtime-function-error-body"])
                    .unwrap();
                let problem = problem(&body);
                assert_eq!(
                    trailers["lambda-runtime-function-error-type"],
                    *problem.kind
                );
                Err(problem.message)
            }
        };
        let _ = chunks.send(chunk).await;
    }
    Ok(())
}

fn problem(json: &[u8]) -> Problem {
    let problem: Value = serde_json::from_slice(json).unwrap();
    let text = |name: &str| problem[name].as_str().unwrap().to_owned();
    Problem {
        kind: text("errorType"),
        message: text("errorMessage"),
    }
}

fn accepted() -> Response<Full<Bytes>> {
    status_of(StatusCode::ACCEPTED)
}

fn status_of(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
