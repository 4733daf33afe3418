use std::sync::Arc;

use transom::Application;

use super::parse::parse;
use crate::environment::{Arrival, HeadForm};
use crate::gateway::{Link, Opening, Serving, answer, gateway_server, refuse};

gateway_server! {
    /// A server of [uwsgi, the protocol](https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html): nginx's
    /// `uwsgi_pass`, Apache's `mod_proxy_uwsgi`, lighttpd's `scgi.protocol = "uwsgi"`.
    ///
    /// Each request is a connection of its own. The protocol has no body without a length, and no more than 64 KiB
    /// of variables.
    ///
    /// ```
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use transom::features::ServerAddresses;
    /// use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
    /// use transom_cgi::UwsgiServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let bound = UwsgiServer::new("http://127.0.0.1:0").bind().await?;
    /// let address = bound.features().require::<ServerAddresses>()?.bound()[0].clone();
    /// let (trigger, shutdown) = Shutdown::pair();
    /// let app = |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
    /// let serving = tokio::spawn(bound.serve(app, shutdown));
    ///
    /// // What a gateway says.
    /// let mut variables = Vec::new();
    /// for text in ["REQUEST_METHOD", "GET", "REQUEST_URI", "/page", "HTTP_HOST", "a.test"] {
    ///     variables.extend(u16::try_from(text.len())?.to_le_bytes());
    ///     variables.extend(text.as_bytes());
    /// }
    /// let [low, high] = u16::try_from(variables.len())?.to_le_bytes();
    /// let mut gateway = tokio::net::TcpStream::connect(address.connect_addr().unwrap()).await?;
    /// gateway.write_all(&[&[0, low, high, 0], &variables[..]].concat()).await?;
    /// let mut answer = String::new();
    /// gateway.read_to_string(&mut answer).await?;
    /// assert_eq!(answer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n/page");
    ///
    /// trigger.request();
    /// serving.await??;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    UwsgiServer,
    /// A [`UwsgiServer`] that holds its addresses, and serves nothing yet.
    BoundUwsgiServer,
    name: "uwsgi",
    connection: connection,
}

async fn connection<A: Application>(mut link: Link, serving: Arc<Serving<A>>) {
    let rules = serving.options.rules;
    let opening = link.open(&serving, |read| {
        let variables = parse(read, &rules)?;
        variables
            .map(|variables| Arrival::read(variables, &rules))
            .transpose()
    });
    match opening.await {
        Opening::Request(arrival) => answer(link, serving, arrival, HeadForm::Line).await,
        Opening::Refused(refusal) => refuse(link, &serving, &refusal, HeadForm::Line).await,
        Opening::Nothing => {}
    }
}
