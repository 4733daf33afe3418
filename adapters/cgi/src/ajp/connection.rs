//! One connection of a web server: one request after the other.

use std::sync::Arc;

use bytes::BytesMut;
use transom::Application;

use super::answer;
use super::exchange::exchange;
use super::framing::BodyPackets;
use super::message::Message;
use super::packet;
use crate::environment::Refusal;
use crate::gateway::{Link, Opening, Options, Serving, Wire as _, unstalled};

/// Talks with a web server until one of the two has nothing more to say.
pub(super) async fn connection<A: Application>(mut link: Link, serving: Arc<Serving<A>>) {
    let options = &serving.options;
    // What still comes of the body of the last request.
    let mut rest = None;
    let mut is_first = true;
    loop {
        let take = |read: &mut BytesMut| next(read, &mut rest, options);
        let opening = match is_first {
            true => link.open(&serving, take).await,
            false => {
                let idle = options.ajp.idle_timeout;
                link.open_kept(&serving, idle, take).await
            }
        };
        is_first = false;
        match opening {
            Opening::Request(Message::Forward(forward)) => {
                match exchange(&mut link, &serving, *forward).await {
                    Some(still) => rest = Some(still),
                    None => return,
                }
            }
            Opening::Request(Message::Ping) => {
                let mut packet = BytesMut::new();
                answer::pong(&mut packet);
                let limit = Some(options.head_timeout);
                if unstalled(limit, link.stream.write(&packet)).await.is_err() {
                    return;
                }
            }
            Opening::Request(Message::Rest) => {}
            Opening::Request(Message::Shutdown) => {
                tracing::warn!(target: "transom", "a web server asked by AJP to end the program, which goes on");
            }
            Opening::Refused(refusal) => return refuse(link, &serving, &refusal).await,
            Opening::Nothing => return,
        }
    }
}

/// Takes what comes next, behind a packet that was asked for and that nobody wants any more.
fn next(
    read: &mut BytesMut,
    rest: &mut Option<BodyPackets>,
    options: &Options,
) -> Result<Option<Message>, Refusal> {
    if let Some(packets) = rest.as_mut().filter(|rest| rest.is_due()) {
        let Some(packet) = packet::take(read, options.ajp.max_packet)? else {
            return Ok(None);
        };
        packets.accept(packet)?;
        return Ok(Some(Message::Rest));
    }
    Message::take(read, &options.rules, &options.ajp)
}

/// Says why there is no request, and closes.
async fn refuse<A: Application>(mut link: Link, serving: &Serving<A>, refusal: &Refusal) {
    let statistics = serving.dispatcher.statistics();
    statistics.count_rejection(refusal.cause());
    tracing::warn!(target: "transom", why = %refusal, "a request by AJP is refused, and its connection closed");
    let max = serving.options.ajp.max_packet;
    let (head, text) = refusal.answer();
    let mut packets = BytesMut::new();
    answer::head(&head, max, &mut packets);
    for piece in text.as_bytes().chunks(answer::longest_piece(max)) {
        answer::piece(piece, max, &mut packets);
    }
    answer::end(false, &mut packets);
    let limit = Some(serving.options.head_timeout);
    let written = unstalled(limit, link.stream.write(&packets)).await;
    if written.is_ok() && link.stream.close_write().is_ok() {
        link.linger().await;
    }
}
