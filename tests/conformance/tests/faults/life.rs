//! Faults in the start, the stop and the end of a server.

use std::future::pending;

use transom::hyper::tls::Certificate;
use transom::hyper::{Endpoint, Protocols};
use transom::{HyperServer, Server};
use transom_conformance::Target;

use crate::faulty::Fault;
use crate::twisted::{Twist, Twisted};

pub(crate) fn faults() -> Vec<Fault> {
    macro_rules! twisted {
        ($case:literal, $what:literal, $twist:ident) => {
            Fault::server($case, $what, || Twisted::new(Twist::$twist).boxed()).on(None)
        };
    }
    vec![
        twisted!("H-ADDR", "port 0 stays port 0", UnresolvedPort),
        twisted!("H-ADDR-DUP", "one address of two is listed", OneAddress),
        twisted!("H-BINDFAIL", "the error names no address", NamesNoAddress),
        twisted!("H-BINDFAIL", "the other addresses stay bound", KeepsOthers),
        twisted!("H-BINDFAIL-HOST", "a server keeps its port", KeepsAddress),
        twisted!("H-START-FAIL", "a server keeps its port", KeepsAddress),
        twisted!(
            "H-START-ORDER",
            "the server answers once it is bound",
            Early
        ),
        twisted!("H-RESTART", "a server keeps its port", KeepsAddress),
        twisted!("H-RESTART-UNIX", "a server keeps its file", KeepsAddress),
        twisted!("H-STOP-INFLIGHT", "a stop aborts", Hasty),
        twisted!("H-STOP-INFLIGHT", "the application hears of no stop", Deaf),
        twisted!("H-STOP-UPLOAD", "a stop aborts", Hasty),
        twisted!("H-STOP-DOWNLOAD", "a stop aborts", Hasty),
        twisted!("S-UPG-AXUM-DRAIN", "a stop aborts", Hasty),
        twisted!("H-STOP-IDLE", "a stop is not heard", Deaf),
        twisted!("H-STOP-NEW", "a draining server accepts", Late),
        twisted!("H-STOP-OLD", "a draining server goes on", Late),
        twisted!("H-STOP-GOAWAY", "a draining server goes on", Late),
        twisted!("H-STOP-GOAWAY", "a stop aborts", Hasty),
        twisted!("H-STOP-UNREAD", "a stop aborts", Hasty),
        Fault::server("H-STOP-GOAWAY-H3", "a stop aborts", || {
            Twisted::of(over_http3(), Twist::Hasty).boxed()
        })
        .beside(|| over_http3().boxed())
        .on(None),
        Fault::server("H-STOP-GOAWAY-H3", "a draining server goes on", || {
            Twisted::of(over_http3(), Twist::Late).boxed()
        })
        .beside(|| over_http3().boxed())
        .on(None),
        twisted!("H-STOP-HALFHEAD", "a stop is not heard", Deaf),
        twisted!("H-STOP-ORDER", "the application hears of no stop", Deaf),
        twisted!("H-STOP-ORDER", "a stop aborts", Hasty),
        twisted!("H-STOP-DEADLINE", "a dropped server goes on", Immortal),
        twisted!("H-STOP-DEADLINE", "a stop aborts", Hasty),
        twisted!("H-STOP-TWICE", "a stop aborts", Hasty),
        twisted!("H-STOP-FORCE", "a dropped server goes on", Immortal),
        twisted!("H-DROP", "a dropped server goes on", Immortal),
        twisted!("H-DROP-UPGRADED", "a dropped server goes on", Immortal),
        twisted!("H-DROP-PORT", "a dropped server goes on", Immortal),
        twisted!("S-UPG-DRAIN", "a stop aborts", Hasty),
        twisted!("S-UPG-DRAIN", "the application hears of no stop", Deaf),
        Fault::new(
            "H-DROP",
            "a task is left of each request",
            |request, next| {
                tokio::spawn(pending::<()>());
                next.run(request)
            },
        )
        .on(None),
        Fault::new(
            "H-NOLEAK",
            "a task is left of each request",
            |request, next| {
                tokio::spawn(pending::<()>());
                next.run(request)
            },
        )
        .on(None),
        Fault::target_of("H-ERASED", "`boxed` makes another server", |manifest| {
            Target::new(manifest, || Twisted::new(Twist::TwoFaced)).unwrap()
        }),
    ]
}

fn over_http3() -> HyperServer {
    HyperServer::default().with_endpoint(http3())
}

/// Returns the endpoint of a server that speaks HTTP/3 alone.
pub(crate) fn http3() -> Endpoint {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = Certificate::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    Endpoint::new("https://127.0.0.1:0")
        .with_protocols(Protocols::HTTP3)
        .with_tls(certificate)
}
