use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use transom::adapter::{
    Aborted, Call, Dispatcher, HostRuntime, ResponseBody, UpgradeCompletion, body_pump,
    upgrade_offer,
};
use transom::features::{
    ConnectionInfo, Endpoint, RequestExt, ResponseTrailers, Scheme, ServerStatistics,
};
use transom::{Application, Body, body};

use crate::graves::Graves;
use crate::head::{Content, Head, engine_content, engine_keeps_alive};
use crate::inflow::{Inflow, Piece};
use crate::intake::{Job, Origin, Peer};
use crate::outflow::{Framing, Reading, Wire, head, write_body};
use crate::phase::{Phase, Phases};
use crate::pump::{Pump, Unread};
use crate::queues::Queues;
use crate::server::Options;
use crate::tunnel;

/// What the engine has read before it hands the request over.
const IN_MEMORY: u64 = 1024;

/// The longest content that a request may announce. tiny_http reserves what is left of a content in one
/// piece when it lets a request go, and a piece that the system does not have ends the process.
const ANNOUNCED: usize = 1 << 30;

/// As long as the connection lives.
const FOREVER: Duration = Duration::MAX;

/// What the threads of a server share.
pub(crate) struct Shared {
    pub(crate) runtime: HostRuntime,
    pub(crate) phases: Phases,
    pub(crate) queues: Queues,
    pub(crate) graves: Graves,
    pub(crate) options: Options,
    /// Counts what was taken from the engine: a request counts in the server's statistics only from its
    /// call to the end of its body, which is not written then.
    pub(crate) work: ServerStatistics,
}

/// The application, and what its threads share.
pub(crate) struct Site<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) shared: Arc<Shared>,
}

/// Answers one request on the calling thread.
pub(crate) fn answer<A: Application>(site: &Site<A>, job: Job) {
    let shared = &site.shared;
    let peer = job.peer();
    if shared.graves.holds(peer) {
        shared
            .graves
            .bury(peer, Wire::Out(job.request.into_writer()));
        return;
    }
    if shared.phases.now() >= Phase::Closed {
        return refuse(shared, job, StatusCode::SERVICE_UNAVAILABLE);
    }
    match Head::read(&job.request) {
        Err(status) => refuse(shared, job, status),
        Ok(_) if announces_too_much(&job.request) => refuse_for_good(job.request),
        Ok(head) => exchange(site, job, head, peer),
    }
}

fn exchange<A: Application>(site: &Site<A>, job: Job, head: Head, peer: Option<Peer>) {
    let shared = &site.shared;
    let since = Instant::now();
    let mut facts = Facts {
        method: head.request.method().clone(),
        version: head.request.version(),
        keep_alive: head.keep_alive,
        trailers: head.trailers,
        peer,
        since,
    };
    let offer = head.wants_upgrade().then(upgrade_offer);
    let mut unread = Unread {
        request: job.request,
        inflow: Inflow::new(head.content),
        sender: None,
    };
    let body = match open_body(&head, &mut unread) {
        Ok(body) => body,
        // Nothing can be answered to a client that is gone.
        Err(_) => return hang_up(shared, unread, &facts),
    };
    let connection = site
        .dispatcher
        .connection(connection_info(&job.origin, &unread.request), Scheme::Http);
    let request = head.request.map(|()| body);
    let (mut call, completion) = match offer {
        None => (site.dispatcher.call(&connection, request), None),
        Some((offer, completion)) => {
            let call = site.dispatcher.call_upgradable(&connection, request, offer);
            (call, Some(completion))
        }
    };
    if facts.trailers {
        call.request_mut()
            .features_mut()
            .insert(ResponseTrailers::new());
    }
    let (outcome, unread) = shared.runtime.block_on(run(call, unread, shared));
    let Some(mut unread) = unread else { return };
    let mut response = match outcome {
        Some(Ok(response)) => response,
        // The application hung up, or the server was aborted.
        Some(Err(Aborted { .. })) | None => return hang_up(shared, unread, &facts),
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        match completion.filter(UpgradeCompletion::is_accepted) {
            Some(completion) => {
                let (head, body) = response.into_parts();
                drop(body);
                let reader = unread.request.as_reader();
                unread.inflow.exhaust(reader, FOREVER, &shared.phases);
                // Without a thread for it the connection is closed, which is all that is left to do.
                let _ = tunnel::open(
                    unread.request,
                    &head,
                    completion,
                    site.dispatcher.statistics(),
                    &shared.runtime,
                    &shared.phases,
                    job.counted,
                );
                return;
            }
            // Nobody can be switched to: the response is wrong.
            None => {
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response.headers_mut().clear();
            }
        }
    } else {
        // Any other status cancels the upgrade.
        drop(completion);
    }
    facts.keep_alive &= shared.phases.now() == Phase::Serving;
    send(shared, unread, response, &facts, head.keep_alive);
}

/// What is still asked of a request when its response is there.
struct Facts {
    method: Method,
    version: Version,
    /// Whether the client is told that it may go on.
    keep_alive: bool,
    trailers: bool,
    peer: Option<Peer>,
    since: Instant,
}

fn connection_info(origin: &Origin, request: &tiny_http::Request) -> ConnectionInfo {
    let mut info = ConnectionInfo::new(origin.transport);
    if let Some(local) = &origin.local {
        info = info.with_local(local.clone());
    }
    match request.remote_addr() {
        Some(remote) => info.with_remote(Endpoint::Tcp(*remote)),
        // A unix socket, whose clients have no address but that they are of one.
        None => info.with_remote(Endpoint::Unix(None)),
    }
}

fn open_body(head: &Head, unread: &mut Unread) -> Result<Body, body::Error> {
    let length = match head.content {
        Content::None => return Ok(Body::empty()),
        Content::Sized(length)
            if length <= IN_MEMORY && !head.expects_continue && !head.upgrade =>
        {
            let mut content = Vec::new();
            let reader = unread.request.as_reader();
            while let Piece::Data(data) = unread.inflow.next(reader, &mut || true)? {
                content.extend_from_slice(&data);
            }
            return Ok(Body::from(content));
        }
        Content::Sized(length) => Some(length),
        Content::Chunked => None,
    };
    let (sender, body) = body_pump(length);
    unread.sender = Some(sender);
    Ok(body)
}

/// Runs the application, and reads the content when it asks for it. Returns the request, unless it was
/// lost with the thread that should have read it; and no response if the server was aborted.
async fn run<A: Application>(
    call: Call<A>,
    unread: Unread,
    shared: &Shared,
) -> (
    Option<Result<http::Response<ResponseBody>, Aborted>>,
    Option<Unread>,
) {
    let mut stage = Stage::Unread(unread);
    let outcome = {
        let mut running = pin!(call.run());
        let mut aborted = pin!(shared.phases.aborted());
        loop {
            tokio::select! {
                biased;
                response = &mut running => break Some(response),
                () = &mut aborted => break None,
                () = stage.asked_for() => {}
            }
            stage = stage.read(shared);
        }
    };
    let unread = match stage {
        Stage::Unread(unread) => Some(unread),
        Stage::Reading(pump) => pump.stop().await,
        Stage::Lost => None,
    };
    let unread = unread.map(|mut unread| {
        unread.sender = unread.sender.filter(|sender| !sender.is_closed());
        unread
    });
    (outcome, unread)
}

#[expect(
    clippy::large_enum_variant,
    reason = "one a thread, and the large one is the common one"
)]
enum Stage {
    Unread(Unread),
    Reading(Pump),
    Lost,
}

impl Stage {
    /// Waits until the application first reads the content, or drops it.
    async fn asked_for(&self) {
        match self {
            Self::Unread(Unread {
                sender: Some(sender),
                ..
            }) => sender.polled().await,
            _ => pending().await,
        }
    }

    fn read(self, shared: &Shared) -> Self {
        match self {
            Self::Unread(mut unread) => {
                if unread
                    .sender
                    .as_ref()
                    .is_none_or(|sender| sender.is_closed())
                {
                    unread.sender = None;
                    return Self::Unread(unread);
                }
                match Pump::start(unread, &shared.runtime, &shared.phases) {
                    Ok(pump) => Self::Reading(pump),
                    Err(_) => Self::Lost,
                }
            }
            other => other,
        }
    }
}

/// Sends a response, and leaves the connection where the next request begins.
fn send(
    shared: &Shared,
    unread: Unread,
    response: http::Response<ResponseBody>,
    facts: &Facts,
    engine_keeps: bool,
) {
    let Unread {
        mut request,
        mut inflow,
        mut sender,
    } = unread;
    let (mut parts, body) = response.into_parts();
    let framing = Framing::of(
        &mut parts,
        &body,
        &facts.method,
        facts.version,
        facts.trailers,
    );
    let unwanted = !inflow.is_ended() && sender.is_none();
    let keep_alive = facts.keep_alive
        && !unwanted
        && framing != Framing::ToTheEnd
        // The engine reads the next head meanwhile, and gives up at the read timeout.
        && facts.since.elapsed() < shared.options.read_timeout / 4 * 3;
    let connection = match (keep_alive, facts.version) {
        (false, _) => Some("close"),
        (true, Version::HTTP_10) => Some("keep-alive"),
        (true, _) => None,
    };
    if let Some(connection) = connection {
        parts
            .headers
            .insert(header::CONNECTION, HeaderValue::from_static(connection));
    }

    let mut wire = if inflow.is_open() && facts.version == Version::HTTP_11 {
        Wire::both(request)
    } else if inflow.is_ended() {
        Wire::Out(request.into_writer())
    } else {
        // No interim response goes to HTTP/1.0, and without one only the writer is to be had. Nor is there
        // a use for the reader of a content that broke off.
        if let Some(sender) = sender.take() {
            sender.fail(body::Error::new(
                "tiny_http cannot read a request of HTTP/1.0 once its response has begun",
            ));
        }
        if engine_keeps {
            shared.graves.mark(facts.peer);
        }
        inflow.exhaust(request.as_reader(), Duration::ZERO, &shared.phases);
        Wire::Out(request.into_writer())
    };
    let reading = Reading {
        inflow: &mut inflow,
        sender,
    };
    let written = wire
        .out()
        .write_all(&head(parts.status, &parts.headers))
        .and_then(|()| {
            shared.runtime.block_on(write_body(
                &mut wire,
                framing,
                body,
                reading,
                &shared.phases,
            ))
        });
    match written {
        // Only dropping the last of it closes the connection, and only where the engine does.
        Err(_) if engine_keeps => shared.graves.bury(facts.peer, wire),
        Ok(()) if inflow.is_open() => exhaust_aside(wire, inflow, shared.phases.clone()),
        _ => {}
    }
}

/// Reads a content that nobody wants on a thread of its own: the client takes its time.
fn exhaust_aside(mut wire: Wire, mut inflow: Inflow, phases: Phases) {
    // Without a thread the connection is let go where it stands.
    let _ = thread::Builder::new()
        .name("tiny-http-exhaust".into())
        .spawn(move || {
            if let Some(reader) = wire.reader() {
                inflow.exhaust(reader, FOREVER, &phases);
            }
        });
}

/// Lets a request go without a response.
fn hang_up(shared: &Shared, unread: Unread, facts: &Facts) {
    let keeps = engine_keeps_alive(&unread.request);
    if keeps {
        shared.graves.mark(facts.peer);
    }
    let wire = Wire::Out(unread.request.into_writer());
    if keeps {
        shared.graves.bury(facts.peer, wire);
    }
}

/// Answers a request that does not reach the application.
pub(crate) fn refuse(shared: &Shared, job: Job, status: StatusCode) {
    let peer = job.peer();
    let mut request = job.request;
    if announces_too_much(&request) {
        return refuse_for_good(request);
    }
    let keeps = engine_keeps_alive(&request);
    if keeps {
        // Where the next request begins is not known.
        shared.graves.mark(peer);
    }
    // Most of what could be taken for a next request is out of the way then; the rest is not answered.
    if let Some(content) = engine_content(&request) {
        Inflow::new(content).exhaust(request.as_reader(), Duration::ZERO, &shared.phases);
    }
    let mut wire = Wire::Out(request.into_writer());
    // A client that is gone misses nothing.
    let _ = write_refusal(&mut wire, status);
    if keeps {
        shared.graves.bury(peer, wire);
    }
}

/// Refuses a request that must never be let go; see [`ANNOUNCED`].
fn refuse_for_good(request: tiny_http::Request) {
    let mut wire = Wire::both(request);
    let _ = write_refusal(&mut wire, StatusCode::PAYLOAD_TOO_LARGE);
    // The descriptor and the engine's thread for it are lost: less than the process.
    std::mem::forget(wire);
}

fn announces_too_much(request: &tiny_http::Request) -> bool {
    request
        .body_length()
        .is_some_and(|length| length > ANNOUNCED)
}

fn write_refusal(wire: &mut Wire, status: StatusCode) -> std::io::Result<()> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    wire.out().write_all(&head(status, &headers))?;
    wire.out().flush()
}
