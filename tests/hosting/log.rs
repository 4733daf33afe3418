//! What the host logs, as the tools that read it see it.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use transom::Host;

use crate::scripted::{Journal, Scripted, Serve, soon};

thread_local! {
    /// What was logged on this thread, which runs one test and all its tasks.
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The lines that this thread has logged since it began.
pub(crate) struct Log(());

impl Log {
    pub(crate) fn begin() -> Self {
        install();
        TEXT.with_borrow_mut(Vec::clear);
        Self(())
    }

    /// Each line as `LEVEL target: message`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = TEXT.with_borrow(Vec::clone);
        let text = String::from_utf8(text).expect("a log is text");
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

/// Installs one subscriber for all tests, before anything is logged: whether an event is enabled is
/// cached process-wide, so subscribers of single threads would race.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(|| Lines)
            .with_ansi(false)
            .without_time()
            .init();
    });
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.with_borrow_mut(|text| text.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_start_and_a_stop_are_logged_in_the_words_that_tools_look_for() {
    let log = Log::begin();
    let journal = Journal::default();
    let host = Host::builder(Scripted::new(
        "a",
        "http://127.0.0.1:0;http://127.0.0.1:0",
        &journal,
    ))
    .with_server(Scripted::new("b", "http://127.0.0.1:0", &journal))
    .with_environment("Staging")
    .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    let mut expected: Vec<String> = host
        .addresses()
        .iter()
        .map(|address| format!("INFO transom::hosting: Now listening on: {address}"))
        .collect();
    expected.push("INFO transom::hosting: Application started. Press Ctrl+C to shut down.".into());
    expected.push("INFO transom::hosting: Hosting environment: Staging".into());
    assert_eq!(log.lines(), expected);
    soon(host.stop()).await.unwrap();
    expected.push("INFO transom::hosting: Application is shutting down...".into());
    assert_eq!(log.lines(), expected);
}

#[tokio::test]
async fn status_messages_can_be_suppressed_but_not_failures() {
    let log = Log::begin();
    let journal = Journal::default();
    let quiet = |serve| {
        Host::builder(Scripted::new("a", "http://127.0.0.1:0", &journal).that(serve))
            .with_suppress_status_messages(true)
            .configure(|app| app.build())
    };
    let host = soon(quiet(Serve::UntilAsked).start()).await.unwrap();
    soon(host.stop()).await.unwrap();
    assert!(log.lines().is_empty(), "{:?}", log.lines());

    let host = soon(quiet(Serve::Fail).start()).await.unwrap();
    soon(host.wait()).await.unwrap_err();
    assert_eq!(
        log.lines(),
        ["ERROR transom::hosting: Stopping, because the server a failed: out of luck"],
    );
}
