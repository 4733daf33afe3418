use std::io::{self, Read};
use std::time::{Duration, Instant};

use bytes::Bytes;
use transom::body::Error;

use crate::head::Content;
use crate::phase::{Phase, Phases};

/// How much one read asks for.
const CHUNK: usize = 16 * 1024;

/// How long a client may be silent within a body of known length.
const SILENCE: Duration = Duration::from_secs(30);

/// How many lines are thrown away behind a malformed chunk before it counts as the end.
const UNREADABLE: usize = 1_000;

/// How far the content of a request is read.
///
/// The reader is handed in with each call, because it changes hands: see [`Wire`](crate::outflow::Wire).
#[derive(Debug)]
pub(crate) struct Inflow {
    content: Content,
    state: State,
    buffer: Vec<u8>,
}

/// What was read of a content.
pub(crate) enum Piece {
    Data(Bytes),
    End,
    /// Nothing, and there is something better to do than to wait.
    NotYet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    /// The client is gone, or was silent for too long.
    Lost,
    /// Where the content ends is not to be known any more.
    Malformed,
}

impl Inflow {
    pub(crate) fn new(content: Content) -> Self {
        Self {
            content,
            state: match content {
                Content::None => State::Ended,
                _ => State::Open,
            },
            buffer: Vec::new(),
        }
    }

    /// Returns whether the connection stands behind the content.
    pub(crate) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Returns whether there is an end to read on to.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Reads the next piece. Blocks while the client is silent; now and then it asks whether to go on.
    pub(crate) fn next(
        &mut self,
        reader: &mut dyn Read,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Piece, Error> {
        match self.state {
            State::Open => {}
            State::Ended => return Ok(Piece::End),
            State::Lost | State::Malformed => return Err(Error::disconnected()),
        }
        match self.read(reader, go_on) {
            Ok(None) => Ok(Piece::NotYet),
            Ok(Some(0)) if self.content == Content::Chunked => {
                self.state = State::Ended;
                Ok(Piece::End)
            }
            Ok(Some(0)) => {
                self.state = State::Lost;
                Err(Error::disconnected())
            }
            Ok(Some(read)) => {
                self.count(read);
                Ok(Piece::Data(Bytes::copy_from_slice(&self.buffer[..read])))
            }
            Err(error) => {
                self.state = State::Lost;
                Err(if is_timeout(&error) {
                    Error::timeout()
                } else if error.kind() == io::ErrorKind::InvalidInput {
                    // What the chunk decoder calls a chunk that it cannot read.
                    self.state = State::Malformed;
                    Error::new(error)
                } else {
                    Error::disconnected_by(error)
                })
            }
        }
    }

    /// Reads on to the end of the content, so that what follows it is not mistaken for part of it, nor the
    /// other way round. Blocks until the end, until the client is gone, or until it was silent after
    /// `patience`.
    ///
    /// Behind a malformed chunk nothing can be told apart: all of it is thrown away, line by line.
    pub(crate) fn exhaust(&mut self, reader: &mut dyn Read, patience: Duration, phases: &Phases) {
        self.buffer.resize(CHUNK, 0);
        let since = Instant::now();
        let mut unreadable = 0;
        while !matches!(self.state, State::Ended | State::Lost) {
            let room = self.room();
            match reader.read(&mut self.buffer[..room]) {
                Ok(0) => return,
                Ok(read) => self.count(read),
                Err(error) if is_timeout(&error) => {
                    if since.elapsed() >= patience || phases.now() >= Phase::Closed {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What the decoder says of the end of the connection as well, for ever.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    unreadable += 1;
                    if unreadable == UNREADABLE {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    fn count(&mut self, read: usize) {
        if let Content::Sized(left) = &mut self.content {
            *left = left.saturating_sub(read as u64);
            if *left == 0 {
                self.state = State::Ended;
            }
        }
    }

    fn read(
        &mut self,
        reader: &mut dyn Read,
        go_on: &mut dyn FnMut() -> bool,
    ) -> io::Result<Option<usize>> {
        self.buffer.resize(CHUNK, 0);
        let room = self.room();
        let since = Instant::now();
        loop {
            match reader.read(&mut self.buffer[..room]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The chunk decoder forgets half a line when it is interrupted, and would take the rest
                // for the whole; a length is never forgotten.
                Err(error)
                    if is_timeout(&error)
                        && self.content != Content::Chunked
                        && since.elapsed() < SILENCE =>
                {
                    if !go_on() {
                        return Ok(None);
                    }
                }
                result => return result.map(Some),
            }
        }
    }

    /// Never more than belongs to the request: where the engine hands over the bare connection, what
    /// follows is not content.
    fn room(&self) -> usize {
        match self.content {
            Content::Sized(left) => usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK)),
            _ => CHUNK,
        }
    }
}

/// What an elapsed `SO_RCVTIMEO` is called: the one on unix, the other on Windows.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
