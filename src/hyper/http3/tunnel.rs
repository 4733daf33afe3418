//! A request's stream that leaves HTTP; RFC 9220.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use futures_channel::oneshot;
use futures_util::future::{Either, select, try_join};
use http::{Response, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::code::Code;
use super::connection::Shared;
use super::frames::{Fault, Frames, Part};
use super::writer::Writer;
use crate::contract::Application;
use crate::features::{Upgrade, UpgradeError, Upgraded, Upgrading};
use crate::hyper::connection::Place;
use crate::tunnel::tunnel;

/// How many bytes wait for the application each way.
const BUFFER: usize = 64 * 1024;
/// How many are sent at once.
const PIECE: usize = 16 * 1024;

/// A stream that the application may have for itself.
struct Offer<A> {
    shared: Arc<Shared<A>>,
    slot: Arc<Mutex<Slot>>,
}

#[derive(Default)]
enum Slot {
    #[default]
    Free,
    Accepted(Accepted),
    Over,
}

/// Somebody waits for the stream.
struct Accepted {
    waiting: oneshot::Sender<Upgraded>,
    place: Place,
}

/// The server's side of an offer.
pub(super) struct Tunnel {
    offered: Offered,
    frames: Frames,
}

/// Dropped, it cancels what was accepted.
struct Offered(Arc<Mutex<Slot>>);

/// A tunnel that was accepted on both sides.
pub(super) struct Open {
    accepted: Accepted,
    frames: Frames,
}

impl<A: Application> Upgrade for Offer<A> {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*slot, Slot::Free) {
            return Err(UpgradeError::taken());
        }
        let refused = |reason| {
            self.shared.refused(reason, None, None);
            UpgradeError::too_many()
        };
        let place = self.shared.server.gate.enter_upgraded();
        let (waiting, stream) = oneshot::channel();
        *slot = Slot::Accepted(Accepted {
            waiting,
            place: place.map_err(refused)?,
        });
        Ok(Upgrading::new(async {
            stream.await.map_err(|_| UpgradeError::cancelled())
        }))
    }
}

impl Tunnel {
    /// Offers the stream of a request, of which `frames` are left.
    pub(super) fn offer<A: Application>(
        shared: &Arc<Shared<A>>,
        frames: Frames,
    ) -> (Arc<dyn Upgrade>, Self) {
        let slot = Arc::default();
        let offer = Offer {
            shared: Arc::clone(shared),
            slot: Arc::clone(&slot),
        };
        let offered = Offered(slot);
        (Arc::new(offer), Self { offered, frames })
    }

    /// Opens it, if the application has accepted it and says so to the client.
    pub(super) fn open<B>(mut self, response: &mut Response<B>) -> Option<Open> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            // What HTTP/1.1 calls so is a success here; RFC 8441, section 5.
            *response.status_mut() = StatusCode::OK;
            for name in [
                header::CONNECTION,
                header::UPGRADE,
                header::SEC_WEBSOCKET_ACCEPT,
            ] {
                response.headers_mut().remove(name);
            }
        }
        let accepted = self
            .offered
            .take()
            .filter(|_| response.status().is_success());
        let Some(accepted) = accepted else {
            self.frames.stop(Code::NO_ERROR);
            return None;
        };
        // What follows is no body; RFC 9110, section 9.3.6.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        Some(Open {
            accepted,
            frames: self.frames,
        })
    }
}

impl Offered {
    /// Ends the offer, and returns who accepted it.
    fn take(&self) -> Option<Accepted> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *slot, Slot::Over) {
            Slot::Accepted(accepted) => Some(accepted),
            Slot::Free | Slot::Over => None,
        }
    }
}

impl Drop for Offered {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Open {
    /// Carries the bytes of the stream until both sides have ended, or one is gone. No time limit holds.
    ///
    /// # Errors
    ///
    /// Why the stream is reset; `None` if the client broke it off.
    pub(super) async fn carry<A>(
        self,
        shared: &Shared<A>,
        writer: &mut Writer,
    ) -> Result<(), Option<Code>> {
        let Self {
            accepted,
            mut frames,
        } = self;
        let Accepted {
            waiting,
            place: _place,
        } = accepted;
        let _counted = Counted::new(&shared.upgraded);
        writer.take_any_time();
        let (near, far) = tunnel(BUFFER);
        // If nobody waits any more it is dropped, which ends it.
        let _ = waiting.send(Upgraded::from_tokio(near));
        let (io, gone) = far.into_parts();
        let (mut from_near, mut to_near) = tokio::io::split(io);
        let outward = async {
            let mut piece = BytesMut::new();
            loop {
                piece.reserve(PIECE);
                match from_near.read_buf(&mut piece).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => writer
                        .data(piece.split().freeze())
                        .await
                        .map_err(|_| None)?,
                }
            }
            writer.finish().await.map_err(|_| None)
        };
        let inward = async {
            loop {
                match frames.next().await {
                    // An application that is gone is seen below.
                    Ok(Part::Data(data)) => to_near.write_all(&data).await.or_else(ignored)?,
                    Ok(Part::End) => break to_near.shutdown().await.or_else(ignored),
                    Ok(Part::Section(_)) => {
                        // RFC 9114, section 4.4.
                        let why = "fields on a stream that is a tunnel";
                        shared.link.violated(Code::FRAME_UNEXPECTED, why);
                        break Err(None);
                    }
                    Err(fault) => {
                        if let Fault::Connection(code, why) = fault {
                            shared.link.violated(code, why);
                        }
                        break Err(None);
                    }
                }
            }
        };
        let inward = async {
            match select(Box::pin(inward), Box::pin(gone.wait())).await {
                Either::Left((ended, _)) => ended,
                Either::Right(_) => Ok(()),
            }
        };
        try_join(outward, inward).await.map(drop)
    }
}

/// What the application does not read any more is not missed.
fn ignored(_: io::Error) -> Result<(), Option<Code>> {
    Ok(())
}

/// A stream that left HTTP, among those of its connection.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
