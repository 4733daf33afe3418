//! Settings from files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use transom::hosting::{Settings, SettingsSources};

/// A directory that is gone when the test is.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("transom-hosting-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    pub(crate) fn with(self, name: &str, text: &str) -> Self {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("a directory in it");
        }
        std::fs::write(path, text).expect("a file in it");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Shortens the paths of a message.
    pub(crate) fn relative(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.display()), "")
            .replace(&self.0.display().to_string(), ".")
    }

    pub(crate) fn load(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Settings {
        match self.sources(variables, arguments).load() {
            Ok(settings) => settings,
            Err(error) => panic!("{}", error.report()),
        }
    }

    pub(crate) fn problem(&self, variables: &[(&str, &str)], arguments: &[&str]) -> String {
        let error = self.sources(variables, arguments).load();
        let error = error.expect_err("something is wrong");
        assert!(error.is_configuration());
        self.relative(&error.report())
    }

    fn sources(&self, variables: &[(&str, &str)], arguments: &[&str]) -> SettingsSources {
        SettingsSources::new()
            .with_directory(self.path())
            .with_variables(variables.iter().copied())
            .with_command_line(arguments.iter().copied())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn timeout(settings: &Settings) -> Option<u64> {
    settings.shutdown_timeout().map(|timeout| timeout.as_secs())
}

fn names(settings: &Settings) -> Vec<String> {
    let names = settings.files().iter().filter_map(|path| path.file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_setting_is_read_from_toml_and_the_rest_of_the_file_is_the_applications() {
    let directory = Directory::new().with(
        "transom.toml",
        r#"
            title = "mine"

            [transom]
            urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
            prefer_hosting_urls = true
            environment = "Staging"
            shutdown_timeout = "2m"
            server = "hyper"
            suppress_status_messages = false

            [database]
            urls = "postgres://localhost"
        "#,
    );
    let settings = directory.load(&[], &[]);
    let urls: Vec<_> = settings.urls().iter().map(ToString::to_string).collect();
    assert_eq!(urls, ["http://127.0.0.1:1", "http://127.0.0.1:2"]);
    assert_eq!(settings.prefer_hosting_urls(), Some(true));
    assert!(settings.environment().is_staging());
    assert_eq!(settings.shutdown_timeout(), Some(Duration::from_secs(120)));
    assert_eq!(settings.server(), Some("hyper"));
    assert_eq!(settings.suppress_status_messages(), Some(false));
    assert_eq!(names(&settings), ["transom.toml"]);
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
}

#[test]
fn json_says_the_same() {
    let directory = Directory::new().with(
        "transom.json",
        "\u{feff}{ \"transom\": { \"http_ports\": [80, 8080], \"https_ports\": 443, \"shutdown_timeout_seconds\": 9 } }",
    );
    let settings = directory.load(&[], &[]);
    let urls: Vec<_> = settings.urls().iter().map(ToString::to_string).collect();
    assert_eq!(urls, ["http://*:80", "http://*:8080", "https://*:443"]);
    assert_eq!(timeout(&settings), Some(9));
}

#[test]
fn each_source_wins_over_those_before_it() {
    let with = |seconds: u8| format!("[transom]\nshutdown_timeout_seconds = {seconds}");
    let json = |seconds: u8| format!(r#"{{"transom":{{"shutdown_timeout_seconds":{seconds}}}}}"#);
    let directory = Directory::new();
    assert_eq!(timeout(&directory.load(&[], &[])), None);
    let directory = directory.with("transom.toml", &with(1));
    assert_eq!(timeout(&directory.load(&[], &[])), Some(1));
    let directory = directory.with("transom.json", &json(2));
    assert_eq!(timeout(&directory.load(&[], &[])), Some(2));
    let directory = directory.with("transom.Production.toml", &with(3));
    assert_eq!(timeout(&directory.load(&[], &[])), Some(3));
    let directory = directory.with("transom.Production.json", &json(4));
    let settings = directory.load(&[], &[]);
    assert_eq!(timeout(&settings), Some(4));
    assert_eq!(settings.files().len(), 4);
    let variables = [("TRANSOM_SHUTDOWN_TIMEOUT", "5")];
    assert_eq!(timeout(&directory.load(&variables, &[])), Some(5));
    let arguments = ["--shutdown-timeout=6"];
    assert_eq!(timeout(&directory.load(&variables, &arguments)), Some(6));
}

#[test]
fn the_file_of_the_environment_is_chosen_by_the_strongest_source_that_names_one() {
    let file = |timeout: u8| format!("[transom]\nshutdown_timeout = {timeout}");
    let directory = Directory::new()
        .with("transom.toml", "[transom]\nenvironment = \"Staging\"")
        .with("transom.Production.toml", &file(1))
        .with("transom.Staging.toml", &file(2))
        .with("transom.Test.toml", &file(3));
    assert_eq!(timeout(&directory.load(&[], &[])), Some(2));
    assert_eq!(
        timeout(&directory.load(&[("TRANSOM_ENVIRONMENT", "Production")], &[])),
        Some(1)
    );
    let settings = directory.load(
        &[("TRANSOM_ENVIRONMENT", "Production")],
        &["--environment=Test"],
    );
    assert_eq!(timeout(&settings), Some(3));
    assert_eq!(settings.environment().name(), "Test");
}

#[test]
fn a_file_that_is_named_replaces_the_others_and_must_exist() {
    let directory = Directory::new()
        .with("transom.toml", "[transom]\nserver = \"hyper\"")
        .with("other.toml", "[transom]\nshutdown_timeout = 8");
    let other = directory.path().join("other.toml");
    let other = other.to_str().unwrap();
    for settings in [
        directory.load(&[], &["--config", other]),
        directory.load(&[("TRANSOM_CONFIG", other)], &[]),
        directory.load(&[("TRANSOM_CONFIG", "absent.toml")], &["--config", other]),
    ] {
        assert_eq!(timeout(&settings), Some(8));
        assert_eq!(settings.server(), None);
        assert_eq!(names(&settings), ["other.toml"]);
    }
    assert_eq!(
        directory.problem(&[], &["--config", "/nowhere/absent.toml"]),
        "`--config`: there is no file `/nowhere/absent.toml`",
    );
    assert_eq!(
        directory.problem(&[("TRANSOM_CONFIG", "settings.yaml")], &[]),
        "cannot tell the format of `settings.yaml` by its name; `.toml` and `.json` are known",
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name_and_the_key() {
    for (name, text, expected) in [
        (
            "transom.toml",
            "[transom]\nurl = \"x\"",
            "`transom.url` in `transom.toml:2:1` is not a setting of the host; did you mean `urls`?",
        ),
        (
            "transom.toml",
            "[transom]\naddress = \"x\"\nserver = {}",
            "2 settings are wrong\n  \
             `transom.address` in `transom.toml:2:1` is not a setting of the host; there is `urls`, \
             `http_ports`, `https_ports`, `prefer_hosting_urls`, `environment`, `shutdown_delay`, \
             `shutdown_timeout`, `shutdown_timeout_seconds`, `server` and `suppress_status_messages`\n  \
             `transom.server` in `transom.toml:3:1` must be text, a number, `true`, `false`, or an array of those",
        ),
        (
            "transom.json",
            "{ \"transom\": {\n  \"server\": \"a\",\n  \"Server\": \"b\"\n} }",
            "`transom.Server` in `transom.json:3:3`: `transom.server` in `transom.json:2:3` says the same",
        ),
        (
            "transom.json",
            r#"{"transom":{"urls":["http://127.0.0.1:0","x"]}}"#,
            "`transom.urls` in `transom.json:1:13`: `x` is not an address: it lacks a scheme; write it like `http://x`",
        ),
        (
            "transom.toml",
            "[transom]\nshutdown_timeout_seconds = -1",
            "`transom.shutdown_timeout_seconds` in `transom.toml:2:1`: `-1` is not a whole number of seconds",
        ),
        (
            "transom.toml",
            "[transom.urls]\nhttp = 1",
            "`transom.urls` in `transom.toml:1:10` must be text, a number, `true`, `false`, or an array of those",
        ),
        (
            "transom.toml",
            "transom = 5",
            "`transom` in `transom.toml:1:1` is not a table of settings",
        ),
        (
            "transom.toml",
            "[transom]\nenvironment = \"../x\"",
            "`transom.environment` in `transom.toml:2:1`: `../x` is not the name of an environment; one like `Production`, without slashes, is",
        ),
        (
            "transom.Production.toml",
            "[transom]\nenvironment = \"Staging\"",
            "`transom.environment` in `transom.Production.toml:2:1`: the file was chosen by the environment, and cannot change it",
        ),
    ] {
        let directory = Directory::new().with(name, text);
        assert_eq!(directory.problem(&[], &[]), expected, "{text}");
    }
}

#[test]
fn a_file_that_is_malformed_or_cannot_be_read_is_named() {
    assert_eq!(
        Directory::new()
            .with("transom.toml", "[transom]\nurls = \n")
            .problem(&[], &[]),
        "`transom.toml:2:8` is malformed: \
         string values must be quoted, expected literal string",
    );
    for (name, text) in [
        ("transom.toml:1:9", "[transom"),
        ("transom.toml:1:16", "transom.urls = "),
        ("transom.json:1:1", "{"),
        ("transom.json:1:1", "[]"),
        ("transom.json:1:1", ""),
    ] {
        let file = name.split(':').next().unwrap();
        let problem = Directory::new().with(file, text).problem(&[], &[]);
        let expected = format!("`{name}` is malformed: ");
        assert!(problem.starts_with(&expected), "{text}: {problem}");
    }
    let directory = Directory::new().with("transom.toml/inner", "a directory where a file belongs");
    let problem = directory.problem(&[], &[]);
    assert!(
        problem.starts_with("failed to read `transom.toml`: "),
        "{problem}"
    );
}

#[test]
fn a_setting_outside_of_the_hosts_table_is_a_warning() {
    let directory = Directory::new().with("transom.toml", "urls = \"http://127.0.0.1:1\"");
    let settings = directory.load(&[], &[]);
    assert!(settings.urls().is_empty());
    let warnings: Vec<_> = settings
        .warnings()
        .iter()
        .map(|text| directory.relative(text))
        .collect();
    assert_eq!(
        warnings,
        ["`urls` in `transom.toml:1:1` does not count: it stands outside of `transom`"],
    );
}
