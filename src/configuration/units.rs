//! Numbers with units.

use std::time::Duration;

/// Reads a number of seconds, a number with a unit, or .NET's `[days.]hours:minutes:seconds`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.contains(':') {
        return time_span(text);
    }
    let (number, unit) = split(text);
    let number = whole(number)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(60 * 60)?)),
        _ => None,
    }
}

/// Reads a number of bytes, with or without a unit.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text.trim());
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "kib" | "k" => 1 << 10,
        "mb" => 1_000_000,
        "mib" | "m" => 1 << 20,
        "gb" => 1_000_000_000,
        "gib" | "g" => 1 << 30,
        _ => return None,
    };
    whole(number)?.checked_mul(factor)
}

/// Reads a whole number; underscores may stand between its digits, and TOML's `0x`, `0o` or `0b` before them.
pub(super) fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix).ok();
        }
    }
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    if !digit(text.as_bytes().first()) || !digit(text.as_bytes().last()) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '_');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    (number, unit.trim_start())
}

fn time_span(text: &str) -> Option<Duration> {
    let mut parts = text.split(':');
    let (first, minutes) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    if parts.next().is_some() {
        return None;
    }
    let (days, hours) = match first.split_once('.') {
        Some((days, hours)) => (whole(days)?, hours),
        None => (0, first),
    };
    let (seconds, fraction) = match seconds.split_once('.') {
        Some((seconds, fraction)) => (seconds, fraction),
        None => (seconds, ""),
    };
    // .NET counts in tenths of a microsecond.
    if fraction.len() > 7 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    let below = |text: &str, end: u64| whole(text).filter(|number| *number < end);
    let (hours, minutes, seconds) = (below(hours, 24)?, below(minutes, 60)?, below(seconds, 60)?);
    let whole = days.checked_mul(24 * 60 * 60)?;
    let whole = whole.checked_add((hours * 60 + minutes) * 60 + seconds)?;
    Some(Duration::new(whole, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_seconds_unless_it_says_otherwise() {
        for (text, expected) in [
            ("0", Duration::ZERO),
            ("30", Duration::from_secs(30)),
            (" 30s ", Duration::from_secs(30)),
            ("500ms", Duration::from_millis(500)),
            ("2 m", Duration::from_secs(120)),
            ("1h", Duration::from_secs(3600)),
            ("00:02:10", Duration::from_secs(130)),
            ("0:30", Duration::from_secs(30 * 60)),
            ("1.02:00:00", Duration::from_secs(26 * 3600)),
            ("00:00:00.2500000", Duration::from_millis(250)),
        ] {
            assert_eq!(duration(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "s",
            "-1",
            "1.5",
            "1d",
            "1s2",
            "18446744073709551615h",
            "99999999999999999999",
            "00:60:00",
            "24:00:00",
            "1:2:3:4",
            ":",
            "00:00:00.00000001",
            "00:00:-1",
            "1_",
            "1__s",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_size_is_bytes_unless_it_says_otherwise() {
        for (text, expected) in [
            ("30_000_000", 30_000_000),
            ("8 KiB", 8192),
            ("8kb", 8000),
            ("64K", 65_536),
            ("1 MiB", 1 << 20),
            ("30MB", 30_000_000),
            ("2GiB", 2 << 30),
            ("5 B", 5),
        ] {
            assert_eq!(size(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "KiB",
            "-1",
            "1.5 MiB",
            "1 TB",
            "20000000000 GiB",
            "1 M iB",
        ] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
