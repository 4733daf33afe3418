//! Numbers as people read them.

use std::fmt::{self, Display};
use std::time::Duration;

use transom::features::LimitValue;

/// A number with its thousands apart: `30,000,000`.
pub(super) struct Grouped(pub(super) u64);

impl Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// A time by its two greatest units: `3 d 4 h`, `2 min 10 s`, `1.5 s`.
pub(super) struct Time(pub(super) Duration);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
        let seconds = self.0.as_secs();
        if seconds < 60 {
            let millis = Duration::from_millis(self.0.as_millis().try_into().unwrap_or(0));
            return write!(f, "{} s", millis.as_secs_f64());
        }
        let greatest = UNITS.iter().position(|(unit, _)| seconds >= *unit);
        let mut rest = seconds;
        let mut before = "";
        for (unit, name) in UNITS.iter().skip(greatest.unwrap_or(0)).take(2) {
            let count = rest / unit;
            rest %= unit;
            if count > 0 {
                write!(f, "{before}{} {name}", Grouped(count))?;
                before = " ";
            }
        }
        Ok(())
    }
}

/// A size: `32 KiB` if it is one exactly, or else `30,000,000 bytes`.
struct Size(u64);

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let exact = |(unit, _): &&(u64, &str)| self.0 >= *unit && self.0.is_multiple_of(*unit);
        match UNITS.iter().find(exact) {
            Some((unit, name)) => write!(f, "{} {name}", Grouped(self.0 / unit)),
            None if self.0 == 1 => f.write_str("1 byte"),
            None => write!(f, "{} bytes", Grouped(self.0)),
        }
    }
}

/// The value of a limit, with its unit.
pub(super) struct Value(pub(super) LimitValue);

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            LimitValue::Count(count) => Grouped(count).fmt(f),
            LimitValue::Bytes(bytes) => Size(bytes).fmt(f),
            LimitValue::BytesPerSecond(bytes) => write!(f, "{} a second", Size(bytes)),
            LimitValue::Time(time) => Time(time).fmt(f),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (30_000_000, "30,000,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
    }

    #[test]
    fn a_time_has_two_units_at_most() {
        for (time, text) in [
            (Duration::ZERO, "0 s"),
            (Duration::from_micros(1_500_999), "1.5 s"),
            (Duration::from_millis(59_999), "59.999 s"),
            (Duration::from_secs(30), "30 s"),
            (Duration::from_secs(60), "1 min"),
            (Duration::from_secs(130), "2 min 10 s"),
            (Duration::from_secs(3600), "1 h"),
            (Duration::from_secs(3659), "1 h"),
            (Duration::from_secs(3660), "1 h 1 min"),
            (Duration::from_secs(90_000), "1 d 1 h"),
            (Duration::from_secs(86_400 * 1234 + 3599), "1,234 d"),
            (Duration::MAX, "213,503,982,334,601 d 7 h"),
        ] {
            assert_eq!(Time(time).to_string(), text);
        }
    }

    #[test]
    fn a_size_is_in_the_greatest_unit_that_it_is_a_multiple_of() {
        for (size, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1,023 bytes"),
            (1024, "1 KiB"),
            (786_432, "768 KiB"),
            (1 << 20, "1 MiB"),
            (3 << 30, "3 GiB"),
            (30_000_000, "30,000,000 bytes"),
        ] {
            assert_eq!(Size(size).to_string(), text);
        }
        let rate = Value(LimitValue::BytesPerSecond(240)).to_string();
        assert_eq!(rate, "240 bytes a second");
    }
}
