//! What a whole header says.

use std::net::SocketAddr;
use std::ops::Range;

use bytes::Bytes;
use ppp::v2::{Command, Protocol, TypeLengthValues};
use ppp::{v1, v2};

use super::checksum::crc32c;
use crate::features::{Endpoint, ProxyProtocolInfo, ProxyTls};

/// What a header says of the connection that the proxy was asked for.
pub(super) struct Header {
    pub(super) version: u8,
    /// The client's end and the proxy's; `None` if the header does not tell, or the proxy speaks for itself.
    pub(super) ends: Option<(Endpoint, Endpoint)>,
    pub(super) values: Vec<(u8, Bytes)>,
    pub(super) tls: Option<ProxyTls>,
}

/// The header is not one.
#[derive(Debug)]
pub(super) struct Malformed;

impl Header {
    /// Reads a line of version 1, its end included.
    pub(super) fn v1(line: &[u8]) -> Result<Self, Malformed> {
        let header = v1::Header::try_from(line).map_err(|_| Malformed)?;
        let ends = match header.addresses {
            v1::Addresses::Unknown => None,
            // The parser of numbers takes a sign, which the protocol has not.
            _ if line.contains(&b'+') => return Err(Malformed),
            v1::Addresses::Tcp4(ends) => Some((
                (ends.source_address, ends.source_port).into(),
                (ends.destination_address, ends.destination_port).into(),
            )),
            v1::Addresses::Tcp6(ends) => Some((
                (ends.source_address, ends.source_port).into(),
                (ends.destination_address, ends.destination_port).into(),
            )),
        };
        Ok(Self {
            version: 1,
            ends: ends.map(tcp),
            values: Vec::new(),
            tls: None,
        })
    }

    /// Reads a block of version 2.
    pub(super) fn v2(block: &[u8]) -> Result<Self, Malformed> {
        let header = v2::Header::try_from(block).map_err(|_| Malformed)?;
        let mut read = Self {
            version: 2,
            ends: None,
            values: Vec::new(),
            tls: None,
        };
        // What follows is not to be looked at.
        if header.command == Command::Local {
            return Ok(read);
        }
        let mut end = block.len() - header.tlv_bytes().len();
        for value in header.tlvs() {
            let value = value.map_err(|_| Malformed)?;
            end += 3 + value.len();
            match value.kind {
                CRC32C => check(block, end - value.len()..end)?,
                NO_OP => {}
                SSL => read.tls = tls(&value.value)?.or(read.tls),
                kind => read
                    .values
                    .push((kind, Bytes::copy_from_slice(&value.value))),
            }
        }
        // The ends of something else than a stream are not those of this connection.
        if header.protocol == Protocol::Stream {
            read.ends = match header.addresses {
                v2::Addresses::Unspecified => None,
                v2::Addresses::IPv4(ends) => Some(tcp((
                    (ends.source_address, ends.source_port).into(),
                    (ends.destination_address, ends.destination_port).into(),
                ))),
                v2::Addresses::IPv6(ends) => Some(tcp((
                    (ends.source_address, ends.source_port).into(),
                    (ends.destination_address, ends.destination_port).into(),
                ))),
                v2::Addresses::Unix(ends) => Some((unix(&ends.source), unix(&ends.destination))),
            };
        }
        Ok(read)
    }

    /// Returns the feature, by the ends of the socket.
    pub(super) fn into_info(
        self,
        proxy: Option<Endpoint>,
        listener: Option<Endpoint>,
    ) -> ProxyProtocolInfo {
        let info = ProxyProtocolInfo::new(self.version, proxy, listener);
        let info = match self.tls {
            Some(tls) => info.with_tls(tls),
            None => info,
        };
        let values = self.values.into_iter();
        values.fold(info, |info, (kind, value)| info.with_value(kind, value))
    }
}

fn tcp((source, destination): (SocketAddr, SocketAddr)) -> (Endpoint, Endpoint) {
    (Endpoint::Tcp(source), Endpoint::Tcp(destination))
}

/// A path ends at the first zero; without one there is no path.
fn unix(path: &[u8]) -> Endpoint {
    let end = path.iter().position(|byte| *byte == 0);
    let path = String::from_utf8_lossy(&path[..end.unwrap_or(path.len())]);
    Endpoint::Unix((!path.is_empty()).then(|| path.into_owned().into()))
}

/// The sum is that of the block with zeros in its own place.
fn check(block: &[u8], place: Range<usize>) -> Result<(), Malformed> {
    let sum = block[place.clone()].try_into().map(u32::from_be_bytes);
    let sum = sum.map_err(|_| Malformed)?;
    let zeroed = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if place.contains(&at) { 0 } else { *byte });
    if crc32c(zeroed) == sum {
        Ok(())
    } else {
        Err(Malformed)
    }
}

/// What was agreed on by TLS; `None` if it was not spoken.
fn tls(value: &[u8]) -> Result<Option<ProxyTls>, Malformed> {
    const SPOKEN: u8 = 0x01;
    const CERTIFICATE: u8 = 0x02 | 0x04;
    let (fixed, values) = value.split_first_chunk::<5>().ok_or(Malformed)?;
    let [flags, verify @ ..] = *fixed;
    let verified = u32::from_be_bytes(verify) == 0;
    let mut tls = ProxyTls::default().with_certificate(flags & CERTIFICATE != 0, verified);
    for value in TypeLengthValues::from(values) {
        let value = value.map_err(|_| Malformed)?;
        let text = String::from_utf8_lossy(&value.value);
        tls = match value.kind {
            0x21 => tls.with_version(text),
            0x22 => tls.with_common_name(text),
            0x23 => tls.with_cipher(text),
            _ => tls,
        };
    }
    Ok((flags & SPOKEN != 0).then_some(tls))
}

const CRC32C: u8 = 0x03;
const NO_OP: u8 = 0x04;
const SSL: u8 = 0x20;
