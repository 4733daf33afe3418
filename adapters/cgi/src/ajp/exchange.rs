//! One request, from its head to the end of its response.

use std::io;

use bytes::BytesMut;
use futures_util::FutureExt;
use http::{HeaderValue, Method, Response, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use transom::adapter::{Call, ResponseBody};
use transom::{Application, Body};

use super::answer;
use super::forward::Forward;
use super::framing::BodyPackets;
use super::intake::Intake;
use super::output::Output;
use crate::environment::announce_length;
use crate::gateway::{Link, Serving, Wire, unstalled};

/// How much is gathered before it is written.
const GATHER: usize = 16 * 1024;

/// Answers a request. Returns what still comes of its body, if the connection is there for another one.
///
/// Dropping the future breaks the connection off.
pub(super) async fn exchange<A: Application, W: Wire>(
    link: &mut Link<W>,
    serving: &Serving<A>,
    forward: Forward,
) -> Option<BodyPackets> {
    let options = &serving.options;
    let Link { stream, buffer } = link;
    let output = Output::new(&*stream, options.stall_timeout);
    let (mut intake, body) = Intake::new(forward.framing);
    let method = forward.arrival.request().method().clone();
    let body = body.map_or_else(Body::empty, Body::new);
    let call = forward.arrival.call(&serving.dispatcher, body);
    let lifetime = call.lifetime().clone();

    let answering = respond(&output, call, &method, options.ajp.max_packet);
    let answered = tokio::select! {
        biased;
        answered = answering => answered,
        () = intake.run(buffer, &output, &lifetime, options) => Err(io::ErrorKind::ConnectionReset.into()),
    };
    let keeps = forward.keeps
        && intake.is_sound(buffer, options.ajp.max_packet)
        && !serving.shutdown.is_requested();
    let written = match answered {
        Ok(mut rest) => {
            answer::end(keeps, &mut rest);
            unstalled(options.stall_timeout, stream.write(&rest)).await
        }
        // No end, which tells the web server that the response is not whole.
        Err(error) => Err(error),
    };
    if written.is_err() {
        link.stream.reset_on_drop();
        return None;
    }
    if keeps {
        return Some(intake.into_rest());
    }
    if link.stream.close_write().is_ok() {
        link.linger().await;
    }
    None
}

/// Returns what is not written yet of the response.
async fn respond<A: Application, W: Wire>(
    output: &Output<'_, W>,
    call: Call<A>,
    method: &Method,
    max: usize,
) -> io::Result<BytesMut> {
    // An application that hung up.
    let response = call.run().await.map_err(io::Error::other)?;
    let (mut head, body) = response.into_parts();
    announce_length(method, &mut head, body.size_hint().exact());
    let mut packets = BytesMut::new();
    if !answer::head(&head, max, &mut packets) {
        tracing::error!(
            target: "transom", status = %head.status, fields = head.headers.len(),
            "the head of a response is longer than a packet of {max} bytes, and is answered for with 500; \
             `with_max_packet_size` allows longer ones, if the web server does",
        );
        drop(body);
        return Ok(too_large(method, max));
    }
    let packets = send(output, packets, body, max).await?;
    // A question for more of the request must not stay half written.
    drop(output.turn().await);
    Ok(packets)
}

fn too_large(method: &Method, max: usize) -> BytesMut {
    const WHY: &str = "the head of the response is too large\n";
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = http::StatusCode::INTERNAL_SERVER_ERROR;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    head.headers.insert(header::CONTENT_TYPE, plain);
    head.headers
        .insert(header::CONTENT_LENGTH, WHY.len().into());
    let mut packets = BytesMut::new();
    answer::head(&head, max, &mut packets);
    if *method != Method::HEAD {
        answer::piece(WHY.as_bytes(), max, &mut packets);
    }
    packets
}

/// Writes the head, and the body as it comes: what is there at once, at once. Returns the last of it.
async fn send<W: Wire>(
    output: &Output<'_, W>,
    mut packets: BytesMut,
    mut body: ResponseBody,
    max: usize,
) -> io::Result<BytesMut> {
    let longest = answer::longest_piece(max);
    loop {
        let next = match body.frame().now_or_never() {
            Some(next) => next,
            None => {
                if !packets.is_empty() {
                    // A web server keeps what it has for a while, unless it is told.
                    answer::piece(&[], max, &mut packets);
                    output.write(&packets).await?;
                    packets.clear();
                }
                body.frame().await
            }
        };
        let data = match next {
            None => return Ok(packets),
            Some(Err(error)) => {
                // What there was is not held back.
                answer::piece(&[], max, &mut packets);
                output.write(&packets).await?;
                return Err(io::Error::other(error));
            }
            // The protocol has no trailers.
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        for piece in data.chunks(longest) {
            answer::piece(piece, max, &mut packets);
            if packets.len() >= GATHER {
                output.write(&packets).await?;
                packets.clear();
            }
        }
    }
}
