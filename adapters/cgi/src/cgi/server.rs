use std::fmt;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::time::Duration;

use transom::adapter::Dispatcher;
use transom::features::{
    EndsByItself, ServerInfo, ServerLimit, ServerLimits, ServerStatistics, ServerVariables,
};
use transom::{Application, BoundServer, Error, Features, Server, Shutdown};

use super::process;
use super::stdio::Stdio;
use crate::PathBaseSource;
use crate::environment::{Arrival, HeadForm};
use crate::gateway::{Link, Options, Serving, answer, refuse};

/// A program of CGI (RFC 3875): the web server starts it for each request, and it ends behind the answer. Apache's
/// `mod_cgid` and `mod_cgi`, lighttpd's `mod_cgi`.
///
/// It has no address, and says so by [`EndsByItself`] that a host ends with it. Once it is bound, what the program
/// prints goes to standard error, where its log belongs: standard output is the response. (On Windows it does not;
/// print nothing there.)
///
/// The arguments of the process are its client's: Apache makes them of a query without `=` (RFC 3875, section 4.4). So
/// [`Settings::from_args`](transom::hosting::Settings::from_args) leaves them out with a warning: such a program is set
/// up by files and the environment. One that reads its command line by itself is started by a script that hands none on.
///
/// ```no_run
/// use transom::{Host, Request};
/// use transom_cgi::CgiServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // The whole program.
/// Host::builder(CgiServer::new())
///     .configure(|app| app.run_fn(|request: Request| async move { format!("you asked for {}\n", request.uri()) }))
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a server does nothing until it is bound"]
pub struct CgiServer {
    options: Options,
    /// What it serves if it is not what the process was started for.
    #[cfg(unix)]
    request: Option<(ServerVariables, OwnedFd, OwnedFd)>,
}

impl CgiServer {
    /// Returns a server of the request that this process was started for.
    pub fn new() -> Self {
        let mut options = Options::new("");
        options.rules.path_base = PathBaseSource::ScriptName;
        // The input of a program ends behind the body.
        options.half_close = true;
        Self {
            options,
            #[cfg(unix)]
            request: None,
        }
    }

    /// Sets another request than that of the process: its variables, what its body is read from, and what the
    /// response is written to. For a program that is handed requests some other way, and for tests.
    ///
    /// ```
    /// use std::io::Read;
    /// use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
    /// use transom_cgi::CgiServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let (input, _no_body) = std::io::pipe()?;
    /// let (mut answer, output) = std::io::pipe()?;
    /// let variables = [
    ///     ("REQUEST_METHOD", "GET"),
    ///     ("REQUEST_URI", "/cgi-bin/app/page"),
    ///     ("SCRIPT_NAME", "/cgi-bin/app"),
    ///     ("HTTP_HOST", "a.test"),
    /// ];
    /// let server = CgiServer::new().with_request(variables.into_iter().collect(), input, output);
    /// let app = |request: Request| async move { Response::new(Body::from(request.uri().to_string())) };
    /// server.bind().await?.serve(app, Shutdown::never()).await?; // ends by itself
    ///
    /// let mut text = String::new();
    /// answer.read_to_string(&mut text)?;
    /// assert_eq!(text, "Status: 200 OK\r\ncontent-length: 5\r\n\r\n/page");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(unix)]
    pub fn with_request(
        mut self,
        variables: ServerVariables,
        input: impl Into<OwnedFd>,
        output: impl Into<OwnedFd>,
    ) -> Self {
        self.request = Some((variables, input.into(), output.into()));
        self
    }

    /// Sets what becomes of `SCRIPT_NAME`; [`PathBaseSource::ScriptName`] by default, as web servers that start
    /// programs keep to RFC 3875.
    pub fn with_path_base(mut self, source: PathBaseSource) -> Self {
        self.options.rules.path_base = source;
        self
    }

    /// Sets how long the web server may send nothing of a body that is waited for, or take nothing of a response;
    /// 120 seconds by default, `None` for any time.
    pub fn with_stall_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.options.stall_timeout = timeout;
        self
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.max_request_body_size = limit;
        self
    }

    #[cfg(unix)]
    fn take_request(&mut self) -> Option<(ServerVariables, std::io::Result<Stdio>)> {
        let (variables, input, output) = self.request.take()?;
        Some((variables, Stdio::new(input, output)))
    }

    #[cfg(not(unix))]
    fn take_request(&mut self) -> Option<(ServerVariables, std::io::Result<Stdio>)> {
        None
    }
}

impl Default for CgiServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Server for CgiServer {
    type Bound = BoundCgiServer;

    /// # Errors
    ///
    /// [`Error::is_configuration`] if no web server started this process.
    async fn bind(mut self) -> Result<Self::Bound, Error> {
        let (variables, stdio) = match self.take_request() {
            Some(request) => request,
            None => {
                let variables = process::variables();
                if variables.get("REQUEST_METHOD").is_none() {
                    return Err(Error::configuration(
                        "this is a program of CGI, which a web server starts: there is no `REQUEST_METHOD` in its \
                         environment",
                    ));
                }
                (variables, process::take())
            }
        };
        let stdio = stdio.map_err(|error| Error::bind("standard input and output", error))?;
        let mut features = Features::new();
        features.insert(
            ServerInfo::new("cgi", env!("CARGO_PKG_VERSION"))
                .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        );
        features.insert(ServerStatistics::new());
        features.insert(ServerLimits::new([
            ServerLimit::bytes("max_request_body_size", self.options.max_request_body_size),
            ServerLimit::time("stall_timeout", self.options.stall_timeout),
        ]));
        features.insert(EndsByItself::new());
        Ok(BoundCgiServer {
            features,
            variables,
            link: Link::new(stdio),
            options: self.options,
        })
    }
}

impl fmt::Debug for CgiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CgiServer")
            .field("path_base", &self.options.rules.path_base)
            .finish_non_exhaustive()
    }
}

/// A [`CgiServer`] that has its request, and serves it not yet.
#[derive(Debug)]
pub struct BoundCgiServer {
    features: Features,
    variables: ServerVariables,
    link: Link<Stdio>,
    options: Options,
}

impl BoundServer for BoundCgiServer {
    fn features(&self) -> &Features {
        &self.features
    }

    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let serving = Serving {
            dispatcher: Dispatcher::new(app, self.features, &shutdown)
                .with_max_request_body_size(self.options.max_request_body_size),
            options: self.options,
            shutdown,
        };
        match Arrival::read(self.variables, &serving.options.rules) {
            Ok(arrival) => {
                let length = arrival.body_length_or_end();
                answer(self.link, &serving, arrival, length, HeadForm::Field).await;
            }
            Err(refusal) => refuse(self.link, &serving, &refusal, HeadForm::Field).await,
        }
        Ok(())
    }
}
