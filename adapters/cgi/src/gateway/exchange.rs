use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http::Method;
use http_body::Body as _;
use http_body_util::BodyExt;
use transom::Application;
use transom::adapter::{Call, ResponseBody};

use super::Wire;
use super::intake::Intake;
use super::link::{Link, Serving, unstalled};
use crate::environment::{Arrival, BodyLength, HeadForm, Refusal, announce_length, write_head};

/// How much is gathered before it is written.
const GATHER: usize = 16 * 1024;
/// How much is to be taken without a pause that is too long.
const PIECE: usize = 64 * 1024;

/// Answers the one request of a connection, whose body follows, and closes.
///
/// Dropping the future breaks the connection off.
pub(crate) async fn answer<A: Application, W: Wire>(
    mut link: Link<W>,
    serving: &Serving<A>,
    arrival: Arrival,
    length: BodyLength,
    form: HeadForm,
) {
    let (mut intake, body) = Intake::new(length, std::mem::take(&mut link.buffer));
    let method = arrival.request().method().clone();
    let call = arrival.call(&serving.dispatcher, body);
    let lifetime = call.lifetime().clone();

    let answering = respond(&link, serving, call, &method, form);
    let answered = tokio::select! {
        biased;
        answered = answering => answered,
        () = intake.run(&link.stream, &lifetime, &serving.options) => Err(io::ErrorKind::ConnectionReset.into()),
    };
    if answered.is_err() || link.stream.close_write().is_err() {
        link.stream.reset_on_drop();
    } else if !intake.is_complete() {
        link.linger().await;
    }
}

/// Says why there is no request, and closes.
pub(crate) async fn refuse<A: Application, W: Wire>(
    mut link: Link<W>,
    serving: &Serving<A>,
    refusal: &Refusal,
    form: HeadForm,
) {
    let statistics = serving.dispatcher.statistics();
    statistics.count_rejection(refusal.cause());
    let (head, text) = refusal.answer();
    let mut bytes = BytesMut::new();
    write_head(&head, form, &mut bytes);
    bytes.extend_from_slice(text.as_bytes());
    let limit = Some(serving.options.head_timeout);
    let written = unstalled(limit, link.stream.write(&bytes)).await;
    if written.is_ok() && link.stream.close_write().is_ok() {
        link.linger().await;
    }
}

async fn respond<A: Application, W: Wire>(
    link: &Link<W>,
    serving: &Serving<A>,
    call: Call<A>,
    method: &Method,
    form: HeadForm,
) -> io::Result<()> {
    // An application that hung up.
    let response = call.run().await.map_err(io::Error::other)?;
    let (mut head, body) = response.into_parts();
    announce_length(method, &mut head, body.size_hint().exact());
    let mut bytes = BytesMut::new();
    write_head(&head, form, &mut bytes);
    send(link, serving, bytes, body).await
}

/// Writes the head, and the body as it comes: what is there at once, at once.
async fn send<A: Application, W: Wire>(
    link: &Link<W>,
    serving: &Serving<A>,
    mut bytes: BytesMut,
    mut body: ResponseBody,
) -> io::Result<()> {
    let limit = serving.options.stall_timeout;
    loop {
        let next = match body.frame().now_or_never() {
            Some(next) => next,
            None => {
                if !bytes.is_empty() {
                    unstalled(limit, link.stream.write(&bytes)).await?;
                    bytes.clear();
                }
                body.frame().await
            }
        };
        let data: Bytes = match next {
            None => return unstalled(limit, link.stream.write(&bytes)).await,
            Some(Err(error)) => {
                // What there was is not held back.
                unstalled(limit, link.stream.write(&bytes)).await?;
                return Err(io::Error::other(error));
            }
            // None of these protocols has trailers.
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        if bytes.len() + data.len() <= GATHER {
            bytes.extend_from_slice(&data);
            continue;
        }
        unstalled(limit, link.stream.write(&bytes)).await?;
        bytes.clear();
        // In pieces: the limit is one of a pause, and not of how long much data may take.
        for piece in data.chunks(PIECE) {
            unstalled(limit, link.stream.write(piece)).await?;
        }
    }
}
