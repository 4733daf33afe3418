use std::backtrace::BacktraceStatus;
use std::error::Error;

use http::{Request, StatusCode};
use transom::RequestExt;
use transom::features::{
    ConnectionInfo, OriginalTarget, PathBase, RequestIdentifier, Scheme, ServerAddresses,
    ServerInfo, TlsInfo,
};
use transom::pipeline::Failure;

use super::layer::Options;

/// All that is shown.
pub(super) struct Report {
    pub(super) status: StatusCode,
    /// The error, and what each was caused by.
    pub(super) causes: Vec<String>,
    pub(super) debug: String,
    pub(super) backtrace: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) tables: Vec<Table>,
    /// The names of the stages, and whether it is the one that failed.
    pub(super) stages: Vec<(String, bool)>,
    /// Of the one that failed, if it is none of those.
    pub(super) elsewhere: Option<String>,
    pub(super) features: Vec<&'static str>,
}

pub(super) struct Table {
    pub(super) title: &'static str,
    /// Names and values; `None` is a secret.
    pub(super) rows: Vec<(String, Option<String>)>,
}

/// A chain of errors that is longer is most likely a circle.
const MOST_CAUSES: usize = 32;

impl Report {
    pub(super) fn new(failure: &Failure, request: &Request<()>, options: &Options) -> Self {
        let error: &(dyn Error + 'static) = failure.error();
        let backtrace = failure.backtrace();
        let base = request.feature::<PathBase>().map_or("", PathBase::as_str);
        let failed = failure.stage();
        let mut stages: Vec<_> = options
            .stages
            .iter()
            .map(|name| (name.to_owned(), Some(name) == failed))
            .collect();
        let marked = stages.iter().filter(|(_, failed)| *failed).count();
        if marked > 1 {
            // Several have the name; which of them it was is not known.
            stages.iter_mut().for_each(|(_, failed)| *failed = false);
        }
        Self {
            status: failure.status(),
            causes: causes(error),
            debug: format!("{error:#?}"),
            backtrace: (backtrace.status() == BacktraceStatus::Captured)
                .then(|| backtrace.to_string()),
            method: request.method().to_string(),
            path: format!("{base}{}", request.uri().path()),
            tables: vec![
                Table::of_request(request),
                Table::of_query(request, options),
                Table::of_fields(request, options),
                Table::of_connection(request),
                Table::of_server(request),
            ],
            elsewhere: failed.filter(|_| marked != 1).map(str::to_owned),
            stages,
            features: request.features().names().collect(),
        }
    }
}

fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| causes.len() < MOST_CAUSES) {
        causes.push(error.to_string());
        next = error.source();
    }
    causes
}

impl Table {
    fn new(title: &'static str) -> Self {
        let rows = Vec::new();
        Self { title, rows }
    }

    fn row(mut self, name: &str, value: &impl ToString) -> Self {
        self.rows.push((name.to_owned(), Some(value.to_string())));
        self
    }

    fn row_if(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.row(name, &value),
            None => self,
        }
    }

    fn of_request(request: &Request<()>) -> Self {
        let original = request.feature::<OriginalTarget>();
        // The query has a table of its own, without secrets.
        let original = original.map(|target| target.uri().path());
        let original = original.filter(|path| *path != request.uri().path());
        Self::new("Request")
            .row("Method", request.method())
            .row("Path", &request.uri().path())
            .row_if("Path base", request.feature::<PathBase>())
            .row_if("Path as it came", original)
            .row("Version", &format!("{:?}", request.version()))
            .row_if("Scheme", request.feature::<Scheme>())
            .row_if("Identifier", request.feature::<RequestIdentifier>())
    }

    fn of_query(request: &Request<()>, options: &Options) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let rows = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| {
            let secret = options.secrets.is_secret(&name);
            (name.into_owned(), (!secret).then(|| value.into_owned()))
        });
        Self {
            title: "Query",
            rows: rows.collect(),
        }
    }

    fn of_fields(request: &Request<()>, options: &Options) -> Self {
        let rows = request.headers().iter().map(|(name, value)| {
            let shown = options.secrets.field(name, value);
            (name.as_str().to_owned(), shown)
        });
        Self {
            title: "Fields of the head",
            rows: rows.collect(),
        }
    }

    fn of_connection(request: &Request<()>) -> Self {
        let table = Self::new("Connection");
        let table = match request.feature::<ConnectionInfo>() {
            Some(info) => table
                .row_if("Client", info.remote())
                .row_if("Local", info.local())
                .row("Transport", &info.transport().as_str())
                .row("Identifier", &info.id()),
            None => table,
        };
        let Some(tls) = request.feature::<TlsInfo>() else {
            return table;
        };
        let certificates = tls.client_certificates().len();
        table
            .row_if("TLS", tls.version())
            .row_if("Cipher suite", tls.cipher_suite())
            .row_if("Key exchange", tls.key_exchange())
            .row_if("Server name", tls.server_name())
            .row_if(
                "Protocol (ALPN)",
                tls.protocol().map(String::from_utf8_lossy),
            )
            .row("Resumed", &tls.is_resumed())
            .row("Client certificates", &certificates)
    }

    fn of_server(request: &Request<()>) -> Self {
        let table = Self::new("Server");
        let table = match request.feature::<ServerInfo>() {
            Some(info) => {
                let adapter = info.adapter();
                let adapter = adapter.map(|(name, version)| format!("{name}/{version}"));
                table.row("Server", info).row_if("Adapter", adapter)
            }
            None => table,
        };
        let addresses = request.feature::<ServerAddresses>();
        let addresses = addresses.map(ServerAddresses::bound).unwrap_or_default();
        addresses
            .iter()
            .fold(table, |table, address| table.row("Listens on", address))
    }
}
