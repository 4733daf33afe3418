//! S-TLS: HTTPS, and what the application is told of it.

use http::StatusCode;
use transom::Body;
use transom::features::{Scheme, TlsInfo};

use crate::client::Identity;
use crate::{Capability, Case, Failure, Outcome, Protocol, Run, ensure, same, within};

const OVER_SOCKETS: &[Protocol] = &[Protocol::Http1, Protocol::Http2];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-FEAT-TLS",
            "The scheme is `https` if, and only if, there is a `TlsInfo`.",
            scheme,
        ),
        Case::new(
            "S-TLS-INFO",
            "`TlsInfo` has the version, the server name and the protocol of the handshake.",
            agreed,
        )
        .on(OVER_SOCKETS)
        .needs(&[Capability::Tls]),
        Case::new(
            "S-TLS-CLIENT",
            "`TlsInfo` has the certificate that the client showed, and none if it showed none.",
            client_certificate,
        )
        .on(OVER_SOCKETS)
        .needs(&[Capability::Tls, Capability::ClientCertificates]),
        Case::wire(
            "S-TLS-CLOSE",
            "TLS announces the end of a connection, so that it cannot be mistaken for a break.",
            close,
        )
        .needs(&[Capability::Tls]),
        Case::wire(
            "S-T-TLS",
            "A handshake that stalls is closed on time, and holds nobody up.",
            stalled,
        )
        .needs(&[Capability::Tls]),
    ]
}

async fn scheme(run: Run) -> Outcome {
    let seen = run.observe(run.get("/")).await?;
    same(
        "whether there is a `TlsInfo`",
        seen.features.contains::<TlsInfo>(),
        *seen.features.require::<Scheme>()? == Scheme::Https,
    )
}

async fn agreed(run: Run) -> Outcome {
    let mut connection = run.connect().await?;
    let request = run.get("/");
    let seen = run
        .observe_on(&mut connection, request, Body::empty())
        .await?;
    let here = seen.features.require::<TlsInfo>()?;
    let there = connection.tls();
    let there = there.ok_or_else(|| Failure::new("the client speaks no TLS"))?;
    same("the version", here.version(), there.version())?;
    same("the server name", here.server_name(), there.server_name())?;
    same("the protocol", here.protocol(), there.protocol())?;
    let suite = here.cipher_suite().unwrap_or_default();
    ensure(
        suite.starts_with("TLS_"),
        format!("the cipher suite is {suite:?}"),
    )
}

async fn client_certificate(run: Run) -> Outcome {
    let identity = Identity::new()?;
    for shown in [Some(&identity), None] {
        let mut connection = run.connect_showing(shown).await?;
        let request = run.get("/");
        let seen = run
            .observe_on(&mut connection, request, Body::empty())
            .await?;
        let tls = seen.features.require::<TlsInfo>()?;
        let chain: Vec<_> = tls
            .client_certificates()
            .iter()
            .map(|one| &one[..])
            .collect();
        let expected: Vec<_> = shown.map(Identity::der).into_iter().collect();
        ensure(
            chain == expected,
            format!(
                "there are {} certificates, and should be {}; or they are others",
                chain.len(),
                expected.len()
            ),
        )?;
    }
    Ok(())
}

async fn close(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    let head = run.head("GET", "/");
    wire.send(format!("{head}Connection: close\r\n\r\n"))
        .await?;
    let reply = wire.read_reply().await?;
    same("the status", reply.head.status, StatusCode::OK.as_u16())?;
    wire.read_to_end().await
}

async fn stalled(run: Run) -> Outcome {
    let mut silent = run.server().unsecured().await?;
    let mut half = run.server().unsecured().await?;
    // A ClientHello that says to be 512 bytes long.
    half.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        .await?;
    run.observe(run.get("/")).await?;
    for wire in [&mut silent, &mut half] {
        // An alert may come first.
        within("the end of the connection", wire.read_to_close()).await??;
    }
    Ok(())
}
