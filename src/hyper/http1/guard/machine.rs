//! What a connection of HTTP/1 is in the middle of.

use std::io;

use super::bounds::Bounds;
use super::chunked::{Chunks, Read};
use super::framing::Content;
use super::head::Head;
use super::refusal::Refusal;
use crate::hyper::options::Limits;

/// Says which bytes of a connection may be passed on; see the [module](super).
#[derive(Debug)]
pub(in crate::hyper) struct Guard {
    bounds: Bounds,
    state: State,
    /// The next head. Untouched unless the state is [`State::Head`].
    head: Head,
}

#[derive(Debug)]
enum State {
    Head,
    Length(u64),
    Chunked(Chunks),
    /// The response decides whether what follows is HTTP.
    Undecided,
    /// What follows is not HTTP/1.
    Open,
    Refused(Refusal),
    /// A body is malformed from here on.
    Malformed,
}

/// What the input is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper) enum Phase {
    /// No byte of a next request is there yet.
    Idle,
    /// The head of a request has begun.
    Head,
    /// A body is not whole.
    Body,
    /// A request that may turn the connection into something else is whole, and not answered.
    Undecided,
    /// The bytes are not HTTP/1.
    Open,
    /// Nothing more is taken.
    Refused,
}

impl Guard {
    pub(in crate::hyper) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            state: State::Head,
            head: Head::default(),
        }
    }

    /// Returns one that lets everything pass.
    pub(in crate::hyper) fn open() -> Self {
        Self {
            bounds: Bounds::from(&Limits::default()),
            state: State::Open,
            head: Head::default(),
        }
    }

    /// Returns how many of the bytes may be passed on. They are all that were read and not passed on yet: those
    /// that were shown before and not passed come again, with more behind them.
    #[inline]
    pub(in crate::hyper) fn admit(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while passed < bytes.len() {
            let rest = &bytes[passed..];
            passed += match &mut self.state {
                State::Head => match self.head.scan(rest, &self.bounds) {
                    Ok(None) => break,
                    Ok(Some(whole)) => {
                        self.state = match whole.content {
                            Content::None if whole.switches => State::Undecided,
                            Content::None => State::Head,
                            Content::Length(length) => State::Length(length),
                            Content::Chunked => State::Chunked(Chunks::default()),
                        };
                        whole.length
                    }
                    Err(refusal) => {
                        self.state = State::Refused(refusal);
                        break;
                    }
                },
                State::Length(left) => {
                    // It fits: it is no more than the length of a slice.
                    let taken = (*left).min(rest.len() as u64) as usize;
                    *left -= taken as u64;
                    if *left == 0 {
                        self.state = State::Head;
                    }
                    taken
                }
                State::Chunked(chunks) => match chunks.read(rest, &self.bounds) {
                    Read::All => rest.len(),
                    Read::Ended(taken) => {
                        self.state = State::Head;
                        taken
                    }
                    Read::Malformed(taken) => {
                        self.state = State::Malformed;
                        return passed + taken;
                    }
                },
                State::Open => rest.len(),
                State::Undecided | State::Refused(_) | State::Malformed => break,
            };
        }
        passed
    }

    /// Says that no more bytes come: a head that has begun will never be whole.
    pub(in crate::hyper) fn end(&mut self) {
        if self.phase() == Phase::Head {
            self.refuse(Refusal::bad("the input ends in the head of a request"));
        }
    }

    /// Refuses whatever comes, for a reason that the bytes do not show.
    pub(in crate::hyper) fn refuse(&mut self, refusal: Refusal) {
        self.state = State::Refused(refusal);
    }

    /// Says whether the response turned the connection into something else.
    pub(in crate::hyper) fn decide(&mut self, switches: bool) {
        match self.state {
            _ if switches => self.state = State::Open,
            State::Undecided => self.state = State::Head,
            _ => {}
        }
    }

    /// Returns why the next request is refused, when those before it are answered.
    pub(in crate::hyper) fn refusal(&self) -> Option<Refusal> {
        match self.state {
            State::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Returns the error that ends a body that is malformed.
    pub(in crate::hyper) fn malformed(&self) -> Option<io::Error> {
        let what = "the chunks or the trailers of the body are malformed";
        matches!(self.state, State::Malformed)
            .then(|| io::Error::new(io::ErrorKind::InvalidData, what))
    }

    #[inline]
    pub(in crate::hyper) fn phase(&self) -> Phase {
        match &self.state {
            State::Head if self.head.is_begun() => Phase::Head,
            State::Head => Phase::Idle,
            State::Length(_) | State::Chunked(_) => Phase::Body,
            State::Undecided => Phase::Undecided,
            State::Open => Phase::Open,
            State::Refused(_) | State::Malformed => Phase::Refused,
        }
    }
}
