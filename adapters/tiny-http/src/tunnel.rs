use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use http::{HeaderValue, header, response::Parts};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;
use transom::adapter::{HostRuntime, UpgradeCompletion};
use transom::features::{Counted, ServerStatistics, Upgraded};

use crate::inflow::is_timeout;
use crate::phase::{Phase, Phases};

/// How many bytes wait between the application and the thread of its connection, each way.
const BUFFER: usize = 64 * 1024;

/// How long the application may think about what it heard before the client is listened to again.
///
/// tiny_http yields one object for both directions, and while it is read nothing can be written: what the
/// application says later waits until the client speaks, or was silent for the read timeout.
const GRACE: Duration = Duration::from_millis(50);

/// How long it may pause within what it says.
const PAUSE: Duration = Duration::from_millis(5);

/// Sends a 101 and hands the connection to the application, with a thread that carries its bytes.
///
/// # Errors
///
/// The system has no thread left: the connection is closed.
pub(crate) fn open(
    request: tiny_http::Request,
    head: &Parts,
    completion: UpgradeCompletion,
    statistics: &ServerStatistics,
    runtime: &HostRuntime,
    phases: &Phases,
    counted: Counted,
) -> io::Result<()> {
    // The engine writes `Connection` itself, and `Upgrade` from what it is told.
    let protocol = head
        .headers
        .get(header::UPGRADE)
        .and_then(|protocol| protocol.to_str().ok())
        .unwrap_or("unknown")
        .to_owned();
    let mut response = tiny_http::Response::empty(101);
    for (name, value) in &head.headers {
        if let Some(field) = field(name.as_str(), value) {
            response.add_header(field);
        }
    }
    let stream = request.upgrade(&protocol, response);
    let (near, far) = tokio::io::duplex(BUFFER);
    let tunnel = Tunnel {
        stream,
        far,
        buffer: vec![0; BUFFER],
        phases: phases.clone(),
    };
    let runtime = runtime.clone();
    thread::Builder::new()
        .name("tiny-http-upgraded".into())
        .spawn(move || {
            let _counted = counted;
            // However it ended: both ends are closed now.
            let _ = tunnel.run(&runtime);
        })?;
    completion.complete(Upgraded::from_tokio(near), statistics);
    Ok(())
}

/// The engine has no field values but of ASCII.
fn field(name: &str, value: &HeaderValue) -> Option<tiny_http::Header> {
    tiny_http::Header::from_bytes(name, value.as_bytes()).ok()
}

struct Tunnel {
    stream: Box<dyn tiny_http::ReadWrite + Send>,
    far: DuplexStream,
    buffer: Vec<u8>,
    phases: Phases,
}

impl Tunnel {
    fn run(mut self, runtime: &HostRuntime) -> io::Result<()> {
        loop {
            if !runtime.block_on(self.say(GRACE))? || self.phases.now() == Phase::Aborted {
                return Ok(());
            }
            match self.stream.read(&mut self.buffer) {
                Ok(0) => {
                    runtime.block_on(self.far.shutdown())?;
                    return runtime.block_on(self.say_the_rest());
                }
                Ok(read) => runtime.block_on(self.hear(read))?,
                Err(error) if is_timeout(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what the application says, until it is silent for so long. Returns whether it stays.
    async fn say(&mut self, mut silence: Duration) -> io::Result<bool> {
        loop {
            match timeout(silence, self.far.read(&mut self.buffer)).await {
                Err(_silent) => return Ok(true),
                Ok(read) => match read? {
                    0 => return Ok(false),
                    read => {
                        self.stream.write_all(&self.buffer[..read])?;
                        self.stream.flush()?;
                        silence = silence.min(PAUSE);
                    }
                },
            }
        }
    }

    async fn say_the_rest(&mut self) -> io::Result<()> {
        let phases = self.phases.clone();
        let saying = async {
            while self.say(Duration::from_secs(3600)).await? {}
            Ok(())
        };
        tokio::select! {
            done = saying => done,
            () = phases.aborted() => Ok(()),
        }
    }

    /// Hands over what the client said. The application may say something before it takes it.
    async fn hear(&mut self, read: usize) -> io::Result<()> {
        let (mut from, mut to) = tokio::io::split(&mut self.far);
        let mut hearing = std::pin::pin!(to.write_all(&self.buffer[..read]));
        let mut said = vec![0; 4096];
        loop {
            tokio::select! {
                biased;
                heard = &mut hearing => return heard,
                () = self.phases.aborted() => return Ok(()),
                read = from.read(&mut said) => match read? {
                    0 => return Ok(()),
                    read => {
                        self.stream.write_all(&said[..read])?;
                        self.stream.flush()?;
                    }
                },
            }
        }
    }
}
