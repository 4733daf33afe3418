//! Packets, written and read by nobody's code but this.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

pub(crate) const FORWARD_REQUEST: u8 = 2;
pub(crate) const SEND_BODY_CHUNK: u8 = 3;
pub(crate) const SEND_HEADERS: u8 = 4;
pub(crate) const END_RESPONSE: u8 = 5;
pub(crate) const GET_BODY_CHUNK: u8 = 6;
pub(crate) const SHUTDOWN: u8 = 7;
pub(crate) const CPONG: u8 = 9;
pub(crate) const CPING: u8 = 10;

pub(crate) const REMOTE_USER: u8 = 3;
pub(crate) const QUERY_STRING: u8 = 5;
pub(crate) const NAMED: u8 = 10;
pub(crate) const SECRET: u8 = 12;
pub(crate) const STORED_METHOD: u8 = 13;

/// Returns a packet to the program.
pub(crate) fn packet(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("the content of one packet");
    [&[0x12, 0x34], &length.to_be_bytes()[..], content].concat()
}

/// Returns a packet with a piece of a body; an empty one is its end.
pub(crate) fn data(piece: &[u8]) -> Vec<u8> {
    let length = u16::try_from(piece.len()).expect("the data of one packet");
    packet(&[&length.to_be_bytes()[..], piece].concat())
}

pub(crate) fn text(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a text of one packet");
    [&length.to_be_bytes()[..], text, &[0]].concat()
}

/// What a request is made of.
pub(crate) struct Forward {
    pub(crate) method: String,
    pub(crate) protocol: String,
    pub(crate) target: String,
    pub(crate) remote: String,
    pub(crate) server: (String, u16),
    pub(crate) secure: bool,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) attributes: Vec<(u8, Vec<Vec<u8>>)>,
}

impl Forward {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            protocol: "HTTP/1.1".to_owned(),
            target: target.to_owned(),
            remote: "192.0.2.7".to_owned(),
            server: ("conformance.test".to_owned(), 80),
            secure: false,
            fields: Vec::new(),
            attributes: Vec::new(),
        }
    }

    pub(crate) fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn attribute(mut self, number: u8, texts: &[&str]) -> Self {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec());
        self.attributes.push((number, texts.collect()));
        self
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        let number = METHODS.iter().find(|(_, name)| *name == self.method);
        let mut content = vec![FORWARD_REQUEST, number.map_or(0xFF, |(number, _)| *number)];
        let (target, query) = match self.target.split_once('?') {
            Some((target, query)) => (target, Some(query)),
            None => (&self.target[..], None),
        };
        for part in [&self.protocol, target, &self.remote] {
            content.extend(text(part.as_bytes()));
        }
        // The client's name is not looked up.
        content.extend([0xFF, 0xFF]);
        content.extend(text(self.server.0.as_bytes()));
        content.extend(self.server.1.to_be_bytes());
        content.push(self.secure.into());
        let count = u16::try_from(self.fields.len()).expect("not that many fields");
        content.extend(count.to_be_bytes());
        for (name, value) in &self.fields {
            let number = FIELDS
                .iter()
                .find(|(_, known)| name.eq_ignore_ascii_case(known));
            match number {
                Some((number, _)) => content.extend([0xA0, *number]),
                None => content.extend(text(name.as_bytes())),
            }
            content.extend(text(value));
        }
        if let Some(query) = query {
            content.push(QUERY_STRING);
            content.extend(text(query.as_bytes()));
        }
        if number.is_none() {
            content.push(STORED_METHOD);
            content.extend(text(self.method.as_bytes()));
        }
        for (number, texts) in &self.attributes {
            content.push(*number);
            content.extend(texts.iter().flat_map(|value| text(value)));
        }
        content.push(0xFF);
        content
    }

    pub(crate) fn packet(&self) -> Vec<u8> {
        packet(&self.content())
    }
}

const METHODS: [(u8, &str); 8] = [
    (1, "OPTIONS"),
    (2, "GET"),
    (3, "HEAD"),
    (4, "POST"),
    (5, "PUT"),
    (6, "DELETE"),
    (7, "TRACE"),
    (8, "PROPFIND"),
];

const FIELDS: [(u8, &str); 9] = [
    (1, "accept"),
    (5, "authorization"),
    (6, "connection"),
    (7, "content-type"),
    (8, "content-length"),
    (9, "cookie"),
    (11, "host"),
    (13, "referer"),
    (14, "user-agent"),
];

/// What a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Head {
        status: u16,
        fields: Vec<(String, Vec<u8>)>,
    },
    Data(Vec<u8>),
    /// It wants more of the body, and so much at most.
    Wants(u16),
    /// The response is whole; the connection may be used again.
    End(bool),
    Pong,
}

/// Reads one packet; `None` at the end of the connection.
pub(crate) async fn read_packet(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Said>> {
    let mut head = [0; 4];
    if from.read(&mut head[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..]).await?;
    if head[..2] != *b"AB" {
        return Err(io::Error::other(format!("no packet: {head:?}")));
    }
    let mut content = vec![0; u16::from_be_bytes([head[2], head[3]]).into()];
    from.read_exact(&mut content).await?;
    let said = understood(&content);
    said.map(Some)
        .ok_or_else(|| io::Error::other(format!("no content: {}", content.escape_ascii())))
}

fn understood(content: &[u8]) -> Option<Said> {
    let (kind, mut rest) = content.split_first()?;
    let said = match *kind {
        SEND_HEADERS => {
            let status = number(&mut rest)?;
            taken(&mut rest)?;
            let mut fields = Vec::new();
            for _ in 0..number(&mut rest)? {
                let name = match rest.first()? {
                    0xA0 => ANSWERS
                        .get(usize::from(number(&mut rest)? & 0xFF))?
                        .to_string(),
                    _ => String::from_utf8(taken(&mut rest)?).ok()?,
                };
                fields.push((name, taken(&mut rest)?));
            }
            Said::Head { status, fields }
        }
        SEND_BODY_CHUNK => Said::Data(taken(&mut rest)?),
        GET_BODY_CHUNK => Said::Wants(number(&mut rest)?),
        END_RESPONSE => {
            let (reuse, end) = rest.split_first()?;
            rest = end;
            Said::End(*reuse == 1)
        }
        CPONG => Said::Pong,
        _ => return None,
    };
    rest.is_empty().then_some(said)
}

const ANSWERS: [&str; 12] = [
    "",
    "Content-Type",
    "Content-Language",
    "Content-Length",
    "Date",
    "Last-Modified",
    "Location",
    "Set-Cookie",
    "Set-Cookie2",
    "Servlet-Engine",
    "Status",
    "WWW-Authenticate",
];

fn number(from: &mut &[u8]) -> Option<u16> {
    let (two, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u16::from_be_bytes(*two))
}

/// Takes a text with its NUL.
fn taken(from: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::from(number(from)?);
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest.strip_prefix(&[0])?;
    Some(text.to_vec())
}
