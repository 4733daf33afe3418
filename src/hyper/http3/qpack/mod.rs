//! QPACK (RFC 9204) without its dynamic table, which this side does not offer: a section of fields stands
//! for itself, and none waits for another stream.

mod decode;
mod encode;
mod huffman;
mod integer;
mod static_table;

pub(super) use decode::{Failure, decode};
pub(super) use encode::Section;
pub(super) use integer::read as read_integer;
