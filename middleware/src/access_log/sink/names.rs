//! The names of the files of an access log.

use std::fmt;

/// One of the files: `<prefix><day>.<number>.log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// 20001010
    pub(super) day: u32,
    pub(super) number: u32,
}

const SUFFIX: &str = ".log";

impl Name {
    /// Reads what comes after the prefix; `None` if it is not one of ours.
    pub(super) fn parse(rest: &str) -> Option<Self> {
        let (day, number) = rest.strip_suffix(SUFFIX)?.split_once('.')?;
        let name = Self {
            day: day.parse().ok()?,
            number: number.parse().ok()?,
        };
        (name.to_string() == rest).then_some(name)
    }

    pub(super) fn next(self) -> Option<Self> {
        let number = self.number.checked_add(1)?;
        Some(Self { number, ..self })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}.{:04}{SUFFIX}", self.day, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_no_other_is() {
        let name = |day, number| Some(Name { day, number });
        assert_eq!(Name::parse("20001010.0000.log"), name(20_001_010, 0));
        assert_eq!(Name::parse("20001010.12345.log"), name(20_001_010, 12_345));
        assert!(name(20_001_010, 9_999) < name(20_001_010, 10_000));
        assert!(name(20_001_010, 10_000) < name(20_001_011, 0));
        for other in [
            "",
            "20001010.log",
            "20001010.0.log",
            "20001010.00001.log",
            "20001010.+001.log",
            "20001010.0000.log.gz",
            "x20001010.0000.log",
            "2000101.0000.log",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
