use std::sync::Arc;

use transom::Application;

use super::parse::parse;
use crate::environment::{Arrival, HeadForm};
use crate::gateway::{Link, Opening, Serving, answer, gateway_server, refuse};

gateway_server! {
    /// A server of [SCGI](https://python.ca/scgi/protocol.txt): nginx's `scgi_pass`, Apache's `mod_proxy_scgi`,
    /// lighttpd's `mod_scgi`.
    ///
    /// Each request is a connection of its own. The protocol has no body without a length: a gateway that gets one
    /// in chunks has to keep all of it first (nginx), or refuses it (Apache).
    ///
    /// ```
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use transom::features::ServerAddresses;
    /// use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
    /// use transom_cgi::ScgiServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let bound = ScgiServer::new("http://127.0.0.1:0").bind().await?;
    /// let address = bound.features().require::<ServerAddresses>()?.bound()[0].clone();
    /// let (trigger, shutdown) = Shutdown::pair();
    /// let app = |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
    /// let serving = tokio::spawn(bound.serve(app, shutdown));
    ///
    /// // What a gateway says.
    /// let variables = "CONTENT_LENGTH|0|SCGI|1|REQUEST_METHOD|GET|REQUEST_URI|/page|HTTP_HOST|a.test|";
    /// let variables = variables.replace('|', "\0");
    /// let mut gateway = tokio::net::TcpStream::connect(address.connect_addr().unwrap()).await?;
    /// gateway.write_all(format!("{}:{variables},", variables.len()).as_bytes()).await?;
    /// let mut answer = String::new();
    /// gateway.read_to_string(&mut answer).await?;
    /// assert_eq!(answer, "Status: 200 OK\r\ncontent-length: 5\r\n\r\n/page");
    ///
    /// trigger.request();
    /// serving.await??;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ScgiServer,
    /// A [`ScgiServer`] that holds its addresses, and serves nothing yet.
    BoundScgiServer,
    name: "scgi",
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
        Opening::Request(arrival) => answer(link, serving, arrival, HeadForm::Field).await,
        Opening::Refused(refusal) => refuse(link, &serving, &refusal, HeadForm::Field).await,
        Opening::Nothing => {}
    }
}
