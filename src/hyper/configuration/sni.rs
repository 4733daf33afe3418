//! The table `endpoints.NAME.sni`.

use super::endpoint::{EndpointValues, NAME};
use crate::configuration::{Entry, Problems, Section};
use crate::contract::Error;

/// Reads the names of an endpoint and what holds for each.
pub(super) fn read(section: &Section, problems: &mut Problems) -> Vec<(String, EndpointValues)> {
    let mut names: Vec<(String, EndpointValues)> = Vec::new();
    for entry in section.entries() {
        let name = problems.ok(host(entry));
        let values = match problems.ok(entry.table()) {
            Some(table) => NAME.read(table, EndpointValues::default(), problems),
            None => continue,
        };
        let Some(name) = name else { continue };
        if names.iter().any(|(known, _)| *known == name) {
            problems.add(entry.error("the name is there twice; case does not matter"));
            continue;
        }
        names.push((name, values));
    }
    names
}

/// `host`, `*.host` or `*`, in lower case.
fn host(entry: &Entry) -> Result<String, Error> {
    let name = entry.name().trim().to_ascii_lowercase();
    if name.is_empty() {
        return Err(entry.error("a name of SNI is empty; `*` is for clients that send none"));
    }
    let label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.len() <= 63 && label.bytes().all(known)
    };
    let host = name.strip_prefix("*.").unwrap_or(&name);
    let is_ip = host.parse::<std::net::IpAddr>().is_ok();
    match name == "*" || (!is_ip && host.split('.').all(label)) {
        true => Ok(name),
        false => Err(entry.error(format_args!(
            "`{name}` is no name of SNI; `example.org`, `*.example.org` and `*` are"
        ))),
    }
}
