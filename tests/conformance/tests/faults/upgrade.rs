//! Faults in upgrades.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use http::header;
use hyper::upgrade::OnUpgrade;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use transom::RequestExt;
use transom::features::{Upgrade, UpgradeError, Upgraded, Upgrading};
use transom_conformance::Protocol;

use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    let spoiled = |case, what, spoil| {
        Fault::new(case, what, move |mut request, next| {
            if let Some(offer) = request.features().get_shared::<dyn Upgrade>() {
                let spoiled: Arc<dyn Upgrade> = Arc::new(Spoiled { offer, spoil });
                request.features_mut().insert_shared(spoiled);
            }
            next.run(request)
        })
    };
    vec![
        spoiled(
            "S-UPG-H1",
            "what was read ahead is lost",
            Spoil::LosesFirstRead,
        )
        .on(Protocol::Http1),
        spoiled(
            "S-UPG-DUPLEX",
            "nothing is written before all is read",
            Spoil::WritesBehindReads,
        ),
        spoiled(
            "S-UPG-DUPLEX",
            "nothing is written before all is read",
            Spoil::WritesBehindReads,
        )
        .on(Protocol::Http1),
        spoiled(
            "S-UPG-CANCEL",
            "who waits for an upgrade that does not come waits for ever",
            Spoil::NeverCancels,
        ),
        spoiled(
            "S-UPG-GONE",
            "who waits for an upgrade that does not come waits for ever",
            Spoil::NeverCancels,
        )
        .on(Protocol::Http1),
        spoiled("S-UPG-TWICE", "an upgrade fails at once", Spoil::Fails),
        Fault::new(
            "S-UPG-TOKEN",
            "WebSocket is the only upgrade",
            |mut request, next| {
                let protocol = request.headers().get(header::UPGRADE);
                if protocol.is_some_and(|protocol| protocol != "websocket") {
                    request.features_mut().remove::<dyn Upgrade>();
                }
                next.run(request)
            },
        ),
        Fault::new(
            "S-UPG-REFUSE",
            "an upgrade that is refused hangs",
            |request, next| async move {
                let asked = request.headers().contains_key(header::UPGRADE);
                let response = next.run(request).await;
                match asked {
                    true => pending().await,
                    false => response,
                }
            },
        ),
        Fault::new(
            "S-UPG-ABSENT",
            "every request has an upgrade",
            |mut request, next| {
                let offer: Arc<dyn Upgrade> = Arc::new(Never);
                request.features_mut().insert_shared(offer);
                next.run(request)
            },
        ),
        Fault::new("S-UPG-AXUM", "there is no bridge", no_bridge),
        Fault::new("S-UPG-AXUM", "there is no bridge", no_bridge).on(Protocol::Http1),
        Fault::new(
            "S-UPG-AXUM-REFUSE",
            "an upgrade that is refused hangs",
            |request, next| async move {
                let response = next.run(request).await;
                match response.status().is_client_error() {
                    true => pending().await,
                    false => response,
                }
            },
        ),
    ]
}

fn no_bridge(
    mut request: transom::Request,
    next: transom::pipeline::Next,
) -> impl Future<Output = transom::Response> {
    request.extensions_mut().remove::<OnUpgrade>();
    next.run(request)
}

/// An upgrade that is there and never comes.
struct Never;

impl Upgrade for Never {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        Ok(Upgrading::new(pending()))
    }
}

/// What is wrong with an upgrade.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spoil {
    LosesFirstRead,
    WritesBehindReads,
    NeverCancels,
    Fails,
}

struct Spoiled {
    offer: Arc<dyn Upgrade>,
    spoil: Spoil,
}

impl Upgrade for Spoiled {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        let upgrading = match self.offer.accept() {
            Err(_) if self.spoil == Spoil::Fails => return Err(UpgradeError::failed("it failed")),
            accepted => accepted?,
        };
        let spoil = self.spoil;
        Ok(Upgrading::new(async move {
            match upgrading.await {
                Ok(inner) => Ok(Upgraded::from_tokio(SpoiledConnection {
                    inner,
                    spoil,
                    lost: false,
                    ended: false,
                    writer: None,
                })),
                Err(_) if spoil == Spoil::NeverCancels => pending().await,
                Err(error) => Err(error),
            }
        }))
    }
}

struct SpoiledConnection {
    inner: Upgraded,
    spoil: Spoil,
    lost: bool,
    ended: bool,
    writer: Option<Waker>,
}

impl AsyncRead for SpoiledConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.spoil == Spoil::LosesFirstRead && !self.lost {
            let mut lost = [0; 1024];
            let mut lost = ReadBuf::new(&mut lost);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut lost))?;
            self.lost = true;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        self.ended = buffer.filled().len() == before;
        if self.ended
            && let Some(writer) = self.writer.take()
        {
            writer.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SpoiledConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.spoil == Spoil::WritesBehindReads && !self.ended {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
