//! A connection to a server of FastCGI that carries many requests at a time.

use std::collections::HashMap;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use transom::features::ServerAddresses;
use transom::{Body, Request, Response};
use transom_conformance::{Failure, Outcome};

use super::records::*;
use super::variables::variables;

type Socket = Box<dyn Duplex>;

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Closes the connection when the last clone is dropped, whatever is still in flight.
#[derive(Clone)]
pub(crate) struct Client(Arc<Owner>);

struct Owner {
    wire: Arc<Wire>,
    socket: socket2::Socket,
    reader: JoinHandle<()>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // It fails if the server closed it before.
        let _ = self.socket.shutdown(Shutdown::Both);
        self.reader.abort();
    }
}

struct Wire {
    writer: tokio::sync::Mutex<WriteHalf<Socket>>,
    /// Where the answer to each request goes; `None` once no answers come.
    answers: Mutex<Option<HashMap<u16, mpsc::Sender<Event>>>>,
    next: AtomicU16,
    keep: bool,
    socket: socket2::Socket,
}

enum Event {
    Stdout(Vec<u8>),
    End { application: u32, protocol: u8 },
}

impl Client {
    /// Connects. Without `keep` the server shall close the connection after the one request.
    pub(crate) async fn connect(server: &ServerAddresses, keep: bool) -> Outcome<Self> {
        let address = server.bound()[0].clone();
        let (socket, stream): (_, Socket) = match address.unix_path() {
            Some(path) => {
                let stream = UnixStream::connect(path).await?;
                (SockRef::from(&stream).try_clone()?, Box::new(stream))
            }
            None => {
                let to = address
                    .connect_addr()
                    .ok_or_else(|| Failure::new("an address of no kind"))?;
                let stream = TcpStream::connect(to).await?;
                stream.set_nodelay(true)?;
                (SockRef::from(&stream).try_clone()?, Box::new(stream))
            }
        };
        let (reader, writer) = tokio::io::split(stream);
        let wire = Arc::new(Wire {
            writer: tokio::sync::Mutex::new(writer),
            answers: Mutex::new(Some(HashMap::new())),
            next: AtomicU16::new(1),
            keep,
            socket: socket.try_clone()?,
        });
        if keep {
            // As whoever multiplexes has to ask.
            let question = pairs([(&b"FCGI_MPXS_CONNS"[..], &b""[..])]);
            wire.write(&record(GET_VALUES, 0, &question)).await?;
        }
        let reader = tokio::spawn(read(reader, Arc::clone(&wire)));
        Ok(Self(Arc::new(Owner {
            wire,
            socket,
            reader,
        })))
    }

    /// Sends a request, and returns the response once its head is there.
    pub(crate) async fn send(
        &self,
        request: Request,
        more: &[(&str, String)],
    ) -> Outcome<Response> {
        let wire = &self.0.wire;
        let (head, body) = request.into_parts();
        let variables = variables(&head, &body, more);
        let id = wire.next.fetch_add(1, Ordering::Relaxed);
        let (sender, mut events) = mpsc::channel(1);
        match &mut *wire.answers.lock().unwrap() {
            Some(answers) => answers.insert(id, sender),
            None => return Err(Failure::new("the server hung up")),
        };

        let mut records = begin(id, 1, if wire.keep { KEEP } else { 0 });
        let content = pairs(
            variables
                .iter()
                .map(|(name, value)| (&name[..], &value[..])),
        );
        // In small pieces, so that pairs are cut.
        records.extend(stream(PARAMS, id, &content, 1000));
        records.extend(record(PARAMS, id, b""));
        let mut flight = Flight {
            _owner: Arc::clone(&self.0),
            wire: Arc::clone(wire),
            id,
            upload: None,
            is_sent: Arc::new(AtomicBool::new(false)),
            is_over: false,
        };
        let is_empty = body.is_end_stream();
        if is_empty {
            flight.is_sent.store(true, Ordering::SeqCst);
            records.extend(record(STDIN, id, b""));
        }
        wire.write(&records).await?;
        flight.upload = (!is_empty).then(|| {
            tokio::spawn(upload(
                Arc::clone(wire),
                id,
                body,
                Arc::clone(&flight.is_sent),
            ))
        });

        let mut read = Vec::new();
        let end = loop {
            match events.recv().await {
                Some(Event::Stdout(piece)) => read.extend(piece),
                Some(Event::End {
                    application,
                    protocol,
                }) => {
                    flight.is_over = true;
                    let why = format!("no response: {application} {protocol}");
                    return Err(Failure::new(why));
                }
                None => {
                    flight.is_over = true;
                    return Err(Failure::new("the server hung up"));
                }
            }
            if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
        };
        let rest = read.split_off(end + 4);
        let mut response = Response::new(Body::empty());
        for line in read[..end].split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let colon = line
                .iter()
                .position(|byte| *byte == b':')
                .ok_or_else(|| Failure::new("no field"))?;
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"status") {
                *response.status_mut() = StatusCode::from_bytes(&value[..3])?;
            } else {
                let name = HeaderName::from_bytes(name)?;
                let value = HeaderValue::from_bytes(value)?;
                response.headers_mut().append(name, value);
            }
        }
        *response.body_mut() = answer(rest, events, flight);
        Ok(response)
    }
}

/// A request that has not ended. Dropped, it is given up.
struct Flight {
    /// The connection stays as long as the response.
    _owner: Arc<Owner>,
    wire: Arc<Wire>,
    id: u16,
    upload: Option<JoinHandle<()>>,
    is_sent: Arc<AtomicBool>,
    is_over: bool,
}

impl Flight {
    fn end(&mut self) {
        self.is_over = true;
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(upload) = &self.upload {
            upload.abort();
        }
        let others = {
            let mut answers = self.wire.answers.lock().unwrap();
            answers.as_mut().is_some_and(|answers| {
                answers.remove(&self.id);
                !answers.is_empty()
            })
        };
        if self.is_over {
            return;
        }
        let is_sent = self.is_sent.load(Ordering::SeqCst);
        if !others && (!is_sent || !self.wire.keep) {
            // As web servers do.
            let _ = self.wire.socket.shutdown(Shutdown::Both);
            return;
        }
        let (wire, id) = (Arc::clone(&self.wire), self.id);
        tokio::spawn(async move { wire.write(&record(ABORT_REQUEST, id, b"")).await });
    }
}

impl Wire {
    async fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut writer = self.writer.lock().await;
        writer.write_all(bytes).await?;
        writer.flush().await
    }
}

async fn upload(wire: Arc<Wire>, id: u16, mut body: Body, is_sent: Arc<AtomicBool>) {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // A client that broke off.
            let _ = wire.socket.shutdown(Shutdown::Both);
            return;
        };
        let data = frame.into_data().unwrap_or_default();
        for piece in data.chunks(16 * 1024) {
            if wire.write(&record(STDIN, id, piece)).await.is_err() {
                return;
            }
        }
    }
    is_sent.store(true, Ordering::SeqCst);
    // Whoever reads the answer hears of it.
    let _ = wire.write(&record(STDIN, id, b"")).await;
}

async fn read(mut reader: ReadHalf<Socket>, wire: Arc<Wire>) {
    while let Ok(Some(Record { kind, id, content })) = read_record(&mut reader).await {
        let event = match kind {
            STDOUT if !content.is_empty() => Event::Stdout(content),
            END_REQUEST => Event::End {
                application: u32::from_be_bytes(content[..4].try_into().unwrap()),
                protocol: content[4],
            },
            _ => continue,
        };
        let is_end = matches!(event, Event::End { .. });
        let sender = match &mut *wire.answers.lock().unwrap() {
            Some(answers) if is_end => answers.remove(&id),
            Some(answers) => answers.get(&id).cloned(),
            None => None,
        };
        if let Some(sender) = sender {
            // Whoever does not read slows everybody, as he does the server.
            let _ = sender.send(event).await;
        }
    }
    *wire.answers.lock().unwrap() = None;
}

fn answer(rest: Vec<u8>, events: mpsc::Receiver<Event>, flight: Flight) -> Body {
    let state = (rest, events, flight, false);
    let frames = stream::unfold(state, |(rest, mut events, mut flight, ended)| async move {
        if ended {
            return None;
        }
        if !rest.is_empty() {
            let piece = Ok(Frame::data(Bytes::from(rest)));
            return Some((piece, (Vec::new(), events, flight, false)));
        }
        let next = match events.recv().await {
            Some(Event::Stdout(piece)) => Ok(Frame::data(Bytes::from(piece))),
            Some(Event::End {
                application: 0,
                protocol: 0,
            }) => {
                flight.end();
                return None;
            }
            Some(Event::End { .. }) => Err("the server says that it is not whole"),
            None => Err("the connection ended before the response"),
        };
        let ended = next.is_err();
        if ended {
            flight.end();
        }
        Some((next, (Vec::new(), events, flight, ended)))
    });
    Body::new(StreamBody::new(frames))
}
