use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use transom::App;

use crate::{Capability, Notes, Outcome, Protocol, Run, observer};

/// One rule of the contract, and how it is proved: an application, and a client that sends requests to it.
///
/// Without [`with_app`](Self::with_app) the application is the observing one: it reads the request to its
/// end, remembers it for [`Run::observe`], and answers 200.
#[derive(Clone)]
pub struct Case {
    pub(crate) id: &'static str,
    pub(crate) says: &'static str,
    pub(crate) protocols: &'static [Protocol],
    pub(crate) needs: Vec<(Option<Protocol>, Capability)>,
    pub(crate) allows: &'static [&'static str],
    pub(crate) alone: bool,
    pub(crate) app: fn(Notes) -> App,
    pub(crate) client: Client,
}

type Client = Arc<dyn Fn(Run) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

impl Case {
    /// Returns a case that holds on every protocol, and is run on each that the server speaks.
    ///
    /// `says` is the rule, as one sentence about servers.
    pub fn new<F, Running>(id: &'static str, says: &'static str, client: F) -> Self
    where
        F: Fn(Run) -> Running + Send + Sync + 'static,
        Running: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            id,
            says,
            protocols: Protocol::ALL,
            needs: Vec::new(),
            allows: &[],
            alone: false,
            app: observer,
            client: Arc::new(move |run| Box::pin(client(run))),
        }
    }

    /// Returns a case of the bytes of HTTP/1.1, whose client is [`Run::wire`].
    pub fn wire<F, Running>(id: &'static str, says: &'static str, client: F) -> Self
    where
        F: Fn(Run) -> Running + Send + Sync + 'static,
        Running: Future<Output = Outcome> + Send + 'static,
    {
        Self::new(id, says, client).on(&[Protocol::Http1])
    }

    /// Returns a case that starts servers of its own, with [`Run::start`].
    pub fn lifecycle<F, Running>(id: &'static str, says: &'static str, client: F) -> Self
    where
        F: Fn(Run) -> Running + Send + Sync + 'static,
        Running: Future<Output = Outcome> + Send + 'static,
    {
        Self::new(id, says, client).on(&[])
    }

    /// Sets the application, made anew for each test line.
    #[must_use]
    pub fn with_app(self, app: fn(Notes) -> App) -> Self {
        Self { app, ..self }
    }

    /// Restricts the case to some protocols.
    #[must_use]
    pub fn on(self, protocols: &'static [Protocol]) -> Self {
        Self { protocols, ..self }
    }

    /// Adds what a server needs to pass.
    #[must_use]
    pub fn needs(mut self, needs: &[Capability]) -> Self {
        self.needs.extend(needs.iter().map(|need| (None, *need)));
        self
    }

    /// Adds what a server needs to pass on one protocol.
    #[must_use]
    pub fn needs_on(mut self, protocol: Protocol, need: Capability) -> Self {
        self.needs.push((Some(protocol), need));
        self
    }

    /// Sets the rules of the lint that the application of this case breaks on purpose.
    #[must_use]
    pub fn allows(self, rules: &'static [&'static str]) -> Self {
        Self {
            allows: rules,
            ..self
        }
    }

    /// Has the case run in a process of its own, because it measures its process.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            alone: true,
            ..self
        }
    }

    /// Returns whether the case measures its process, and so has to run alone in it; see
    /// [`in_own_process`](crate::in_own_process).
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// Returns the name, as `S-BODY-CL`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the rule.
    pub fn says(&self) -> &'static str {
        self.says
    }

    /// Returns what a server needs to pass, beside a protocol: on one, or on every.
    pub fn needed(&self) -> impl Iterator<Item = (Option<Protocol>, Capability)> {
        self.needs.iter().copied()
    }

    /// Returns the test lines: one for each protocol, or one alone.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let line = |protocol: Option<Protocol>| {
            let all = self.needs.iter();
            let needs = all.filter(|(only, _)| only.is_none() || *only == protocol);
            let needs = needs.map(|(_, need)| *need);
            Line {
                name: match protocol {
                    Some(protocol) => format!("{}@{protocol}", self.id),
                    None => self.id.to_owned(),
                },
                protocol,
                needs: protocol
                    .map(Protocol::capability)
                    .into_iter()
                    .chain(needs)
                    .collect(),
                case: self.clone(),
            }
        };
        match self.protocols {
            [] => vec![line(None)],
            protocols => protocols
                .iter()
                .map(|protocol| line(Some(*protocol)))
                .collect(),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({}: {})", self.id, self.says)
    }
}

/// A case on one protocol.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) needs: Vec<Capability>,
    pub(crate) case: Case,
}
