//! The client of HTTP/3, on h3 and quinn.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt as _;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint, TransportConfig, VarInt};
use tokio::task::JoinSet;
use transom::features::{ServerAddress, ServerAddresses};
use transom::{Body, Request, Response};

use super::tls::{Anybody, provider};
use crate::{Failure, Outcome, within};

type SendRequest = h3::client::SendRequest<h3_quinn::OpenStreams, Bytes>;
type SendStream = h3::client::RequestStream<h3_quinn::SendStream<Bytes>, Bytes>;
type ReceiveStream = h3::client::RequestStream<h3_quinn::RecvStream, Bytes>;

/// How much of a response is held that the case does not read.
const WINDOW: u32 = 64 * 1024;

/// The code of a request that its client takes back; RFC 9114, section 8.1.
const CANCELLED: h3::error::Code = h3::error::Code::H3_REQUEST_CANCELLED;

/// A connection of HTTP/3. Clones share it.
#[derive(Clone)]
pub(super) struct Http3 {
    sender: SendRequest,
    /// What sends the bodies of requests.
    pumps: Arc<Mutex<JoinSet<()>>>,
}

impl Http3 {
    /// Connects to the first of the addresses that have a port. What drives the connection is spawned, and
    /// closes it when it is aborted.
    pub(super) async fn open(
        addresses: Option<&ServerAddresses>,
        driver: &mut JoinSet<()>,
    ) -> Outcome<(Self, (SocketAddr, SocketAddr))> {
        let bound = addresses.map_or_else(Vec::new, |addresses| addresses.bound().to_vec());
        let server = bound.iter().find_map(ServerAddress::connect_addr);
        let server =
            server.ok_or_else(|| Failure::new("the server lists no address of a socket"))?;
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, 0).into(),
        };
        let mut endpoint = Endpoint::client(any)?;
        endpoint.set_default_client_config(config()?);
        let client = endpoint.local_addr()?;
        let connecting = endpoint.connect(server, "localhost")?;
        let connection = within("the handshake of QUIC", connecting).await??;
        let opening = h3::client::new(h3_quinn::Connection::new(connection));
        let (mut connection, sender) = within("the begin of HTTP/3", opening).await??;
        let closes = CloseOnDrop(endpoint);
        driver.spawn(async move {
            let _closes = closes;
            std::future::poll_fn(|cx| connection.poll_close(cx)).await;
        });
        let pumps = Arc::default();
        Ok((Self { sender, pumps }, (client, server)))
    }

    /// Sends a request, and returns its response once the head is there.
    pub(super) async fn send(&mut self, request: Request) -> Outcome<Response> {
        let (mut head, body) = request.into_parts();
        head.extensions.clear();
        let request = http::Request::from_parts(head, ());
        let (mut send, mut receive) = self.sender.send_request(request).await?.split();
        let bodiless = body.is_end_stream();
        if bodiless {
            send.finish().await?;
        }
        // Dropped with the future, it takes the request back.
        let mut receiving = JoinSet::new();
        let sending = Sending((!bodiless).then_some(send));
        let pump = async move { sending.run(body).await };
        let pump = {
            let mut pumps = self.pumps.lock().unwrap_or_else(PoisonError::into_inner);
            while pumps.try_join_next().is_some() {}
            AbortOnDrop(pumps.spawn(pump))
        };
        receiving.spawn(async move {
            let response = loop {
                match receive.recv_response().await {
                    Ok(response) if response.status().is_informational() => {}
                    response => break response,
                }
            };
            (response, receive)
        });
        let (response, receive) = receiving
            .join_next()
            .await
            .ok_or_else(|| Failure::new("nothing was received"))??;
        Ok(response?.map(|()| {
            Body::new(Receiving {
                stream: receive,
                ended: false,
                _pump: pump,
            })
        }))
    }
}

/// The body of a response.
struct Receiving {
    stream: ReceiveStream,
    ended: bool,
    /// The request is taken back if its response is not read to the end.
    _pump: AbortOnDrop,
}

impl HttpBody for Receiving {
    type Data = Bytes;
    type Error = h3::error::StreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.ended {
            match ready!(self.stream.poll_recv_data(cx))? {
                Some(mut data) => {
                    let data = data.copy_to_bytes(data.remaining());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                None => self.ended = true,
            }
        }
        let trailers = ready!(self.stream.poll_recv_trailers(cx))?;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }
}

/// The sending side of a request, which is reset when it is dropped before its end.
struct Sending(Option<SendStream>);

impl Sending {
    async fn run(mut self, mut body: Body) {
        let Some(stream) = &mut self.0 else { return };
        while let Some(frame) = body.frame().await {
            // An error takes the request back.
            let Ok(frame) = frame else { return };
            let sent = match frame.into_data() {
                Ok(data) => stream.send_data(data).await,
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) => stream.send_trailers(trailers).await,
                    Err(_) => Ok(()),
                },
            };
            // The server wants no more, and may answer all the same.
            if sent.is_err() {
                self.0 = None;
                return;
            }
        }
        if stream.finish().await.is_ok() {
            self.0 = None;
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(stream) = &mut self.0 {
            stream.stop_stream(CANCELLED);
        }
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct CloseOnDrop(Endpoint);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let no_error = h3::error::Code::H3_NO_ERROR.value();
        self.0
            .close(VarInt::from_u64(no_error).unwrap_or_default(), b"");
    }
}

fn config() -> Outcome<ClientConfig> {
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(WINDOW.into());
    config.transport_config(Arc::new(transport));
    Ok(config)
}
