use std::fmt;
use std::net::SocketAddr;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Method, StatusCode, Uri, Version, header};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use transom::features::{TlsInfo, TlsVersion, Upgraded};
use transom::testing::{TestClient, TestConnection};
use transom::{Body, Features, Request};

use super::http3::Http3;
use super::{Identity, NAME, Reply, Stream, authority};
use crate::{Capability, Failure, Gateway, GatewayConnection, Outcome, within};

/// How a client speaks with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Values, through [`TestClient`].
    Memory,
    /// Whatever a [`Gateway`] speaks with the server.
    Gateway,
    /// HTTP/1.1 over a socket.
    Http1,
    /// HTTP/2 over a socket.
    Http2,
    /// HTTP/3 over a socket of UDP.
    Http3,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: &'static [Self] = &[
        Self::Memory,
        Self::Gateway,
        Self::Http1,
        Self::Http2,
        Self::Http3,
    ];

    /// Returns what a server needs for it.
    pub fn capability(self) -> Capability {
        match self {
            Self::Memory => Capability::InMemory,
            Self::Gateway => Capability::Gateway,
            Self::Http1 => Capability::Http1,
            Self::Http2 => Capability::Http2,
            Self::Http3 => Capability::Http3,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Gateway => "gateway",
            Self::Http1 => "h1",
            Self::Http2 => "h2",
            Self::Http3 => "h3",
        })
    }
}

/// One connection to the server, on which requests are sent, whatever its protocol.
///
/// Dropping it closes the connection. Dropping a response, or the future of one, before its end is a
/// client that goes away: HTTP/1.1 closes the connection, HTTP/2 and HTTP/3 reset the stream.
pub struct Connection {
    sender: Sender,
    /// The `Host` of every request that has no other.
    host: HeaderValue,
    ends: Option<(SocketAddr, SocketAddr)>,
    tls: Option<TlsInfo>,
    /// What drives the connection, and is aborted with it.
    driver: JoinSet<()>,
}

enum Sender {
    Memory(TestConnection),
    Gateway(GatewayConnection),
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
    Http3(Http3),
}

impl Connection {
    /// Connects to the server whose features these are.
    pub(crate) async fn open(protocol: Protocol, server: &Features) -> Outcome<Self> {
        Self::open_as(protocol, server, None, None).await
    }

    /// As [`open`](Self::open), showing a certificate if the server asks for one, and with room for so many bytes over
    /// HTTP/2.
    pub(crate) async fn open_as(
        protocol: Protocol,
        server: &Features,
        identity: Option<&Identity>,
        room: Option<u32>,
    ) -> Outcome<Self> {
        let mut driver = JoinSet::new();
        let host = HeaderValue::try_from(match protocol {
            // Its clients know the gateway, and not what is behind it.
            Protocol::Gateway => NAME.to_owned(),
            _ => authority(server),
        })?;
        if protocol == Protocol::Memory {
            let client = server.require::<TestClient>()?;
            return Ok(Self {
                sender: Sender::Memory(client.connect()),
                host,
                ends: None,
                tls: None,
                driver,
            });
        }
        if protocol == Protocol::Gateway {
            let connecting = server.require::<Gateway>()?.connect(server);
            let connection = within("the gateway's connection", connecting).await??;
            return Ok(Self {
                ends: connection.ends,
                tls: connection.tls.clone(),
                sender: Sender::Gateway(connection),
                host,
                driver,
            });
        }
        if protocol == Protocol::Http3 {
            let (sender, ends) = Http3::open(server.get(), &mut driver).await?;
            return Ok(Self {
                sender: Sender::Http3(sender),
                host,
                ends: Some(ends),
                tls: Some(TlsInfo::new(TlsVersion::Tls13).with_protocol("h3")),
                driver,
            });
        }
        let alpn = match protocol {
            Protocol::Http2 => "h2",
            _ => "http/1.1",
        };
        let stream = Stream::connect(server, alpn, identity).await?;
        let (ends, tls) = (stream.ends(), stream.tls());
        let sender = if protocol == Protocol::Http2 {
            Sender::Http2(super::http2::open(stream, &mut driver, room).await?)
        } else {
            let io = TokioIo::new(stream);
            // As most clients write them; `S-REQ-HDR-CASE` writes them otherwise.
            let handshake = http1::Builder::new().title_case_headers(true).handshake(io);
            let (sender, connection) = within("the handshake of HTTP/1.1", handshake).await??;
            driver.spawn(async move { drop(connection.with_upgrades().await) });
            Sender::Http1(sender)
        };
        Ok(Self {
            sender,
            host,
            ends,
            tls,
            driver,
        })
    }

    /// Returns the client's end and the server's, if the connection is one of IP.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.ends
    }

    /// Returns what TLS agreed on, as the client knows it; `None` without TLS.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.tls.as_ref()
    }

    /// Sends a request, whose URI is a path and query, and returns its response once the head is there.
    ///
    /// # Errors
    ///
    /// The server hung up, or did not answer within the deadline.
    pub async fn send(&mut self, request: Request) -> Outcome<Reply> {
        within("a response", self.send_patiently(request)).await?
    }

    /// As [`send`](Self::send), without a deadline.
    ///
    /// # Errors
    ///
    /// The server hung up.
    pub async fn send_patiently(&mut self, mut request: Request) -> Outcome<Reply> {
        let response = match &mut self.sender {
            Sender::Memory(connection) => {
                add_host(&mut request, &self.host);
                let (response, upgraded) = connection.upgrade(request).await?;
                return Ok(Reply::new(response, upgraded));
            }
            Sender::Gateway(connection) => {
                add_host(&mut request, &self.host);
                return Ok(Reply::new(connection.send(request).await?, None));
            }
            Sender::Http1(sender) => {
                add_host(&mut request, &self.host);
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                let scheme = match self.tls {
                    Some(_) => Scheme::HTTPS,
                    None => Scheme::HTTP,
                };
                move_host_to_target(&mut request, &self.host, Version::HTTP_2, scheme)?;
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http3(sender) => {
                move_host_to_target(&mut request, &self.host, Version::HTTP_3, Scheme::HTTPS)?;
                return Ok(Reply::new(sender.send(request).await?, None));
            }
        };
        reply_of(response).await
    }

    /// Waits until the connection is closed, which the server does, or asks for where the client has no request in
    /// flight.
    ///
    /// # Errors
    ///
    /// It was still open at the deadline; or it cannot be told, as in memory, through a gateway, and of a handle
    /// that is [shared](Self::share).
    pub async fn closed(&mut self) -> Outcome {
        let ended = within("the close of the connection", self.driver.join_next()).await?;
        ended
            .ok_or_else(|| Failure::new("this handle does not know when the connection ends"))??;
        Ok(())
    }

    /// Returns a second handle of the same connection, so that requests overlap.
    ///
    /// # Errors
    ///
    /// HTTP/1.1 has no overlapping requests.
    pub fn share(&self) -> Outcome<Self> {
        let sender = match &self.sender {
            Sender::Memory(connection) => Sender::Memory(connection.clone()),
            Sender::Gateway(connection) => Sender::Gateway(connection.clone()),
            Sender::Http2(sender) => Sender::Http2(sender.clone()),
            Sender::Http3(sender) => Sender::Http3(sender.clone()),
            Sender::Http1(_) => return Err(Failure::new("HTTP/1.1 has no overlapping requests")),
        };
        Ok(Self {
            sender,
            host: self.host.clone(),
            ends: self.ends,
            tls: self.tls.clone(),
            driver: JoinSet::new(),
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.sender {
            Sender::Memory(_) => "Connection(memory)",
            Sender::Gateway(_) => "Connection(gateway)",
            Sender::Http1(_) => "Connection(HTTP/1.1)",
            Sender::Http2(_) => "Connection(HTTP/2)",
            Sender::Http3(_) => "Connection(HTTP/3)",
        })
    }
}

fn add_host(request: &mut Request, host: &HeaderValue) {
    let known = request.headers_mut().entry(header::HOST);
    known.or_insert_with(|| host.clone());
}

/// HTTP/2 and HTTP/3 have the authority in the target alone.
fn move_host_to_target(
    request: &mut Request,
    host: &HeaderValue,
    version: Version,
    scheme: Scheme,
) -> Outcome {
    *request.version_mut() = version;
    if request.method() == Method::CONNECT {
        return Ok(());
    }
    let host = request
        .headers_mut()
        .remove(header::HOST)
        .unwrap_or_else(|| host.clone());
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(scheme);
    parts.authority = Some(Authority::try_from(host.as_bytes())?);
    parts
        .path_and_query
        .get_or_insert(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from_parts(parts)?;
    Ok(())
}

async fn reply_of(mut response: http::Response<hyper::body::Incoming>) -> Outcome<Reply> {
    let mut upgraded = None;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let upgrading = hyper::upgrade::on(&mut response);
        let io = within("the upgraded connection", upgrading).await??;
        upgraded = Some(Upgraded::from_tokio(TokioIo::new(io)));
    }
    Ok(Reply::new(response.map(Body::new), upgraded))
}
