use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::AbortHandle;

use super::connection::accept;

/// The Runtime API of one function, on a port of its own.
#[derive(Clone)]
pub struct RuntimeApi(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    state: Arc<State>,
    accepting: AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What is known of a function and of what it was sent.
#[derive(Default)]
pub(super) struct State {
    inner: Mutex<Tables>,
    pub(super) changed: Notify,
}

#[derive(Default)]
pub(super) struct Tables {
    pub(super) queue: VecDeque<Invocation>,
    pub(super) waiting: HashMap<String, oneshot::Sender<Answer>>,
    pub(super) connections: usize,
    pub(super) was_connected: bool,
    pub(super) is_gone: bool,
    pub(super) init_error: Option<Problem>,
    pub(super) extensions: Vec<String>,
    /// How many invocations had been asked for when the function waited to be restored.
    pub(super) restored_after: Option<usize>,
    pub(super) asked: usize,
    /// What the next question for an invocation is answered instead of an invocation.
    pub(super) refusals: VecDeque<Option<u16>>,
    /// How many questions for an invocation wait for one.
    pub(super) idle: usize,
}

pub(super) struct Invocation {
    pub(super) id: String,
    pub(super) payload: Bytes,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// What a function made of an invocation.
#[derive(Debug)]
pub enum Answer {
    /// A payload, and its type.
    Buffered(Bytes),
    /// A stream, which ends with an error if the function said so, or its connection broke.
    Streamed(mpsc::Receiver<Result<Bytes, String>>),
    Failed(Problem),
}

/// An error as the function reports it.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: String,
    pub message: String,
}

/// How long an invocation waits for a function that works, but asks for none.
const THROTTLED: Duration = Duration::from_millis(500);

/// Its own, so that a case which blocks its runtime does not hold AWS up.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    })
}

impl RuntimeApi {
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let accepting = runtime().spawn(accept(listener, Arc::clone(&state)));
        Self(Arc::new(Inner {
            address,
            state,
            accepting: accepting.abort_handle(),
        }))
    }

    /// Returns the address, as the environment has it.
    pub fn address(&self) -> String {
        self.0.address.to_string()
    }

    /// Invokes the function, and waits until it answers; `None` if it went away instead.
    pub async fn invoke(&self, payload: impl Into<Bytes>) -> Option<Answer> {
        self.invoke_with(payload, Vec::new()).await
    }

    /// As [`invoke`](Self::invoke), with fields beside those that there always are, or instead of them.
    pub async fn invoke_with(
        &self,
        payload: impl Into<Bytes>,
        more: Vec<(&'static str, String)>,
    ) -> Option<Answer> {
        let receiver = self.begin(payload.into(), more)?;
        receiver.await.ok()
    }

    /// Invokes the function, and returns the answer's place.
    pub fn begin(
        &self,
        payload: Bytes,
        more: Vec<(&'static str, String)>,
    ) -> Option<oneshot::Receiver<Answer>> {
        // Of all functions, as those of AWS.
        static IDS: AtomicUsize = AtomicUsize::new(1);
        let (sender, receiver) = oneshot::channel();
        let id = format!(
            "8476a536-e9f4-11e8-9739-{:012}",
            IDS.fetch_add(1, Ordering::Relaxed)
        );
        self.0.state.with(|tables| {
            if tables.is_gone {
                return None;
            }
            let id = id.clone();
            let deadline = SystemTime::now() + Duration::from_secs(900);
            let deadline = deadline.duration_since(UNIX_EPOCH).unwrap().as_millis();
            let arn = "arn:aws:lambda:us-east-2:123456789012:function:custom-runtime";
            let trace =
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";
            let mut headers = vec![
                ("lambda-runtime-aws-request-id", id.clone()),
                ("lambda-runtime-deadline-ms", deadline.to_string()),
                ("lambda-runtime-invoked-function-arn", arn.to_owned()),
                ("lambda-runtime-trace-id", trace.to_owned()),
                ("lambda-runtime-invocation-id", format!("token-of-{id}")),
            ];
            headers.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
            headers.extend(more);
            tables.waiting.insert(id.clone(), sender);
            tables.queue.push_back(Invocation {
                id,
                payload,
                headers,
            });
            Some(())
        })?;
        self.0.state.changed.notify_waiters();
        let state = Arc::downgrade(&self.0.state);
        runtime().spawn(async move {
            tokio::time::sleep(THROTTLED).await;
            if let Some(state) = state.upgrade() {
                state.with(|tables| tables.throttle(&id));
            }
        });
        Some(receiver)
    }

    /// Lets the next question for an invocation be answered with a status of no event.
    pub fn refuse_next(&self, status: u16) {
        self.0
            .state
            .with(|tables| tables.refusals.push_back(Some(status)));
    }

    /// As [`refuse_next`](Self::refuse_next), of the question after that.
    pub fn refuse_after_next(&self, status: u16) {
        let refusals = [None, Some(status)];
        self.0.state.with(|tables| tables.refusals.extend(refusals));
    }

    pub fn init_error(&self) -> Option<Problem> {
        self.0.state.with(|tables| tables.init_error.clone())
    }

    pub fn restored_after(&self) -> Option<usize> {
        self.0.state.with(|tables| tables.restored_after)
    }

    pub fn extensions(&self) -> Vec<String> {
        self.0.state.with(|tables| tables.extensions.clone())
    }

    /// Returns how many connections the function has open.
    pub fn connections(&self) -> usize {
        self.0.state.with(|tables| tables.connections)
    }

    /// Waits until the function has so many connections open.
    pub async fn has_connections(&self, wanted: usize) {
        loop {
            let changed = self.0.state.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if self.connections() == wanted {
                return;
            }
            changed.await;
        }
    }
}

impl State {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Tables) -> T) -> T {
        look(&mut self.inner.lock().unwrap())
    }
}

impl Tables {
    /// Gives an invocation up that nobody asks for: there are no more environments than this one.
    fn throttle(&mut self, id: &str) {
        let queued = self.queue.iter().position(|invocation| invocation.id == id);
        if let (Some(at), true, 0) = (queued, self.was_connected, self.idle) {
            self.queue.remove(at);
            self.waiting.remove(id);
        }
    }
}
