//! Faults in TLS, and in what is told of it.

use std::time::Duration;

use transom::features::{TlsInfo, TlsVersion};
use transom::hyper::tls::{Certificate, ClientCertificates, ClientTrust, Tls};
use transom::{BoxServer, HyperServer, RequestExt, Server};
use transom_conformance::Protocol;

use crate::faulty::Fault;
use crate::garbled::responses_of;

pub(crate) fn faults() -> Vec<Fault> {
    vec![
        Fault::new(
            "S-FEAT-TLS",
            "there is a TlsInfo without TLS",
            |mut request, next| {
                request
                    .features_mut()
                    .insert(TlsInfo::new(TlsVersion::Tls13));
                next.run(request)
            },
        ),
        Fault::new(
            "S-TLS-INFO",
            "the server name is not told",
            |mut request, next| {
                let tls = request.features().require::<TlsInfo>().unwrap();
                let nameless = TlsInfo::new(tls.version().unwrap())
                    .with_protocol(tls.protocol().unwrap())
                    .with_cipher_suite(tls.cipher_suite().unwrap().to_owned());
                request.features_mut().insert(nameless);
                next.run(request)
            },
        )
        .on(Protocol::Http2)
        .beside(sound),
        Fault::new(
            "S-TLS-CLIENT",
            "there is always one, whatever was shown",
            |mut request, next| {
                let tls = request.features().require::<TlsInfo>().unwrap().clone();
                let tls = tls.with_client_certificates(vec!["made up".into()]);
                request.features_mut().insert(tls);
                next.run(request)
            },
        )
        .on(Protocol::Http1)
        .beside(sound),
        Fault::server("S-TLS-CLOSE", "the end is not announced", || {
            responses_of(https, |bytes, _| {
                // An alert of TLS 1.3: its level, what it is, the type of the record, and 16 bytes of seal.
                const LENGTH: usize = 5 + 2 + 1 + 16;
                let begin = bytes.len().saturating_sub(LENGTH);
                if bytes[begin..].starts_with(&[23, 3, 3, 0, 19]) {
                    bytes.truncate(begin);
                }
            })
        })
        .beside(sound),
        Fault::server("S-T-TLS", "a handshake may take for ever", || {
            HyperServer::new("https://127.0.0.1:0")
                .with_tls(tls().with_handshake_timeout(None))
                .boxed()
        })
        .beside(sound),
    ]
}

fn sound() -> BoxServer {
    https().boxed()
}

fn https() -> HyperServer {
    HyperServer::new("https://127.0.0.1:0").with_tls(tls())
}

fn tls() -> Tls {
    let signed = rcgen::generate_simple_self_signed(["conformance.test".to_owned()]).unwrap();
    let certificate = Certificate::from_pem(signed.cert.pem(), signed.signing_key.serialize_pem());
    Tls::new(certificate)
        .with_client_certificates(ClientCertificates::allow(ClientTrust::any()))
        .with_handshake_timeout(Some(Duration::from_secs(1)))
}
