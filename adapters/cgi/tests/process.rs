//! A program of CGI, as a web server starts it: this one, which asks itself.

#![allow(clippy::unwrap_used)]

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    use libtest_mimic::{Arguments, Trial};

    if std::env::var_os("GATEWAY_INTERFACE").is_some() {
        return program::main();
    }
    let trials = gateway::TESTS.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}

#[cfg(unix)]
mod program {
    use std::process::ExitCode;

    use transom::features::{PathBase, RequestExt, ServerVariables};
    use transom::{Host, Request};
    use transom_cgi::CgiServer;

    pub(crate) fn main() -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let host = Host::builder(CgiServer::new()).configure(|app| app.run_fn(answer));
        match runtime.map(|runtime| runtime.block_on(host.run())) {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(error)) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn answer(request: Request) -> String {
        println!("a line that is no part of the response");
        let base = request.feature::<PathBase>().map(ToString::to_string);
        let variables = request.feature::<ServerVariables>();
        let user = variables.and_then(|variables| variables.text("REMOTE_USER").map(str::to_owned));
        let path = request.uri().to_string();
        let body = request.into_body().collect(1 << 20).await;
        let body = body.map_or_else(|error| error.to_string(), |body| format!("{body:?}"));
        format!("{base:?} {path} {user:?} {body}")
    }
}

#[cfg(unix)]
mod gateway {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Output, Stdio};

    pub(crate) const TESTS: [(&str, fn()); 5] = [
        ("a_program_answers_through_pipes_and_ends", pipes),
        ("a_program_answers_through_a_socket_and_ends", socket),
        ("a_program_reads_a_body_from_a_file", file),
        ("a_body_that_came_in_chunks_ends_with_the_input", until_end),
        ("a_program_that_nobody_asked_says_so", unasked),
    ];

    fn command(variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env_clear()
            .env("GATEWAY_INTERFACE", "CGI/1.1")
            .env("SCRIPT_NAME", "/cgi-bin/app")
            .env("REMOTE_USER", "ada")
            .env("HTTP_PROXY", "http://evil.test")
            .env("HTTP_HOST", "a.test")
            .envs(variables.iter().copied());
        command
    }

    const POST: [(&str, &str); 3] = [
        ("REQUEST_METHOD", "POST"),
        ("REQUEST_URI", "/cgi-bin/app/page?q"),
        ("CONTENT_LENGTH", "5"),
    ];

    const ANSWER: &str = "Some(\"/cgi-bin/app\") /page?q Some(\"ada\") b\"hello\"";

    fn is_answer(output: &[u8]) {
        let output = String::from_utf8(output.to_vec()).unwrap();
        assert!(output.starts_with("Status: 200 OK\r\n"), "{output}");
        assert!(output.ends_with(&format!("\r\n\r\n{ANSWER}")), "{output}");
    }

    fn run(command: &mut Command, body: &[u8]) -> Output {
        let mut program = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        program.stdin.take().unwrap().write_all(body).unwrap();
        program.wait_with_output().unwrap()
    }

    fn pipes() {
        let output = run(&mut command(&POST), b"hello");
        is_answer(&output.stdout);
        assert!(output.status.success());
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(log, "a line that is no part of the response\n");
    }

    /// As Apache's `mod_cgid` has it: one socket for both, shut behind the body.
    fn socket() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let output = theirs.try_clone().unwrap();
        let mut command = command(&POST);
        command
            .stdin(std::os::fd::OwnedFd::from(theirs))
            .stdout(std::os::fd::OwnedFd::from(output))
            .stderr(Stdio::null());
        let mut program = command.spawn().unwrap();
        // It holds both ends.
        drop(command);
        ours.write_all(b"hello").unwrap();
        ours.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        ours.read_to_end(&mut answer).unwrap();
        is_answer(&answer);
        assert!(program.wait().unwrap().success());
    }

    /// As lighttpd has it, which keeps the body in one.
    fn file() {
        let path = std::env::temp_dir().join(format!("transom-cgi-{}", std::process::id()));
        std::fs::write(&path, b"hello").unwrap();
        let body = std::fs::File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let output = command(&POST).stdin(body).output().unwrap();
        is_answer(&output.stdout);
    }

    fn until_end() {
        let mut chunked = command(&[
            ("REQUEST_METHOD", "POST"),
            ("REQUEST_URI", "/cgi-bin/app/page?q"),
            ("HTTP_TRANSFER_ENCODING", "chunked"),
        ]);
        is_answer(&run(&mut chunked, b"hello").stdout);
    }

    fn unasked() {
        let output = run(&mut command(&[]), b"");
        assert!(!output.status.success());
        assert_eq!(output.stdout, b"");
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(log.contains("there is no `REQUEST_METHOD`"), "{log}");
    }
}
