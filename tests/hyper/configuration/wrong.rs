//! What is wrong with a file, and how that is said.

use transom::configuration::Section;
use transom::hyper::HyperConfiguration;

use super::{Folder, problem};

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let toml = r#"
[hyper]
limit = 1

[hyper.limits]
max_conections = 5
keep_alive_timeout = "x"

[hyper.limits.http2]
MaxStreams = 5

[hyper.endpoints.web]
protocol = "http1"
"#;
    assert_eq!(
        problem(toml),
        "5 settings are wrong\n  \
         `hyper.limit` at line 3, column 1 is not an option of the server; did you mean `limits`?\n  \
         `hyper.limits.max_conections` at line 6, column 1 is not a limit; did you mean `max_connections`?\n  \
         `hyper.limits.keep_alive_timeout` at line 7, column 1: `x` is not a duration; a number of seconds is, or \
         text like `500ms`, `30s`, `2m`, `1h` or `00:02:10`\n  \
         `hyper.endpoints.web` at line 12, column 18: the endpoint `web` has no `url`; write one, like \
         `http://127.0.0.1:5000`\n  \
         `hyper.endpoints.web.protocol` at line 13, column 1 is not an option of an endpoint; did you mean `protocols`?",
    );
}

#[test]
fn a_file_is_named_with_the_line() {
    let folder = Folder::new();
    let text = "{ \"hyper\": {\n  \"limits\": {\n    \"threads\": 1 } } }";
    let path = folder.write("server.json", text);
    let error = HyperConfiguration::from_file(&path).unwrap_err().report();
    let shown = path.display();
    assert!(
        error.starts_with(&format!(
            "`hyper.limits.threads` in `{shown}:3:5` is not a limit; there is `max_connections`, "
        )),
        "{error}"
    );

    std::fs::write(&path, "{ \"hyper\": {\n  \"limits\": }").unwrap();
    let error = HyperConfiguration::from_file(&path).unwrap_err().report();
    assert!(
        error.starts_with(&format!("`{shown}:2:13` is malformed: ")),
        "{error}"
    );

    std::fs::write(&path, "{}").unwrap();
    let error = HyperConfiguration::from_file(&path).unwrap_err().report();
    assert_eq!(error, format!("`{shown}` has no table `hyper`"));

    drop(folder);
    let error = HyperConfiguration::from_file(&path).unwrap_err().report();
    assert_eq!(error, format!("there is no file `{shown}`"));
}

#[test]
fn one_key_in_two_spellings_is_an_error() {
    assert_eq!(
        problem("[hyper.limits]\nkeep_alive_timeout = 1\nKeepAliveTimeout = 2"),
        "`hyper.limits.KeepAliveTimeout` at line 3, column 1: `hyper.limits.keep_alive_timeout` at line 2, column 1 \
         says the same; one of them is enough",
    );
    assert_eq!(
        problem("[hyper.limits]\nmax_connections = 1\nMaxConcurrentConnections = 2"),
        "`hyper.limits.MaxConcurrentConnections` at line 3, column 1: `hyper.limits.max_connections` at line 2, \
         column 1 says the same; one of them is enough",
    );
    assert_eq!(
        problem("[hyper]\n[Kestrel]"),
        "`Kestrel` at line 2, column 2: `hyper` at line 1, column 2 is for the same server; there can be one of them",
    );
}

#[test]
fn of_two_sources_the_stronger_counts_whatever_its_spelling() {
    let file = |text: &str| {
        let weak = Section::from_toml_str("[hyper.limits]\nmax_connections = 1").unwrap();
        let folder = Folder::new();
        let strong = Section::from_file(folder.write("strong.toml", text)).unwrap();
        let merged = weak.merged_with(strong).section("hyper").unwrap();
        HyperConfiguration::from_section(&merged).unwrap().limits()
    };
    let limits = file("[Hyper.Limits]\nMaxConcurrentConnections = 2");
    assert_eq!(limits.max_connections(), Some(2));
    let limits = file("[hyper.limits]\nmax_connections = 'none'");
    assert_eq!(limits.max_connections(), None);
}

#[test]
fn what_only_kestrel_has_is_answered_with_the_reason() {
    assert_eq!(
        problem("[Kestrel]\nAddServerHeader = false"),
        "`Kestrel.AddServerHeader` at line 2, column 1: this server does not have it: no `Server` field is sent; a \
         layer of the pipeline can add one",
    );
    assert_eq!(
        problem("[Kestrel.Limits]\nMaxResponseBufferSize = 1"),
        "`Kestrel.Limits.MaxResponseBufferSize` at line 2, column 1: this server does not have it: a response is \
         taken from the application only as fast as the client reads",
    );
}
