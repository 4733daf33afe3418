use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sfv::{BareItem, Item, List, ListEntry, Parser};
use transom::adapter::pem_certificates;

/// How a proxy writes certificates.
#[derive(Clone)]
pub(crate) enum Form {
    /// DER in base64.
    Base64,
    Pem,
    /// Byte sequences of structured fields, and a field of its own for the chain.
    Rfc9440,
    Own(Arc<Converter>),
}

type Converter = dyn Fn(&[u8]) -> Option<Vec<Bytes>> + Send + Sync;

impl Form {
    /// Reads the field of the client's own certificate: that one first, and at least that one.
    pub(super) fn read(&self, value: &[u8]) -> Result<Vec<Bytes>, &'static str> {
        let (read, problem) = match self {
            Self::Base64 => (base64(value), "it is not base64"),
            Self::Pem => (pem_certificates(value), "it is not PEM"),
            Self::Rfc9440 => (item(value), "it is not a byte sequence"),
            Self::Own(read) => (read(value), "it cannot be read"),
        };
        read.filter(|read| !read.is_empty()).ok_or(problem)
    }
}

/// Reads `Client-Cert-Chain`, the client's own certificate left out.
pub(super) fn chain(value: &[u8]) -> Result<Vec<Bytes>, &'static str> {
    let read = || {
        let list: List = Parser::new(value).parse().ok()?;
        let entries = list.into_iter().map(|entry| match entry {
            ListEntry::Item(item) => bytes(item),
            ListEntry::InnerList(_) => None,
        });
        entries.collect::<Option<Vec<_>>>()
    };
    read().ok_or("the chain is not a list of byte sequences")
}

/// Returns whether this is one whole value of DER of the kind that a certificate is, so that one which was cut short on
/// its way is noticed: a SEQUENCE, of the length that it says (X.690, section 8.1.3).
pub(super) fn is_sequence(der: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = der else {
        return false;
    };
    if *first < 0x80 {
        return rest.len() == usize::from(*first);
    }
    let octets = usize::from(*first & 0x7f);
    if !(1..=4).contains(&octets) || rest.len() < octets {
        return false;
    }
    let (length, content) = rest.split_at(octets);
    let length = length
        .iter()
        .fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
    u64::try_from(content.len()) == Ok(length)
}

fn base64(value: &[u8]) -> Option<Vec<Bytes>> {
    let der = STANDARD.decode(value).ok()?;
    Some(vec![der.into()])
}

fn item(value: &[u8]) -> Option<Vec<Bytes>> {
    let item: Item = Parser::new(value).parse().ok()?;
    Some(vec![bytes(item)?])
}

fn bytes(item: Item) -> Option<Bytes> {
    match item.bare_item {
        BareItem::ByteSequence(bytes) => Some(bytes.into()),
        _ => None,
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "Base64",
            Self::Pem => "Pem",
            Self::Rfc9440 => "Rfc9440",
            Self::Own(_) => "Own",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_as_long_as_it_says() {
        let long = [&[0x30, 0x82, 1, 0][..], &[0; 256]].concat();
        for whole in [&[0x30, 0][..], &[0x30, 1, 5], &[0x30, 0x81, 1, 5], &long] {
            assert!(is_sequence(whole), "{whole:?}");
        }
        for wrong in [
            &[][..],
            &[0x30],
            &[0x31, 0],
            &[0x30, 2, 5],
            &[0x30, 1, 5, 6],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x82, 1],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &long[..200],
        ] {
            assert!(!is_sequence(wrong), "{wrong:?}");
        }
    }
}
