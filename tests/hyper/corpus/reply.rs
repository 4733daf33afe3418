//! Responses, read as a careful client does.

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::net::TcpStream;

use crate::support::PATIENCE;

pub(super) struct Reply {
    pub(super) status: u16,
    /// In lower case, as they came.
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        let named = self.fields.iter().filter(|(field, _)| field == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn closes(&self) -> bool {
        let values = self.values("connection").join(",");
        values.split(',').any(|option| option.trim() == "close")
    }
}

pub(super) struct Replies(pub(super) BufReader<TcpStream>);

impl Replies {
    /// Reads the next final response. `None`: the connection was closed in an orderly way.
    pub(super) async fn next(&mut self, head_only: bool) -> Result<Option<Reply>, String> {
        loop {
            let Some(mut reply) = self.head().await? else {
                return Ok(None);
            };
            if reply.status == 100 {
                continue;
            }
            let bodiless = head_only || reply.status == 204 || reply.status == 304;
            let coding = reply.values("transfer-encoding").join(",");
            let length = reply.values("content-length").join(",");
            reply.body = match (bodiless, coding.as_str(), length.as_str()) {
                (true, ..) => Vec::new(),
                (_, "", "") => self.rest().await?,
                (_, "chunked", "") => self.chunks().await?,
                (_, "", length) => {
                    let length = length.parse().map_err(|_| format!("length {length:?}"))?;
                    let mut body = vec![0; length];
                    let read = patient(self.0.read_exact(&mut body)).await;
                    read.map_err(|error| format!("in a body: {error}"))?;
                    body
                }
                (_, coding, length) => return Err(format!("both {coding:?} and {length:?}")),
            };
            return Ok(Some(reply));
        }
    }

    /// Reads until the connection is closed.
    pub(super) async fn rest(&mut self) -> Result<Vec<u8>, String> {
        let mut rest = Vec::new();
        match patient(self.0.read_to_end(&mut rest)).await {
            Ok(_) => Ok(rest),
            Err(error) => Err(format!("{error} behind {}", rest.escape_ascii())),
        }
    }

    async fn head(&mut self) -> Result<Option<Reply>, String> {
        let Some(first) = self.line().await? else {
            return Ok(None);
        };
        let status = first
            .strip_prefix("HTTP/1.1 ")
            .or_else(|| first.strip_prefix("HTTP/1.0 "))
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .ok_or_else(|| format!("the first line is {first:?}"))?;
        let mut fields = Vec::new();
        loop {
            match self.line().await?.as_deref() {
                None => return Err("the connection ends in a head".into()),
                Some("") => break,
                Some(line) => {
                    let field = line.split_once(':').ok_or(format!("field {line:?}"))?;
                    fields.push((field.0.to_ascii_lowercase(), field.1.trim().to_owned()));
                }
            }
        }
        Ok(Some(Reply {
            status,
            fields,
            body: Vec::new(),
        }))
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?.unwrap_or_default();
            let size = usize::from_str_radix(&line, 16).map_err(|_| format!("size {line:?}"))?;
            let mut chunk = vec![0; size];
            let read = patient(self.0.read_exact(&mut chunk)).await;
            read.map_err(|error| format!("in a chunk: {error}"))?;
            body.extend(chunk);
            if self.line().await?.as_deref() != Some("") {
                return Err("a chunk does not end with CRLF".into());
            }
            if size == 0 {
                return Ok(body);
            }
        }
    }

    /// Reads a line. `None`: the connection was closed before it.
    async fn line(&mut self) -> Result<Option<String>, String> {
        let mut line = Vec::new();
        loop {
            match patient(self.0.read_u8()).await {
                Ok(byte) => line.push(byte),
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return match line.is_empty() {
                        true => Ok(None),
                        false => Err(format!("closed behind {}", line.escape_ascii())),
                    };
                }
                Err(error) => return Err(format!("{error} behind {}", line.escape_ascii())),
            }
            if let Some(whole) = line.strip_suffix(b"\r\n") {
                return Ok(Some(String::from_utf8_lossy(whole).into_owned()));
            }
        }
    }
}

/// An error instead of a hang, so that it can be told which exchange it was.
async fn patient<T>(read: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(read) => read,
        Err(_) => Err(std::io::Error::other("nothing came")),
    }
}
