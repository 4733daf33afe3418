use crate::{Capability, Rule, Side, cases};

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
    *text += "\n## Capabilities\n\nWhat one server has and another lacks; a manifest, `conformance.toml`, says which. [SERVERS.md](SERVERS.md) has them all.\n\n| capability | |\n|---|---|\n";
    for capability in Capability::ALL {
        *text += &format!("| `{capability}` | {} |\n", capability.says());
    }
}
