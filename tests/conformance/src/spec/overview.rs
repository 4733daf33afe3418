use std::fmt::Write;

use crate::{Capability, Manifest, Support};

/// Which table of the README: each stands between markers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Table {
    /// Servers, ours and wrapped ones.
    Servers,
    /// Frameworks that an application is mounted in.
    Mounts,
}

impl Table {
    fn markers(self) -> (&'static str, &'static str) {
        match self {
            Self::Servers => ("<!-- servers -->", "<!-- /servers -->"),
            Self::Mounts => ("<!-- mounts -->", "<!-- /mounts -->"),
        }
    }
}

/// What people choose a server by: a column each, which a server has if it has all that stands there.
const COLUMNS: &[(&str, &[Capability])] = &[
    ("HTTP/1.1", &[Capability::Http1]),
    ("HTTP/2", &[Capability::Http2]),
    ("HTTP/3", &[Capability::Http3]),
    ("TLS", &[Capability::Tls]),
    (
        "streams up",
        &[Capability::RequestStreaming, Capability::BackpressureIn],
    ),
    (
        "streams down",
        &[Capability::ResponseStreaming, Capability::BackpressureOut],
    ),
    ("both at once", &[Capability::FullDuplex]),
    ("WebSocket", &[Capability::UpgradeWebsocket]),
    ("hears a client go", &[Capability::Cancel]),
    ("drains", &[Capability::Drain]),
    ("limits and timers", &[Capability::Edge]),
];

/// What stands in front of a server behind a gateway has, or has not.
const IN_FRONT: &[Capability] = &[
    Capability::Http1,
    Capability::Http2,
    Capability::Http3,
    Capability::Tls,
    Capability::Edge,
];

/// Returns the table of servers and what they are chosen by, as Markdown.
pub fn overview(manifests: &[Manifest]) -> String {
    let mut text = String::from("| |");
    for (title, _) in COLUMNS {
        let _ = write!(text, " {title} |");
    }
    text += "\n|---|";
    text += &":-:|".repeat(COLUMNS.len());
    text.push('\n');
    for manifest in manifests {
        let _ = write!(text, "| {} |", manifest.server());
        for (_, needed) in COLUMNS {
            let all = |holds: fn(&Support) -> bool| {
                needed.iter().all(|need| holds(manifest.support(*need)))
            };
            let cell = if all(|support| matches!(support, Support::Native)) {
                "yes"
            } else if all(|support| !matches!(support, Support::Absent(_))) {
                "emulated"
            } else if manifest.has(Capability::Gateway)
                && needed.iter().all(|need| IN_FRONT.contains(need))
            {
                "in front"
            } else {
                "-"
            };
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

/// Returns a README with the table between its markers; with both at its end if it has none.
pub fn with_table(readme: &str, which: Table, table: &str) -> String {
    let (start, end) = which.markers();
    let between = format!("{start}\n{table}{end}");
    let found = readme.split_once(start).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some((before, after))
    });
    match found {
        Some((before, after)) => format!("{before}{between}{after}"),
        None => format!("{}\n\n{between}\n", readme.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_goes_between_its_markers_and_stays_there() {
        let readme = "# A\n\n<!-- servers -->\nold\n<!-- /servers -->\n\n# B\n";
        let servers = Table::Servers;
        let once = with_table(readme, servers, "new\n");
        assert_eq!(
            once,
            "# A\n\n<!-- servers -->\nnew\n<!-- /servers -->\n\n# B\n"
        );
        assert_eq!(with_table(&once, servers, "new\n"), once);
        assert_eq!(
            with_table("# A\n", Table::Mounts, "t\n"),
            "# A\n\n<!-- mounts -->\nt\n<!-- /mounts -->\n"
        );
    }
}
