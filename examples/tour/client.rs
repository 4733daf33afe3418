//! The smallest client that will do: one request a connection.

use std::error::Error as StdError;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use transom::features::ServerAddresses;
use transom::testing::TestClient;
use transom::{Body, Error, Features};

/// Reaches a server by whatever way it has.
pub(crate) enum Client {
    Tcp(SocketAddr),
    Memory(TestClient),
}

impl Client {
    /// Finds the way in the server's features.
    pub(crate) fn of(server: &Features) -> Result<Self, Error> {
        if let Some(client) = server.get::<TestClient>() {
            return Ok(Self::Memory(client.clone()));
        }
        let addresses = server.require::<ServerAddresses>()?;
        match addresses
            .bound()
            .iter()
            .find_map(|address| address.connect_addr())
        {
            Some(address) => Ok(Self::Tcp(address)),
            None => Err(Error::configuration(
                "the server has no address to connect to",
            )),
        }
    }

    /// Returns the status, the field that a layer set, and the content.
    pub(crate) async fn ask(
        &self,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<String, Box<dyn StdError + Send + Sync>> {
        match self {
            Self::Tcp(address) => {
                let mut stream = TcpStream::connect(address).await?;
                let request = format!(
                    "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len(),
                );
                stream.write_all(request.as_bytes()).await?;
                let answer = read(stream).await?;
                let (head, content) = answer
                    .split_once("\r\n\r\n")
                    .ok_or("the answer has no end of its head")?;
                let status = head.split(' ').nth(1).ok_or("the answer has no status")?;
                let hosted = head.to_ascii_lowercase().contains("x-hosted-by: transom");
                Ok(show(status, hosted, content))
            }
            Self::Memory(client) => {
                let request = http::Request::builder()
                    .method(method)
                    .uri(target)
                    .header("host", "memory");
                let response = client
                    .send(request.body(Body::from(body.to_owned()))?)
                    .await?;
                let status = response.status();
                let hosted = response
                    .headers()
                    .get("x-hosted-by")
                    .is_some_and(|by| by == "transom");
                let content = response.into_body().collect(64 * 1024).await?;
                Ok(show(
                    status.as_str(),
                    hosted,
                    std::str::from_utf8(&content)?,
                ))
            }
        }
    }
}

/// Reads an answer: as much as it says that it has, or until the server closes.
async fn read(stream: TcpStream) -> Result<String, Box<dyn StdError + Send + Sync>> {
    let mut stream = BufReader::new(stream);
    let (mut answer, mut length) = (String::new(), None);
    while !answer.ends_with("\r\n\r\n") {
        let begun = answer.len();
        if stream.read_line(&mut answer).await? == 0 {
            break;
        }
        if let Some((name, value)) = answer[begun..].split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse()?);
        }
    }
    let mut content = stream.take(length.unwrap_or(u64::MAX));
    content.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn show(status: &str, hosted: bool, content: &str) -> String {
    let by = if hosted {
        "x-hosted-by: transom"
    } else {
        "no x-hosted-by"
    };
    format!("{status}  {by}  {content:?}")
}
