use std::io;
use std::thread;

use tokio::sync::oneshot;
use transom::adapter::{BodySender, HostRuntime};

use crate::inflow::{Inflow, Piece};
use crate::phase::{Phase, Phases};

/// A request while its content is read.
pub(crate) struct Unread {
    pub(crate) request: tiny_http::Request,
    pub(crate) inflow: Inflow,
    /// Where the content goes; `None` once that has ended, or nobody wants it.
    pub(crate) sender: Option<BodySender>,
}

/// A thread that reads the content of a request while the application is polled on another.
pub(crate) struct Pump {
    answered: oneshot::Sender<()>,
    back: oneshot::Receiver<Unread>,
}

impl Pump {
    /// # Errors
    ///
    /// The system has no thread left.
    pub(crate) fn start(
        unread: Unread,
        runtime: &HostRuntime,
        phases: &Phases,
    ) -> io::Result<Self> {
        let (answered, stop) = oneshot::channel();
        let (give, back) = oneshot::channel();
        let (runtime, phases) = (runtime.clone(), phases.clone());
        thread::Builder::new()
            .name("tiny-http-body".into())
            .spawn(move || {
                let unread = runtime.block_on(run(unread, stop, &phases));
                // Nobody waits for it after a panic: then dropping it answers 500.
                let _ = give.send(unread);
            })?;
        Ok(Self { answered, back })
    }

    /// Takes the request back, to write its response. Waits while the thread waits for the client.
    pub(crate) async fn stop(self) -> Option<Unread> {
        let _ = self.answered.send(());
        self.back.await.ok()
    }
}

async fn run(mut unread: Unread, mut answered: oneshot::Receiver<()>, phases: &Phases) -> Unread {
    while let Some(mut sender) = unread.sender.take() {
        tokio::select! {
            biased;
            room = sender.ready() => if room.is_err() {
                return unread;
            },
            _ = &mut answered => {
                unread.sender = (!sender.is_closed()).then_some(sender);
                return unread;
            }
        }
        let mut go_on = || answered.try_recv().is_err() && phases.now() < Phase::Aborted;
        match unread.inflow.next(unread.request.as_reader(), &mut go_on) {
            Ok(Piece::NotYet) => {
                unread.sender = (!sender.is_closed()).then_some(sender);
                return unread;
            }
            Ok(Piece::End) => sender.finish(),
            Err(error) => sender.fail(error),
            Ok(Piece::Data(data)) => {
                if sender.data(data).await.is_err() {
                    return unread;
                }
                match unread.inflow.is_ended() {
                    true => sender.finish(),
                    false => unread.sender = Some(sender),
                }
            }
        }
        // The application may never make room again, and wait for its response to be written.
        if answered.try_recv().is_ok() {
            return unread;
        }
    }
    unread
}
