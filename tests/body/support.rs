//! What the tests of the body share.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use transom::Body;

pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(10), test)
            .await
            .expect("the test takes longer than 10 s")
    })
}

pub(crate) type Frames = Vec<Result<Frame<Bytes>, &'static str>>;

/// A foreign body of these frames. It counts its polls, and panics when it is polled after its end.
pub(crate) struct Foreign {
    frames: Frames,
    hint: SizeHint,
    pub(crate) polls: Arc<AtomicUsize>,
    over: bool,
}

impl Foreign {
    pub(crate) fn new(mut frames: Frames) -> Self {
        frames.reverse();
        Self {
            frames,
            hint: SizeHint::new(),
            polls: Arc::default(),
            over: false,
        }
    }

    pub(crate) fn announcing(self, length: u64) -> Self {
        let hint = SizeHint::with_exact(length);
        Self { hint, ..self }
    }
}

impl HttpBody for Foreign {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        assert!(!self.over, "polled after its end");
        self.polls.fetch_add(1, Ordering::Relaxed);
        let frame = self.frames.pop();
        self.over = !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

pub(crate) fn data(text: &'static str) -> Result<Frame<Bytes>, &'static str> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

pub(crate) fn trailer() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", HeaderValue::from_static("7"));
    trailers
}

pub(crate) async fn rest(body: &mut Body) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(frame) = body.frame().await {
        seen.push(match frame {
            Err(error) => format!("error: {error}"),
            Ok(frame) if frame.is_trailers() => {
                format!("{:?}", frame.trailers_ref().unwrap()["x-checksum"])
            }
            Ok(frame) => String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap(),
        });
    }
    seen
}
