//! What a web server says on a connection: records in, events out.

use bytes::{Buf, Bytes, BytesMut};

use transom::features::ServerVariables;

use super::pairs::{self, Pairs};
use super::record::{Header, Kind, Status, end_request, unknown_type};
use super::violation::Violation;
use crate::environment::{Refusal, Rules, Variables};

/// How much a connection may ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) rules: Rules,
    /// How many requests may run at a time.
    pub(super) requests: usize,
    /// How many connections there may be, to tell whoever asks.
    pub(super) connections: Option<usize>,
}

impl Bounds {
    /// Returns how many bytes the parameters of a request have at most, their lengths included.
    fn params_size(&self) -> usize {
        let lengths = self.rules.max_variables.saturating_mul(8);
        self.rules.max_variables_size.saturating_add(lengths)
    }
}

/// What a web server wants.
#[derive(Debug)]
pub(super) enum Event {
    /// The parameters of a request are whole.
    Request { id: u16, variables: ServerVariables },
    /// A piece of its body.
    Data { id: u16, data: Bytes },
    /// The end of its body.
    End { id: u16 },
    /// Nobody wants the answer any more. The request has not ended before it is told so.
    Abort { id: u16 },
    /// The parameters of a request are none. It has not ended either.
    Refuse { id: u16, why: Refusal },
    /// These bytes are to be sent; and then, perhaps, the connection is to be closed.
    Answer { record: Bytes, closes: bool },
}

/// A request that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finished {
    /// The connection stays open after it.
    pub(super) keep: bool,
    /// Nothing comes of it any more.
    pub(super) is_whole: bool,
}

/// Reads records. It keeps the parameters of requests that are not whole, and no bodies.
#[derive(Debug)]
pub(super) struct Machine {
    bounds: Bounds,
    reading: Reading,
    /// Those that have begun and not ended. They are few, so that looking at each is quick.
    requests: Vec<Request>,
    /// Nothing new is begun.
    draining: bool,
    multiplexes: bool,
}

#[derive(Debug)]
struct Request {
    id: u16,
    keep: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Params(BytesMut),
    Body,
    Whole,
}

/// What the next byte is of.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Header,
    /// Content that is taken as it comes, and so many bytes of it.
    Stream(Header, usize),
    /// Content that has to be whole.
    Whole(Header),
    /// Content or padding that means nothing.
    Skip(usize),
}

const RESPONDER: u16 = 1;
const KEEP_CONN: u8 = 1;
/// A list of all variables that there are has 51 bytes.
const LONGEST_QUESTION: u16 = 1024;

impl Machine {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            reading: Reading::Header,
            requests: Vec::new(),
            draining: false,
            multiplexes: false,
        }
    }

    /// Takes what it understands off the input and returns the next event; `None` if it needs more.
    ///
    /// # Errors
    ///
    /// The peer does not keep to the protocol, and nothing that follows means anything.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        loop {
            let event = match self.reading {
                Reading::Header => {
                    let Some(bytes) = input.first_chunk() else {
                        return Ok(None);
                    };
                    let header = Header::read(*bytes)?;
                    input.advance(Header::LENGTH);
                    self.begin_record(header)?
                }
                Reading::Stream(header, left) => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    let piece = input.split_to(left.min(input.len()));
                    self.reading = match left - piece.len() {
                        0 => Reading::Skip(header.padding.into()),
                        left => Reading::Stream(header, left),
                    };
                    self.stream(header, piece)?
                }
                Reading::Whole(header) => {
                    if input.len() < header.length.into() {
                        return Ok(None);
                    }
                    let content = input.split_to(header.length.into()).freeze();
                    self.reading = Reading::Skip(header.padding.into());
                    self.whole(header, content)?
                }
                Reading::Skip(0) => {
                    self.reading = Reading::Header;
                    None
                }
                Reading::Skip(left) => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    let skipped = left.min(input.len());
                    input.advance(skipped);
                    self.reading = Reading::Skip(left - skipped);
                    None
                }
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// Forgets a request that has been answered; what still comes of it means nothing.
    pub(super) fn finish(&mut self, id: u16) -> Option<Finished> {
        let at = self.requests.iter().position(|request| request.id == id)?;
        let request = self.requests.swap_remove(at);
        Some(Finished {
            keep: request.keep,
            is_whole: matches!(request.stage, Stage::Whole),
        })
    }

    /// Begins nothing new from now on.
    pub(super) fn drain(&mut self) {
        self.draining = true;
    }

    /// Returns whether the peer has more than one request at a time, or asked whether it may.
    pub(super) fn multiplexes(&self) -> bool {
        self.multiplexes
    }

    /// Returns how many requests have begun and not ended.
    pub(super) fn requests(&self) -> usize {
        self.requests.len()
    }

    /// Returns a request whose parameters are not whole.
    pub(super) fn begun_head(&self) -> Option<u16> {
        let mut requests = self.requests.iter();
        requests
            .find(|request| matches!(request.stage, Stage::Params(_)))
            .map(|request| request.id)
    }

    /// Returns whether the next byte would be the first of a record.
    pub(super) fn is_between_records(&self) -> bool {
        matches!(self.reading, Reading::Header | Reading::Skip(0))
    }

    fn begin_record(&mut self, header: Header) -> Result<Option<Event>, Violation> {
        let Header {
            kind, id, length, ..
        } = header;
        let skipped = usize::from(length) + usize::from(header.padding);
        match kind {
            Kind::EndRequest
            | Kind::Stdout
            | Kind::Stderr
            | Kind::GetValuesResult
            | Kind::UnknownType => return Err(Violation::OfAnApplication(kind)),
            Kind::BeginRequest | Kind::AbortRequest | Kind::Params | Kind::Stdin if id == 0 => {
                return Err(Violation::OfTheConnection(kind));
            }
            Kind::GetValues if id != 0 => return Err(Violation::OfARequest(kind)),
            Kind::GetValues if length > LONGEST_QUESTION => {
                return Err(Violation::Length(kind, length));
            }
            Kind::BeginRequest if length != 8 => return Err(Violation::Length(kind, length)),
            Kind::AbortRequest if length != 0 => return Err(Violation::Length(kind, length)),
            Kind::BeginRequest | Kind::GetValues => self.reading = Reading::Whole(header),
            Kind::AbortRequest => {
                self.reading = Reading::Skip(skipped);
                return Ok(self.abort(id));
            }
            Kind::Params | Kind::Stdin if length == 0 => {
                self.reading = Reading::Skip(skipped);
                return self.end_of_stream(header);
            }
            Kind::Params | Kind::Stdin => self.reading = Reading::Stream(header, length.into()),
            Kind::Data | Kind::Other(_) => {
                self.reading = Reading::Skip(skipped);
                // Of a request it may be what some later version of the protocol has.
                return Ok((id == 0).then(|| answer(unknown_type(kind), false)));
            }
        }
        Ok(None)
    }

    fn whole(&mut self, header: Header, content: Bytes) -> Result<Option<Event>, Violation> {
        match (header.kind, &content[..]) {
            (Kind::BeginRequest, [role1, role0, flags, ..]) => {
                let role = u16::from_be_bytes([*role1, *role0]);
                self.begin(header.id, role, flags & KEEP_CONN != 0)
            }
            (Kind::GetValues, _) => self.values(content).map(Some),
            (kind, _) => Err(Violation::Length(kind, header.length)),
        }
    }

    fn begin(&mut self, id: u16, role: u16, keep: bool) -> Result<Option<Event>, Violation> {
        if self.request(id).is_some() {
            return Err(Violation::BegunTwice(id));
        }
        let refused = if role != RESPONDER {
            Status::UnknownRole
        } else if self.draining {
            Status::Overloaded
        } else if self.requests.len() < self.bounds.requests {
            self.multiplexes |= !self.requests.is_empty();
            self.requests.push(Request {
                id,
                keep,
                stage: Stage::Params(BytesMut::new()),
            });
            return Ok(None);
        } else if self.bounds.requests == 1 {
            Status::CannotMultiplex
        } else {
            Status::Overloaded
        };
        Ok(Some(answer(end_request(id, 0, refused), !keep)))
    }

    fn stream(&mut self, header: Header, piece: BytesMut) -> Result<Option<Event>, Violation> {
        let most = self.bounds.params_size();
        let id = header.id;
        let Some(request) = self.request(id) else {
            return Ok(None);
        };
        match (&mut request.stage, header.kind) {
            (Stage::Params(params), Kind::Params) => {
                if piece.len() > most.saturating_sub(params.len()) {
                    return Ok(Some(too_large(id, most)));
                }
                // Copied, unless all of it is here: it must not keep what was read beside it.
                params.extend_from_slice(&piece);
                Ok(None)
            }
            (Stage::Params(_), _) => Ok(Some(body_ahead(id))),
            (Stage::Body, Kind::Stdin) => Ok(Some(Event::Data {
                id,
                data: piece.freeze(),
            })),
            (Stage::Body | Stage::Whole, kind) => Err(Violation::AfterEnd(kind)),
        }
    }

    fn end_of_stream(&mut self, header: Header) -> Result<Option<Event>, Violation> {
        let rules = self.bounds.rules;
        let id = header.id;
        let Some(request) = self.request(id) else {
            return Ok(None);
        };
        Ok(match (&mut request.stage, header.kind) {
            (Stage::Params(params), Kind::Params) => {
                let params = std::mem::take(params).freeze();
                request.stage = Stage::Body;
                Some(match variables(params, &rules) {
                    Ok(variables) => Event::Request { id, variables },
                    Err(why) => Event::Refuse { id, why },
                })
            }
            (Stage::Params(_), _) => Some(body_ahead(id)),
            (Stage::Body, Kind::Stdin) => {
                request.stage = Stage::Whole;
                Some(Event::End { id })
            }
            // Twice the same end.
            (Stage::Body | Stage::Whole, _) => None,
        })
    }

    fn abort(&mut self, id: u16) -> Option<Event> {
        self.request(id).is_some().then_some(Event::Abort { id })
    }

    /// Says what it knows of what was asked; section 4.1 of the specification.
    fn values(&mut self, question: Bytes) -> Result<Event, Violation> {
        let asked: Vec<_> = Pairs(question)
            .collect::<Result<_, _>>()
            .map_err(|_| Violation::Pairs)?;
        let Bounds {
            requests,
            connections,
            ..
        } = self.bounds;
        let known = [
            ("FCGI_MAX_CONNS", connections.map(|most| most.to_string())),
            (
                "FCGI_MAX_REQS",
                connections.map(|most| most.saturating_mul(requests).to_string()),
            ),
            ("FCGI_MPXS_CONNS", Some(u8::from(requests > 1).to_string())),
        ];
        self.multiplexes |= requests > 1;
        let mut list = BytesMut::new();
        for (name, value) in &known {
            let is_asked = asked.iter().any(|(asked, _)| **asked == *name.as_bytes());
            if let (true, Some(value)) = (is_asked, value) {
                pairs::write(&mut list, name, value);
            }
        }
        // Three short pairs.
        let length = u16::try_from(list.len()).unwrap_or(Header::LONGEST);
        let mut record = BytesMut::from(&Header::of(Kind::GetValuesResult, 0, length)[..]);
        record.unsplit(list);
        Ok(Event::Answer {
            record: record.freeze(),
            closes: false,
        })
    }

    fn request(&mut self, id: u16) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.id == id)
    }
}

fn answer(record: [u8; 16], closes: bool) -> Event {
    Event::Answer {
        record: Bytes::copy_from_slice(&record),
        closes,
    }
}

fn variables(params: Bytes, rules: &Rules) -> Result<ServerVariables, Refusal> {
    let mut variables = Variables::new(rules);
    for pair in Pairs(params) {
        let (name, value) =
            pair.map_err(|_| Refusal::malformed("the parameters end inside of one"))?;
        variables.push(name, value)?;
    }
    variables.finish()
}

#[cold]
fn too_large(id: u16, most: usize) -> Event {
    let why = Refusal::too_large(format!("the parameters have more than {most} bytes"));
    Event::Refuse { id, why }
}

#[cold]
fn body_ahead(id: u16) -> Event {
    let why = Refusal::malformed("the body began before the end of the parameters");
    Event::Refuse { id, why }
}
