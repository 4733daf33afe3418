//! Faults in what a server tells.

use std::sync::atomic::{AtomicBool, Ordering};

use transom::RequestExt;
use transom::features::{ConnectionInfo, Endpoint, RequestIdentifier, ServerInfo, Transport};
use transom_conformance::Protocol;

use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    vec![
        Fault::new(
            "S-FEAT-SERVER",
            "a request names another server",
            |mut request, next| {
                request.features_mut().insert(ServerInfo::new("other", "1"));
                next.run(request)
            },
        ),
        Fault::new(
            "S-FEAT-REMOTE",
            "the remote end is the server's",
            |mut request, next| {
                let info = request.features().require::<ConnectionInfo>().unwrap();
                let remote = info.local().unwrap().clone();
                let info = info.clone().with_remote(remote);
                request.features_mut().insert(info);
                next.run(request)
            },
        )
        .on(Protocol::Http1),
        Fault::new(
            "S-FEAT-LOCAL",
            "the local end is made up",
            |mut request, next| {
                let info = request.features().require::<ConnectionInfo>().unwrap();
                let local = Endpoint::Tcp("127.0.0.1:80".parse().unwrap());
                let info = info.clone().with_local(local);
                request.features_mut().insert(info);
                next.run(request)
            },
        )
        .on(Protocol::Http1),
        Fault::new(
            "S-FEAT-CONNID",
            "every request has a connection id",
            |mut request, next| {
                let info = ConnectionInfo::new(Transport::Memory);
                request.features_mut().insert(info);
                next.run(request)
            },
        ),
        Fault::new(
            "S-FEAT-REQID",
            "every request has one identifier",
            |mut request, next| {
                request.features_mut().insert(RequestIdentifier::new("1"));
                next.run(request)
            },
        ),
        Fault::new(
            "S-FEAT-ISO",
            "extensions outlive their request",
            |mut request, next| {
                static LATER: AtomicBool = AtomicBool::new(false);
                if LATER.swap(true, Ordering::Relaxed) {
                    request.extensions_mut().insert("mark");
                }
                next.run(request)
            },
        ),
    ]
}
