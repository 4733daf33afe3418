use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::client::conn::http2::{self, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use transom::Body;

use crate::{Outcome, within};

/// Begins HTTP/2, which goes on for as long as the driver has its task. Its windows have `room`, or what hyper finds right.
pub(super) async fn open<S>(
    stream: S,
    driver: &mut JoinSet<()>,
    room: Option<u32>,
) -> Outcome<SendRequest<Body>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (spawner, spawned) = mpsc::unbounded_channel();
    let mut builder = http2::Builder::new(Spawner(spawner));
    if room.is_some() {
        builder
            .initial_stream_window_size(room)
            .initial_connection_window_size(room);
    }
    let handshake = builder.handshake(TokioIo::new(stream));
    let (sender, requests) = within("the handshake of HTTP/2", handshake).await??;
    let mut turns = Turns {
        requests: Some(Box::pin(async move { drop(requests.await) })),
        spawned,
        others: Vec::new(),
    };
    driver.spawn(poll_fn(move |cx| turns.poll(cx)));
    Ok(sender)
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tasks of hyper's client, which take turns on one.
///
/// One of them hands requests over, and another reads and writes. Where they run beside one another, a `GOAWAY`
/// may be read before the first has seen that its request is sent, and it gives a request up that the server
/// answers ([hyper#2500](https://github.com/hyperium/hyper/issues/2500)). Here it has its turn before anything is read.
struct Turns {
    requests: Option<Task>,
    spawned: mpsc::UnboundedReceiver<Task>,
    others: Vec<Task>,
}

impl Turns {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(requests) = &mut self.requests
            && requests.as_mut().poll(cx).is_ready()
        {
            self.requests = None;
        }
        while let Poll::Ready(Some(task)) = self.spawned.poll_recv(cx) {
            self.others.push(task);
        }
        self.others
            .retain_mut(|task| task.as_mut().poll(cx).is_pending());
        match self.requests.is_none() && self.others.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

#[derive(Clone)]
struct Spawner(mpsc::UnboundedSender<Task>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Spawner {
    fn execute(&self, task: F) {
        // Where nobody takes it, the connection is gone.
        let _ = self.0.send(Box::pin(task));
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;

    const HEADERS: u8 = 1;
    const PREFACE: usize = 24;
    const HEAD: usize = 9;

    /// Answers one request at once, behind a `GOAWAY`.
    async fn answer_behind_goaway(mut stream: DuplexStream) {
        let settings = frame(4, 0, 0, &[]);
        stream.write_all(&settings).await.unwrap();
        let mut read = Vec::new();
        while !has_request(&read) {
            stream.read_buf(&mut read).await.unwrap();
        }
        let [last_stream, no_error] = [i32::MAX.to_be_bytes(), [0; 4]];
        let goaway = frame(7, 0, 0, &[last_stream, no_error].concat());
        let status_200 = 0x88;
        let answer = frame(HEADERS, 0x1 | 0x4, 1, &[status_200]);
        let both = [goaway, answer].concat();
        stream.write_all(&both).await.unwrap();
        stream.read_to_end(&mut read).await.unwrap();
    }

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, stream];
        frame.extend(payload);
        frame
    }

    fn has_request(read: &[u8]) -> bool {
        let mut rest = read.get(PREFACE..).unwrap_or_default();
        while let Some((head, behind)) = rest.split_at_checked(HEAD) {
            if head[3] == HEADERS {
                return true;
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            rest = behind.get(length as usize..).unwrap_or_default();
        }
        false
    }

    async fn ask(round: u32) {
        let (client, server) = tokio::io::duplex(4096);
        let mut driver = JoinSet::new();
        let mut sender = open(client, &mut driver, None).await.unwrap();
        driver.spawn(answer_behind_goaway(server));
        let request = Request::get("http://localhost/").body(Body::empty());
        let answer = sender.send_request(request.unwrap()).await;
        let answer = answer.unwrap_or_else(|error| panic!("in round {round}: {error}"));
        assert_eq!(answer.status(), 200);
    }

    /// More threads than processors, and as many times as it takes for one to be ahead of another.
    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn a_request_that_is_answered_behind_a_goaway_has_its_answer() {
        let mut clients: JoinSet<()> = (0..4000).map(ask).collect();
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    }
}
