//! The records of FastCGI 1.0: eight bytes of header, content, padding.

use super::violation::Violation;

/// Which kind of record it is; section 8 of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    BeginRequest,
    AbortRequest,
    EndRequest,
    Params,
    Stdin,
    Stdout,
    Stderr,
    /// What a Filter reads, and a Responder never does.
    Data,
    GetValues,
    GetValuesResult,
    UnknownType,
    Other(u8),
}

impl Kind {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::BeginRequest => 1,
            Self::AbortRequest => 2,
            Self::EndRequest => 3,
            Self::Params => 4,
            Self::Stdin => 5,
            Self::Stdout => 6,
            Self::Stderr => 7,
            Self::Data => 8,
            Self::GetValues => 9,
            Self::GetValuesResult => 10,
            Self::UnknownType => 11,
            Self::Other(number) => number,
        }
    }
}

impl From<u8> for Kind {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::BeginRequest,
            2 => Self::AbortRequest,
            3 => Self::EndRequest,
            4 => Self::Params,
            5 => Self::Stdin,
            6 => Self::Stdout,
            7 => Self::Stderr,
            8 => Self::Data,
            9 => Self::GetValues,
            10 => Self::GetValuesResult,
            11 => Self::UnknownType,
            number => Self::Other(number),
        }
    }
}

/// What stands before the content of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The request that the record is of; 0 for one of the connection.
    pub(super) id: u16,
    pub(super) length: u16,
    pub(super) padding: u8,
}

impl Header {
    pub(super) const LENGTH: usize = 8;
    /// The longest content of one record.
    pub(super) const LONGEST: u16 = u16::MAX;

    /// # Errors
    ///
    /// The record is of another version, so that nothing is known of what follows.
    pub(super) fn read(bytes: [u8; Self::LENGTH]) -> Result<Self, Violation> {
        let [
            version,
            kind,
            id1,
            id0,
            length1,
            length0,
            padding,
            _reserved,
        ] = bytes;
        if version != 1 {
            return Err(Violation::Version(version));
        }
        Ok(Self {
            kind: Kind::from(kind),
            id: u16::from_be_bytes([id1, id0]),
            length: u16::from_be_bytes([length1, length0]),
            padding,
        })
    }

    /// Returns the header of a record without padding.
    pub(super) fn of(kind: Kind, id: u16, length: u16) -> [u8; Self::LENGTH] {
        let [id1, id0] = id.to_be_bytes();
        let [length1, length0] = length.to_be_bytes();
        [1, kind.number(), id1, id0, length1, length0, 0, 0]
    }
}

/// What became of a request, for the protocol; section 5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It ended.
    Complete = 0,
    /// It was refused: the connection carries one request at a time.
    CannotMultiplex = 1,
    /// It was refused: there are too many.
    Overloaded = 2,
    /// It was refused: it wants something other than a Responder.
    UnknownRole = 3,
}

/// Returns a whole record that ends a request. What the application made of it is 0 if all went well, like
/// the exit code of a program.
pub(super) fn end_request(id: u16, application: u32, status: Status) -> [u8; 16] {
    let mut record = [0; 16];
    record[..8].copy_from_slice(&Header::of(Kind::EndRequest, id, 8));
    record[8..12].copy_from_slice(&application.to_be_bytes());
    record[12] = status as u8;
    record
}

/// Returns a whole record that says that a record of the connection was not understood.
pub(super) fn unknown_type(kind: Kind) -> [u8; 16] {
    let mut record = [0; 16];
    record[..8].copy_from_slice(&Header::of(Kind::UnknownType, 0, 8));
    record[8] = kind.number();
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_is_written() {
        for number in 0..=u8::MAX {
            assert_eq!(Kind::from(number).number(), number);
        }
        let header = Header::read(Header::of(Kind::Stdin, 0x0102, 0x0304)).unwrap();
        let wanted = Header {
            kind: Kind::Stdin,
            id: 0x0102,
            length: 0x0304,
            padding: 0,
        };
        assert_eq!(header, wanted);
        let other = Header::read([2, 1, 0, 1, 0, 8, 0, 0]);
        assert_eq!(other, Err(Violation::Version(2)));
    }

    #[test]
    fn what_ends_a_request_says_how() {
        let record = end_request(7, 1, Status::UnknownRole);
        assert_eq!(record, [1, 3, 0, 7, 0, 8, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0]);
        assert_eq!(
            unknown_type(Kind::Other(99))[..9],
            [1, 11, 0, 0, 0, 8, 0, 0, 99]
        );
    }
}
