//! The rules of the house that a compiler does not hold, held by reading the source.
#![allow(clippy::unwrap_used)]
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LONGEST: usize = 500;

/// What each part of the crate may name of the others. `signal`, `text`, `tokio_io` and `tunnel` are helpers that
/// every part may use.
const MAY_USE: &[(&str, &[&str])] = &[
    // A feature describes a body, a body is held to a feature: the two are one layer.
    ("body", &["body", "features"]),
    ("features", &["body", "features"]),
    ("contract", &["body", "features", "contract"]),
    ("adapter", &["body", "features", "contract", "adapter"]),
    // What a settings file says: for hosts, and for servers that are configured from one.
    ("configuration", &["contract", "configuration"]),
    ("pipeline", &["body", "features", "contract", "pipeline"]),
    (
        "hosting",
        &[
            "body",
            "features",
            "contract",
            "configuration",
            "pipeline",
            "hosting",
        ],
    ),
    // Exactly what an adapter crate may.
    (
        "hyper",
        &[
            "body",
            "features",
            "contract",
            "configuration",
            "adapter",
            "hyper",
        ],
    ),
    (
        "testing",
        &["body", "features", "contract", "adapter", "testing"],
    ),
    ("signal.rs", &[]),
    ("text.rs", &[]),
    ("tokio_io.rs", &[]),
    ("tunnel.rs", &[]),
];

const HELPERS: &[&str] = &["signal", "text", "tokio_io", "tunnel"];

/// Which files may name a library.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("tower", &["pipeline/"]),
    ("tower_http", &["pipeline/"]),
    ("tower_layer", &["pipeline/"]),
    ("tower_service", &["pipeline/", "adapter/mount/service.rs"]),
    ("h2", &["hyper/http2/"]),
    (
        "hyper",
        &["hyper/", "adapter/bridge.rs", "adapter/mount/on_upgrade.rs"],
    ),
    (
        "hyper_util",
        &["hyper/", "adapter/bridge.rs", "adapter/mount/on_upgrade.rs"],
    ),
    ("base64", &["adapter/pem.rs"]),
    ("listenfd", &["adapter/listen/"]),
    ("nix", &["adapter/listen/"]),
    ("ppp", &["hyper/proxy_protocol/"]),
    ("sd_notify", &["hosting/systemd.rs"]),
    ("quinn", &["hyper/http3/"]),
    ("socket2", &["adapter/listen/", "hyper/"]),
    ("metrics", &["adapter/observe/", "hyper/observe/"]),
    ("clap", &["hosting/"]),
    ("jsonc_parser", &["configuration/", "hosting/settings/"]),
    ("strsim", &["configuration/"]),
    ("toml", &["configuration/"]),
    ("rcgen", &["hyper/tls/"]),
    ("rustls", &["hyper/tls/", "hyper/http3/"]),
    ("async_trait", &["hyper/tls/acme/"]),
    ("rustls_acme", &["hyper/tls/acme/"]),
    ("webpki_roots", &["hyper/tls/acme/"]),
    ("tokio_rustls", &["hyper/tls/"]),
    ("x509_parser", &["hyper/tls/"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every file of Rust below a folder, as its path from there and its text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let name = path.file_name().unwrap();
                if name != "target" && name != ".git" {
                    walk(&path, found);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no source in {}", folder.display());
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            (name.replace('\\', "/"), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Returns the code of a file: no comments, no docs, no text, no tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    text.lines()
        .map(without_text_and_comment)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Takes `"..."` and `// ...` out of a line.
fn without_text_and_comment(line: &str) -> String {
    let mut code = String::new();
    let mut chars = line.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                chars.next();
            }
            '"' => quoted = !quoted,
            _ if quoted => {}
            '/' if chars.peek() == Some(&'/') => break,
            _ => code.push(c),
        }
    }
    code
}

/// Every path in the code that begins with `start`, as its segments after that; groups are spread, so
/// that `crate::{a, b::c}` is `a` and `b`.
fn after(code: &str, start: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let start = format!("{start}::");
    for (at, _) in code.match_indices(&start) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + start.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(group_heads(group));
        } else {
            found.extend(head(rest));
        }
    }
    found
}

/// The first segment of each path in a `{...}` whose opening is taken off.
fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = Vec::new();
    let mut begins = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                heads.extend(head(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    heads
}

fn head(path: &str) -> Option<String> {
    let end = path
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(path.len());
    (end > 0).then(|| path[..end].to_owned())
}

/// What the root of the crate re-exports, by the part that it comes from; so that `crate::App` counts
/// as a use of the contract.
fn re_exports(lib: &str) -> Vec<(String, String)> {
    let code = code(lib);
    let mut exports = Vec::new();
    for statement in code.split(';') {
        let Some(path) = statement.trim().rsplit("pub use ").next() else {
            continue;
        };
        let Some((part, names)) = path.split_once("::") else {
            continue;
        };
        let names = names.trim_matches(['{', '}']);
        for name in names.split(',') {
            exports.push((name.trim().to_owned(), part.to_owned()));
        }
    }
    exports
}

fn part_of(file: &str) -> &str {
    file.split('/').next().unwrap()
}

#[test]
fn each_part_imports_only_what_is_below_it() {
    let src = root().join("src");
    let exports = re_exports(&fs::read_to_string(src.join("lib.rs")).unwrap());
    assert!(exports.contains(&("App".into(), "contract".into())));
    let mut wrong = Vec::new();
    for (file, text) in sources(&src) {
        if file == "lib.rs" {
            continue;
        }
        let part = part_of(&file);
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == part) else {
            wrong.push(format!(
                "src/{file}: `{part}` has no rule; say what it may use"
            ));
            continue;
        };
        for named in after(&code(&text), "crate") {
            let used = exports
                .iter()
                .find(|(name, _)| *name == named)
                .map_or(named.as_str(), |(_, part)| part.as_str());
            if !allowed.contains(&used) && !HELPERS.contains(&used) {
                wrong.push(format!("src/{file} names crate::{named}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn each_library_is_named_only_where_it_belongs() {
    let mut wrong = Vec::new();
    for (file, text) in sources(&root().join("src")) {
        let code = code(&text);
        for (library, places) in LIBRARIES {
            let named =
                !after(&code, library).is_empty() || code.contains(&format!("use {library};"));
            // `crate::hyper` and a local `mod hyper` are ours.
            if named && !places.iter().any(|place| file.starts_with(place)) && file != "lib.rs" {
                wrong.push(format!("src/{file} names {library}"));
            }
        }
        let network = after(&code, "tokio").contains("net");
        let may = ["hyper/", "adapter/listen/"];
        if network && !may.iter().any(|place| file.starts_with(place)) {
            wrong.push(format!("src/{file} names tokio::net"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_the_parts_that_need_tokio_name_it_outside_of_its_feature() {
    let mut wrong = Vec::new();
    let whole = [
        "hosting/",
        "hyper/",
        "testing/",
        "adapter/bridge.rs",
        "adapter/runtime.rs",
        "adapter/listen/",
        "tokio_io.rs",
        "tunnel.rs",
    ];
    for (file, text) in sources(&root().join("src")) {
        if whole.iter().any(|place| file.starts_with(place)) {
            continue;
        }
        let gated = text.contains(r#"#[cfg(feature = "tokio")]"#);
        if !after(&code(&text), "tokio").is_empty() && !gated {
            wrong.push(format!("src/{file} names tokio without its feature"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_file_is_too_long_to_be_one_concept() {
    let mut wrong = Vec::new();
    for folder in [
        "src",
        "tests",
        "adapters",
        "benches",
        "examples",
        "middleware",
    ] {
        let folder = root().join(folder);
        if !folder.is_dir() {
            continue;
        }
        for (file, text) in sources(&folder) {
            let lines = text.lines().count();
            if lines > LONGEST {
                let name = folder.file_name().unwrap().to_str().unwrap();
                wrong.push(format!(
                    "{name}/{file} has {lines} lines; {LONGEST} at most"
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_mod_file_says_what_its_folder_is_and_holds_no_logic() {
    let mut wrong = Vec::new();
    for (file, text) in sources(&root().join("src")) {
        if !file.ends_with("mod.rs") {
            continue;
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("src/{file} does not begin with `//!` docs"));
        }
        let code = code(&text);
        for keyword in ["fn", "struct", "enum", "impl", "trait", "macro_rules"] {
            let found = code
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == keyword);
            if found {
                wrong.push(format!("src/{file} holds a `{keyword}`"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_folder_is_a_module_with_a_mod_file_and_the_public_ones_are_the_parts() {
    let src = root().join("src");
    let mut wrong = Vec::new();
    let folders: BTreeSet<_> = sources(&src)
        .iter()
        .filter_map(|(file, _)| file.rsplit_once('/').map(|(folder, _)| folder.to_owned()))
        .collect();
    for folder in &folders {
        if !src.join(folder).join("mod.rs").is_file() {
            wrong.push(format!("src/{folder} has no mod.rs"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());

    let lib = code(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let public: BTreeSet<_> = lib
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    let parts: BTreeSet<_> = folders
        .iter()
        .filter(|folder| !folder.contains('/'))
        .cloned()
        .collect();
    assert_eq!(public, parts);
}

#[test]
fn an_adapter_accepts_and_does_tls_by_the_parts_that_all_share() {
    let adapters = root().join("adapters");
    let mut wrong = Vec::new();
    for (file, text) in sources(&adapters) {
        let Some((adapter, file)) = file.split_once("/src/") else {
            continue;
        };
        // The parts themselves, and a server of one page.
        if adapter.starts_with('_') {
            continue;
        }
        let code = code(&text);
        let listener = |name: &String| name == "TcpListener" || name == "UnixListener";
        if after(&code, "tokio::net").iter().any(listener) {
            wrong.push(format!("{adapter}/src/{file} names a listener of tokio"));
        }
        if !after(&code, "tokio_rustls").is_empty() {
            wrong.push(format!("{adapter}/src/{file} names tokio_rustls"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_readers_of_these_rules_read_code_right() {
    let code = code(concat!(
        "//! crate::docs\n",
        "use crate::{body::Body, features::{A, B}};\n",
        "let x = crate::pipeline::Next; // crate::comment\n",
        "let y = \"crate::text \\\" crate::more\"; my_crate::not();\n",
        "#[cfg(test)]\nmod tests { use crate::tests; }\n",
    ));
    let expected: BTreeSet<_> = ["body", "features", "pipeline"].map(String::from).into();
    assert_eq!(after(&code, "crate"), expected);
    let exports = re_exports("mod x;\npub use contract::{App, Error};\npub use body::Body;\n");
    let pair = |name: &str, part: &str| (name.to_owned(), part.to_owned());
    assert_eq!(
        exports,
        [
            pair("App", "contract"),
            pair("Error", "contract"),
            pair("Body", "body")
        ]
    );
}

#[test]
fn without_its_features_the_crate_needs_neither_tokio_nor_hyper() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--package", "transom", "--no-default-features"])
        .args(["--edges", "normal", "--prefix", "none", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "cargo tree failed: {complaint}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.contains("http-body"), "this is no tree: {tree}");
    for name in [
        "tokio",
        "tokio-util",
        "hyper",
        "hyper-util",
        "tower-http",
        "metrics",
        "tracing",
        "mio",
        "socket2",
    ] {
        assert!(!names.contains(name), "{name} is in the tree:\n{tree}");
    }
}
