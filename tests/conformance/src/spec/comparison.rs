use std::fmt::Write;

use crate::{Capability, Manifest, Support};

/// Returns `SERVERS.md`: what each server has and lacks, and why, as Markdown.
pub fn comparison(servers: &[Manifest], mounts: &[Manifest]) -> String {
    let mut text = String::from(
        "# Servers, one by one\n\n\
         Generated from the manifests that `transom-conformance` holds each server to: `cargo run -p \
         transom-conformance --bin generate`. What a capability means is in [SPEC.md](SPEC.md#capabilities). What a \
         server lacks is an absent feature with a clear error, and a test shows that it is lacking.\n",
    );
    for server in servers {
        section(&mut text, server);
    }
    text += "\n# Frameworks that an application is mounted in\n";
    for mount in mounts {
        section(&mut text, mount);
    }
    text
}

fn section(text: &mut String, manifest: &Manifest) {
    let _ = writeln!(text, "\n## {}\n", manifest.server());
    let (mut native, mut emulated) = (Vec::new(), Vec::new());
    // What is lacking for one reason stands together.
    let mut absent: Vec<(&str, Vec<String>)> = Vec::new();
    for capability in Capability::ALL {
        let name = format!("`{capability}`");
        match manifest.support(*capability) {
            Support::Native => native.push(name),
            Support::Emulated => emulated.push(name),
            Support::Absent(reason) => match absent.iter_mut().find(|(known, _)| known == reason) {
                Some((_, names)) => names.push(name),
                None => absent.push((reason, vec![name])),
            },
        }
    }
    let _ = writeln!(text, "Has: {}.", native.join(", "));
    if !emulated.is_empty() {
        let _ = writeln!(
            text,
            "\nBy the adapter, for the engine lacks it: {}.",
            emulated.join(", ")
        );
    }
    if !absent.is_empty() {
        *text += "\nLacks:\n\n";
    }
    for (reason, names) in absent {
        let _ = writeln!(text, "- {}: {reason}", names.join(", "));
    }
    if !manifest.fails().is_empty() {
        *text += "\nDoes not pass:\n\n";
    }
    for (line, reason) in manifest.fails() {
        let _ = writeln!(text, "- {line}: {reason}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_for_one_reason_stands_together() {
        let manifest = include_str!("../../manifests/memory.toml");
        let manifest = Manifest::parse(manifest).expect("it is well-formed");
        let text = comparison(&[manifest], &[]);
        assert!(text.contains("\n## in-memory\n\nHas: `in-memory`, "));
        assert!(text.contains("\n- `tcp`, `unix-socket`, `port-zero`: it has no socket\n"));
    }
}
