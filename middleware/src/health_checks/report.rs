use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use super::{Health, HealthStatus};

/// What one check found.
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) tags: Arc<[String]>,
    pub(super) health: Health,
    pub(super) duration: Duration,
}

/// What all checks of a probe found.
pub(super) struct Report {
    pub(super) status: HealthStatus,
    pub(super) stopping: bool,
    pub(super) entries: Vec<Entry>,
    pub(super) duration: Duration,
}

impl Report {
    pub(super) fn new(entries: Vec<Entry>, duration: Duration) -> Self {
        let worst = entries.iter().map(|entry| entry.health.status).max();
        Self {
            status: worst.unwrap_or(HealthStatus::Healthy),
            stopping: false,
            entries,
            duration,
        }
    }

    /// The report of an application that is about to go.
    pub(super) fn of_stopping() -> Self {
        Self {
            status: HealthStatus::Unhealthy,
            stopping: true,
            ..Self::new(Vec::new(), Duration::ZERO)
        }
    }
}

/// As JSON.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let (status, duration) = (self.status, millis(self.duration));
        write!(
            f,
            r#"{{"status":"{status}","stopping":{},"duration_ms":{duration:.3},"checks":["#,
            self.stopping
        )?;
        for (index, entry) in self.entries.iter().enumerate() {
            let (comma, duration) = (if index == 0 { "" } else { "," }, millis(entry.duration));
            let (name, status) = (Text(&entry.name), entry.health.status);
            write!(
                f,
                r#"{comma}{{"name":{name},"status":"{status}","duration_ms":{duration:.3}"#
            )?;
            if let Some(description) = &entry.health.description {
                write!(f, r#","description":{}"#, Text(description))?;
            }
            f.write_str(r#","tags":["#)?;
            for (index, tag) in entry.tags.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                write!(f, "{comma}{}", Text(tag))?;
            }
            f.write_str("]}")?;
        }
        f.write_str("]}")
    }
}

/// A text of JSON.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_json_whatever_the_texts_are() {
        let entry = Entry {
            name: "a\"b".into(),
            tags: Arc::new(["x".into(), "\u{85}".into()]),
            health: Health::new(HealthStatus::Degraded).with_description("c\\d\n\u{0}é"),
            duration: Duration::from_micros(1500),
        };
        let report = Report::new(vec![entry], Duration::from_millis(2));
        assert_eq!(
            report.to_string(),
            concat!(
                r#"{"status":"degraded","stopping":false,"duration_ms":2.000,"checks":[{"name":"a\"b","#,
                r#""status":"degraded","duration_ms":1.500,"description":"c\\d\u000a\u0000é","#,
                r#""tags":["x","\u0085"]}]}"#
            )
        );
    }

    #[test]
    fn the_worst_check_is_the_status_of_all() {
        let status = |all: &[HealthStatus]| {
            let entry = |status: &HealthStatus| Entry {
                name: "".into(),
                tags: Arc::default(),
                health: (*status).into(),
                duration: Duration::ZERO,
            };
            Report::new(all.iter().map(entry).collect(), Duration::ZERO).status
        };
        use HealthStatus::{Degraded, Healthy, Unhealthy};
        assert_eq!(status(&[]), Healthy);
        assert_eq!(status(&[Healthy, Degraded, Healthy]), Degraded);
        assert_eq!(status(&[Degraded, Unhealthy, Healthy]), Unhealthy);
    }
}
