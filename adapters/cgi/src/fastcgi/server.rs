use std::sync::Arc;
use std::time::Duration;

use transom::Application;
use transom_adapter_tokio::Socket;

use super::connection::converse;
use crate::gateway::{Link, Serving, gateway_server};

gateway_server! {
    /// A server of [FastCGI](https://fastcgi-archives.github.io/FastCGI_Specification.html) 1.0, a Responder:
    /// nginx's `fastcgi_pass`, Apache's `mod_proxy_fcgi` and `mod_fcgid`, lighttpd's `mod_fastcgi`, HAProxy's
    /// `fcgi-app`, Caddy's `php_fastcgi`, h2o's `fastcgi.connect`.
    ///
    /// Bodies stream both ways and at the same time, with a length or without. A connection carries many requests,
    /// one after the other or at a time, as the web server likes.
    ///
    /// ```
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use transom::features::ServerAddresses;
    /// use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
    /// use transom_cgi::FastCgiServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let bound = FastCgiServer::new("http://127.0.0.1:0").bind().await?;
    /// let address = bound.features().require::<ServerAddresses>()?.bound()[0].clone();
    /// let (trigger, shutdown) = Shutdown::pair();
    /// let app = |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
    /// let serving = tokio::spawn(bound.serve(app, shutdown));
    ///
    /// // What a web server says: BEGIN_REQUEST, PARAMS and STDIN of request 1, and their ends.
    /// let mut params = Vec::new();
    /// for (name, value) in [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/page"), ("HTTP_HOST", "a.test")] {
    ///     params.extend([name.len() as u8, value.len() as u8]);
    ///     params.extend([name, value].concat().bytes());
    /// }
    /// let mut records = vec![1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    /// records.extend([1, 4, 0, 1, 0, params.len() as u8, 0, 0]);
    /// records.extend(params);
    /// records.extend([1, 4, 0, 1, 0, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 0]);
    /// let mut gateway = tokio::net::TcpStream::connect(address.connect_addr().unwrap()).await?;
    /// gateway.write_all(&records).await?;
    /// let mut answer = Vec::new();
    /// gateway.read_to_end(&mut answer).await?;
    /// let head = b"Status: 200 OK\r\ncontent-length: 5\r\n\r\n";
    /// assert_eq!(answer[8..][..head.len()], head[..]); // behind the header of STDOUT
    ///
    /// trigger.request();
    /// serving.await??;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    FastCgiServer,
    /// A [`FastCgiServer`] that holds its addresses, and serves nothing yet.
    BoundFastCgiServer,
    name: "FastCGI",
    connection: connection,
}

impl FastCgiServer {
    /// Sets how many requests one connection may carry at a time; 16 by default, and 1 for 0. Further ones are
    /// refused with `FCGI_OVERLOADED`; with 1 it is `FCGI_CANT_MPX_CONN`.
    ///
    /// Of the web servers that are in use only HAProxy has more than one, with `option mpxs-conns`; whoever asks by
    /// `FCGI_GET_VALUES` is told. A response that breaks off behind its head takes the connection along, and the
    /// others on it: no web server looks at what the end of a request says of it.
    pub fn with_max_multiplexed_requests(mut self, requests: usize) -> Self {
        self.options.fastcgi.requests = requests.max(1);
        self
    }

    /// Sets how long a connection is kept without a request; 180 seconds by default, `None` for any time.
    ///
    /// Best it is longer than the web server's own: what that sends while this side closes, it has to send again,
    /// if it may.
    #[doc(alias = "KeepAliveTimeout")]
    pub fn with_idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.fastcgi.idle_timeout = timeout;
        self
    }

    /// Sets how long a request may hold up others of its connection by not reading its body; 10 seconds by
    /// default, `None` for any time. Then its body ends with an error, and what still comes of it is dropped.
    ///
    /// FastCGI cannot hold back one request alone: 64 KiB of a body wait for its application, and while it reads
    /// none of them, nothing more is taken from the connection. A request that has its connection for itself may
    /// take any time.
    pub fn with_hold_up_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.fastcgi.hold_up_timeout = timeout;
        self
    }
}

async fn connection<A: Application>(link: Link, serving: Arc<Serving<A>>) {
    match link.stream {
        Socket::Tcp(stream) => converse(stream, &serving).await,
        #[cfg(unix)]
        Socket::Unix(stream) => converse(stream, &serving).await,
    }
}
