//! A stand-in for the ASP.NET Core Module of IIS: it does what the module is documented to do, step by step.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::time::{Duration, Instant};

use crate::program::{Directory, Running, command, read_until};

/// `startupTimeLimit` and `shutdownTimeLimit`; the latter is the module's own default.
const LIMIT: Duration = Duration::from_secs(10);
/// How often the module looks whether the process listens.
const POLL: Duration = Duration::from_millis(250);

/// What `web.config` and the site say.
pub(crate) struct Site {
    pub(crate) path: &'static str,
    pub(crate) websockets: &'static str,
    pub(crate) arguments: &'static [&'static str],
}

impl Default for Site {
    fn default() -> Self {
        Self {
            path: "/",
            websockets: "true",
            arguments: &[],
        }
    }
}

/// Who asks IIS, and how.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) address: &'static str,
    pub(crate) scheme: &'static str,
    /// DER in base64.
    pub(crate) certificate: Option<&'static str>,
    /// A handle of the token of a Windows user, in hexadecimal.
    pub(crate) identity: Option<&'static str>,
}

pub(crate) const CLIENT: Client = Client {
    address: "198.51.100.9:51000",
    scheme: "http",
    certificate: None,
    identity: None,
};

/// A process that the module has started and that listens.
pub(crate) struct Module {
    running: Running,
    site: Site,
    pub(crate) port: u16,
    pub(crate) token: String,
    _directory: Directory,
}

impl Module {
    /// Starts the process, and waits until it listens.
    pub(crate) fn start(site: Site) -> Self {
        let (port, token) = (free_port(), uuid());
        let variables = [
            ("ASPNETCORE_PORT", port.to_string()),
            ("ASPNETCORE_APPL_PATH", site.path.to_owned()),
            ("ASPNETCORE_TOKEN", token.clone()),
            ("ASPNETCORE_IIS_HTTPAUTH", "anonymous;".to_owned()),
            (
                "ASPNETCORE_IIS_WEBSOCKETS_SUPPORTED",
                site.websockets.to_owned(),
            ),
            (
                "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES",
                "Microsoft.AspNetCore.Server.IISIntegration".to_owned(),
            ),
        ];
        Self::start_with(site, port, token, &variables)
    }

    /// As HttpPlatformHandler does: it says where, and no more.
    pub(crate) fn start_by_platform_handler(site: Site) -> Self {
        let port = free_port();
        let variables = [("HTTP_PLATFORM_PORT", port.to_string())];
        Self::start_with(site, port, String::new(), &variables)
    }

    fn start_with(site: Site, port: u16, token: String, variables: &[(&str, String)]) -> Self {
        let directory = Directory::new();
        let mut command = command(&directory, site.arguments);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut running = Running(Some(command.spawn().expect("it starts")));
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let child = running.0.as_mut().expect("it was just started");
            if child.try_wait().expect("it is a child").is_some() {
                panic!("502.5: the process has ended: {:?}", running.wait());
            }
            assert!(begun.elapsed() < LIMIT, "502.5: nobody listens at {port}");
            std::thread::sleep(POLL);
        }
        Self {
            running,
            site,
            port,
            token,
            _directory: directory,
        }
    }

    /// Hands a request of a client over, and returns the connection to read the answer from. The fields are
    /// lines of `Name: value`.
    pub(crate) fn forward(&self, client: Client, line: &str, fields: &[&str]) -> TcpStream {
        let mut head = vec![format!("{line} HTTP/1.1"), "Host: www.example.com".into()];
        let websocket = fields.contains(&"Upgrade: websocket");
        let mut forwarded_for = Vec::new();
        for field in fields {
            let (name, value) = field.split_once(": ").expect("`Name: value`");
            let name = name.to_ascii_lowercase();
            match &*name {
                _ if name.starts_with("ms-aspnetcore") => {}
                "connection" | "upgrade" if !websocket => {}
                "x-forwarded-for" => forwarded_for.push(value),
                _ => head.push((*field).to_owned()),
            }
        }
        if !self.token.is_empty() {
            head.push(format!("MS-ASPNETCORE-TOKEN: {}", self.token));
        }
        if let Some(handle) = client.identity {
            head.push(format!("MS-ASPNETCORE-WINAUTHTOKEN: {handle}"));
        }
        forwarded_for.push(client.address);
        head.push(format!("X-Forwarded-For: {}", forwarded_for.join(", ")));
        head.push(format!("X-Forwarded-Proto: {}", client.scheme));
        if let Some(der) = client.certificate {
            head.push(format!("MS-ASPNETCORE-CLIENTCERT: {der}"));
        }
        self.send(&(head.join("\r\n") + "\r\n\r\n"))
    }

    /// Asks the process to end; returns the status of its answer.
    pub(crate) fn send_shutdown(&self, path: &str, token: &str) -> u16 {
        let path = match path {
            "/" => "",
            path => path,
        };
        // The blank behind the event is the module's own.
        let stream = self.send(&format!(
            "POST {path}/iisintegration HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 0\r\n\
             MS-ASPNETCORE-EVENT:shutdown \r\nMS-ASPNETCORE-TOKEN:{token}\r\n\r\n",
            self.port
        ));
        answer(stream).0
    }

    /// Stops the process as the module does, and returns what it has written.
    pub(crate) fn stop(self) -> Output {
        assert_eq!(self.send_shutdown(self.site.path, &self.token), 202);
        self.end()
    }

    /// Waits until the process, which was asked to, has ended.
    pub(crate) fn end(self) -> Output {
        let asked = Instant::now();
        let output = self.running.wait();
        assert!(asked.elapsed() < LIMIT, "it would have been terminated");
        output
    }

    /// Sends bytes that did not come through IIS.
    pub(crate) fn send(&self, bytes: &str) -> TcpStream {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream
            .set_read_timeout(Some(LIMIT))
            .expect("a limit is set");
        stream.write_all(bytes.as_bytes()).expect("it reads");
        stream
    }
}

/// Reads an answer: its status and its content.
pub(crate) fn answer(mut stream: TcpStream) -> (u16, String) {
    let head = read_until(&mut stream, "\r\n\r\n").to_ascii_lowercase();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let length = head.split_once("content-length: ");
    let length = length.and_then(|(_, rest)| rest.split("\r\n").next()?.parse().ok());
    let mut content = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut content).expect("it is all there");
    let content = String::from_utf8(content).expect("it answers with text");
    (status.expect("a status"), content)
}

/// Chooses as the module does: at random from 1025 to 48000, up to ten times until one is free.
fn free_port() -> u16 {
    for _ in 0..10 {
        let port = 1025 + (RandomState::new().hash_one(0) % (48_000 - 1025 + 1)) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

fn uuid() -> String {
    let [high, low] = [0, 1].map(|which| RandomState::new().hash_one(which));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
