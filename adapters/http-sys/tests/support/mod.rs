//! A server that runs, and a client that asks so that each driver understands it: one write a request, the names of fields
//! in their usual case.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown as Half, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use transom::contract::ShutdownTrigger;
use transom::features::{ServerAddresses, ServerStatistics};
use transom::{Application, BoundServer, Server, Shutdown};
use transom_http_sys::HttpSysServer;

pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

/// Waits until something is so.
pub(crate) fn until_so(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "{what}: not so");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a number does not grow any more, and returns it.
pub(crate) fn settled(number: &AtomicU64) -> u64 {
    let (since, mut last, mut same) = (Instant::now(), 0, 0);
    while same < 20 {
        assert!(since.elapsed() < 4 * PATIENCE, "it grows and grows: {last}");
        std::thread::sleep(Duration::from_millis(25));
        let now = number.load(Ordering::SeqCst);
        same = if now == last && now > 0 { same + 1 } else { 0 };
        last = now;
    }
    last
}

pub(crate) struct Running {
    pub(crate) runtime: Runtime,
    pub(crate) addresses: ServerAddresses,
    pub(crate) statistics: ServerStatistics,
    pub(crate) trigger: ShutdownTrigger,
    pub(crate) serving: JoinHandle<Result<(), transom::Error>>,
}

impl Running {
    pub(crate) fn start(app: impl Application) -> Self {
        Self::of(
            HttpSysServer::new("http://127.0.0.1:0").with_accepts(8),
            app,
        )
    }

    pub(crate) fn of(server: HttpSysServer, app: impl Application) -> Self {
        let runtime = Runtime::new().unwrap();
        let (trigger, shutdown) = Shutdown::pair();
        let bound = runtime.block_on(server.bind()).unwrap();
        let features = bound.features();
        let addresses = features.get::<ServerAddresses>().unwrap().clone();
        let statistics = features.get::<ServerStatistics>().unwrap().clone();
        let serving = runtime.spawn(bound.serve(app, shutdown));
        Self {
            runtime,
            addresses,
            statistics,
            trigger,
            serving,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses.bound()[0].connect_addr().unwrap()
    }

    pub(crate) fn connect(&self) -> Client {
        Client::to(self.address())
    }

    /// Asks on a connection of its own.
    pub(crate) fn get(&self, target: &str) -> Reply {
        self.connect().ask("GET", target, "", b"")
    }

    pub(crate) fn stop(self) {
        self.trigger.request();
        self.ended();
    }

    pub(crate) fn ended(self) {
        let serving = self.serving;
        let ended = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, serving).await });
        ended.unwrap().unwrap().unwrap();
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    host: SocketAddr,
    received: Vec<u8>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) content: Vec<u8>,
    pub(crate) trailers: String,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.content).unwrap()
    }

    /// Returns the values of a field.
    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1);
        fields
            .filter_map(|line| line.split_once(": "))
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}

impl Client {
    pub(crate) fn to(host: SocketAddr) -> Self {
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            host,
            received: Vec::new(),
        }
    }

    /// Returns one of a connection that is there, on which these bytes have come.
    pub(crate) fn of(stream: TcpStream, host: SocketAddr, received: Vec<u8>) -> Self {
        Self {
            stream,
            host,
            received,
        }
    }

    /// Asks a server that may not be there any more, and takes whatever comes.
    pub(crate) fn hasty(host: SocketAddr, target: &str, body: &[u8]) {
        let Ok(mut stream) = TcpStream::connect_timeout(&host, PATIENCE) else {
            return;
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        if let Err(error) = stream.read_to_end(&mut Vec::new()) {
            let kind = error.kind();
            assert!(
                !matches!(kind, ErrorKind::TimedOut | ErrorKind::WouldBlock),
                "left waiting"
            );
        }
    }

    /// Returns whether nothing comes for a while.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let read = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        read.is_err_and(|error| matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock))
    }

    pub(crate) fn ask(&mut self, method: &str, target: &str, fields: &str, body: &[u8]) -> Reply {
        self.send(method, target, fields, body);
        self.reply(method == "HEAD")
    }

    pub(crate) fn send(&mut self, method: &str, target: &str, fields: &str, body: &[u8]) {
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\n"),
        };
        let host = self.host;
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{length}{fields}\r\n");
        let request = [head.as_bytes(), body].concat();
        self.stream.write_all(&request).unwrap();
    }

    /// As [`ask`](Self::ask), while the answer is read: neither side has room for all of it.
    pub(crate) fn ask_aside(
        &mut self,
        method: &str,
        target: &str,
        fields: &str,
        body: &[u8],
    ) -> Reply {
        let mut other = Self {
            stream: self.stream.try_clone().unwrap(),
            host: self.host,
            received: Vec::new(),
        };
        std::thread::scope(|scope| {
            scope.spawn(move || other.send(method, target, fields, body));
            self.reply(method == "HEAD")
        })
    }

    pub(crate) fn send_raw(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// Says that nothing more comes.
    pub(crate) fn end(&mut self) {
        self.stream.shutdown(Half::Write).unwrap();
    }

    /// Returns the connection, to write and read it otherwise.
    pub(crate) fn stream(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }

    /// Waits until these bytes have come, and leaves them there.
    pub(crate) fn until(&mut self, end: &[u8]) {
        while !self.received.windows(end.len()).any(|at| at == end) {
            self.receive();
        }
    }

    /// Takes off what has come first.
    pub(crate) fn forget(&mut self, first: &[u8]) {
        assert!(self.received.starts_with(first));
        self.received.drain(..first.len());
    }

    /// Returns whatever comes until the connection is closed, or reset.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => self.received.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{error}"),
            }
        }
        std::mem::take(&mut self.received)
    }

    pub(crate) fn head(&mut self) -> String {
        self.until(b"\r\n\r\n");
        String::from_utf8(self.take_until(b"\r\n\r\n")).unwrap()
    }

    pub(crate) fn reply(&mut self, is_head: bool) -> Reply {
        let head = self.head();
        let mut reply = Reply {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            content: Vec::new(),
            trailers: String::new(),
        };
        if is_head || matches!(reply.status, 204 | 304) {
            return reply;
        }
        if reply.fields("transfer-encoding").is_empty() {
            let length = reply.fields("content-length")[0].parse().unwrap();
            reply.content = self.take(length);
            return reply;
        }
        loop {
            self.until(b"\r\n");
            let size = String::from_utf8(self.take_until(b"\r\n")).unwrap();
            let size = usize::from_str_radix(&size, 16).unwrap();
            if size == 0 {
                break;
            }
            reply.content.extend(self.take(size));
            assert_eq!(self.take(2), b"\r\n");
        }
        loop {
            self.until(b"\r\n");
            let line = String::from_utf8(self.take_until(b"\r\n")).unwrap();
            if line.is_empty() {
                return reply;
            }
            reply.trailers.push_str(&line);
            reply.trailers.push_str("\r\n");
        }
    }

    /// Takes what has come before these bytes, and drops them.
    fn take_until(&mut self, end: &[u8]) -> Vec<u8> {
        let found = self.received.windows(end.len()).position(|at| at == end);
        let taken = self.received.drain(..found.unwrap()).collect();
        self.received.drain(..end.len());
        taken
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            self.receive();
        }
        self.received.drain(..length).collect()
    }

    fn receive(&mut self) {
        let mut piece = vec![0; 64 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => panic!("closed behind {:?}", self.last()),
            Ok(read) => self.received.extend_from_slice(&piece[..read]),
            Err(error) => panic!("{error} behind {:?}", self.last()),
        }
    }

    /// Returns the last of what has come, to be shown.
    fn last(&self) -> String {
        let from = self.received.len().saturating_sub(200);
        String::from_utf8_lossy(&self.received[from..]).into_owned()
    }
}
