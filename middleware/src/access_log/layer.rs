use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::SystemTime;

use http::request::Parts;
use tower_layer::Layer;

use super::clock::Clock;
use super::format::{JsonFormat, LogFormat};
use super::query::Query;
use super::sink::{Files, Functions, LineWriter, RollingFile, Sink, Writer};
use super::{AccessLog, Shared};

/// Makes of a service one that writes a line for each request. See the [module](super).
///
/// A clone writes to the same place. When the last one is dropped, and with it the services and responses that were
/// made of it, what is still queued is written; that is waited for, up to 5 seconds.
#[doc(alias = "UseW3CLogging")]
#[doc(alias = "UseHttpLogging")]
#[derive(Clone, Debug)]
pub struct AccessLogLayer {
    format: LogFormat,
    sink: Sink,
    options: Options,
}

/// What is logged, and when it is.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) filter: Option<Arc<Filter>>,
    pub(super) query: Query,
    pub(super) clock: Clock,
}

type Filter = dyn Fn(&Parts) -> bool + Send + Sync;

impl AccessLogLayer {
    /// Makes an event of each request: target `transom::access`, level `INFO`, and the fields that the
    /// [module](super#json) lists for JSON, but for `time` and `headers`. It is as quick as the subscriber is.
    pub fn to_tracing() -> Self {
        Self::new(JsonFormat::new().into(), Sink::Events)
    }

    /// Writes to files in a directory.
    ///
    /// # Errors
    ///
    /// The first file could not be opened or written, an option of the files is out of its range, or no thread could
    /// be started.
    pub fn to_files(format: impl Into<LogFormat>, files: RollingFile) -> io::Result<Self> {
        let format = format.into();
        let files = Files::open(files, format.clone())?;
        Ok(Self::new(format, Sink::Lines(Writer::start(files)?)))
    }

    /// Writes to whatever takes bytes: standard output, a pipe. It is flushed whenever there is nothing more to write.
    ///
    /// # Errors
    ///
    /// No thread could be started.
    pub fn to_writer(
        format: impl Into<LogFormat>,
        writer: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let format = format.into();
        let head = format.head(SystemTime::now());
        let lines = LineWriter::new(writer).with_head(head);
        Ok(Self::new(format, Sink::Lines(Writer::start(lines)?)))
    }

    /// Calls a function with each line, without the line feed at its end, on a thread of its own.
    ///
    /// # Errors
    ///
    /// No thread could be started.
    pub fn to_function(
        format: impl Into<LogFormat>,
        function: impl FnMut(&str) + Send + 'static,
    ) -> io::Result<Self> {
        let writer = Writer::start(Functions(function))?;
        Ok(Self::new(format.into(), Sink::Lines(writer)))
    }

    fn new(format: LogFormat, sink: Sink) -> Self {
        Self {
            format,
            sink,
            options: Options::default(),
        }
    }

    /// Sets how many bytes of lines may wait to be written. 1 MiB by default, some 5,000 lines. What does not fit is
    /// dropped and counted. An event does not wait.
    #[must_use]
    pub fn with_queue_size(self, bytes: usize) -> Self {
        if let Sink::Lines(writer) = &self.sink {
            writer.limit(bytes);
        }
        self
    }

    /// Logs only the requests for which this returns `true`. All by default.
    ///
    /// ```
    /// use transom_middleware::access_log::AccessLogLayer;
    ///
    /// let log = AccessLogLayer::to_tracing().with_filter(|head| head.uri.path() != "/livez");
    /// # let _ = log;
    /// ```
    #[must_use]
    pub fn with_filter(mut self, filter: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.options.filter = Some(Arc::new(filter));
        self
    }

    /// Leaves out the query of the request target and of `Referer`. They are logged by default.
    #[must_use]
    pub fn without_query(mut self) -> Self {
        self.options.query = Query::LeftOut;
        self
    }

    /// Logs `***` for the values of these parameters of the query, in the request target and in `Referer`. Names are
    /// compared as an application would read them, ASCII case ignored.
    #[must_use]
    pub fn with_masked_parameters<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.options.query = Query::Masked(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the clock, for tests; durations are told by it too. By default times are the system's, and durations those
    /// of a clock that nobody sets.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.options.clock = Clock::given(clock);
        self
    }

    /// Waits until everything that was logged so far is written, up to 5 seconds, and returns whether it is. It
    /// blocks the thread.
    pub fn flush(&self) -> bool {
        match &self.sink {
            Sink::Events => true,
            Sink::Lines(writer) => writer.flush(),
        }
    }

    /// Returns how many lines were lost, because the queue was full or because they could not be written.
    pub fn lost(&self) -> u64 {
        match &self.sink {
            Sink::Events => 0,
            Sink::Lines(writer) => writer.lost(),
        }
    }
}

impl<S> Layer<S> for AccessLogLayer {
    type Service = AccessLog<S>;

    fn layer(&self, inner: S) -> AccessLog<S> {
        let shared = Shared {
            fields: self.format.fields(),
            format: self.format.clone(),
            sink: self.sink.clone(),
            options: self.options.clone(),
        };
        AccessLog::new(inner, Arc::new(shared))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("filter", &self.filter.is_some())
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}
