use std::time::Duration;

use super::connection::connection;
use super::options::{AjpOptions, check};
use super::secret::Secret;
use crate::gateway::gateway_server;

gateway_server! {
    /// A server of [AJP/1.3](https://tomcat.apache.org/connectors-doc/ajp/ajpv13a.html): Apache's `mod_proxy_ajp`, and
    /// `mod_jk`.
    ///
    /// A connection carries one request after the other. A body comes a packet at a time, when the application waits
    /// for more of it. The fields of a request keep their names, which no other protocol of the family can.
    ///
    /// **Give it a secret.** What speaks AJP is believed in all that it says, and a web server that mistakes where a
    /// body ends lets its clients speak AJP: Ghostcat (CVE-2020-1938) and CVE-2022-26377. Without one only this
    /// machine may connect.
    ///
    /// ```
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use transom::features::ServerAddresses;
    /// use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
    /// use transom_cgi::AjpServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let bound = AjpServer::new("http://127.0.0.1:0").with_secret("open sesame").bind().await?;
    /// let address = bound.features().require::<ServerAddresses>()?.bound()[0].clone();
    /// let (trigger, shutdown) = Shutdown::pair();
    /// let app = |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
    /// let serving = tokio::spawn(bound.serve(app, shutdown));
    ///
    /// // What a web server says: FORWARD_REQUEST, GET, texts with their lengths before them and a NUL behind.
    /// let mut request = vec![2, 2];
    /// let text = |text: &str| [&[0, text.len() as u8], text.as_bytes(), &[0]].concat();
    /// for part in ["HTTP/1.1", "/page", "192.0.2.7", "", "a.test"] {
    ///     request.extend(text(part));
    /// }
    /// request.extend([0, 80, 0]); // the port, and no TLS
    /// request.extend([0, 1, 0xA0, 0x0B]); // one field, `Host`
    /// request.extend(text("a.test"));
    /// request.push(12); // the secret
    /// request.extend(text("open sesame"));
    /// request.push(0xFF);
    /// let mut gateway = tokio::net::TcpStream::connect(address.connect_addr().unwrap()).await?;
    /// gateway.write_all(&[&[0x12, 0x34, 0, request.len() as u8], &request[..]].concat()).await?;
    ///
    /// let mut head = [0; 4 + 5]; // SEND_HEADERS
    /// gateway.read_exact(&mut head).await?;
    /// assert_eq!(head[..2], *b"AB");
    /// assert_eq!(head[4..7], [4, 0, 200]);
    ///
    /// trigger.request();
    /// # drop(gateway);
    /// serving.await??;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    AjpServer,
    /// An [`AjpServer`] that holds its addresses, and serves nothing yet.
    BoundAjpServer,
    name: "AJP",
    connection: connection,
    check: check,
}

impl AjpServer {
    /// Sets what a web server has to know: `secret=` of Apache's `ProxyPass`, `worker.NAME.secret` of `mod_jk`; nothing
    /// by default. A request without it, or with another one, is answered 403, and its connection closed. An empty one
    /// is an error of [`bind`](transom::Server::bind).
    ///
    /// It is compared in a time that tells nothing but its length, and is not among the
    /// [`ServerVariables`](transom::features::ServerVariables). It crosses the network as it is.
    #[doc(alias = "secretRequired")]
    pub fn with_secret(mut self, secret: &str) -> Self {
        self.options.ajp.secret = Some(Secret::new(secret));
        self
    }

    /// Sets whether those that [`with_allowed_peers`](Self::with_allowed_peers) lets in from other machines need no
    /// secret; `false` by default, and then such a server without one is an error of
    /// [`bind`](transom::Server::bind).
    pub fn with_peers_without_secret(mut self, allowed: bool) -> Self {
        self.options.ajp.trusts_peers = allowed;
        self
    }

    /// Sets how long a packet may be in all, in bytes, in both directions; 8,192 by default, and never less, nor more
    /// than 65,536.
    ///
    /// A request's head, and a response's, has to fit into one. The web server has to be told the same: Apache by
    /// `ProxyIOBufferSize`, or `iobuffersize=` of `ProxyPass`; `mod_jk` by `worker.NAME.max_packet_size`.
    #[doc(alias = "packetSize")]
    pub fn with_max_packet_size(mut self, size: usize) -> Self {
        let size = size.clamp(AjpOptions::USUAL_PACKET, AjpOptions::LONGEST_PACKET);
        self.options.ajp.max_packet = size;
        self
    }

    /// Sets how long a connection is kept without a request; 180 seconds by default, `None` for any time.
    ///
    /// Best it is longer than the web server's own (`ttl=` of Apache's `ProxyPass`): what that sends while this side
    /// closes, it has to send again, if it may.
    #[doc(alias = "KeepAliveTimeout")]
    pub fn with_idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.ajp.idle_timeout = timeout;
        self
    }
}
