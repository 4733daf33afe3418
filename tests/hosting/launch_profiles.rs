//! Settings from a `launchSettings.json` as .NET writes it.

use transom::hosting::Settings;

use crate::files::Directory;

/// With what such files have: a byte order mark, comments, trailing commas, other kinds of profiles.
const LAUNCH_SETTINGS: &str = "\u{feff}{
  // https://json.schemastore.org/launchsettings.json
  \"$schema\": \"https://json.schemastore.org/launchsettings.json\",
  \"iisSettings\": { \"windowsAuthentication\": false, \"iisExpress\": { \"sslPort\": 44300 } },
  \"profiles\": {
    \"http\": {
      \"commandName\": \"Project\",
      \"dotnetRunMessages\": true,
      \"launchBrowser\": true,
      \"applicationUrl\": \"http://127.0.0.1:5010\",
      \"environmentVariables\": {
        \"ASPNETCORE_ENVIRONMENT\": \"Development\",
        \"DATABASE_URL\": \"postgres://localhost\",
      },
    },
    \"both\": {
      \"commandName\": \"Project\",
      \"applicationUrl\": \"http://127.0.0.1:1\",
      \"environmentVariables\": {
        \"ASPNETCORE_URLS\": \"http://127.0.0.1:2\",
        \"ASPNETCORE_ENVIRONMENT\": \"A\",
        \"DOTNET_ENVIRONMENT\": \"D\",
        \"ASPNETCORE_PREVENTHOSTINGSTARTUP\": \"true\",
        \"DOTNET_LAUNCH_PROFILE\": \"both\",
      }
    },
    \"ours\": {
      \"commandName\": \"Project\",
      \"commandLineArgs\": \"--shutdown-timeout 3 --environment \\\"The Args\\\" -- --verbose\",
      \"environmentVariables\": {
        \"DOTNET_ENVIRONMENT\": \"D\",
        \"TRANSOM_ENVIRONMENT\": \"T\",
        \"TRANSOM_SERVER\": \"memory\",
        \"TRANSOM_SEVRER\": \"hyper\",
        \"ASPNETCORE_SHUTDOWNTIMEOUTSECONDS\": \"4\"
      }
    },
    /* cannot be run here */
    \"IIS Express\": { \"commandName\": \"IISExpress\", \"launchBrowser\": true },
    \"nothing\": {},
    \"wrong\": { \"commandName\": \"Project\", \"environmentVariables\": { \"PORT\": 80 } },
    \"circle\": { \"commandName\": \"Project\", \"commandLineArgs\": \"--launch-profile http\" },
    \"loop\": { \"commandName\": \"Project\", \"environmentVariables\": { \"TRANSOM_LAUNCH_PROFILE\": \"http\" } },
    \"typo\": { \"commandName\": \"Project\", \"commandLineArgs\": \"--urlz x\" },
    \"address\": { \"commandName\": \"Project\", \"applicationUrl\": \"localhost\" },
  }
}";

fn directory() -> Directory {
    Directory::new().with("Properties/launchSettings.json", LAUNCH_SETTINGS)
}

fn urls(settings: &Settings) -> String {
    let urls: Vec<_> = settings.urls().iter().map(ToString::to_string).collect();
    urls.join(";")
}

#[test]
fn a_profile_is_used_only_if_it_is_asked_for_by_name() {
    let settings = directory().load(&[], &[]);
    assert!(settings.launch_profile().is_none() && settings.urls().is_empty());

    let settings = directory().load(&[("TRANSOM_LAUNCH_PROFILE", "http")], &[]);
    assert_eq!(settings.launch_profile().unwrap().name(), "http");
    let settings = directory().load(
        &[("TRANSOM_LAUNCH_PROFILE", "http")],
        &["--launch-profile", "both"],
    );
    assert_eq!(settings.launch_profile().unwrap().name(), "both");
    let settings = directory().load(
        &[("TRANSOM_LAUNCH_PROFILE", "http")],
        &["--no-launch-profile"],
    );
    assert!(settings.launch_profile().is_none());
}

#[test]
fn a_profile_gives_its_address_its_environment_and_the_applications_variables() {
    let directory = directory().with(
        "transom.Development.toml",
        "[transom]\nshutdown_timeout = 1",
    );
    let settings = directory.load(&[], &["--launch-profile", "http"]);
    assert_eq!(urls(&settings), "http://127.0.0.1:5010");
    assert!(settings.environment().is_development());
    assert_eq!(
        settings.files().len(),
        1,
        "the environment of the profile chooses the file"
    );
    let profile = settings.launch_profile().unwrap();
    assert_eq!(
        profile.environment_variable("DATABASE_URL"),
        Some("postgres://localhost")
    );
    assert_eq!(profile.environment_variables().len(), 2);
    assert!(profile.file().ends_with("Properties/launchSettings.json"));
    assert!(settings.warnings().is_empty());
}

#[test]
fn a_profile_wins_over_the_environment_and_the_command_line_over_the_profile() {
    let variables = [
        ("TRANSOM_URLS", "http://127.0.0.1:9"),
        ("TRANSOM_ENVIRONMENT", "Staging"),
        ("PORT", "1"),
    ];
    let settings = directory().load(&variables, &["--launch-profile=http"]);
    assert_eq!(urls(&settings), "http://127.0.0.1:5010");
    assert!(settings.environment().is_development());
    let settings = directory().load(
        &variables,
        &["--launch-profile=http", "--urls=http://127.0.0.1:8"],
    );
    assert_eq!(urls(&settings), "http://127.0.0.1:8");
}

#[test]
fn within_a_profile_its_variables_win_over_its_address_and_dotnet_over_aspnetcore() {
    let settings = directory().load(&[], &["--launch-profile=both"]);
    assert_eq!(urls(&settings), "http://127.0.0.1:2");
    assert_eq!(settings.environment().name(), "D");
}

#[test]
fn a_profiles_arguments_win_over_its_variables_and_yield_to_the_command_line() {
    let settings = directory().load(&[], &["--launch-profile=ours"]);
    assert_eq!(settings.environment().name(), "The Args");
    assert_eq!(settings.shutdown_timeout().unwrap().as_secs(), 3);
    assert_eq!(settings.server(), Some("memory"));
    assert_eq!(settings.application_arguments(), ["--verbose"]);
    assert_eq!(settings.warnings().len(), 1, "{:?}", settings.warnings());
    assert!(
        settings.warnings()[0].starts_with("`TRANSOM_SEVRER` of the launch profile `ours` in ")
    );

    let arguments = [
        "--launch-profile=ours",
        "--environment=Mine",
        "--shutdown-timeout=5",
        "--",
        "--quiet",
    ];
    let settings = directory().load(&[], &arguments);
    assert_eq!(settings.environment().name(), "Mine");
    assert_eq!(settings.shutdown_timeout().unwrap().as_secs(), 5);
    assert_eq!(settings.application_arguments(), ["--quiet"]);
}

#[test]
fn a_profile_that_cannot_be_used_is_an_error_that_says_why() {
    let file = "Properties/launchSettings.json";
    for (profile, expected) in [
        (
            "prod",
            format!(
                "there is no launch profile `prod` in `{file}`; it has `IIS Express`, `address`, `both`, \
                 `circle`, `http`, `loop`, `nothing`, `ours`, `typo` and `wrong`"
            ),
        ),
        (
            "IIS Express",
            format!(
                "the launch profile `IIS Express` in `{file}` has the commandName `IISExpress`; only a `Project` can be run"
            ),
        ),
        (
            "nothing",
            format!(
                "the launch profile `nothing` in `{file}` has no commandName; `Project` is what can be run"
            ),
        ),
        (
            "wrong",
            format!("`PORT` of the launch profile `wrong` in `{file}` is not a string"),
        ),
        (
            "circle",
            format!(
                "`--launch-profile` in `commandLineArgs` of the launch profile `circle` in `{file}`: a profile cannot ask for another one"
            ),
        ),
        (
            "loop",
            format!(
                "the launch profile `loop` in `{file}` asks for another profile, with `TRANSOM_LAUNCH_PROFILE`"
            ),
        ),
        (
            "typo",
            format!(
                "`commandLineArgs` of the launch profile `typo` in `{file}`: unexpected argument '--urlz' found; \
                 tip: a similar argument exists: '--urls'; `--help` lists the options"
            ),
        ),
        (
            "address",
            format!(
                "`applicationUrl` of the launch profile `address` in `{file}`: `localhost` is not an address: \
                 it lacks a scheme; write it like `http://localhost`"
            ),
        ),
    ] {
        assert_eq!(
            directory().problem(&[], &["--launch-profile", profile]),
            expected
        );
    }
}

#[test]
fn a_missing_or_malformed_file_of_profiles_is_named() {
    assert_eq!(
        Directory::new().problem(&[], &["--launch-profile=http"]),
        "there is no launch profile `http`: `.` has neither Properties/launchSettings.json nor launchSettings.json",
    );
    for (text, expected) in [
        ("{ \"profiles\": ", "`launchSettings.json` is malformed: "),
        ("", "`launchSettings.json` has no object `profiles`"),
        (
            "{ \"profiles\": [] }",
            "`launchSettings.json` has no object `profiles`",
        ),
    ] {
        let directory = Directory::new().with("launchSettings.json", text);
        let problem = directory.problem(&[], &["--launch-profile=http"]);
        assert!(problem.starts_with(expected), "{text}: {problem}");
    }
}
