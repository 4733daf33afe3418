//! One connection of a web server: bytes to records, records to requests, and back.

use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;
use transom::Application;

use super::exchange::{Exchange, Step};
use super::machine::{Bounds, Event, Machine};
use super::output::Output;
use super::record::{INVALID_RECORD, Kind, Status, end_request};
use super::timer::Timer;
use super::violation::Violation;
use crate::environment::{Arrival, HeadForm, Refusal, write_head};
use crate::gateway::Serving;

/// Talks with a web server until one of the two has nothing more to say.
pub(super) async fn converse<A, S>(stream: S, serving: &Serving<A>)
where
    A: Application,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut conversation = Conversation::new(stream, serving);
    let mut stops = pin!(serving.shutdown.requested());
    let mut is_asked = false;
    std::future::poll_fn(|cx| {
        if conversation.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // Asked afterwards, so that a request that was here before is begun.
        if !is_asked && stops.as_mut().poll(cx).is_ready() {
            is_asked = true;
            conversation.drain();
            return conversation.poll(cx);
        }
        Poll::Pending
    })
    .await;
    conversation.close().await;
}

struct Conversation<'a, A, S> {
    serving: &'a Serving<A>,
    stream: S,
    input: BytesMut,
    machine: Machine,
    output: Output,
    exchanges: Vec<Exchange>,
    /// How many answers wait that are no request's. They must not be asked for without end.
    answers: usize,
    /// The request whose application has to read before more is taken from the connection, and since when.
    full: Option<(u16, Instant)>,
    /// Nothing more comes.
    has_ended: bool,
    /// It is closed when what was begun is answered.
    closes: bool,
    /// It is closed when what was written is sent, whatever was begun; and since when that is so.
    broken_since: Option<Instant>,
    /// The peer may still be sending what nobody reads.
    lingers: bool,
    head_since: Option<Instant>,
    idle_since: Option<Instant>,
    timer: Timer,
}

/// What a deadline is for.
enum Due {
    /// The parameters of a request are not whole.
    Head,
    /// There is no request.
    Idle,
    /// An application does not read, and others share its connection.
    HoldUp,
    /// The peer sends nothing of a body that an application waits for.
    Silent,
    /// The peer takes nothing.
    Stuck,
}

/// How many answers may wait before no more questions are read.
const ANSWERS: usize = 64;
/// How long a peer is waited for that has to read what was said, or to stop sending.
const LINGER: Duration = Duration::from_secs(5);

impl<'a, A: Application, S: AsyncRead + AsyncWrite + Unpin> Conversation<'a, A, S> {
    fn new(stream: S, serving: &'a Serving<A>) -> Self {
        Self {
            serving,
            stream,
            input: BytesMut::new(),
            machine: Machine::new(Bounds {
                rules: serving.options.rules,
                requests: serving.options.fastcgi.requests,
                connections: serving.options.max_connections,
            }),
            output: Output::default(),
            exchanges: Vec::new(),
            answers: 0,
            full: None,
            has_ended: false,
            closes: false,
            broken_since: None,
            lingers: false,
            // A connection is opened for a request.
            head_since: Some(Instant::now()),
            idle_since: None,
            timer: Timer::default(),
        }
    }

    /// Begins nothing new, and closes when what was begun is answered.
    fn drain(&mut self) {
        self.machine.drain();
        self.closes = true;
    }

    /// Ready when the connection is to be closed.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Poll::Ready(Err(_)) = self.output.poll_write(cx, &mut self.stream) {
                return Poll::Ready(());
            }
            if self.output.is_empty() {
                self.answers = 0;
            }
            let progressed = self.broken_since.is_none() && {
                let has_read = self.read(cx);
                self.run(cx) || has_read
            };
            if self.is_done() {
                return Poll::Ready(());
            }
            self.exchanges.iter_mut().for_each(Exchange::watch);
            if !progressed && self.poll_deadline(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Returns whether there is nothing left to do.
    fn is_done(&self) -> bool {
        let is_answered = self.exchanges.is_empty()
            && (self.has_ended || self.closes && self.machine.requests() == 0);
        self.output.is_empty() && (self.broken_since.is_some() || is_answered)
    }

    /// Reads what there is. Returns whether there was something.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_read = false;
        while !self.has_ended
            && self.broken_since.is_none()
            && self.answers < ANSWERS
            && self.has_room(cx)
        {
            match self.machine.next(&mut self.input) {
                Ok(Some(event)) => self.take(event, cx),
                Ok(None) => match self.poll_read(cx) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(Ok(0) | Err(_)) => self.end(),
                    Poll::Pending => break,
                },
                Err(violation) => self.refuse_all(violation),
            }
            has_read = true;
        }
        self.watch_head();
        has_read
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        // A body comes in as large pieces as the system has; a head is small.
        let room = if self.exchanges.is_empty() { 8 } else { 64 };
        self.input.reserve(room * 1024);
        pin!(self.stream.read_buf(&mut self.input)).poll(cx)
    }

    /// Returns whether the application that the last piece was for can take another one.
    fn has_room(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((id, _)) = self.full else {
            return true;
        };
        let mut exchanges = self.exchanges.iter_mut();
        let full = exchanges.find(|exchange| exchange.id == id);
        let has_room = full.is_none_or(|full| full.intake.poll_room(cx).is_ready());
        if has_room {
            self.full = None;
        }
        has_room
    }

    fn take(&mut self, event: Event, cx: &mut Context<'_>) {
        match event {
            Event::Request { id, variables } => {
                self.head_since = None;
                match Arrival::read(variables, &self.serving.options.rules) {
                    Ok(arrival) => self.exchanges.push(Exchange::new(id, arrival)),
                    Err(refusal) => self.refuse(id, &refusal),
                }
            }
            Event::Data { id, data } => {
                if let Some(exchange) = self.exchange(id) {
                    exchange.awaits_since = None;
                    exchange.intake.push(data);
                    if exchange.intake.poll_room(cx).is_pending() {
                        self.full = Some((id, Instant::now()));
                    }
                }
            }
            Event::End { id } => {
                if let Some(exchange) = self.exchange(id) {
                    exchange.intake.finish();
                }
            }
            Event::Abort { id } => {
                self.exchanges.retain(|exchange| exchange.id != id);
                self.finish(id, 1);
            }
            Event::Refuse { id, why } => self.refuse(id, &why),
            Event::Answer { record, closes } => {
                self.answers += 1;
                self.output.record(&record);
                self.closes |= closes;
            }
        }
    }

    fn exchange(&mut self, id: u16) -> Option<&mut Exchange> {
        self.exchanges.iter_mut().find(|exchange| exchange.id == id)
    }

    /// Lets the applications run as far as there is room for what they send. Returns whether they sent
    /// something.
    fn run(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_run = false;
        let mut at = 0;
        while at < self.exchanges.len() && self.output.has_room() {
            let exchange = &mut self.exchanges[at];
            let id = exchange.id;
            let Poll::Ready(step) = exchange.poll(cx, &self.serving.dispatcher) else {
                at += 1;
                continue;
            };
            has_run = true;
            match step {
                Step::Piece(piece) => {
                    self.output.stream(Kind::Stdout, id, piece);
                    at += 1;
                }
                Step::End => {
                    self.exchanges.swap_remove(at);
                    self.output.end_of_stream(Kind::Stdout, id);
                    self.finish(id, 0);
                }
                Step::Broken(why) => {
                    let broken = self.exchanges.swap_remove(at);
                    let why = Bytes::from_static(why.as_bytes());
                    self.output.stream(Kind::Stderr, id, why);
                    if broken.has_answered() {
                        self.output.record(&INVALID_RECORD);
                        self.break_off();
                    } else {
                        self.finish(id, 1);
                    }
                }
            }
        }
        // Whoever could not send begins the next time.
        let begins = at.min(self.exchanges.len());
        self.exchanges.rotate_left(begins);
        has_run
    }

    /// Ends a request that no application sees.
    fn refuse(&mut self, id: u16, why: &Refusal) {
        self.serving
            .dispatcher
            .statistics()
            .count_rejection(why.cause());
        let (head, text) = why.answer();
        let mut answer = BytesMut::new();
        write_head(&head, HeadForm::Field, &mut answer);
        answer.extend_from_slice(text.as_bytes());
        self.output.stream(Kind::Stderr, id, text.into());
        self.output.stream(Kind::Stdout, id, answer.freeze());
        self.output.end_of_stream(Kind::Stdout, id);
        self.finish(id, 0);
    }

    /// Closes the connection, and says why in the web server's log, if it keeps one.
    #[cold]
    fn refuse_all(&mut self, violation: Violation) {
        self.serving
            .dispatcher
            .statistics()
            .count_rejection("protocol_error");
        let why = Bytes::from(violation.to_string());
        for exchange in &self.exchanges {
            self.output.stream(Kind::Stderr, exchange.id, why.clone());
        }
        self.lingers = true;
        self.break_off();
    }

    fn finish(&mut self, id: u16, application: u32) {
        let record = end_request(id, application, Status::Complete);
        self.output.record(&record);
        let Some(finished) = self.machine.finish(id) else {
            return;
        };
        self.lingers |= !finished.is_whole;
        if !finished.keep {
            self.drain();
        }
    }

    /// The peer has nothing more to say: it is gone, unless it may close one side alone.
    fn end(&mut self) {
        self.has_ended = true;
        if !self.serving.options.half_close {
            self.break_off();
        }
        for exchange in &mut self.exchanges {
            exchange.disconnect();
        }
    }

    /// Gives up what was begun.
    fn break_off(&mut self) {
        self.broken_since = Some(Instant::now());
        (self.head_since, self.idle_since, self.full) = (None, None, None);
        self.exchanges.clear();
    }

    /// Notes since when a head, or the next request, is waited for.
    fn watch_head(&mut self) {
        let is_idle = self.machine.requests() == 0;
        let is_between = self.input.is_empty() && self.machine.is_between_records();
        if self.machine.begun_head().is_some() || is_idle && !is_between {
            self.head_since.get_or_insert_with(Instant::now);
        } else if !is_idle {
            self.head_since = None;
        }
        match is_idle {
            true => _ = self.idle_since.get_or_insert_with(Instant::now),
            false => self.idle_since = None,
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let options = &self.serving.options;
        let stall = options.stall_timeout;
        let holding_up = self.full.filter(|_| self.machine.requests() > 1);
        let holding_up = holding_up.map(|(_, since)| since);
        let silent = self.exchanges.iter().filter_map(|one| one.awaits_since);
        let all = [
            (self.head_since, Some(options.head_timeout), Due::Head),
            (self.idle_since, options.fastcgi.idle_timeout, Due::Idle),
            (holding_up, options.fastcgi.hold_up_timeout, Due::HoldUp),
            (silent.min(), stall, Due::Silent),
            (self.output.stuck_since(), stall, Due::Stuck),
            (self.broken_since, Some(LINGER), Due::Stuck),
        ];
        let all = all.into_iter().filter_map(|(since, timeout, due)| {
            let deadline = since?.checked_add(timeout?)?;
            Some((deadline, due))
        });
        let Some((deadline, due)) = all.min_by_key(|(deadline, _)| *deadline) else {
            return Poll::Pending;
        };
        std::task::ready!(self.timer.poll(cx, Some(deadline)));
        match due {
            Due::Head => self.head_is_late(),
            Due::Idle => self.break_off(),
            Due::HoldUp => self.let_go(),
            Due::Silent => self.is_silent(deadline),
            Due::Stuck => {
                self.break_off();
                self.output = Output::default();
            }
        }
        Poll::Ready(())
    }

    fn head_is_late(&mut self) {
        self.head_since = None;
        while let Some(id) = self.machine.begun_head() {
            self.refuse(id, &Refusal::too_slow());
        }
        if self.exchanges.is_empty() {
            self.drain();
        }
    }

    /// One application reads too slowly for those that share the connection.
    fn let_go(&mut self) {
        if let Some((id, _)) = self.full.take()
            && let Some(exchange) = self.exchange(id)
        {
            exchange.intake.fail(transom::body::Error::new(
                "the body was not read in time, and the connection carries other requests",
            ));
        }
    }

    /// The peer has sent nothing of some bodies until now.
    fn is_silent(&mut self, deadline: Instant) {
        let timeout = self.serving.options.stall_timeout;
        for exchange in &mut self.exchanges {
            let since = exchange.awaits_since.zip(timeout);
            let own = since.and_then(|(since, timeout)| since.checked_add(timeout));
            if own.is_some_and(|own| own <= deadline) {
                exchange.awaits_since = None;
                exchange.intake.fail(transom::body::Error::timeout());
            }
        }
    }

    /// Closes the connection so that the peer gets all that was sent: while it still sends what nobody reads, the
    /// system would tell it of nothing else.
    async fn close(mut self) {
        self.exchanges.clear();
        let closing = async {
            self.stream.shutdown().await?;
            while self.lingers && !self.has_ended {
                self.input.clear();
                if self.stream.read_buf(&mut self.input).await? == 0 {
                    break;
                }
            }
            Ok::<_, std::io::Error>(())
        };
        // It is closed either way.
        let _ = tokio::time::timeout(LINGER, closing).await;
    }
}
