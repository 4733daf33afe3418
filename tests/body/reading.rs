//! Bodies from and as streams and readers.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Body as _;
use transom::Body;
use transom::body::Error;

use super::support::{Foreign, data, rest, run};

#[test]
fn a_stream_breaks_off_where_it_fails() {
    run(async {
        let chunks = [Ok("one"), Ok("two"), Err(io::Error::other("disk"))];
        let mut body = Body::from_stream(stream::iter(chunks));
        assert_eq!(body.size_hint().exact(), None);
        assert_eq!(
            rest(&mut body).await,
            ["one", "two", "error: the body could not be read"]
        );
    });
}

#[test]
fn a_body_becomes_the_stream_of_its_chunks() {
    run(async {
        let body = Body::new(Foreign::new(vec![data("one"), data("two"), Err("broken")]));
        let mut stream = body.into_stream();
        assert_eq!(stream.next().await.unwrap().unwrap(), "one");
        assert_eq!(stream.next().await.unwrap().unwrap(), "two");
        assert!(stream.next().await.unwrap().is_err());
        assert!(stream.next().await.is_none(), "fused");
    });
}

/// A reader of `futures` and of tokio that yields a few bytes at a time.
struct Dripping {
    left: usize,
    step: usize,
}

impl futures_util::AsyncRead for Dripping {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.left % 2 == 1 {
            self.left -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = self.step.min(self.left).min(buffer.len());
        buffer[..read].fill(b'a');
        self.left -= read;
        Poll::Ready(Ok(read))
    }
}

#[test]
fn a_reader_of_futures_becomes_a_body() {
    run(async {
        let body = Body::from_reader(Dripping {
            left: 100_000,
            step: 700,
        });
        let bytes = body.collect(1 << 20).await.unwrap();
        assert_eq!(bytes.len(), 100_000);
        assert!(bytes.iter().all(|byte| *byte == b'a'));
    });
}

#[test]
fn a_reader_that_yields_little_at_a_time_holds_little_memory() {
    run(async {
        let drops = Dripping {
            left: 2_000,
            step: 2,
        };
        let chunks: Vec<Bytes> = Body::from_reader(drops)
            .into_stream()
            .map(Result::unwrap)
            .collect()
            .await;
        assert_eq!(chunks.len(), 1_000);
        // They lie side by side in one buffer, rather than at the head of a buffer each.
        let neighbours = chunks
            .windows(2)
            .filter(|pair| pair[0].as_ptr() as usize + 2 == pair[1].as_ptr() as usize)
            .count();
        assert_eq!(neighbours, 999);
    });
}

#[test]
fn a_reader_of_tokio_becomes_a_body() {
    run(async {
        let (mut writer, reader) = tokio::io::duplex(64);
        let written = tokio::spawn(async move {
            tokio::io::AsyncWriteExt::write_all(&mut writer, &[b'b'; 1_000]).await
        });
        let bytes = Body::from_tokio_reader(reader)
            .collect(1_000)
            .await
            .unwrap();
        written.await.unwrap().unwrap();
        assert_eq!(bytes, [b'b'; 1_000][..]);
    });
}

#[test]
fn a_reader_that_fails_breaks_the_body_off() {
    run(async {
        struct Broken;
        impl futures_util::AsyncRead for Broken {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                _: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(Err(io::ErrorKind::PermissionDenied.into()))
            }
        }
        let mut body = Body::from_reader(Broken);
        assert_eq!(rest(&mut body).await, ["error: the body could not be read"]);
    });
}

#[test]
fn a_body_is_a_reader_for_futures_and_for_tokio() {
    run(async {
        let body = || {
            Body::new(Foreign::new(vec![
                data("one "),
                data("two\nthr"),
                data("ee"),
            ]))
        };

        let mut futures = String::new();
        futures_util::AsyncReadExt::read_to_string(&mut body().into_reader(), &mut futures)
            .await
            .unwrap();
        let mut tokio = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut body().into_reader(), &mut tokio)
            .await
            .unwrap();
        assert_eq!(futures, "one two\nthree");
        assert_eq!(tokio, futures);

        let lines: Vec<_> = futures_util::AsyncBufReadExt::lines(body().into_reader())
            .map(Result::unwrap)
            .collect()
            .await;
        assert_eq!(lines, ["one two", "three"]);

        let mut few = [0; 3];
        let mut reader = body().into_reader();
        tokio::io::AsyncReadExt::read_exact(&mut reader, &mut few)
            .await
            .unwrap();
        assert_eq!(&few, b"one", "what does not fit is kept");
        futures_util::AsyncReadExt::read_exact(&mut reader, &mut few)
            .await
            .unwrap();
        assert_eq!(&few, b" tw");
    });
}

#[test]
fn the_error_of_a_body_is_an_io_error_to_its_reader() {
    run(async {
        let body = Body::new(Foreign::new(vec![data("one"), Err("broken")]));
        let mut read = Vec::new();
        let mut reader = body.into_reader();
        let error = futures_util::AsyncReadExt::read_to_end(&mut reader, &mut read)
            .await
            .unwrap_err();
        assert_eq!(read, b"one");
        assert!(error.get_ref().unwrap().is::<Error>());
    });
}
