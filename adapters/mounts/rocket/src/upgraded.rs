//! A connection that leaves HTTP.

use std::io;
use std::pin::Pin;

use rocket::data::{IoHandler, IoStream};
use tokio::sync::oneshot;
use transom::features::{UpgradeError, Upgraded};

/// Takes the connection when Rocket has sent the 101.
pub(crate) struct Takeover(oneshot::Sender<IoStream>);

/// Returns Rocket's side, and what the application's comes from.
pub(crate) fn offer() -> (
    Takeover,
    impl Future<Output = Result<Upgraded, UpgradeError>> + Send + 'static,
) {
    let (sender, receiver) = oneshot::channel();
    let connection = async {
        let connection = receiver.await.map_err(|_| UpgradeError::cancelled())?;
        Ok(Upgraded::from_tokio(connection))
    };
    (Takeover(sender), connection)
}

#[rocket::async_trait]
impl IoHandler for Takeover {
    async fn io(self: Pin<Box<Self>>, connection: IoStream) -> io::Result<()> {
        let this = *Pin::into_inner(self);
        // If nobody waits for it any more it is dropped, which closes it.
        let _ = this.0.send(connection);
        Ok(())
    }
}
