//! What is generated from the cases, the lint and the manifests: text and check cannot drift.

use std::fmt::Write;

use crate::{Capability, Manifest, Rule, Side, Support, cases};

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

/// Returns the specification: the rules of the lint and of the cases, as Markdown.
pub fn specification() -> String {
    let mut text = String::from(
        "# The contract, rule by rule\n\n\
         Generated from the rules that `transom-conformance` checks: `cargo run -p transom-conformance --bin \
         generate`. The contract as prose is in the documentation of `transom::contract`.\n",
    );
    cases_of_servers(&mut text);
    rules_of_the_lint(&mut text);
    kept_by_types(&mut text);
    capabilities(&mut text);
    text
}

fn cases_of_servers(text: &mut String) {
    *text += "\n## What a server does\n\nEach rule is a case: a client, an application, and what they have to see.\n";
    for group in cases::groups() {
        *text += &format!(
            "\n### {}\n\n| case | rule | needs |\n|---|---|---|\n",
            group.title()
        );
        for case in group.cases() {
            let mut needs = Vec::new();
            for (protocol, need) in case.needed() {
                needs.push(match protocol {
                    Some(protocol) => format!("`{need}` on {protocol}"),
                    None => format!("`{need}`"),
                });
            }
            let (id, says, needs) = (case.id(), case.says(), needs.join(", "));
            *text += &format!("| {id} | {says} | {needs} |\n");
        }
    }
}

fn rules_of_the_lint(text: &mut String) {
    *text += "\n## What the lint watches\n\nA `Lint` around any application checks these at run time, on every request.\n";
    for (side, title) in [
        (
            Side::Server,
            "What a server, and the middleware before the lint, hands over",
        ),
        (
            Side::Application,
            "What an application, and the middleware behind the lint, returns",
        ),
        (Side::Both, "What both hold to in the bodies that they make"),
    ] {
        *text += &format!("\n### {title}\n\n| rule | |\n|---|---|\n");
        for rule in Rule::ALL.iter().filter(|rule| rule.side() == side) {
            let advice = if rule.is_must() { "" } else { " (Advice.)" };
            *text += &format!("| {} | {}{advice} |\n", rule.id(), rule.says());
        }
    }
}

/// Rules that need no check: what would break them does not compile, or cannot be expressed.
const KEPT_BY_TYPES: &[(&str, &str)] = &[
    (
        "L-BODY-AFTER-END",
        "After its end or an error a `Body` yields nothing, whatever is in it.",
    ),
    (
        "L-RES-ONCE",
        "An application answers once: the response is what its future returns.",
    ),
    (
        "L-READY",
        "An application has no readiness to forget: the pipeline awaits that of each tower service.",
    ),
    (
        "S-ERR-READY",
        "An application cannot fail: an error is a response.",
    ),
    (
        "L-RES-HDRSYNTAX",
        "Names of fields are tokens, and values hold no CR, LF or NUL.",
    ),
];

fn kept_by_types(text: &mut String) {
    *text += "\n## What the types keep\n\nNo program can break these.\n\n| rule | |\n|---|---|\n";
    for (id, says) in KEPT_BY_TYPES {
        *text += &format!("| {id} | {says} |\n");
    }
}

fn capabilities(text: &mut String) {
    *text += "\n## Capabilities\n\nWhat one server has and another lacks; a manifest, `conformance.toml`, says which.\n\n| capability | |\n|---|---|\n";
    for capability in Capability::ALL {
        *text += &format!("| `{capability}` | {} |\n", capability.says());
    }
}

/// Returns the table of servers and capabilities, as Markdown.
pub fn table(manifests: &[Manifest]) -> String {
    let mut text = String::from("| |");
    for manifest in manifests {
        let _ = write!(text, " {} |", manifest.server());
    }
    text += "\n|---|";
    text += &":-:|".repeat(manifests.len());
    text.push('\n');
    let mut notes: Vec<&str> = Vec::new();
    for capability in Capability::ALL {
        let _ = write!(text, "| {capability} |");
        for manifest in manifests {
            match manifest.support(*capability) {
                Support::Native => text += " yes |",
                Support::Emulated => text += " emulated |",
                Support::Absent(reason) => {
                    let known = notes.iter().position(|note| note == reason);
                    let number = known.unwrap_or_else(|| {
                        notes.push(reason);
                        notes.len() - 1
                    });
                    let _ = write!(text, " - [{}] |", number + 1);
                }
            }
        }
        text.push('\n');
    }
    text += "\n*emulated*: by the adapter, because the engine lacks it.";
    for (number, note) in (1..).zip(&notes) {
        let _ = write!(text, " [{number}] {note}.");
    }
    text.push('\n');
    for manifest in manifests {
        for (line, reason) in manifest.fails() {
            let _ = write!(
                text,
                "\n{} does not pass {line}: {reason}.\n",
                manifest.server()
            );
        }
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
