//! What one request of a keep-alive connection costs a server: its instructions and allocations.
//!
//! The server runs in a process of its own under callgrind, the client in this one, which nobody counts.
//! Each server answers N requests, and in another run N/2; the difference belongs to N/2 requests, and
//! start, connection and stop cancel. The server is the same program, with the arguments `serve NAME`.

use std::error::Error;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::GREETING;

/// How many requests the longer run sends.
const REQUESTS: u64 = 4_000;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one request costs.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "what is counted is a number each"
)]
pub struct Count {
    /// Instructions in user space.
    pub instructions: f64,
    /// Calls of the allocator.
    pub allocations: f64,
}

/// Counts what a request costs the server of that name.
///
/// # Errors
///
/// There is no valgrind, or the server does not start, or does not answer with the greeting.
pub fn measure(name: &str) -> Result<Count> {
    measure_asking(name, REQUESTS, None)
}

/// As [`measure`], with so many requests of this head. Without one it is that of a `GET` of `/` from the server's address.
///
/// # Errors
///
/// As [`measure`].
pub fn measure_asking(name: &str, requests: u64, head: Option<&str>) -> Result<Count> {
    let (more, fewer) = (run(name, requests, head)?, run(name, requests / 2, head)?);
    let requests = (requests - requests / 2) as f64;
    Ok(Count {
        instructions: (more.0 - fewer.0) as f64 / requests,
        allocations: (more.1 - fewer.1) as f64 / requests,
    })
}

/// Counts the instructions and allocations of a server's whole life.
fn run(name: &str, requests: u64, head: Option<&str>) -> Result<(i64, i64)> {
    let program = std::env::current_exe()?;
    let folder = program.with_file_name("instructions.out");
    std::fs::create_dir_all(&folder)?;
    let profile = folder.join(format!("{name}.{requests}"));
    let mut file = OsString::from("--callgrind-out-file=");
    file.push(&profile);
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        // Names in full, so that calls can be counted by name.
        .args(["--compress-strings=no", "--compress-pos=no"])
        .arg(file)
        .arg(program);
    let mut server = Server::start(&mut command, name)
        .map_err(|error| format!("valgrind, which has to be installed, does not start: {error}"))?;
    let address = server.address()?;
    ask(&address, requests, head)?;
    server.stop()?;
    read(&profile)
}

/// Returns how many requests a second the server of that name answers, one after the other on one connection:
/// how fast it is on this machine, now.
///
/// # Errors
///
/// As [`measure`].
pub fn rate(name: &str, requests: u64) -> Result<f64> {
    let mut server = Server::start(&mut Command::new(std::env::current_exe()?), name)?;
    let address = server.address()?;
    ask(&address, requests / 10, None)?;
    let begun = Instant::now();
    ask(&address, requests, None)?;
    let rate = requests as f64 / begun.elapsed().as_secs_f64();
    server.stop()?;
    Ok(rate)
}

/// A server in a process of its own; killed if it is dropped while it runs.
struct Server(Child);

impl Server {
    fn start(command: &mut Command, name: &str) -> Result<Self> {
        let server = command
            .args(["serve", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(server))
    }

    /// Waits for the line that says where it listens.
    fn address(&mut self) -> Result<String> {
        let output = self.0.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        match line.trim() {
            "" => Err("the server did not start".into()),
            address => Ok(address.to_owned()),
        }
    }

    /// Closes its input, which is how it is told to end.
    fn stop(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        match self.0.wait()? {
            status if status.success() => Ok(()),
            status => Err(format!("the server ended with {status}").into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if it has ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends requests one after the other on one connection, each when the last is answered.
fn ask(address: &str, requests: u64, head: Option<&str>) -> Result<()> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(Duration::from_secs(30)))?;
    let request = match head {
        Some(head) => head.to_owned(),
        None => format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n"),
    };
    let mut buffer = [0; 1024];
    for _ in 0..requests {
        connection.write_all(request.as_bytes())?;
        let mut read = 0;
        while !buffer[..read].ends_with(GREETING.as_bytes()) {
            read += match connection.read(&mut buffer[read..])? {
                0 => return Err("the server closed the connection".into()),
                more => more,
            };
        }
        if !buffer.starts_with(b"HTTP/1.1 200 OK\r\n") {
            return Err("the server answered something else than 200".into());
        }
    }
    Ok(())
}

/// Reads what callgrind counted: all instructions, and the calls of the allocator's functions.
fn read(profile: &Path) -> Result<(i64, i64)> {
    let text = std::fs::read_to_string(profile)?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))
        .ok_or("callgrind wrote no totals")?;
    let mut allocations = 0;
    let mut called = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("cfn=") {
            called = name;
        } else if let Some(calls) = line.strip_prefix("calls=")
            && [
                "malloc",
                "calloc",
                "realloc",
                "posix_memalign",
                "aligned_alloc",
            ]
            .contains(&called)
        {
            let count = calls.split(' ').next().unwrap_or_default();
            allocations += count.parse::<i64>()?;
        }
    }
    Ok((total.trim().parse()?, allocations))
}
