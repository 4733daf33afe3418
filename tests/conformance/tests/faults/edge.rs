//! Faults in what clients are held to.

use std::time::Duration;

use transom::features::RequestedAddresses;
use transom::hyper::{Endpoint, Limits, ProxyProtocol};
use transom::{
    Application, BoundServer, BoxServer, Error, Features, HyperServer, Server, Shutdown,
};
use transom_conformance::{Edge, Protocol};

use crate::faulty::Fault;
use crate::life::http3;
use crate::limits;

pub(crate) fn server_at_the_edge(edge: &Edge) -> BoxServer {
    server(edge).boxed()
}

pub(crate) fn http3_at_the_edge(edge: &Edge) -> BoxServer {
    limits::server(edge, http3()).boxed()
}

fn server(edge: &Edge) -> HyperServer {
    limits::server(edge, Endpoint::new("http://127.0.0.1:0"))
}

/// Makes a server whose limits are not those that were asked for.
fn other(edge: &Edge, change: impl FnOnce(Limits) -> Limits) -> BoxServer {
    let limits = change(limits::limits(edge));
    server(edge).with_limits(limits).boxed()
}

/// As [`other`], over HTTP/3.
fn other_http3(edge: &Edge, change: impl FnOnce(Limits) -> Limits) -> BoxServer {
    let limits = change(limits::limits(edge));
    limits::server(edge, http3()).with_limits(limits).boxed()
}

pub(crate) fn faults() -> Vec<Fault> {
    macro_rules! without {
        ($case:literal, $what:literal, $set:ident($to:expr)) => {
            Fault::at_the_edge($case, $what, |edge| other(edge, |limits| limits.$set($to)))
        };
    }
    vec![
        without!(
            "S-T-SILENT",
            "a head has all the time",
            with_request_head_timeout(None)
        ),
        without!(
            "S-T-408",
            "a head has all the time",
            with_request_head_timeout(None)
        ),
        Fault::at_the_edge("S-T-408", "a connection is closed without a word", |edge| {
            other(edge, |limits| {
                limits
                    .with_request_head_timeout(None)
                    .with_max_connection_age(edge.head_timeout)
            })
        }),
        without!(
            "S-T-DRIBBLE",
            "a head has all the time",
            with_request_head_timeout(None)
        ),
        without!(
            "S-T-PREFACE",
            "a head has all the time",
            with_request_head_timeout(None)
        ),
        without!(
            "S-T-H2IDLE",
            "an idle connection stays",
            with_keep_alive_timeout(None)
        ),
        without!(
            "S-T-IDLE",
            "an idle connection stays",
            with_keep_alive_timeout(None)
        ),
        Fault::at_the_edge("S-T-IDLE", "a request in flight is idle", |edge| {
            other(edge, |limits| {
                limits
                    .with_max_connection_age(edge.keep_alive_timeout.map(|time| 2 * time))
                    .with_max_connection_age_grace(Some(Duration::from_millis(1)))
            })
        }),
        without!(
            "S-T-BODYRATE",
            "a body has all the time",
            with_min_request_body_rate(None)
        ),
        Fault::at_the_edge(
            "S-T-BODYRATE-FAIR",
            "a connection is cut after its grace",
            |edge| {
                other(edge, |limits| {
                    limits
                        .with_max_connection_age(edge.request_body_rate.map(|(_, grace)| grace))
                        .with_max_connection_age_grace(Some(Duration::from_millis(1)))
                })
            },
        ),
        without!(
            "S-T-WRITERATE",
            "a response has all the time",
            with_min_response_rate(None)
        ),
        Fault::at_the_edge(
            "S-T-UPGRADE",
            "the times hold on every connection",
            |edge| Mortal(server(edge), edge.head_timeout.unwrap_or_default()).boxed(),
        ),
        without!(
            "S-T-AGE",
            "a connection does not age",
            with_max_connection_age(None)
        ),
        Fault::at_the_edge("S-T-AGE", "a request in flight is cut", |edge| {
            other(edge, |limits| {
                limits.with_max_connection_age_grace(Some(Duration::from_millis(1)))
            })
        }),
        without!(
            "S-L-CONN",
            "there is room for any number",
            with_max_connections(None)
        ),
        without!(
            "S-L-CONN-ADDR",
            "there is room for any number",
            with_max_connections_per_address(None)
        ),
        without!(
            "S-L-UPGRADED",
            "there is room for any number",
            with_max_upgraded_connections(None)
        ),
        without!(
            "S-L-REQUESTS",
            "a connection carries any number",
            with_max_requests_per_connection(None)
        ),
        without!(
            "S-L-HDRCOUNT",
            "there may be a hundred",
            with_max_request_fields(100)
        ),
        without!(
            "S-L-HDRBYTES",
            "they may be long",
            with_max_request_head_size(32 * 1024)
        ),
        without!(
            "S-L-URI",
            "it may be long",
            with_max_request_line_size(8 * 1024)
        ),
        Fault::at_the_edge("S-PROXY", "the ends are those of the socket", direct),
        Fault::at_the_edge("S-PROXY-BAD", "no header is needed", direct),
        Fault::at_the_edge("S-T-PROXY", "a header has all the time", |edge| {
            let mut edge = *edge;
            edge.head_timeout = Some(Duration::from_secs(60));
            server(&edge).boxed()
        }),
    ]
}

/// Faults over HTTP/2 and HTTP/3.
pub(crate) fn faults_of_many_at_once() -> Vec<Fault> {
    macro_rules! over {
        ($case:literal, $what:literal, $change:expr, $($other:ident @ $protocol:ident),+) => {
            [$(
                Fault::at_the_edge($case, $what, |edge| $other(edge, |limits| $change(edge, limits)))
                    .on(Protocol::$protocol),
            )+]
        };
    }
    /// A fault on both versions, or on HTTP/3.
    macro_rules! broken {
        ($case:literal, $what:literal, $change:expr) => {
            over!($case, $what, $change, other @ Http2, other_http3 @ Http3)
        };
        (http3: $case:literal, $what:literal, $change:expr) => {
            over!($case, $what, $change, other_http3 @ Http3)
        };
    }
    let mut faults = Vec::new();
    faults.extend(broken!(
        "S-EDGE-SILENT",
        "a head has all the time",
        |_: &Edge, limits: Limits| limits.with_request_head_timeout(None)
    ));
    faults.extend(broken!(
        "S-EDGE-IDLE",
        "an idle connection stays",
        |_: &Edge, limits: Limits| limits.with_keep_alive_timeout(None)
    ));
    faults.extend(broken!(
        "S-EDGE-IDLE",
        "a request in flight is idle",
        |edge: &Edge, limits: Limits| cut_after(
            edge.keep_alive_timeout.map(|time| 2 * time),
            limits
        )
    ));
    faults.extend(broken!(
        "S-EDGE-BODYRATE",
        "a body has all the time",
        |_: &Edge, limits: Limits| limits.with_min_request_body_rate(None)
    ));
    faults.extend(broken!(
        "S-EDGE-BODYRATE",
        "the whole connection is cut",
        |edge: &Edge, limits: Limits| cut_after(
            edge.request_body_rate.map(|(_, grace)| grace / 2),
            limits
        )
    ));
    faults.extend(broken!(
        "S-EDGE-BODYRATE-FAIR",
        "a connection is cut after its grace",
        |edge: &Edge, limits: Limits| cut_after(
            edge.request_body_rate.map(|(_, grace)| grace),
            limits
        )
    ));
    faults.extend(broken!(
        "S-EDGE-WRITERATE",
        "a response has all the time",
        |_: &Edge, limits: Limits| limits.with_min_response_rate(None)
    ));
    faults.extend(broken!(
        "S-EDGE-AGE",
        "a connection does not age",
        |_: &Edge, limits: Limits| limits.with_max_connection_age(None)
    ));
    faults.extend(broken!(
        "S-EDGE-AGE",
        "a request in flight is cut",
        |edge: &Edge, limits: Limits| cut_after(edge.connection_age, limits)
    ));
    faults.extend(broken!(
        "S-EDGE-REQUESTS",
        "a connection carries any number",
        |_: &Edge, limits: Limits| limits.with_max_requests_per_connection(None)
    ));
    faults.extend(broken!(
        "S-EDGE-STREAMS",
        "a connection carries a hundred at once",
        |_: &Edge, limits: Limits| {
            let http2 = limits.http2().clone().with_max_streams(100);
            let http3 = limits.http3().clone().with_max_streams(100);
            limits.with_http2(http2).with_http3(http3)
        }
    ));
    faults.extend(broken!(
        http3: "S-EDGE-CONN",
        "there is room for any number",
        |_: &Edge, limits: Limits| limits.with_max_connections(None)
    ));
    faults.extend(broken!(
        http3: "S-EDGE-CONN-ADDR",
        "there is room for any number",
        |_: &Edge, limits: Limits| limits.with_max_connections_per_address(None)
    ));
    faults.extend(broken!(
        http3: "S-EDGE-HDRCOUNT",
        "there may be a hundred",
        |_: &Edge, limits: Limits| limits.with_max_request_fields(100)
    ));
    faults.extend(broken!(
        http3: "S-EDGE-URI",
        "it may be long",
        |_: &Edge, limits: Limits| limits.with_max_request_line_size(8 * 1024)
    ));
    faults
}

/// Has connections cut at an age, whatever is in flight.
fn cut_after(age: Option<Duration>, limits: Limits) -> Limits {
    limits
        .with_max_connection_age(age)
        .with_max_connection_age_grace(Some(Duration::from_millis(1)))
}

/// Makes a server that any client may speak to, with a header or without.
fn direct(edge: &Edge) -> BoxServer {
    let proxies = ProxyProtocol::from_trusted(["192.0.2.1"]).with_direct_clients(true);
    let endpoint = Endpoint::new("http://127.0.0.1:0").with_proxy_protocol(proxies);
    HyperServer::default()
        .with_endpoint(endpoint)
        .with_limits(limits::limits(edge))
        .boxed()
}

/// A server that drops everything after a time.
struct Mortal(HyperServer, Duration);

impl Server for Mortal {
    type Bound = BoundMortal;

    async fn bind(self) -> Result<BoundMortal, Error> {
        Ok(BoundMortal(self.0.bind().await?, self.1))
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        self.0.requested_addresses()
    }
}

struct BoundMortal(<HyperServer as Server>::Bound, Duration);

impl BoundServer for BoundMortal {
    fn features(&self) -> &Features {
        self.0.features()
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let serving = self.0.serve(app, shutdown);
        tokio::time::timeout(self.1, serving)
            .await
            .unwrap_or(Ok(()))
    }
}
