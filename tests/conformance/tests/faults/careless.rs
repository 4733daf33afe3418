//! A server of HTTP/1.1 that believes whatever it reads: a fault for each rule of framing.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use http_body_util::BodyExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use transom::adapter::Dispatcher;
use transom::features::{
    ConnectionInfo, Endpoint, Scheme, ServerAddress, ServerAddresses, ServerInfo, Transport,
};
use transom::{
    Application, Body, BoundServer, BoxServer, Error, Features, Request, Server, Shutdown,
};

/// Reads lines that end in anything, takes the last `Content-Length`, ignores what it does not know.
pub(crate) fn careless() -> BoxServer {
    Careless { reads: true }.boxed()
}

/// Never reads a body.
pub(crate) fn leaving() -> BoxServer {
    Careless { reads: false }.boxed()
}

struct Careless {
    reads: bool,
}

struct BoundCareless {
    reads: bool,
    listener: TcpListener,
    features: Features,
}

impl Server for Careless {
    type Bound = BoundCareless;

    async fn bind(self) -> Result<BoundCareless, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = ServerAddress::tcp(Scheme::Http, listener.local_addr().unwrap());
        let mut features = Features::new();
        features.insert(ServerInfo::new("careless", "0"));
        features.insert(ServerAddresses::new(Vec::new(), vec![address]));
        Ok(BoundCareless {
            reads: self.reads,
            listener,
            features,
        })
    }
}

impl BoundServer for BoundCareless {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let dispatcher = Arc::new(Dispatcher::new(app, self.features, &shutdown));
        let mut connections = JoinSet::new();
        while let Ok((stream, remote)) = self.listener.accept().await {
            let info = ConnectionInfo::new(Transport::Tcp).with_remote(Endpoint::Tcp(remote));
            let dispatcher = Arc::clone(&dispatcher);
            connections
                .spawn(async move { connection(stream, info, &dispatcher, self.reads).await });
        }
        Ok(())
    }
}

async fn connection<A: Application>(
    stream: TcpStream,
    info: ConnectionInfo,
    dispatcher: &Dispatcher<A>,
    reads: bool,
) -> Option<()> {
    let connection = dispatcher.connection(info, Scheme::Http);
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let request = request(&mut reader, reads).await?;
        let Ok(response) = dispatcher.call(&connection, request).run().await else {
            return None;
        };
        let status = response.status();
        let data = response.into_body().collect().await.ok()?.to_bytes();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
            data.len()
        );
        writer.write_all(head.as_bytes()).await.ok()?;
        writer.write_all(&data).await.ok()?;
    }
}

async fn request(reader: &mut (impl AsyncBufReadExt + Unpin), reads: bool) -> Option<Request> {
    let first = line(reader).await?;
    let mut words = first.split(' ');
    let mut request = http::Request::builder()
        .method(words.next()?)
        .uri(words.next().unwrap_or("/"));
    let (mut length, mut chunked) = (0, false);
    loop {
        let line = line(reader).await?;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match &*name {
            "transfer-encoding" => chunked = value.contains("chunked"),
            "content-length" => {
                let digits: String = value.chars().filter(char::is_ascii_digit).collect();
                length = digits.parse().unwrap_or(0);
                continue;
            }
            _ => {}
        }
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            request = request.header(name, value);
        }
    }
    let body = match chunked {
        _ if !reads => Vec::new(),
        true => chunks(reader).await?,
        false => exactly(reader, length).await?,
    };
    request.body(Body::from(Bytes::from(body))).ok()
}

async fn chunks(reader: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let line = line(reader).await?;
        let size = line.split(';').next()?.trim().trim_start_matches("0x");
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size > 0 {
            data.extend(exactly(reader, size).await?);
        }
        self::line(reader).await?;
        if size == 0 {
            return Some(data);
        }
    }
}

async fn exactly(reader: &mut (impl AsyncBufReadExt + Unpin), count: usize) -> Option<Vec<u8>> {
    let mut data = vec![0; count.min(1 << 20)];
    reader.read_exact(&mut data).await.ok()?;
    Some(data)
}

async fn line(reader: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line).await.ok()? == 0 {
        return None;
    }
    let line = line.trim_ascii_end();
    Some(String::from_utf8_lossy(line).into_owned())
}
