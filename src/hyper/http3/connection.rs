//! One connection, from the end of its handshake to its last packet.

use std::future::pending;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use quinn::{RecvStream, SendStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Sleep};
use tracing::Instrument as _;

use super::code::Code;
use super::control::{Peer, Violation};
use super::frames::{GOAWAY, SETTINGS};
use super::stream::{self, Ended};
use super::varint;
use crate::adapter;
use crate::contract::Application;
use crate::hyper::accept::ServedEndpoint;
use crate::hyper::connection::{Age, InTransit, Reason, Server};
use crate::hyper::observe::{Rejection, current_span};
use crate::hyper::options::Limits;

/// The longest that a client without requests may take to see that the server goes away.
const FAREWELL: Duration = Duration::from_secs(1);
/// The shortest, for a client whose round trip is as good as none.
const SHORTEST_FAREWELL: Duration = Duration::from_millis(20);

/// What the requests of a connection share.
pub(super) struct Shared<A> {
    pub(super) server: Arc<Server<A>>,
    pub(super) endpoint: Arc<ServedEndpoint>,
    pub(super) connection: adapter::Connection,
    pub(super) link: Arc<Link>,
    pub(super) limits: Arc<Limits>,
    pub(super) peer: Peer,
    /// What was sent and is not acknowledged.
    pub(super) in_transit: InTransit,
    /// How many of the streams left HTTP.
    pub(super) upgraded: AtomicUsize,
}

impl<A> Shared<A> {
    /// Returns how large a section of fields the client takes.
    pub(super) fn field_section_limit(&self) -> u64 {
        self.peer.max_field_section_size()
    }

    /// Says that the server itself refused a request, with which status if it was answered, and what was wrong
    /// if more is known of it.
    pub(super) fn refused(
        &self,
        why: Reason,
        status: Option<StatusCode>,
        detail: Option<&'static str>,
    ) {
        if let Some(info) = self.connection.features().get() {
            let rejection = Rejection::new(why, info).with_detail(detail);
            self.server.tell(&match status {
                Some(status) => rejection.with_status(status),
                None => rejection,
            });
        }
    }

    /// Says that the server itself ends the connection.
    fn rejected(&self, why: Reason) {
        if let Some(info) = self.connection.features().get() {
            self.server.rejected(why, info);
        }
    }
}

/// The connection to the client, which whoever is at work for it may cut.
pub(super) struct Link {
    quic: quinn::Connection,
    cut: OnceLock<Reason>,
}

impl Link {
    pub(super) fn new(quic: quinn::Connection) -> Self {
        Self {
            quic,
            cut: OnceLock::new(),
        }
    }

    /// Cuts it, for the client broke the protocol.
    pub(super) fn violated(&self, code: Code, why: &'static str) {
        let reason = match code {
            Code::EXCESSIVE_LOAD => Reason::Flood,
            _ => Reason::Protocol,
        };
        self.cut(reason, code, why);
    }

    /// Cuts it, for the client reads too slowly.
    pub(super) fn is_too_slow(&self) {
        let why = "a response was not taken in time";
        self.cut(Reason::MinResponseRate, Code::EXCESSIVE_LOAD, why);
    }

    fn cut(&self, reason: Reason, code: Code, why: &'static str) {
        // The first reason is the cause of others.
        let _ = self.cut.set(reason);
        self.quic.close(code.into(), why.as_bytes());
    }
}

/// Serves a connection until it ends. Dropped, the future ends all requests of the connection, and the
/// connection.
pub(super) async fn serve<A: Application>(shared: Arc<Shared<A>>, head_deadline: Option<Instant>) {
    let _closes = CloseOnDrop(shared.link.quic.clone());
    let opening = open_control(&shared);
    let Ok(Ok(control)) = tokio::time::timeout(shared.limits.http3().idle_timeout(), opening).await
    else {
        return;
    };
    let mut serving = Serving::new(Arc::clone(&shared), control, head_deadline);
    serving.run().await;
    if let Some(why) = shared.link.cut.get() {
        shared.rejected(*why);
    }
}

/// Closes the connection when its task ends, however that is.
struct CloseOnDrop(quinn::Connection);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close(Code::NO_ERROR.into(), b"");
    }
}

/// Opens the server's control stream, and says what it takes. QPACK needs no streams without its table.
async fn open_control<A>(shared: &Shared<A>) -> Result<SendStream, quinn::WriteError> {
    const CONTROL: u64 = 0x00;
    const MAX_FIELD_SECTION_SIZE: u64 = 0x06;
    // RFC 9220, section 3.
    const ENABLE_CONNECT_PROTOCOL: u64 = 0x08;
    let mut settings = BytesMut::new();
    varint::write(MAX_FIELD_SECTION_SIZE, &mut settings);
    let section = shared.limits.http3().max_field_section_size();
    varint::write(section as u64, &mut settings);
    varint::write(ENABLE_CONNECT_PROTOCOL, &mut settings);
    varint::write(1, &mut settings);

    let mut begin = BytesMut::new();
    varint::write(CONTROL, &mut begin);
    varint::write(SETTINGS, &mut begin);
    varint::write(settings.len() as u64, &mut begin);
    begin.extend_from_slice(&settings);
    let mut control = shared.link.quic.open_uni().await?;
    control.write_all(&begin).await?;
    Ok(control)
}

struct Serving<A> {
    shared: Arc<Shared<A>>,
    control: SendStream,
    /// The requests in flight.
    streams: JoinSet<Ended>,
    /// What the client's other streams are read by.
    sides: JoinSet<Result<(), Violation>>,
    /// How many requests were taken.
    taken: u64,
    answered: u64,
    cancelled: u64,
    /// The number of the first stream that is not taken any more, once that was said.
    closed_from: Option<u64>,
    /// When a connection without requests is closed.
    idle: Option<Pin<Box<Sleep>>>,
}

impl<A: Application> Serving<A> {
    fn new(shared: Arc<Shared<A>>, control: SendStream, head_deadline: Option<Instant>) -> Self {
        Self {
            shared,
            control,
            streams: JoinSet::new(),
            sides: JoinSet::new(),
            taken: 0,
            answered: 0,
            cancelled: 0,
            closed_from: None,
            idle: head_deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline))),
        }
    }

    async fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        let quic = &shared.link.quic;
        let mut closed = pin!(quic.closed());
        let mut stop = pin!(shared.endpoint.stop.requested());
        let mut age = Age::new(&shared.limits);
        let mut aged = pin!(at(age.deadline()));
        loop {
            let goes = self.closed_from.is_some();
            if goes && self.streams.is_empty() {
                break;
            }
            let idle = self.streams.is_empty();
            let flow = tokio::select! {
                biased;
                _ = &mut closed => ControlFlow::Break(()),
                Some(ended) = self.streams.join_next() => self.ended(&ended),
                Some(side) = self.sides.join_next() => self.side(&side),
                stream = quic.accept_uni() => self.accept_side(stream),
                stream = quic.accept_bi() => self.accept(stream).await,
                () = &mut stop, if !goes => self.go_away().await,
                () = &mut aged => {
                    if age.pass() && self.is_http() {
                        shared.rejected(Reason::MaxConnectionAge);
                        return;
                    }
                    aged.set(at(age.deadline()));
                    self.go_away().await
                }
                () = elapsed(self.idle.as_mut()), if idle && !goes => {
                    shared.rejected(match self.taken {
                        0 => Reason::RequestHeadTimeout,
                        _ => Reason::KeepAliveTimeout,
                    });
                    self.go_away().await
                }
            };
            if flow.is_break() {
                return;
            }
        }
        // Closed at once, the connection would lose the GOAWAY, and the client what it is to make of it.
        let farewell = (quic.rtt() * 2).clamp(SHORTEST_FAREWELL, FAREWELL);
        let _ = tokio::time::timeout(farewell, closed).await;
        quic.close(Code::NO_ERROR.into(), b"");
    }

    /// Returns whether there is a request, or nothing: whoever speaks another protocol has times of its own.
    fn is_http(&self) -> bool {
        let upgraded = self.shared.upgraded.load(Ordering::Acquire);
        self.streams.len() > upgraded || upgraded == 0
    }

    fn accept_side(
        &mut self,
        stream: Result<RecvStream, quinn::ConnectionError>,
    ) -> ControlFlow<()> {
        let Ok(stream) = stream else {
            return ControlFlow::Break(());
        };
        let shared = Arc::clone(&self.shared);
        let reading = async move { shared.peer.read(stream).await };
        self.sides.spawn(reading.instrument(current_span()));
        ControlFlow::Continue(())
    }

    async fn accept(
        &mut self,
        stream: Result<(SendStream, RecvStream), quinn::ConnectionError>,
    ) -> ControlFlow<()> {
        let Ok((mut send, mut receive)) = stream else {
            return ControlFlow::Break(());
        };
        if self
            .closed_from
            .is_some_and(|from| u64::from(send.id()) >= from)
        {
            // RFC 9114, section 5.2: such a request may be sent again elsewhere.
            let _ = receive.stop(Code::REQUEST_REJECTED.into());
            let _ = send.reset(Code::REQUEST_REJECTED.into());
            return ControlFlow::Continue(());
        }
        self.taken += 1;
        let serving = stream::serve(Arc::clone(&self.shared), send, receive);
        self.streams.spawn(serving.instrument(current_span()));
        match self.shared.limits.max_requests_per_connection() {
            Some(most) if self.taken >= most && self.closed_from.is_none() => self.go_away().await,
            _ => ControlFlow::Continue(()),
        }
    }

    fn ended(&mut self, ended: &Result<Ended, JoinError>) -> ControlFlow<()> {
        match ended {
            Ok(Ended::Cancelled) => self.cancelled += 1,
            Ok(Ended::Answered) | Err(_) => self.answered += 1,
        }
        if self.streams.is_empty() {
            let timeout = self.shared.limits.keep_alive_timeout();
            self.idle = timeout.map(|timeout| Box::pin(tokio::time::sleep(timeout)));
        }
        // A client that asks for nothing in earnest makes the server work for nothing.
        let most = 2 * u64::from(self.shared.limits.http3().max_streams()) + self.answered;
        if self.cancelled > most {
            let why = "too many requests that were cancelled, or malformed";
            self.shared.link.violated(Code::EXCESSIVE_LOAD, why);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn side(&self, side: &Result<Result<(), Violation>, JoinError>) -> ControlFlow<()> {
        match side {
            Ok(Err(Violation(code, why))) => {
                self.shared.link.violated(*code, why);
                ControlFlow::Break(())
            }
            Ok(Ok(())) | Err(_) => ControlFlow::Continue(()),
        }
    }

    /// Takes no more requests, and says so.
    async fn go_away(&mut self) -> ControlFlow<()> {
        // The numbers of a client's streams of requests are those that 4 divides.
        let from = self.taken * 4;
        if self.closed_from.is_some() {
            return ControlFlow::Continue(());
        }
        self.closed_from = Some(from);
        let (mut id, mut frame) = (BytesMut::new(), BytesMut::new());
        varint::write(from, &mut id);
        varint::write(GOAWAY, &mut frame);
        varint::write(id.len() as u64, &mut frame);
        frame.extend_from_slice(&id);
        let writing = self.control.write_all(&frame);
        match tokio::time::timeout(FAREWELL, writing).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Ends at a time, or never.
async fn at(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => pending().await,
    }
}

async fn elapsed(sleep: Option<&mut Pin<Box<Sleep>>>) {
    match sleep {
        Some(sleep) => sleep.await,
        None => pending().await,
    }
}
