//! Counts the instructions and allocations of a request of a keep-alive connection, and fails if
//! `HyperServer` costs more than its bound beside bare hyper.
//!
//! The server runs in a process of its own under callgrind, the client in this one, which nobody counts.
//! Each server answers N requests, and in another run N/2; the difference belongs to N/2 requests, and
//! start, connection and stop cancel. `serve NAME` is such a server.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use transom_benches::{GREETING, servers};

/// How many requests the longer run sends.
const REQUESTS: u64 = 4_000;
/// The server that the bounds are for.
const BOUNDED: &str = "hyper-server";

/// What it is measured against, with what it may cost more.
const BOUNDS: [Bound; 2] = [
    Bound {
        beside: "bare-hyper",
        instructions: 1.8,
        allocations: 3.0,
    },
    Bound {
        beside: "no-limits",
        instructions: 1.15,
        allocations: 1.0,
    },
];

/// At most so many times the instructions of another server, and so many allocations more.
struct Bound {
    beside: &'static str,
    instructions: f64,
    allocations: f64,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["serve", name] => servers::serve(name).map(|()| ExitCode::SUCCESS),
        [] => measure_all(),
        _ => Err("no arguments are taken".into()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure_all() -> Result<ExitCode> {
    println!("{:>28}  instructions   ratio  allocations", "");
    let mut counts = Vec::new();
    for (name, what) in servers::ALL {
        let count = measure(name)?;
        counts.push((*name, count));
        let bare = find(&counts, BOUNDS[0].beside)?;
        let ratio = count.instructions / bare.instructions;
        println!(
            "{what:>28}  {:>12.0}  {ratio:>5.2}x  {:>11.2}",
            count.instructions, count.allocations
        );
    }
    let mut within = true;
    for bound in BOUNDS {
        within &= hold(&counts, &bound)?;
    }
    match within {
        true => println!("\nIt is within its bounds."),
        false => println!("\nIt is over its bounds."),
    }
    Ok(ExitCode::from(u8::from(!within)))
}

/// Says what the bounded server costs beside another, and returns whether that is within the bound.
fn hold(counts: &[(&str, Count)], bound: &Bound) -> Result<bool> {
    let (other, bounded) = (find(counts, bound.beside)?, find(counts, BOUNDED)?);
    let ratio = bounded.instructions / other.instructions;
    let more = bounded.allocations - other.allocations;
    println!(
        "\n{BOUNDED} beside {}: {ratio:.3}x instructions, {:.2}x at most;\n{more:+.2} allocations, {:+.2} at \
         most.",
        bound.beside, bound.instructions, bound.allocations
    );
    // Half an allocation in a hundred requests is the buffer of somebody, not of a request.
    Ok(ratio <= bound.instructions && more <= bound.allocations + 0.005)
}

/// What one request costs.
#[derive(Clone, Copy)]
struct Count {
    instructions: f64,
    allocations: f64,
}

fn find(counts: &[(&str, Count)], name: &str) -> Result<Count> {
    let found = counts.iter().find(|(known, _)| *known == name);
    Ok(found.ok_or_else(|| format!("{name} was not measured"))?.1)
}

fn measure(name: &str) -> Result<Count> {
    let (more, fewer) = (run(name, REQUESTS)?, run(name, REQUESTS / 2)?);
    let requests = (REQUESTS - REQUESTS / 2) as f64;
    Ok(Count {
        instructions: (more.0 - fewer.0) as f64 / requests,
        allocations: (more.1 - fewer.1) as f64 / requests,
    })
}

/// Counts the instructions and allocations of a server's whole life.
fn run(name: &str, requests: u64) -> Result<(i64, i64)> {
    let program = std::env::current_exe()?;
    let folder = program.with_file_name("instructions.out");
    std::fs::create_dir_all(&folder)?;
    let profile = folder.join(format!("{name}.{requests}"));
    let mut server = Server::start(&program, name, &profile)?;
    let address = server.address()?;
    ask(&address, requests)?;
    server.stop()?;
    read(&profile)
}

/// A server under callgrind; killed if it is dropped while it runs.
struct Server(Child);

impl Server {
    fn start(program: &Path, name: &str, profile: &PathBuf) -> Result<Self> {
        let mut file = std::ffi::OsString::from("--callgrind-out-file=");
        file.push(profile);
        let server = Command::new("valgrind")
            .args(["--tool=callgrind", "--quiet"])
            // Names in full, so that calls can be counted by name.
            .args(["--compress-strings=no", "--compress-pos=no"])
            .arg(file)
            .arg(program)
            .args(["serve", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!("valgrind, which has to be installed, does not start: {error}")
            })?;
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
fn ask(address: &str, requests: u64) -> Result<()> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(Duration::from_secs(30)))?;
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n");
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
