//! Writes `SPEC.md`, `SERVERS.md`, and the tables of servers and of mounts in `README.md`; with `--check` fails if one is stale.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use transom_conformance::Manifest;
use transom_conformance::spec::{self, Table};

fn main() -> ExitCode {
    let check = match env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => return say(&format!("`{other}` is no option; there is only `--check`")),
    };
    match generate(check) {
        Ok(stale) if stale.is_empty() || !check => ExitCode::SUCCESS,
        Ok(stale) => say(&format!(
            "{} is stale: run `cargo run -p transom-conformance --bin generate`",
            stale.join(" and ")
        )),
        Err(error) => say(&error.to_string()),
    }
}

/// Returns the names of the files that were stale.
fn generate(check: bool) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let servers = manifests(&root, OWN, "adapters")?;
    let mounts = manifests(&root, MOUNTS, "adapters/mounts")?;
    let readme = fs::read_to_string(root.join("README.md"))?;
    let readme = spec::with_table(&readme, Table::Servers, &spec::overview(&servers));
    let readme = spec::with_table(&readme, Table::Mounts, &spec::overview(&mounts));
    let files = [
        ("SPEC.md", spec::specification()),
        ("SERVERS.md", spec::comparison(&servers, &mounts)),
        ("README.md", readme),
    ];
    let mut stale = Vec::new();
    for (name, text) in files {
        let path = root.join(name);
        if read(&path)? == text {
            continue;
        }
        stale.push(name);
        if !check {
            fs::write(path, text)?;
        }
    }
    Ok(stale)
}

/// The project's own servers.
const OWN: &[&str] = &[
    "hyper.toml",
    "hyper-tls.toml",
    "hyper-http3.toml",
    "memory.toml",
];

/// The frameworks that need no crate to mount an application in.
const MOUNTS: &[&str] = &["axum.toml"];

/// Returns the manifests of what has no crate of its own, then those of the crates in a folder by name.
fn manifests(root: &Path, first: &[&str], crates: &str) -> Result<Vec<Manifest>, Box<dyn Error>> {
    let folder = root.join("tests/conformance/manifests");
    let mut paths: Vec<_> = first.iter().map(|file| folder.join(file)).collect();
    for adapter in sorted(&root.join(crates))? {
        // `_template` is what a new one is made from, and hosts nobody.
        if adapter
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"_"))
        {
            continue;
        }
        // One of a whole family of servers has a folder of them.
        paths.push(adapter.join("conformance.toml"));
        let family = adapter.join("manifests");
        if family.exists() {
            paths.extend(sorted(&family)?);
        }
    }
    let mut manifests = Vec::new();
    for path in paths.iter().filter(|path| path.exists()) {
        let manifest = Manifest::parse(&fs::read_to_string(path)?);
        manifests.push(manifest.map_err(|error| format!("{}: {error}", path.display()))?);
    }
    Ok(manifests)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut entries: Vec<_> = entries.collect::<io::Result<_>>()?;
    entries.sort();
    Ok(entries)
}

fn read(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        text => text,
    }
}

fn say(message: &str) -> ExitCode {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::FAILURE
}
