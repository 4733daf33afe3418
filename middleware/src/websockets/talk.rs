use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use http::HeaderValue;
use transom::features::Upgrading;

use super::driver::{Driver, Stopping};
use super::options::Times;
use super::{CloseCode, WebSocket};

/// What the task of a WebSocket is made of.
pub(super) struct Talk<H> {
    pub(super) upgrading: Upgrading,
    pub(super) stopping: Option<Stopping>,
    pub(super) protocol: Option<HeaderValue>,
    pub(super) max_message_size: usize,
    pub(super) times: Times,
    pub(super) handler: H,
}

/// Waits for the connection, and lives as long as it does: the handler and what moves its messages are one task.
pub(super) async fn talk<H, F>(talk: Talk<H>)
where
    H: FnOnce(WebSocket) -> F,
    F: Future<Output = ()>,
{
    let connection = match talk.upgrading.await {
        Ok(connection) => connection,
        Err(error) => return tracing::debug!(%error, "a WebSocket was not opened"),
    };
    let size = talk.max_message_size;
    let (mut driver, sender, receiver) =
        Driver::new(connection, size, talk.times, talk.stopping).await;
    let socket = WebSocket::new(sender, receiver, talk.protocol);
    let handler = async { (talk.handler)(socket).await };
    // What it captured is gone with it.
    let handler = Box::pin(AssertUnwindSafe(handler).catch_unwind());
    match select(handler, &mut driver).await {
        Either::Left((outcome, _)) => {
            driver.finish(Some(code_of(&outcome).into()));
            driver.await;
        }
        Either::Right(((), handler)) => {
            driver.hang_up();
            // The connection is held meanwhile, so that a server that stops waits for the handler.
            match tokio::time::timeout(talk.times.close, handler).await {
                Ok(outcome) => drop(code_of(&outcome)),
                Err(_) => tracing::warn!(
                    "the handler of a WebSocket is dropped: it goes on although the connection is over"
                ),
            }
        }
    }
}

fn code_of<T>(outcome: &std::thread::Result<T>) -> CloseCode {
    match outcome {
        Ok(_) => CloseCode::NORMAL,
        Err(_) => {
            tracing::error!("the handler of a WebSocket panicked");
            CloseCode::INTERNAL_ERROR
        }
    }
}
