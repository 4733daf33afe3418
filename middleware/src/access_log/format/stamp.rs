use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// A time in UTC, as logs have it. One before 1970 is 1970.
#[derive(Clone, Copy, Debug)]
pub(in crate::access_log) struct Stamp {
    time: OffsetDateTime,
    millisecond: u32,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl Stamp {
    pub(in crate::access_log) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).ok();
        let time = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        Self {
            time: time.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            millisecond: since.subsec_millis(),
        }
    }

    /// `10/Oct/2000:13:55:36 +0000`
    pub(super) fn clf(self) -> String {
        let month = MONTHS[usize::from(u8::from(self.time.month())) - 1];
        let (day, year) = (self.time.day(), self.time.year());
        format!("{day:02}/{month}/{year:04}:{} +0000", self.time())
    }

    /// `2000-10-10`
    pub(super) fn date(self) -> String {
        let month = u8::from(self.time.month());
        format!("{:04}-{month:02}-{:02}", self.time.year(), self.time.day())
    }

    /// `13:55:36`
    pub(super) fn time(self) -> String {
        let (hour, minute, second) = self.time.to_hms();
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// `2000-10-10T13:55:36.000Z`
    pub(super) fn rfc3339(self) -> String {
        format!("{}T{}.{:03}Z", self.date(), self.time(), self.millisecond)
    }

    /// 20001010: in the order of the days.
    pub(in crate::access_log) fn day(self) -> u32 {
        let year = u32::try_from(self.time.year()).unwrap_or_default();
        let month = u32::from(u8::from(self.time.month()));
        (year * 100 + month) * 100 + u32::from(self.time.day())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_written_in_each_form() {
        let stamp = Stamp::of(UNIX_EPOCH + Duration::from_millis(971_186_136_042));
        assert_eq!(stamp.clf(), "10/Oct/2000:13:55:36 +0000");
        assert_eq!(stamp.date(), "2000-10-10");
        assert_eq!(stamp.time(), "13:55:36");
        assert_eq!(stamp.rfc3339(), "2000-10-10T13:55:36.042Z");
        assert_eq!(stamp.day(), 20_001_010);
    }

    #[test]
    fn no_time_is_too_early_or_too_late() {
        for time in [
            UNIX_EPOCH - Duration::from_secs(1),
            UNIX_EPOCH + Duration::from_secs(1 << 50),
        ] {
            assert_eq!(Stamp::of(time).clf(), "01/Jan/1970:00:00:00 +0000");
        }
    }
}
