use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use transom::Application;
use transom::adapter::{Aborted, Call, Dispatcher, ResponseBody, UpgradeCompletion, upgrade_offer};
use transom::features::{Counted, PathBase, RequestExt, ResponseTrailers, ServerStatistics};
use windows_sys::Win32::Foundation::ERROR_OPERATION_ABORTED;

use super::arrival::{Arrival, content_length, has_token};
use super::delegation::{Hold, RequestDelegation};
use super::inflow::Inflow;
use super::info::RequestProperties;
use super::links::{Link, Links};
use super::outflow::Outflow;
use super::serve::{CANCELLED, Tasks};
use super::sys::{Pending, Platform, RequestQueue};
use super::tunnel;
use super::user::WindowsUser;
use crate::options::Options;

/// The application, and what its requests share.
pub(crate) struct Site<A> {
    pub(crate) dispatcher: Dispatcher<A>,
    pub(crate) queue: Arc<RequestQueue>,
    pub(crate) links: Links,
    pub(crate) bases: Bases,
    pub(crate) options: Options,
    pub(crate) stopping: AtomicBool,
    pub(crate) tasks: Tasks,
    /// Counts what was taken from the queue: in the server's statistics a request counts from its call on.
    pub(crate) work: ServerStatistics,
}

/// The paths of the prefixes.
#[derive(Debug)]
pub(crate) struct Bases {
    /// The context of the requests of the first; those of the next have the next.
    pub(crate) first: u64,
    pub(crate) all: Vec<Option<PathBase>>,
}

impl Bases {
    /// Returns that of a request. One that was handed over, or came by the prefix of another who shares the queue, has a
    /// context of his: then it is the longest that matches.
    fn of(&self, context: u64, path: &str) -> Option<&PathBase> {
        let index = context.checked_sub(self.first).map(usize::try_from);
        if let Some(own) = index.and_then(|index| self.all.get(index.ok()?)) {
            return own.as_ref();
        }
        let matching = self.all.iter().flatten();
        matching
            .filter(|base| base.is_prefix_of(path))
            .max_by_key(|base| base.as_str().len())
    }
}

/// Answers one request.
pub(crate) async fn exchange<A: Application>(
    site: Arc<Site<A>>,
    mut arrival: Arrival,
    _counted: Counted,
) {
    let outflow = outflow(&site, &arrival);
    let required = site.options.authentication.required && arrival.user.is_none();
    let refusal = match &arrival.head {
        _ if site.stopping.load(Ordering::Acquire) => Some(StatusCode::SERVICE_UNAVAILABLE),
        Err(status) => Some(*status),
        Ok(_) if required => Some(StatusCode::UNAUTHORIZED),
        Ok(_) => None,
    };
    if let Some(status) = refusal {
        let cause = match status {
            StatusCode::SERVICE_UNAVAILABLE => "stopping",
            StatusCode::UNAUTHORIZED => "unauthorized",
            _ => "invalid_request",
        };
        site.dispatcher.statistics().count_rejection(cause);
        let mut headers = HeaderMap::new();
        challenge(&site, status, &mut headers);
        let closes = status != StatusCode::UNAUTHORIZED;
        let outflow = Outflow { closes, ..outflow };
        // A client that is gone misses nothing.
        let _ = outflow.refuse(status, headers).await;
        return;
    }
    let Ok(head) = std::mem::replace(&mut arrival.head, Err(StatusCode::OK)) else {
        return;
    };
    let hold = site.options.delegation.then(Arc::<Hold>::default);
    // A request that was handed over is another's to hang up.
    let hang_up = || {
        if hold.as_ref().is_none_or(|hold| hold.keep()) {
            outflow.hang_up();
        }
    };
    let (link, is_new) = site.links.of(&arrival, &site.dispatcher, &site.queue);
    let multiplexed = arrival.version >= Version::HTTP_2;
    if is_new && !multiplexed {
        watch(&site, &link, arrival.connection);
    }
    let connection = arrival.connection;
    let stream = multiplexed.then(|| site.queue.disconnected(connection));
    let gone = pin!(async {
        match stream {
            Some(stream) => disconnected(&site.queue, connection, stream).await,
            None => link.gone().await,
        }
    });
    let answered = pin!(answer(&site, &link, head, arrival, &outflow, hold.as_ref()));
    let answered = tokio::select! {
        biased;
        answered = answered => answered,
        // The call is dropped, and tells the application.
        () = gone => Answered::InPart,
    };
    let ended = match answered {
        Answered::Whole => true,
        Answered::InPart => false,
        // It reads by itself that its client is gone, behind all that he said.
        Answered::Switched(carrying) => carrying.await.is_ok(),
    };
    if !ended {
        hang_up();
    }
    if multiplexed {
        site.links.leave(&link);
    }
}

/// What came of a request.
enum Answered {
    Whole,
    InPart,
    /// The connection was handed over; the future carries its bytes.
    Switched(Pin<Box<dyn Future<Output = io::Result<()>> + Send>>),
}

/// Calls the application and sends its response.
async fn answer<A: Application>(
    site: &Arc<Site<A>>,
    link: &Link,
    head: Parts,
    mut arrival: Arrival,
    outflow: &Outflow,
    hold: Option<&Arc<Hold>>,
) -> Answered {
    let (call, completion) = begin(site, link, head, &mut arrival, hold);
    let mut response = match call.run().await {
        Ok(response) => response,
        Err(Aborted { .. }) => return Answered::InPart,
    };
    if hold.is_some_and(|hold| !hold.keep()) {
        return Answered::Whole;
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        match completion.filter(UpgradeCompletion::is_accepted) {
            Some(completion) => return switch(site, outflow, response, completion).await,
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
    let status = response.status();
    challenge(site, status, response.headers_mut());
    let closes = site.stopping.load(Ordering::Acquire);
    let outflow = Outflow {
        queue: Arc::clone(&outflow.queue),
        closes,
        ..*outflow
    };
    let lifetime = response.body().lifetime().clone();
    let sent = tokio::select! {
        biased;
        sent = outflow.send(response) => sent.is_ok(),
        // A client that does not read cannot hold it up.
        () = lifetime.aborted() => false,
    };
    match sent {
        true => Answered::Whole,
        false => Answered::InPart,
    }
}

async fn switch<A: Application>(
    site: &Site<A>,
    outflow: &Outflow,
    response: http::Response<ResponseBody>,
    completion: UpgradeCompletion,
) -> Answered {
    let (head, body) = response.into_parts();
    drop(body);
    if outflow.switch(head).await.is_err() {
        return Answered::InPart;
    }
    let (connection, carrying) = tunnel::open(&site.queue, outflow.request);
    completion.complete(connection, site.dispatcher.statistics());
    Answered::Switched(Box::pin(carrying))
}

fn begin<A: Application>(
    site: &Site<A>,
    link: &Link,
    head: Parts,
    arrival: &mut Arrival,
    hold: Option<&Arc<Hold>>,
) -> (Call<A>, Option<UpgradeCompletion>) {
    let trailers = takes_trailers(&head);
    let wants_upgrade = Platform::get().is_complete()
        && head.version == Version::HTTP_11
        && head.headers.contains_key(header::UPGRADE)
        && has_token(&head.headers, &header::CONNECTION, "upgrade");
    let length = content_length(&head.headers);
    let body = Inflow::new(&site.queue, arrival, length, hold.cloned());
    let request = http::Request::from_parts(head, body);
    let (mut call, completion) = match wants_upgrade.then(upgrade_offer) {
        None => (site.dispatcher.call(&link.connection, request), None),
        Some((offer, completion)) => {
            let call = site
                .dispatcher
                .call_upgradable(&link.connection, request, offer);
            (call, Some(completion))
        }
    };
    let path = call.request().uri().path();
    if let Some(base) = site.bases.of(arrival.context, path) {
        base.take_off(call.request_mut());
    }
    let features = call.request_mut().features_mut();
    if trailers {
        features.insert(ResponseTrailers::new());
    }
    if let Some((token, kind)) = arrival.user.take() {
        features.insert(WindowsUser::new(token, kind));
    }
    if let Some(info) = arrival.info.take() {
        features.insert(info);
    }
    if Platform::get().has_request_properties() {
        features.insert(RequestProperties::new(&site.queue, arrival.id));
    }
    if let Some(hold) = hold {
        features.insert(RequestDelegation::new(hold, &site.queue, arrival.id));
    }
    (call, completion)
}

/// Has a task notice when the connection is gone.
fn watch<A: Application>(site: &Arc<Site<A>>, link: &Arc<Link>, connection: u64) {
    let waiting = site.queue.disconnected(connection);
    let (watching, link) = (Arc::clone(site), Arc::clone(link));
    site.tasks.spawn(async move {
        disconnected(&watching.queue, connection, waiting).await;
        watching.links.gone(&link);
    });
}

/// Waits until a connection is gone, or nobody says any more when it is.
async fn disconnected(queue: &Arc<RequestQueue>, connection: u64, waiting: Pending<()>) {
    let (mut outcome, ()) = waiting.await;
    // That a call is over, which nobody here has cancelled, says nothing of the connection.
    for _ in 0..CANCELLED {
        if outcome.error != ERROR_OPERATION_ABORTED {
            return;
        }
        (outcome, ()) = queue.disconnected(connection).await;
    }
}

fn outflow<A>(site: &Site<A>, arrival: &Arrival) -> Outflow {
    let head = arrival.head.as_ref().ok();
    Outflow {
        queue: Arc::clone(&site.queue),
        request: arrival.id,
        version: arrival.version,
        is_head: head.is_some_and(|head| head.method == Method::HEAD),
        trailers: head.is_some_and(takes_trailers),
        closes: false,
        caches: site.options.response_caching
            && head.is_some_and(|head| head.method == Method::GET)
            && arrival.user.is_none(),
        buffers: site.options.kernel_response_buffering,
    }
}

fn takes_trailers(head: &Parts) -> bool {
    match head.version {
        Version::HTTP_11 => {
            Platform::get().sends_pieces() && has_token(&head.headers, &header::TE, "trailers")
        }
        Version::HTTP_2 | Version::HTTP_3 => Platform::get().has_response_trailers(),
        _ => false,
    }
}

/// Says by which schemes the client may authenticate itself, if it has to and the application has not said so.
fn challenge<A>(site: &Site<A>, status: StatusCode, headers: &mut HeaderMap) {
    if status != StatusCode::UNAUTHORIZED || headers.contains_key(header::WWW_AUTHENTICATE) {
        return;
    }
    for scheme in site.options.authentication.challenges() {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_that_of_the_prefix_or_the_longest_that_matches() {
        let base = |path| PathBase::new(path).ok();
        let all = vec![None, base("/a"), base("/a/b")];
        let bases = Bases {
            first: 1 << 40,
            all,
        };
        let of = |context: u64, path| bases.of(context, path).map(PathBase::as_str);
        assert_eq!(of(1 << 40, "/a/b/c"), None);
        assert_eq!(of((1 << 40) + 1, "/a/b/c"), Some("/a"));
        for others in [0, 1, (1 << 40) + 3, u64::MAX] {
            assert_eq!(of(others, "/A/b/c"), Some("/a/b"));
            assert_eq!(of(others, "/other"), None);
        }
    }
}
