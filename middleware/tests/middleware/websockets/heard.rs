//! What a handler heard, in order.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use transom_middleware::websockets::{self, WebSocket};

use super::peer::until;

/// Notes what a handler hears to its end.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    pub(super) async fn listen(self, mut socket: WebSocket) {
        while let Some(message) = socket.recv().await {
            self.note(match message {
                Ok(websockets::Message::Text(text)) => text.to_string(),
                Ok(websockets::Message::Close(None)) => "close".to_owned(),
                Ok(websockets::Message::Close(Some(frame))) => {
                    format!("close {} {:?}", frame.code(), frame.reason())
                }
                Ok(other) => format!("{other:?}"),
                Err(error) if error.is_lost() => "lost".to_owned(),
                Err(error) if error.is_timeout() => "timeout".to_owned(),
                Err(error) => error.to_string(),
            });
        }
        self.note("the end".to_owned());
    }

    /// A handler that goes on until it is dropped, and notes that.
    pub(super) fn until_dropped(
        self,
    ) -> impl Fn(WebSocket) -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static {
        struct Dropped(Heard);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.note("the end".to_owned());
            }
        }
        move |_| {
            let dropped = Dropped(self.clone());
            Box::pin(async move {
                std::future::pending::<()>().await;
                drop(dropped);
            })
        }
    }

    pub(super) fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Waits until it was all of this.
    pub(super) async fn is(&self, all: &[&str]) {
        until("the end", || {
            self.all().last().is_some_and(|last| last == "the end")
        })
        .await;
        assert_eq!(self.all(), all);
    }
}
