//! Files: which there are, how large they get, and what they begin with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tower_layer::Layer;
use transom::{Body, Request, Response};
use transom_middleware::access_log::{AccessLogLayer, LogFormat, RollingFile, W3cField, W3cFormat};

use super::Clock;
use crate::support::{logged, run};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A directory that is deleted with this.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("transom-access-log-test-{}-{count}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn files(&self, clock: &Clock) -> RollingFile {
        let clock = clock.clone();
        RollingFile::in_directory(&self.0).with_clock(move || clock.now())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(&self.0).unwrap();
        fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Logs requests of these targets, one after the other.
fn log(layer: &AccessLogLayer, targets: &[&str]) {
    run(async {
        for target in targets {
            let service = layer.layer(tower::service_fn(|_: Request| async {
                Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
            }));
            let request = http::Request::get(*target).body(Body::empty()).unwrap();
            tower::ServiceExt::oneshot(service, request).await.unwrap();
            assert!(layer.flush());
        }
    });
}

/// A line is a target.
fn targets() -> W3cFormat {
    W3cFormat::new().with_fields([W3cField::UriStem])
}

const HEAD: &str = "#Version: 1.0\n#Start-Date: 2000-10-10 13:55:36\n#Fields: cs-uri-stem\n";

#[test]
fn a_file_is_made_at_once_and_begins_with_its_directives() {
    let (directory, clock) = (Directory::new(), Clock::new());
    let layer = AccessLogLayer::to_files(targets(), directory.files(&clock)).unwrap();
    assert_eq!(directory.names(), ["access-20001010.0000.log"]);
    assert_eq!(directory.text("access-20001010.0000.log"), HEAD);
    log(&layer, &["/a", "/b"]);
    let all = format!("{HEAD}/a\n/b\n");
    assert_eq!(directory.text("access-20001010.0000.log"), all);
}

#[test]
fn another_day_has_another_file_and_no_day_comes_again() {
    let (directory, clock) = (Directory::new(), Clock::new());
    let files = directory.files(&clock).with_prefix("w3clog-");
    let layer = AccessLogLayer::to_files(targets(), files).unwrap();
    log(&layer, &["/a"]);
    clock.advance(DAY);
    assert_eq!(
        directory.names().len(),
        1,
        "a day without a request has no file"
    );
    log(&layer, &["/b"]);
    let names = ["w3clog-20001010.0000.log", "w3clog-20001011.0000.log"];
    assert_eq!(directory.names(), names);
    let second = HEAD.replace("10-10", "10-11") + "/b\n";
    assert_eq!(directory.text(names[1]), second);

    clock.0.fetch_sub(2 * 86_400_000_000, Ordering::Relaxed);
    log(&layer, &["/c"]);
    assert_eq!(directory.names(), names);
    assert_eq!(directory.text(names[1]), second + "/c\n");
}

#[test]
fn no_file_is_larger_than_the_limit_unless_one_line_is() {
    let (directory, clock) = (Directory::new(), Clock::new());
    let head = HEAD.len() as u64;
    let files = directory.files(&clock).with_size_limit(Some(head + 9));
    let layer = AccessLogLayer::to_files(targets(), files).unwrap();
    log(&layer, &["/1", "/2", "/3", "/4", "/long-er-than-9", "/5"]);
    let expected = [
        ("access-20001010.0000.log", "/1\n/2\n/3\n"),
        ("access-20001010.0001.log", "/4\n"),
        ("access-20001010.0002.log", "/long-er-than-9\n"),
        ("access-20001010.0003.log", "/5\n"),
    ];
    assert_eq!(directory.names(), expected.map(|(name, _)| name));
    for (name, lines) in expected {
        assert_eq!(directory.text(name), format!("{HEAD}{lines}"));
    }
}

#[test]
fn lines_that_come_at_once_are_parted_as_others_are() {
    let (directory, clock) = (Directory::new(), Clock::new());
    let limit = HEAD.len() as u64 + 6;
    let files = directory
        .files(&clock)
        .with_size_limit(Some(limit))
        .with_retained(None);
    let layer = AccessLogLayer::to_files(targets(), files).unwrap();
    run(async {
        let threads = (0..4).map(|_| {
            let layer = layer.clone();
            std::thread::spawn(move || log(&layer, &["/a", "/b", "/c", "/d", "/e"]))
        });
        let threads: Vec<_> = threads.collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
    assert_eq!(directory.names().len(), 10);
    for name in directory.names() {
        assert_eq!(directory.text(&name).len() as u64, limit);
    }
}

#[test]
fn the_oldest_files_are_deleted_and_no_others() {
    let (directory, clock) = (Directory::new(), Clock::new());
    let others = [
        "access-.log",
        "access-20001009.0000.log.gz",
        "other-20001009.0000.log",
    ];
    for name in others {
        directory.write(name, "kept");
    }
    for name in [
        "access-20001008.0000.log",
        "access-20001009.9999.log",
        "access-20001009.10000.log",
    ] {
        directory.write(name, "old\n");
    }
    let files = directory.files(&clock).with_retained(Some(2));
    let layer = AccessLogLayer::to_files(targets(), files).unwrap();
    let ours = || {
        let mut names = directory.names();
        names.retain(|name| !others.contains(&name.as_str()));
        names
    };
    assert_eq!(
        ours(),
        ["access-20001009.10000.log", "access-20001010.0000.log"]
    );
    clock.advance(DAY);
    log(&layer, &["/a"]);
    assert_eq!(
        ours(),
        ["access-20001010.0000.log", "access-20001011.0000.log"]
    );
    assert_eq!(directory.names().len(), 2 + others.len());
}

#[test]
fn a_file_that_cannot_be_deleted_keeps_no_others_and_a_warning_says_so() {
    let (directory, clock) = (Directory::new(), Clock::new());
    for day in ["20001008", "20001009"] {
        directory.write(&format!("access-{day}.0000.log"), "old\n");
    }
    let stays = "access-20001007.0000.log";
    fs::create_dir(directory.0.join(stays)).unwrap();
    let files = directory.files(&clock).with_retained(Some(1));
    let log = logged(|| {
        AccessLogLayer::to_files(LogFormat::Common, files).unwrap();
    });
    assert_eq!(directory.names(), [stays, "access-20001010.0000.log"]);
    assert!(
        log.contains("WARN") && log.contains("cannot be deleted error="),
        "{log}"
    );
}

#[test]
fn by_default_there_are_four_files_of_ten_mebibytes() {
    let (directory, clock) = (Directory::new(), Clock::new());
    directory.write("access-20001010.0006.log", &"x\n".repeat(5 << 20));
    for number in 0..6 {
        directory.write(&format!("access-20001010.000{number}.log"), "x\n");
    }
    let _layer = AccessLogLayer::to_files(LogFormat::Common, directory.files(&clock)).unwrap();
    assert_eq!(
        directory.names(),
        [4, 5, 6, 7].map(|number| format!("access-20001010.000{number}.log"))
    );
}

#[test]
fn a_program_that_starts_again_goes_on_with_the_last_file() {
    let (directory, clock) = (Directory::new(), Clock::new());
    for text in ["/before\n", "/torn"] {
        directory.write("access-20001010.0002.log", text);
        let layer = AccessLogLayer::to_files(targets(), directory.files(&clock)).unwrap();
        log(&layer, &["/a"]);
        assert_eq!(directory.names(), ["access-20001010.0002.log"]);
        let text = text.trim_end();
        let all = format!("{text}\n{HEAD}/a\n");
        assert_eq!(directory.text("access-20001010.0002.log"), all);
    }
}

#[test]
fn a_file_that_is_taken_away_is_made_again_with_the_next_one() {
    let (directory, clock) = (Directory::new(), Clock::new());
    let layer = AccessLogLayer::to_files(targets(), directory.files(&clock)).unwrap();
    fs::remove_dir_all(&directory.0).unwrap();
    log(&layer, &["/a"]);
    clock.advance(DAY);
    log(&layer, &["/b"]);
    assert_eq!(directory.names(), ["access-20001011.0000.log"]);
    assert_eq!(layer.lost(), 0);
}

#[test]
fn what_cannot_be_is_an_error_at_the_start() {
    let (directory, clock) = (Directory::new(), Clock::new());
    directory.write("file", "");
    let error = |files| {
        let error = AccessLogLayer::to_files(LogFormat::Common, files).unwrap_err();
        error.to_string()
    };
    let below = directory.0.join("file").join("logs");
    let said = error(RollingFile::in_directory(&below));
    let why = format!(
        "the access log cannot be written in `{}`: ",
        below.display()
    );
    assert!(said.starts_with(&why), "{said}");

    let files = || directory.files(&clock);
    for (files, why) in [
        (
            files().with_prefix("a/b"),
            "`a/b` is not what a file's name begins with",
        ),
        (files().with_size_limit(Some(0)), "no file has 0 bytes"),
        (files().with_retained(Some(0)), "0 files cannot be written"),
    ] {
        let said = error(files);
        assert!(said.starts_with(why), "{said}");
    }
    assert_eq!(directory.names(), ["file"]);

    directory.write(&format!("access-20001010.{}.log", u32::MAX), "full");
    let said = error(files().with_size_limit(Some(1)));
    assert!(
        said.ends_with("there is no number for another file of this day"),
        "{said}"
    );
}

/// A disk that is full: the device that always is stands where the second file would be.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_loses_lines_until_there_is_room() {
    let (directory, clock) = (Directory::new(), Clock::new());
    let files = directory.files(&clock).with_size_limit(Some(70));
    let layer = AccessLogLayer::to_files(LogFormat::Common, files).unwrap();
    let second = directory.0.join("access-20001010.0001.log");
    std::os::unix::fs::symlink(Path::new("/dev/full"), &second).unwrap();
    log(&layer, &["/1", "/2", "/3"]);
    assert_eq!(layer.lost(), 2);
    assert_eq!(
        directory.text("access-20001010.0000.log").lines().count(),
        1
    );

    clock.advance(DAY);
    log(&layer, &["/4"]);
    assert_eq!(layer.lost(), 2);
    assert_eq!(
        directory.text("access-20001011.0000.log").lines().count(),
        1
    );
}
