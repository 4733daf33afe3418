//! What a body is, frame by frame and collected.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt;
use transom::Body;
use transom::body::{BodyReader, BodyStream, Error};

use super::support::{Foreign, data, rest, run, trailer};

#[test]
fn bodies_and_what_they_become_are_send_and_sync() {
    fn assert<T: Send + Sync + 'static>() {}
    assert::<Body>();
    assert::<BodyStream>();
    assert::<BodyReader>();
    assert::<Error>();
    assert::<transom::Request>();
    assert::<transom::Response>();
    // A stream that is only `Send` becomes a body that is `Sync`.
    let only_send = stream::iter([Ok::<_, Infallible>("x")]).map({
        let cell = std::cell::Cell::new(0);
        move |chunk| {
            cell.set(cell.get() + 1);
            chunk
        }
    });
    fn is_sync<T: Sync>(_: &T) {}
    is_sync(&Body::from_stream(only_send));
}

#[test]
fn what_is_empty_is_at_its_end_from_the_start() {
    for body in [
        Body::empty(),
        Body::default(),
        Body::from(()),
        Body::from(""),
        Body::from(Bytes::new()),
        Body::from(Vec::new()),
        Body::new(http_body_util::Empty::new()),
        Body::new(http_body_util::Full::default()),
    ] {
        assert!(body.is_end_stream(), "{body:?}");
        assert_eq!(body.size_hint().exact(), Some(0));
        assert_eq!(run(body.collect(0)).unwrap(), "");
    }
}

#[test]
fn one_chunk_is_one_frame_then_the_end() {
    run(async {
        for mut body in [
            Body::from("chunk"),
            Body::from(&b"chunk"[..]),
            Body::from("chunk".to_owned()),
            Body::from(b"chunk".to_vec()),
            Body::from(Bytes::from("chunk")),
        ] {
            assert!(!body.is_end_stream());
            assert_eq!(body.size_hint().exact(), Some(5));
            assert_eq!(rest(&mut body).await, ["chunk"]);
            assert!(body.is_end_stream());
            assert_eq!(body.size_hint().exact(), Some(0));
            assert!(body.frame().await.is_none(), "fused");
        }
    });
}

#[test]
fn one_chunk_is_collected_without_a_copy() {
    let bytes = Bytes::from(vec![7; 64]);
    let address = bytes.as_ptr();
    assert_eq!(
        run(Body::from(bytes).collect(64)).unwrap().as_ptr(),
        address
    );
}

#[test]
fn a_body_is_not_wrapped_again() {
    run(async {
        let foreign = Foreign::new(vec![data("one")]);
        let mut body = Body::new(Body::new(Body::new(foreign)));
        // A wrapped stream would print as one: a chunk and an empty body stay what they were.
        assert_eq!(format!("{body:?}"), "Body(stream)");
        assert_eq!(
            format!("{:?}", Body::new(Body::from("abc"))),
            "Body(3 bytes)"
        );
        assert_eq!(format!("{:?}", Body::new(Body::empty())), "Body(empty)");
        assert_eq!(rest(&mut body).await, ["one"]);
    });
}

#[test]
fn a_body_is_fused_after_its_end() {
    run(async {
        let foreign = Foreign::new(vec![data("one"), data("two")]);
        let polls = Arc::clone(&foreign.polls);
        let mut body = Body::new(foreign);
        assert_eq!(rest(&mut body).await, ["one", "two"]);
        assert!(body.is_end_stream());
        assert!(body.frame().await.is_none());
        assert_eq!(polls.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_body_is_fused_after_an_error() {
    run(async {
        let foreign = Foreign::new(vec![data("one"), Err("broken"), data("never")]);
        let polls = Arc::clone(&foreign.polls);
        let mut body = Body::new(foreign.announcing(11));
        assert_eq!(
            rest(&mut body).await,
            ["one", "error: the body could not be read"]
        );
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
        assert!(body.frame().await.is_none());
        assert_eq!(polls.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn the_cause_of_an_error_is_its_source_and_a_body_error_keeps_its_meaning() {
    use std::error::Error as _;

    let error = run(Body::new(Foreign::new(vec![Err("broken")])).collect(9)).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "broken");
    assert!(!error.is_length_limit() && !error.is_disconnect() && !error.is_timeout());

    let errors = stream::iter([Err::<Bytes, _>(Error::disconnected_by("reset"))]);
    let error = run(Body::from_stream(errors).collect(9)).unwrap_err();
    assert!(error.is_disconnect());
    assert_eq!(error.source().unwrap().to_string(), "reset");

    let limited = http_body_util::Limited::new(Body::from("123456"), 5);
    let error = run(Body::new(limited).collect(9)).unwrap_err();
    assert!(error.is_length_limit(), "another library's limit counts");
}

#[test]
fn trailers_pass_after_the_data() {
    run(async {
        let mut body = Body::from("data").with_trailers(trailer());
        assert!(!body.is_end_stream());
        assert_eq!(rest(&mut body).await, ["data", "\"7\""]);

        let mut streamed = Body::new(Foreign::new(vec![
            data("data"),
            Ok(Frame::trailers(trailer())),
        ]));
        assert_eq!(rest(&mut streamed).await, ["data", "\"7\""]);

        let mut alone = Body::empty().with_trailers(trailer());
        assert!(!alone.is_end_stream(), "trailers are still to come");
        assert_eq!(rest(&mut alone).await, ["\"7\""]);
    });
}

#[test]
fn trailers_are_added_to_those_that_are_there() {
    run(async {
        let mut more = HeaderMap::new();
        more.insert("x-more", HeaderValue::from_static("8"));
        let body = Body::from("data")
            .with_trailers(trailer())
            .with_trailers(more);
        let collected = BodyExt::collect(body).await.unwrap();
        let trailers = collected.trailers().unwrap();
        assert_eq!(
            (&trailers["x-checksum"], &trailers["x-more"]),
            (
                &HeaderValue::from_static("7"),
                &HeaderValue::from_static("8")
            )
        );
    });
}

#[test]
fn trailers_are_dropped_by_collect_streams_and_readers() {
    run(async {
        let body = || Body::from("data").with_trailers(trailer());
        assert_eq!(body().collect(4).await.unwrap(), "data");
        let chunks: Vec<_> = body().into_stream().map(Result::unwrap).collect().await;
        assert_eq!(chunks, ["data"]);
        let mut text = String::new();
        let mut reader = body().into_reader();
        futures_util::AsyncReadExt::read_to_string(&mut reader, &mut text)
            .await
            .unwrap();
        assert_eq!(text, "data");
    });
}

#[test]
fn collect_takes_exactly_its_limit_and_not_a_byte_more() {
    run(async {
        let whole = |text: &'static str| Body::from(text);
        let streamed = |text: &'static str| {
            let (one, two) = text.split_at(2);
            Body::new(Foreign::new(vec![data(one), data(two)]))
        };
        assert_eq!(whole("12345").collect(5).await.unwrap(), "12345");
        assert_eq!(streamed("12345").collect(5).await.unwrap(), "12345");
        for error in [
            whole("123456").collect(5).await.unwrap_err(),
            streamed("123456").collect(5).await.unwrap_err(),
            whole("1").collect(0).await.unwrap_err(),
        ] {
            assert!(error.is_length_limit(), "{error}");
        }
        assert_eq!(
            streamed("12345").collect(usize::MAX).await.unwrap(),
            "12345"
        );
    });
}

#[test]
fn collect_refuses_an_announced_length_before_it_reads() {
    let foreign = Foreign::new(vec![data("123456")]).announcing(6);
    let polls = Arc::clone(&foreign.polls);
    let error = run(Body::new(foreign).collect(5)).unwrap_err();
    assert!(error.is_length_limit());
    assert_eq!(polls.load(Ordering::Relaxed), 0);
}

#[test]
fn collect_stops_at_the_first_byte_over_its_limit() {
    let foreign = Foreign::new(vec![data("123"), data("456"), data("789")]);
    let polls = Arc::clone(&foreign.polls);
    assert!(
        run(Body::new(foreign).collect(5))
            .unwrap_err()
            .is_length_limit()
    );
    assert_eq!(polls.load(Ordering::Relaxed), 2);
}

#[test]
fn collect_passes_the_error_of_the_body_on() {
    let foreign = Foreign::new(vec![data("123"), Err("broken")]);
    let error = run(Body::new(foreign).collect(100)).unwrap_err();
    assert_eq!(error.to_string(), "the body could not be read");
}

#[test]
fn empty_chunks_are_no_end() {
    run(async {
        let body = || Body::new(Foreign::new(vec![data(""), data("a"), data(""), data("b")]));
        assert_eq!(body().collect(2).await.unwrap(), "ab");
        let mut text = String::new();
        futures_util::AsyncReadExt::read_to_string(&mut body().into_reader(), &mut text)
            .await
            .unwrap();
        assert_eq!(text, "ab");
    });
}

#[test]
fn a_body_prints_what_is_known_of_it() {
    assert_eq!(format!("{:?}", Body::empty()), "Body(empty)");
    assert_eq!(format!("{:?}", Body::from("abc")), "Body(3 bytes)");
    let stream = Body::new(Foreign::new(vec![data("abc")]));
    assert_eq!(format!("{stream:?}"), "Body(stream)");
    let announced = Body::new(Foreign::new(vec![data("abc")]).announcing(3));
    assert_eq!(format!("{announced:?}"), "Body(stream of 3 bytes)");
}
