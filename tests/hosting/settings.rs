//! Settings from variables and the command line, and which of them wins. None depends on the process.

use std::time::Duration;

use transom::Host;
use transom::hosting::{Settings, SettingsSources};

use crate::log::Log;
use crate::scripted::{Journal, Scripted, soon};

fn load(variables: &[(&str, &str)], arguments: &[&str]) -> Settings {
    match sources(variables, arguments).load() {
        Ok(settings) => settings,
        Err(error) => panic!("{}", error.report()),
    }
}

fn problem(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let error = sources(variables, arguments)
        .load()
        .expect_err("something is wrong");
    assert!(error.is_configuration());
    assert!(!error.report().contains('\n'), "{}", error.report());
    error.report()
}

fn sources(variables: &[(&str, &str)], arguments: &[&str]) -> SettingsSources {
    SettingsSources::new()
        .with_variables(variables.iter().copied())
        .with_command_line(arguments.iter().copied())
}

fn urls(settings: &Settings) -> String {
    let urls: Vec<_> = settings.urls().iter().map(ToString::to_string).collect();
    urls.join(";")
}

#[test]
fn without_sources_nothing_is_set() {
    let settings = load(&[], &[]);
    assert_eq!(urls(&settings), "");
    assert_eq!(settings.environment().name(), "Production");
    assert_eq!(settings.shutdown_timeout(), None);
    assert_eq!(settings.server(), None);
    assert_eq!(settings.prefer_hosting_urls(), None);
    assert_eq!(settings.suppress_status_messages(), None);
    assert!(settings.launch_profile().is_none());
    assert!(settings.application_arguments().is_empty());
    assert!(settings.warnings().is_empty());
}

#[test]
fn every_setting_is_read_from_variables() {
    let settings = load(
        &[
            ("TRANSOM_URLS", "http://127.0.0.1:1; http://127.0.0.1:2;"),
            ("TRANSOM_ENVIRONMENT", "Staging"),
            ("TRANSOM_SHUTDOWN_TIMEOUT_SECONDS", "7"),
            ("TRANSOM_SHUTDOWN_DELAY", "15s"),
            ("TRANSOM_SERVER", "hyper"),
            ("TRANSOM_PREFER_HOSTING_URLS", "1"),
            ("TRANSOM_SUPPRESS_STATUS_MESSAGES", "TRUE"),
            ("HOME", "/home/me"),
        ],
        &[],
    );
    assert_eq!(urls(&settings), "http://127.0.0.1:1;http://127.0.0.1:2");
    assert!(settings.environment().is_staging());
    assert_eq!(settings.shutdown_timeout(), Some(Duration::from_secs(7)));
    assert_eq!(settings.shutdown_delay(), Some(Duration::from_secs(15)));
    assert_eq!(settings.server(), Some("hyper"));
    assert_eq!(settings.prefer_hosting_urls(), Some(true));
    assert_eq!(settings.suppress_status_messages(), Some(true));
    assert!(settings.warnings().is_empty());
}

#[test]
fn the_command_line_wins_over_variables_setting_by_setting() {
    let variables = [
        ("TRANSOM_URLS", "http://127.0.0.1:1"),
        ("TRANSOM_ENVIRONMENT", "Staging"),
        ("TRANSOM_SHUTDOWN_TIMEOUT_SECONDS", "7"),
        ("TRANSOM_SERVER", "hyper"),
        ("TRANSOM_PREFER_HOSTING_URLS", "true"),
    ];
    let arguments = [
        "--urls=http://127.0.0.1:3",
        "--urls",
        "http://127.0.0.1:4",
        "--shutdown-timeout",
        "500ms",
        "--server",
        "actix",
        "--prefer-hosting-urls=false",
        "--suppress-status-messages",
    ];
    let settings = load(&variables, &arguments);
    assert_eq!(urls(&settings), "http://127.0.0.1:3;http://127.0.0.1:4");
    assert!(
        settings.environment().is_staging(),
        "the command line does not say"
    );
    assert_eq!(
        settings.shutdown_timeout(),
        Some(Duration::from_millis(500))
    );
    assert_eq!(settings.server(), Some("actix"));
    assert_eq!(settings.prefer_hosting_urls(), Some(false));
    assert_eq!(settings.suppress_status_messages(), Some(true));
}

#[test]
fn ports_mean_every_address_and_count_only_without_urls() {
    let ports = [
        ("TRANSOM_HTTP_PORTS", "80;8080"),
        ("TRANSOM_HTTPS_PORTS", "443"),
    ];
    let settings = load(&ports, &[]);
    assert_eq!(urls(&settings), "http://*:80;http://*:8080;https://*:443");
    assert!(settings.warnings().is_empty());

    let settings = load(&ports, &["--urls=http://127.0.0.1:1"]);
    assert_eq!(urls(&settings), "http://127.0.0.1:1");
    assert_eq!(
        settings.warnings(),
        [
            "Overriding http://*:80;http://*:8080;https://*:443, which http_ports and https_ports ask for, \
          with http://127.0.0.1:1 from urls"
        ],
    );

    let settings = load(
        &[("TRANSOM_URLS", "http://127.0.0.1:1")],
        &["--http-ports", "80"],
    );
    assert_eq!(
        urls(&settings),
        "http://127.0.0.1:1",
        "urls win from whatever source"
    );
    assert_eq!(settings.warnings().len(), 1);

    let settings = load(&[("TRANSOM_URLS", " ; ")], &["--http-ports=80"]);
    assert_eq!(
        urls(&settings),
        "http://*:80",
        "urls without an address are none"
    );
}

#[test]
fn the_port_of_a_platform_is_weaker_than_whatever_else_the_environment_says() {
    for (variables, arguments, expected) in [
        (vec![("PORT", "8080")], vec![], "http://*:8080"),
        (vec![("PORT", "")], vec![], ""),
        (
            vec![("PORT", "8080"), ("TRANSOM_URLS", "http://127.0.0.1:1")],
            vec![],
            "http://127.0.0.1:1",
        ),
        (
            vec![("PORT", "8080"), ("TRANSOM_HTTP_PORTS", "81")],
            vec![],
            "http://*:81",
        ),
        (
            vec![("PORT", "8080"), ("TRANSOM_HTTPS_PORTS", "443")],
            vec![],
            "https://*:443",
        ),
        (
            vec![("PORT", "8080"), ("TRANSOM_URLS", "")],
            vec![],
            "http://*:8080",
        ),
        (
            vec![("PORT", "8080")],
            vec!["--urls=http://127.0.0.1:1"],
            "http://127.0.0.1:1",
        ),
    ] {
        let settings = load(&variables, &arguments);
        assert_eq!(urls(&settings), expected, "{variables:?} {arguments:?}");
        assert!(
            settings.warnings().is_empty(),
            "{variables:?} {arguments:?}"
        );
    }
}

#[test]
fn what_follows_two_dashes_is_the_applications() {
    let settings = load(&[], &["--server", "hyper", "--", "--urls", "x", "y"]);
    assert_eq!(settings.application_arguments(), ["--urls", "x", "y"]);
    assert_eq!(urls(&settings), "");
}

#[test]
fn a_variable_that_is_no_setting_is_a_warning() {
    let settings = load(
        &[
            ("TRANSOM_HTTPS_PORT", "443"),
            ("TRANSOM_FORWARDEDHEADERS_ENABLED", "true"),
            ("TRANSOM_URL", "http://127.0.0.1:1"),
        ],
        &[],
    );
    assert_eq!(
        settings.warnings(),
        ["The environment variable TRANSOM_URL is not a setting of the host"],
    );
}

#[test]
fn what_is_wrong_is_said_with_where_it_stands_and_what_would_be_right() {
    for (variables, arguments, expected) in [
        (
            vec![],
            vec!["--urls", "http://127.0.0.1:1;127.0.0.1:80"],
            "`--urls`: `127.0.0.1:80` is not an address: it lacks a scheme; write it like `http://127.0.0.1:80`",
        ),
        (
            vec![("TRANSOM_URLS", "ftp://x")],
            vec![],
            "`TRANSOM_URLS`: `ftp://x` is not an address: the scheme `ftp` is not known; `http` and `https` are",
        ),
        (
            vec![("TRANSOM_HTTP_PORTS", "80,81")],
            vec![],
            "`TRANSOM_HTTP_PORTS`: `80,81` is not a port; a number from 0 to 65535 is",
        ),
        (
            vec![("PORT", "65536")],
            vec![],
            "`PORT`: `65536` is not a port; a number from 0 to 65535 is",
        ),
        (
            vec![("TRANSOM_SHUTDOWN_TIMEOUT_SECONDS", "1.5")],
            vec![],
            "`TRANSOM_SHUTDOWN_TIMEOUT_SECONDS`: `1.5` is not a whole number of seconds",
        ),
        (
            vec![
                ("TRANSOM_SHUTDOWN_TIMEOUT", "1"),
                ("TRANSOM_SHUTDOWN_TIMEOUT_SECONDS", "1"),
            ],
            vec![],
            "`TRANSOM_SHUTDOWN_TIMEOUT`: `TRANSOM_SHUTDOWN_TIMEOUT_SECONDS` says the same in another way; one of them is enough",
        ),
        (
            vec![("TRANSOM_ENVIRONMENT", "a/b")],
            vec![],
            "`TRANSOM_ENVIRONMENT`: `a/b` is not the name of an environment; one like `Production`, without slashes, is",
        ),
        (
            vec![],
            vec!["--shutdown-timeout", "soon"],
            "`--shutdown-timeout`: `soon` is not a duration; a number of seconds is, or one with a unit like `500ms`, `30s`, `2m`, `1h`",
        ),
        (
            vec![("TRANSOM_PREFER_HOSTING_URLS", "yes")],
            vec![],
            "`TRANSOM_PREFER_HOSTING_URLS`: `yes` is neither `true` nor `false`",
        ),
        (
            vec![],
            vec!["--urlz", "x"],
            "the command line: unexpected argument '--urlz' found; tip: a similar argument exists: '--urls'; `--help` lists the options",
        ),
        (
            vec![],
            vec!["hyper"],
            "the command line: unexpected argument 'hyper' found; `--help` lists the options",
        ),
        (
            vec![],
            vec!["--server"],
            "the command line: a value is required for '--server <NAME>' but none was supplied; `--help` lists the options",
        ),
        (
            vec![],
            vec!["--launch-profile", "x"],
            "`--launch-profile`: there is no directory to find a launchSettings.json in",
        ),
        (vec![], vec!["--help"], "`--help` was asked for"),
    ] {
        assert_eq!(problem(&variables, &arguments), expected);
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_named() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let garbage = OsString::from_vec(vec![0xff]);
    let ours = SettingsSources::new().with_variables([("TRANSOM_URLS", garbage.clone())]);
    assert_eq!(
        ours.load().unwrap_err().report(),
        "the environment variable `TRANSOM_URLS` is not UTF-8",
    );
    let others = SettingsSources::new().with_variables([("LS_COLORS", garbage)]);
    assert!(others.load().is_ok());
}

#[test]
fn help_lists_every_option() {
    let help = Settings::help();
    for option in [
        "--urls <URLS>",
        "--http-ports <PORTS>",
        "--https-ports <PORTS>",
        "--prefer-hosting-urls[=<BOOL>]",
        "--environment <NAME>",
        "--shutdown-timeout <TIME>",
        "--server <NAME>",
        "--suppress-status-messages[=<BOOL>]",
        "--config <FILE>",
        "--launch-profile <NAME>",
        "--no-launch-profile",
        "--set <NAME=VALUE>",
        "--help",
    ] {
        assert!(help.contains(option), "{option} is missing:\n{help}");
    }
}

#[tokio::test]
async fn settings_win_over_what_the_program_gave_in_whatever_order() {
    let settings = || load(&[], &["--urls=http://127.0.0.1:0", "--environment=Staging"]);
    let journal = Journal::default();
    let builder = || Host::builder(Scripted::new("a", "", &journal));
    for host in [
        builder()
            .with_settings(settings())
            .with_urls("http://unix:/nowhere")
            .with_environment("Test"),
        builder()
            .with_urls("http://unix:/nowhere")
            .with_environment("Test")
            .with_settings(settings()),
    ] {
        let log = Log::begin();
        let host = soon(host.configure(|app| app.build()).start())
            .await
            .unwrap();
        assert_eq!(host.addresses().len(), 1);
        let expected = "INFO transom::hosting: Hosting environment: Staging";
        assert!(
            log.lines().contains(&expected.to_owned()),
            "{:?}",
            log.lines()
        );
        soon(host.stop()).await.unwrap();
    }
}

#[tokio::test]
async fn the_warnings_of_the_settings_are_logged_when_the_host_starts() {
    let journal = Journal::default();
    let settings = load(&[("TRANSOM_URL", "x")], &[]);
    let log = Log::begin();
    let host = Host::builder(Scripted::new("a", "http://127.0.0.1:0", &journal))
        .with_settings(settings)
        .configure(|app| app.build());
    assert!(log.lines().is_empty());
    let host = soon(host.start()).await.unwrap();
    assert_eq!(
        log.lines()[0],
        "WARN transom::hosting: The environment variable TRANSOM_URL is not a setting of the host",
    );
    soon(host.stop()).await.unwrap();
}

#[test]
fn the_manifest_for_kubernetes_says_what_a_host_reads() {
    let manifest = include_str!("../../examples/deploy/kubernetes/app.yaml");
    let variables: Vec<(&str, &str)> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- { name: "))
        .filter_map(|rest| rest.strip_suffix("\" }")?.split_once(", value: \""))
        .collect();
    assert_eq!(variables.len(), 2);
    let settings = load(&variables, &[]);
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
    assert_eq!(urls(&settings), "http://0.0.0.0:8080");
    assert_eq!(settings.shutdown_delay(), Some(Duration::from_secs(15)));
}
