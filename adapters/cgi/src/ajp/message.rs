use bytes::{Bytes, BytesMut};

use super::codes::kind;
use super::cursor::Cursor;
use super::forward::Forward;
use super::packet;
use crate::environment::{Refusal, Rules};

use super::options::AjpOptions;

/// What a web server wants, when it is its turn.
#[derive(Debug)]
pub(super) enum Message {
    Forward(Box<Forward>),
    /// It asks whether somebody is there.
    Ping,
    /// It wants this program to end, which it has no say in.
    Shutdown,
    /// Nothing: it is of a body that nobody wants any more.
    Rest,
}

impl Message {
    /// Takes one off the front of what was read, once all of it is there.
    pub(super) fn take(
        read: &mut BytesMut,
        rules: &Rules,
        options: &AjpOptions,
    ) -> Result<Option<Self>, Refusal> {
        let packet = packet::take(read, options.max_packet)?;
        packet
            .map(|packet| Self::read(packet, rules, options))
            .transpose()
    }

    fn read(packet: Bytes, rules: &Rules, options: &AjpOptions) -> Result<Self, Refusal> {
        let mut content = Cursor::new(packet);
        match content.byte()? {
            kind::FORWARD_REQUEST => {
                let forward = Forward::read(content, rules, options.secret.as_ref())?;
                Ok(Self::Forward(Box::new(forward)))
            }
            kind::CPING => Ok(Self::Ping),
            kind::SHUTDOWN => Ok(Self::Shutdown),
            number => Err(Refusal::malformed(format!(
                "a packet of the kind {number} is not one that a web server begins something with"
            ))),
        }
    }
}
