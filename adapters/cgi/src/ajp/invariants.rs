//! What has to hold of the reader, whatever bytes it is shown.

use bytes::BytesMut;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use super::forward::Forward;
use super::framing::{BodyPackets, Framing};
use super::message::Message;
use super::options::AjpOptions;
use super::packet;
use crate::PathBaseSource;
use crate::environment::{Refusal, Rules, arrival_holds};

/// What became of bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) said: Vec<String>,
    pub(super) refusal: Option<String>,
}

/// Shows these pieces, one behind the other. Whatever there is of a body is asked for.
pub(super) fn show<'a>(
    rules: &Rules,
    options: &AjpOptions,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut read = BytesMut::new();
    let mut outcome = Outcome::default();
    let mut body = None;
    for piece in pieces {
        read.extend_from_slice(piece);
        loop {
            match next(&mut read, rules, options, &mut body) {
                Ok(Some(said)) => outcome.said.push(said),
                Ok(None) => break,
                Err(refusal) => {
                    outcome.refusal = Some(refusal.to_string());
                    return outcome;
                }
            }
        }
        assert!(read.len() < options.max_packet, "{} wait", read.len());
    }
    outcome
}

fn next(
    read: &mut BytesMut,
    rules: &Rules,
    options: &AjpOptions,
    body: &mut Option<BodyPackets>,
) -> Result<Option<String>, Refusal> {
    if let Some(packets) = body {
        let Some(packet) = packet::take(read, options.max_packet)? else {
            return Ok(None);
        };
        let data = packets.accept(packet)?;
        match packets.has_ended() {
            true => *body = None,
            false => drop(packets.ask(u16::MAX)),
        }
        return Ok(Some(format!("data {}", data.escape_ascii())));
    }
    let message = Message::take(read, rules, options)?;
    Ok(message.map(|message| match message {
        Message::Forward(forward) => {
            forward_holds(&forward, rules);
            if forward.framing != Framing::Empty {
                let mut packets = BodyPackets::new(forward.framing);
                packets.ask(u16::MAX);
                *body = Some(packets);
            }
            let Forward {
                arrival,
                framing,
                keeps,
            } = *forward;
            format!("{:?} {framing:?} {keeps}", arrival.request())
        }
        other => format!("{other:?}"),
    }))
}

fn forward_holds(forward: &Forward, rules: &Rules) {
    arrival_holds(&forward.arrival);
    let request = forward.arrival.request();
    let fields = request.headers();
    assert!(fields.len() <= rules.max_variables);
    assert!(!fields.contains_key(TRANSFER_ENCODING));
    assert_eq!(forward.arrival.length(), forward.framing.length());
    if let (Some(length), Framing::Length(framed)) = (fields.get(CONTENT_LENGTH), forward.framing) {
        assert_eq!(*length, framed.to_string());
    }
}

/// Checks that it does not matter in what pieces the bytes come, and that nobody gets by without the secret.
///
/// # Panics
///
/// Panics if something does not hold.
pub(crate) fn hold(bytes: &[u8]) {
    let tight = Rules {
        path_base: PathBaseSource::ScriptName,
        max_variables: 16,
        max_variables_size: 256,
    };
    let open = AjpOptions::default();
    for rules in [Rules::default(), tight] {
        let whole = show(&rules, &open, bytes.chunks(open.max_packet / 2));
        for size in [1, 3, 64] {
            let pieces = show(&rules, &open, bytes.chunks(size));
            // What is wrong with a packet may show before all of it is there.
            assert_eq!(pieces.said, whole.said, "in pieces of {size}");
            assert_eq!(pieces.refusal.is_some(), whole.refusal.is_some());
        }
    }
    let mut closed = open;
    closed.secret = Some(super::secret::Secret::new(
        "never told to the fuzzer, which is not to find it",
    ));
    let outcome = show(&Rules::default(), &closed, [bytes]);
    let is_forwarded = |said: &String| !["Ping", "Shutdown"].contains(&said.as_str());
    assert!(!outcome.said.iter().any(is_forwarded), "{:?}", outcome.said);
}
