//! What settings say to others than the host.

use transom::configuration::Section;
use transom::hosting::SettingsSources;

use crate::files::Directory;

fn text(section: &Section, name: &str) -> Option<String> {
    section
        .get(name)
        .map(|entry| entry.text().expect("text").to_owned())
}

#[test]
fn a_section_is_merged_from_all_sources_name_by_name() {
    let directory = Directory::new()
        .with(
            "transom.toml",
            "[proxy]\na = 'toml'\nb = 'toml'\nc = 'toml'\nd = 'toml'\n[proxy.inner]\ne = 'toml'\nf = 'toml'",
        )
        .with(
            "transom.json",
            r#"{ "Proxy": { "B": "json", "Inner": { "F": "json" } } }"#,
        )
        .with("transom.Production.toml", "[proxy]\nc = 'production'");
    let settings = directory.load(
        &[("TRANSOM_PROXY__D", "variable")],
        &["--set", "proxy.inner.g=option", "--set=proxy.inner.h = i"],
    );
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
    let proxy = settings.section("proxy").unwrap();
    for (name, expected) in [
        ("a", "toml"),
        ("b", "json"),
        ("c", "production"),
        ("d", "variable"),
    ] {
        assert_eq!(text(&proxy, name).as_deref(), Some(expected), "{name}");
    }
    let inner = proxy.section("inner").unwrap();
    for (name, expected) in [("e", "toml"), ("f", "json"), ("g", "option"), ("h", "i")] {
        assert_eq!(text(&inner, name).as_deref(), Some(expected), "{name}");
    }
    assert_eq!(
        directory.relative(&proxy.get("b").unwrap().place()),
        "`Proxy.B` in `transom.json:1:14`"
    );
    assert_eq!(proxy.get("d").unwrap().place(), "`TRANSOM_PROXY__D`");
    assert_eq!(inner.get("g").unwrap().place(), "`--set proxy.inner.g`");
    assert!(settings.section("other").unwrap().is_empty());
}

#[test]
fn a_section_is_read_again_from_the_files_of_today() {
    let directory = Directory::new().with("transom.toml", "[proxy]\na = 'old'\nb = 'old'");
    let settings = directory.load(&[("TRANSOM_PROXY__B", "variable")], &[]);
    let proxy = settings.section("proxy").unwrap();
    let names: Vec<_> = proxy
        .files()
        .iter()
        .map(|path| directory.relative(&path.display().to_string()))
        .collect();
    assert_eq!(
        names,
        [
            "transom.json",
            "transom.toml",
            "transom.Production.json",
            "transom.Production.toml"
        ]
    );

    let directory = directory.with("transom.Production.json", r#"{ "proxy": { "a": "new" } }"#);
    let again = proxy.reload().unwrap();
    assert_eq!(text(&again, "a").as_deref(), Some("new"));
    assert_eq!(text(&again, "b").as_deref(), Some("variable"));

    let directory = directory.with("transom.Production.json", "{");
    let error = again.reload().unwrap_err().report();
    assert!(
        directory
            .relative(&error)
            .starts_with("`transom.Production.json:1:1` is malformed"),
        "{error}"
    );
}

#[test]
fn a_variable_for_a_section_that_nobody_has_is_a_warning() {
    let settings = SettingsSources::new()
        .with_variables([
            ("TRANSOM_HYPR__LIMITS__MAX_CONNECTIONS", "1"),
            ("TRANSOM_HYPER__LIMITS__MAX_CONNECTIONS", "1"),
            ("TRANSOM___X", "1"),
        ])
        .load()
        .unwrap();
    assert_eq!(
        settings.warnings(),
        [
            "The environment variable TRANSOM___X is not a setting of the host",
            "`TRANSOM_HYPR__LIMITS__MAX_CONNECTIONS` is not a setting of the host, nor of a section that a file has",
        ]
    );
}

#[test]
fn what_is_wrong_with_set_is_said_with_what_would_be_right() {
    for given in [
        "hyper",
        "hyper=1",
        "hyper..x=1",
        "transom.urls=x",
        "=1",
        "a.\"b=1",
    ] {
        let error = SettingsSources::new()
            .with_command_line(["--set", given])
            .load()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`--set`: `{given}` is not a setting of a server; write it like `hyper.limits.max_connections=100`"
            )
        );
    }
}

#[test]
fn a_section_that_is_no_table_is_an_error() {
    let directory = Directory::new().with("transom.toml", "hyper = 5");
    let error = directory.load(&[], &[]).section("hyper").unwrap_err();
    assert_eq!(
        directory.relative(&error.to_string()),
        "`hyper` in `transom.toml:1:1` is not a table of settings"
    );
}
