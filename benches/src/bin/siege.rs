//! Shows that clients that only hold on cost the others nothing: 500 that say nothing, 500 that dribble a
//! head, 500 that dribble a body and 40 that do not read, all at once, beside good ones.
//!
//! There are two sieges, each between quiet times. It prints a table, and exits with 1 if a good request is
//! lost, the slowest percent of them takes more than twice the time of a quiet run, a bad connection is not
//! closed at its deadline, or the second siege leaves more than a tenth of memory in use that the first did not:
//! the allocator keeps what it once had for the next time, and what is lost would be lost each time. Since it may
//! take the allocator more than one time, a second siege that leaves more is followed by others.
//!
//! The limits of the server are short, so that it takes half a minute; with `--real` they are the defaults, and
//! it takes four minutes. `serve` is the server, in a process of its own.

use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use transom::features::ServerAddresses;
use transom::hyper::{Limits, MinDataRate};
use transom::pipeline::IntoResponse;
use transom::{Body, BoundServer, HyperServer, Request, Response, Server, Shutdown};

const SILENT: usize = 500;
const SLOW_HEADS: usize = 500;
const SLOW_BODIES: usize = 500;
const NEVER_READING: usize = 40;
const GOOD: usize = 16;

/// How often a slow client sends a byte, and a good one a request.
const DRIBBLE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(10);
/// How long it takes until all bad clients are there.
const RAMP: Duration = Duration::from_secs(3);
/// How long the quiet run takes.
const QUIET: Duration = Duration::from_secs(4);
/// What may pass between a deadline and the moment that a busy machine sees its effect.
const SLACK: Duration = Duration::from_secs(3);

/// How much of the memory that the siege before has left may be in use after one.
const KEPT: f64 = 1.1;
/// How many sieges there are at most.
const SIEGES: usize = 4;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["serve", real] => serve(real == "real").map(|()| true),
        [] => lay_siege(false),
        ["--real"] => lay_siege(true),
        _ => Err("there is only `--real`".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// The limits, and when the connections of bad clients have to be gone.
struct Times {
    limits: Limits,
    head: Duration,
    body: Duration,
    /// At the latest: what the system takes in advance counts for a client that does not read.
    response: Duration,
}

fn times(real: bool) -> Times {
    let grace = |limits: &Limits| limits.min_request_body_rate().unwrap_or_default().grace();
    let default = Limits::default();
    if real {
        return Times {
            head: default.request_head_timeout().unwrap_or_default(),
            body: grace(&default),
            response: 24 * grace(&default),
            limits: default,
        };
    }
    let (time, second) = (Duration::from_secs(5), Duration::from_secs(1));
    Times {
        limits: default
            .with_request_head_timeout(Some(time))
            .with_min_request_body_rate(Some(MinDataRate::new(240, time)))
            .with_min_response_rate(Some(MinDataRate::new(4_000_000, second))),
        head: time,
        body: time,
        response: 5 * second,
    }
}

/// Serves until the standard input is closed.
fn serve(real: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = HyperServer::new("http://127.0.0.1:0").with_limits(times(real).limits);
        let bound = server.bind().await?;
        let addresses = bound.features().require::<ServerAddresses>()?.bound();
        let address = addresses[0].connect_addr().ok_or("no address")?;
        println!("{address}");
        let (trigger, shutdown) = Shutdown::pair();
        let serving = tokio::spawn(bound.serve(answer, shutdown));
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        trigger.request();
        Ok(serving.await??)
    })
}

async fn answer(request: Request) -> Response {
    match request.uri().path() {
        "/body" => match request.into_body().collect(1_000_000).await {
            Ok(body) => Response::new(Body::from(body)),
            Err(error) => error.into_response(),
        },
        "/endless" => {
            static PIECE: [u8; 16 * 1024] = [b'x'; 16 * 1024];
            let piece = || Ok::<_, std::io::Error>(Bytes::from_static(&PIECE));
            Response::new(Body::from_stream(stream::repeat_with(piece)))
        }
        _ => Response::new(Body::from(transom_benches::GREETING)),
    }
}

fn lay_siege(real: bool) -> Result<bool> {
    let mut server = Process::start(real)?;
    let address = server.address()?;
    let times = times(real);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        println!("{}", Phase::HEAD);
        // Once for what a server allocates only once.
        good(address, Until::After(QUIET / 4)).await?;
        let mut quiets = vec![quiet("quiet", &server, address).await?];
        let (mut sieges, mut late, mut kept) = (Vec::new(), 0, f64::INFINITY);
        while sieges.len() < 2 || (kept > KEPT && sieges.len() < SIEGES) {
            let (siege, missed) = besieged("besieged", &server, address, &times).await?;
            let after = quiet("quiet again", &server, address).await?;
            kept = after.memory as f64 / quiets[sieges.len()].memory as f64;
            late += missed;
            sieges.push(siege);
            quiets.push(after);
        }

        let slowest = |phases: &[Phase]| phases.iter().map(|phase| phase.served.slowest()).max();
        let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
        let ratio = seconds(slowest(&sieges)) / seconds(slowest(&quiets));
        let phases = quiets.iter().chain(&sieges);
        let lost: usize = phases.map(|phase| phase.served.lost).sum();
        println!(
            "\nBesieged, the slowest percent took {ratio:.2} times as long as quiet, 2.00 at most."
        );
        println!(
            "The last siege left {kept:.2} times the memory of the one before, {KEPT:.2} at most."
        );
        println!("{lost} good requests were lost, and {late} bad connections not closed on time.");
        let within = lost == 0 && late == 0 && ratio <= 2.0 && kept <= KEPT;
        match within {
            true => println!("\nIt is within its bounds."),
            false => println!("\nIt is over its bounds."),
        }
        Ok(within)
    })
}

/// What good clients saw in some time, and the memory of the server: at its end when it was quiet, at most when
/// it was besieged.
struct Phase {
    served: Served,
    memory: u64,
}

impl Phase {
    const HEAD: &str = "                good requests  lost      median  slowest percent  memory";

    fn print(&self, name: &str) {
        println!(
            "{name:>14}  {:>13}  {:>4}  {:>7.2} ms  {:>12.2} ms  {:>6.1} MiB",
            self.served.times.len(),
            self.served.lost,
            self.served.median().as_secs_f64() * 1e3,
            self.served.slowest().as_secs_f64() * 1e3,
            self.memory as f64 / f64::from(1 << 20),
        );
    }
}

async fn quiet(name: &str, server: &Process, address: SocketAddr) -> Result<Phase> {
    // What ended last has to be cleared away.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let served = good(address, Until::After(QUIET)).await?;
    let memory = server.memory()?;
    let phase = Phase { served, memory };
    phase.print(name);
    Ok(phase)
}

/// Returns how many bad connections were not closed on time, too.
async fn besieged(
    name: &str,
    server: &Process,
    address: SocketAddr,
    times: &Times,
) -> Result<(Phase, usize)> {
    let over = Arc::new(AtomicBool::new(false));
    let beside = tokio::spawn(good(address, Until::Set(Arc::clone(&over))));
    let (memory, late) = tokio::join!(watch(server, &over), async {
        let late = bad(address, times).await;
        over.store(true, Ordering::Release);
        late
    });
    let served = beside.await??;
    let memory = memory?;
    let phase = Phase { served, memory };
    phase.print(name);
    let late = late?;
    for kind in late.kinds {
        println!("{:>14}  {kind}", "");
    }
    Ok((phase, late.count))
}

/// Returns the most memory that the server has until it is over.
async fn watch(server: &Process, over: &AtomicBool) -> Result<u64> {
    let mut most = 0;
    while !over.load(Ordering::Acquire) {
        most = most.max(server.memory()?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(most)
}

/// What became of good requests.
struct Served {
    times: Vec<Duration>,
    lost: usize,
}

impl Served {
    fn median(&self) -> Duration {
        let at = self.times.len() / 2;
        self.times.get(at).copied().unwrap_or_default()
    }

    /// Returns the time that 99 in a hundred did not take.
    fn slowest(&self) -> Duration {
        let at = self.times.len() * 99 / 100;
        self.times.get(at).copied().unwrap_or_default()
    }
}

#[derive(Clone)]
enum Until {
    After(Duration),
    Set(Arc<AtomicBool>),
}

impl Until {
    fn is_over(&self, begin: Instant) -> bool {
        match self {
            Self::After(time) => begin.elapsed() >= *time,
            Self::Set(over) => over.load(Ordering::Acquire),
        }
    }
}

/// Good clients: half of them keep their connection, the others make a new one for each request.
async fn good(address: SocketAddr, until: Until) -> Result<Served> {
    let begin = Instant::now();
    let mut clients = JoinSet::new();
    for ordinal in 0..GOOD {
        let until = until.clone();
        clients.spawn(async move {
            let mut served = Vec::new();
            let mut lost = 0;
            let mut kept = None;
            // Not all at the same moment.
            tokio::time::sleep(PAUSE * ordinal as u32 / GOOD as u32).await;
            while !until.is_over(begin) {
                let begin = Instant::now();
                match request(address, kept.take()).await {
                    Ok(connection) => {
                        served.push(begin.elapsed());
                        kept = Some(connection).filter(|_| ordinal % 2 == 0);
                    }
                    Err(_) => lost += 1,
                }
                tokio::time::sleep(PAUSE).await;
            }
            (served, lost)
        });
    }
    let mut all = Served {
        times: Vec::new(),
        lost: 0,
    };
    while let Some(client) = clients.join_next().await {
        let (times, lost) = client?;
        all.times.extend(times);
        all.lost += lost;
    }
    all.times.sort_unstable();
    Ok(all)
}

/// Sends one request, and returns its connection.
async fn request(address: SocketAddr, kept: Option<TcpStream>) -> Result<TcpStream> {
    let asking = async {
        let mut connection = match kept {
            Some(connection) => connection,
            None => TcpStream::connect(address).await?,
        };
        connection
            .write_all(b"GET / HTTP/1.1\r\nhost: siege\r\n\r\n")
            .await?;
        let mut answer = Vec::with_capacity(256);
        while !answer.ends_with(transom_benches::GREETING.as_bytes()) {
            if connection.read_buf(&mut answer).await? == 0 {
                return Err("the connection was closed".into());
            }
        }
        Ok(connection)
    };
    tokio::time::timeout(Duration::from_secs(10), asking).await?
}

/// What became of bad clients.
struct Late {
    /// How many connections were not closed at their deadline.
    count: usize,
    /// How long each kind lasted, in words.
    kinds: Vec<String>,
}

async fn bad(address: SocketAddr, times: &Times) -> Result<Late> {
    let mut clients = JoinSet::new();
    let exact = |time: Duration| (time.mul_f64(0.9), time + SLACK);
    let late = |time: Duration| (Duration::ZERO, time + SLACK);
    for (count, kind, when) in [
        (SILENT, Bad::Silent, exact(times.head)),
        (SLOW_HEADS, Bad::SlowHead, exact(times.head)),
        (SLOW_BODIES, Bad::SlowBody, exact(times.body)),
        (NEVER_READING, Bad::NeverReading, late(times.response)),
    ] {
        for ordinal in 0..count {
            let begins = RAMP * ordinal as u32 / count as u32;
            clients.spawn(async move {
                tokio::time::sleep(begins).await;
                let lasting = tokio::time::timeout(when.1 + SLACK, kind.hold(address)).await;
                let lasted = match lasting {
                    Ok(Ok(time)) => Some(time),
                    Ok(Err(_)) | Err(_) => None,
                };
                (
                    kind,
                    lasted.filter(|time| *time >= when.0 && *time <= when.1),
                    lasted,
                )
            });
        }
    }
    let mut wrong = 0;
    let mut lasted: [Vec<Duration>; 4] = Default::default();
    while let Some(client) = clients.join_next().await {
        let (kind, on_time, time) = client?;
        lasted[kind as usize].extend(time);
        wrong += usize::from(on_time.is_none());
    }
    let names = ["silent", "slow head", "slow body", "never reading"];
    let kinds = names.iter().zip(&lasted).map(|(name, times)| {
        let seconds = |time: Option<&Duration>| time.map_or(0.0, Duration::as_secs_f64);
        format!(
            "{} {name}, closed after {:.2} s to {:.2} s",
            times.len(),
            seconds(times.iter().min()),
            seconds(times.iter().max())
        )
    });
    Ok(Late {
        count: wrong,
        kinds: kinds.collect(),
    })
}

#[derive(Clone, Copy)]
enum Bad {
    Silent,
    SlowHead,
    SlowBody,
    NeverReading,
}

impl Bad {
    /// Holds a connection, and returns how long the server let it.
    async fn hold(self, address: SocketAddr) -> Result<Duration> {
        let mut connection = TcpStream::connect(address).await?;
        let begin = Instant::now();
        let first: &[u8] = match self {
            Self::Silent => b"",
            Self::SlowHead => b"GET / HTTP/1.1\r\nhost: siege\r\nx: ",
            Self::SlowBody => {
                b"POST /body HTTP/1.1\r\nhost: siege\r\ncontent-length: 100000\r\n\r\n"
            }
            Self::NeverReading => b"GET /endless HTTP/1.1\r\nhost: siege\r\n\r\n",
        };
        connection.write_all(first).await?;
        let mut answer = [0; 256];
        match self {
            // Its end is only seen in what the system knows of the socket.
            Self::NeverReading => loop {
                tokio::time::sleep(DRIBBLE / 10).await;
                if connection.take_error()?.is_some() {
                    return Ok(begin.elapsed());
                }
            },
            Self::Silent => match connection.read(&mut answer).await? {
                0 => Ok(begin.elapsed()),
                _ => Err("it was answered".into()),
            },
            Self::SlowHead | Self::SlowBody => loop {
                let reading = connection.read(&mut answer);
                if let Ok(read) = tokio::time::timeout(DRIBBLE, reading).await {
                    let answered =
                        read.is_ok_and(|read| answer[..read].starts_with(b"HTTP/1.1 408 "));
                    return match answered {
                        true => Ok(begin.elapsed()),
                        false => Err("it was not answered 408".into()),
                    };
                }
                // What the answer crosses is of no interest.
                let _ = connection.write_all(b"x").await;
            },
        }
    }
}

/// The server; killed if it is dropped while it runs.
struct Process(Child);

impl Process {
    fn start(real: bool) -> Result<Self> {
        let limits = if real { "real" } else { "short" };
        let server = Command::new(std::env::current_exe()?)
            .args(["serve", limits])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(server))
    }

    /// Waits for the line that says where it listens.
    fn address(&mut self) -> Result<SocketAddr> {
        let output = self.0.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }

    /// Returns how much memory it has, in bytes.
    fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.ok_or("the system does not tell its memory")?;
        let kib: u64 = resident.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
