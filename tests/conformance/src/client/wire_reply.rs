use bytes::Bytes;

use super::Wire;
use crate::{Failure, Outcome};

/// The head of a response, byte for byte.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WireHead {
    /// The version, as `HTTP/1.1`.
    pub version: String,
    /// The status.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The fields in order, their names in lower case.
    pub fields: Vec<(String, Bytes)>,
}

/// A response, byte for byte.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WireReply {
    /// The head.
    pub head: WireHead,
    /// The body, its framing taken off.
    pub body: Bytes,
    /// The sizes of the chunks, if it was chunked.
    pub chunks: Vec<usize>,
    /// The trailers, if it was chunked.
    pub trailers: Vec<(String, Bytes)>,
}

impl WireHead {
    /// Returns the values of a field, in order; `name` is in lower case.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        let fields = self.fields.iter();
        fields
            .filter(|(known, _)| known == name)
            .map(|(_, value)| &value[..])
            .collect()
    }

    /// Returns whether a field holds a token, in a list or alone, whatever its case.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name).iter().any(|value| {
            let list = String::from_utf8_lossy(value);
            list.split(',')
                .any(|one| one.trim().eq_ignore_ascii_case(token))
        })
    }

    /// Returns whether the server says that it will close the connection.
    pub fn closes(&self) -> bool {
        self.has_token("connection", "close")
            || self.version == "HTTP/1.0" && !self.has_token("connection", "keep-alive")
    }

    /// Returns the announced length.
    ///
    /// # Errors
    ///
    /// There is more than one, or one that is no number.
    pub fn content_length(&self) -> Outcome<Option<usize>> {
        match self.values("content-length")[..] {
            [] => Ok(None),
            [value] => {
                let text = std::str::from_utf8(value)?;
                Ok(Some(text.parse()?))
            }
            _ => Err(Failure::new("there is more than one Content-Length")),
        }
    }
}

impl Wire {
    /// Reads the head of the next response.
    ///
    /// # Errors
    ///
    /// It is malformed, or did not come.
    pub async fn read_head(&mut self) -> Outcome<WireHead> {
        let head = self.read_until(b"\r\n\r\n").await?;
        parse_head(&head).map_err(|failure| failure.at(String::from_utf8_lossy(&head)))
    }

    /// Reads the next final response to a request of a method other than HEAD and CONNECT.
    ///
    /// # Errors
    ///
    /// It is malformed, or did not come.
    pub async fn read_reply(&mut self) -> Outcome<WireReply> {
        loop {
            let head = self.read_head().await?;
            if !(100..200).contains(&head.status) || head.status == 101 {
                return self.read_body(head).await;
            }
        }
    }

    /// Reads the body behind a head.
    ///
    /// # Errors
    ///
    /// It is malformed, or did not come.
    pub async fn read_body(&mut self, head: WireHead) -> Outcome<WireReply> {
        let mut reply = WireReply {
            body: Bytes::new(),
            chunks: Vec::new(),
            trailers: Vec::new(),
            head,
        };
        let length = reply.head.content_length()?;
        let chunked = reply.head.has_token("transfer-encoding", "chunked");
        match (reply.head.status, chunked, length) {
            (100..200 | 204 | 304, ..) => {}
            (_, true, Some(_)) => {
                return Err(Failure::new(
                    "the response has both Content-Length and Transfer-Encoding",
                ));
            }
            (_, true, None) => self.read_chunks(&mut reply).await?,
            (_, false, Some(length)) => reply.body = self.read(length).await?,
            (_, false, None) => reply.body = self.read_to_close().await?,
        }
        Ok(reply)
    }

    /// Reads one chunk; empty at the last, behind which trailers and an empty line follow.
    ///
    /// # Errors
    ///
    /// It is malformed, or did not come.
    pub async fn read_chunk(&mut self) -> Outcome<Bytes> {
        let line = self.read_until(b"\r\n").await?;
        let line = std::str::from_utf8(&line)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|error| Failure::from(error).at(format!("the chunk size {line:?}")))?;
        if size == 0 {
            return Ok(Bytes::new());
        }
        let data = self.read(size).await?;
        match &self.read(2).await?[..] {
            b"\r\n" => Ok(data),
            other => Err(Failure::new(format!("a chunk ends with {other:?}"))),
        }
    }

    async fn read_chunks(&mut self, reply: &mut WireReply) -> Outcome {
        let mut body = Vec::new();
        loop {
            let chunk = self.read_chunk().await?;
            if chunk.is_empty() {
                break;
            }
            reply.chunks.push(chunk.len());
            body.extend_from_slice(&chunk);
        }
        reply.body = body.into();
        loop {
            let line = self.read_until(b"\r\n").await?;
            if line.is_empty() {
                return Ok(());
            }
            reply.trailers.push(parse_field(&line)?);
        }
    }
}

fn parse_head(head: &Bytes) -> Outcome<WireHead> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        head.slice_ref(line)
    });
    let status_line = lines.next().unwrap_or_default();
    let status_line = std::str::from_utf8(&status_line)?;
    let mut words = status_line.splitn(3, ' ');
    let (version, status, reason) = (words.next(), words.next(), words.next());
    let (Some(version @ ("HTTP/1.1" | "HTTP/1.0")), Some(status)) = (version, status) else {
        return Err(Failure::new(format!("{status_line:?} is no status line")));
    };
    Ok(WireHead {
        version: version.to_owned(),
        status: status.parse()?,
        reason: reason.unwrap_or_default().to_owned(),
        fields: lines
            .map(|line| parse_field(&line))
            .collect::<Outcome<_>>()?,
    })
}

fn parse_field(line: &Bytes) -> Outcome<(String, Bytes)> {
    let colon = line.iter().position(|byte| *byte == b':');
    let colon = colon
        .ok_or_else(|| Failure::new(format!("{:?} is no field", String::from_utf8_lossy(line))))?;
    let name = std::str::from_utf8(&line[..colon])?.to_ascii_lowercase();
    let value = line[colon + 1..].trim_ascii();
    Ok((name, line.slice_ref(value)))
}
