use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use transom::{App, Application, Body, Request, Response};

use crate::case::Line;
use crate::run::CASE;
use crate::running::Running;
use crate::{
    Capability, Case, Failure, Lint, Notes, Outcome, Report, Run, Support, Target, cases,
    in_own_process, within_for,
};

/// How long a whole case may take.
const CASE_DEADLINE: Duration = Duration::from_secs(20);

/// How long a case may take that has to fail: waiting longer proves no more.
const FAILING_DEADLINE: Duration = Duration::from_secs(3);

/// Runs every case that applies to a server, as the `main` of a test without a harness.
///
/// The arguments are those of any Rust test: a filter, `--list`, `--test-threads` and so on. A malformed
/// manifest ends the program with a message.
pub fn run(target: Result<Target, crate::ManifestError>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Many cases wait for what must not come.
    arguments.test_threads.get_or_insert(4);
    let suite = target
        .map_err(Failure::from)
        .and_then(|target| Suite::new(target, &cases::all()));
    let trials = match suite {
        Ok(suite) => suite.trials(),
        // As a test that fails, so that it shows wherever test results do.
        Err(failure) => vec![Trial::test("manifest", move || Err(Failed::from(failure)))],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The cases that apply to one server, and the server that serves them all.
#[derive(Debug)]
pub struct Suite {
    target: Target,
    lines: Vec<Line>,
    /// Each line's own, by the line's name.
    stages: HashMap<String, Stage>,
    server: OnceCell<Arc<Running>>,
}

/// Where a line's application and its client meet.
#[derive(Clone, Debug)]
struct Stage {
    app: App,
    notes: Notes,
    report: Report,
}

impl Suite {
    /// Returns the suite of some cases; the server is started by the first that runs.
    ///
    /// # Errors
    ///
    /// The manifest says that a line fails which does not exist.
    pub fn new(target: Target, cases: &[Case]) -> Outcome<Self> {
        let lines: Vec<_> = cases.iter().flat_map(Case::lines).collect();
        for name in target.manifest().fails().keys() {
            if !lines.iter().any(|line| line.name == *name) {
                return Err(Failure::new(format!(
                    "the manifest says that `{name}` fails, which is the name of no test"
                )));
            }
        }
        let stages = lines.iter().map(|line| {
            let notes = Notes::default();
            let (app, report) = Lint::new((line.case.app)(notes.clone()));
            let app = App::new(app);
            (line.name.clone(), Stage { app, notes, report })
        });
        Ok(Self {
            stages: stages.collect(),
            target,
            lines,
            server: OnceCell::new(),
        })
    }

    /// Returns the names of the test lines whose needs the manifest says are met.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.applicable().map(|line| &*line.name)
    }

    /// Runs one line, whatever the manifest says; one that [is alone](Case::is_alone) in a process where nothing
    /// else runs, if it is to pass.
    ///
    /// # Errors
    ///
    /// It failed; or there is none of that name.
    pub async fn run(&self, name: &str) -> Outcome {
        let line = self.lines.iter().find(|line| line.name == name);
        let line = line.ok_or_else(|| Failure::new(format!("there is no test line `{name}`")))?;
        self.run_line(line, CASE_DEADLINE).await
    }

    /// Makes each line a test, and each declared absence.
    pub(crate) fn trials(self) -> Vec<Trial> {
        let runtime = match Runtime::new() {
            Ok(runtime) => Arc::new(runtime),
            Err(error) => {
                return vec![Trial::test("runtime", move || Err(Failed::from(error)))];
            }
        };
        let suite = Arc::new(self);
        let mut trials = Vec::new();
        for line in suite.applicable() {
            let fails = suite.target.manifest().fails().get(&line.name);
            let name = match fails {
                Some(reason) => format!("{} (fails: {reason})", line.name),
                None => line.name.clone(),
            };
            let (suite, line, fails) = (Arc::clone(&suite), line.clone(), fails.is_some());
            let runtime = Arc::clone(&runtime);
            trials.push(Trial::test(name.clone(), move || {
                let run = || {
                    runtime.block_on(async {
                        match fails {
                            true => suite.has_to_fail(&line).await,
                            false => suite.run_line(&line, CASE_DEADLINE).await,
                        }
                    })
                };
                let outcome = match line.case.is_alone() {
                    true => in_own_process(&name, run),
                    false => run(),
                };
                Ok(outcome?)
            }));
        }
        for (capability, reason) in suite.absent() {
            let lines = suite.lines_without(capability);
            if lines.is_empty() {
                continue;
            }
            let suite = Arc::clone(&suite);
            let runtime = Arc::clone(&runtime);
            let name = format!("absent: {capability} ({reason})");
            trials.push(Trial::test(name, move || {
                Ok(runtime.block_on(suite.is_absent(capability, &lines))?)
            }));
        }
        trials
    }

    /// Returns the lines whose needs are all met.
    fn applicable(&self) -> impl Iterator<Item = &Line> {
        let manifest = self.target.manifest();
        let met = |line: &&Line| line.needs.iter().all(|need| manifest.has(*need));
        self.lines.iter().filter(met)
    }

    fn absent(&self) -> Vec<(Capability, String)> {
        let manifest = self.target.manifest();
        let all = Capability::ALL.iter();
        all.filter_map(|capability| match manifest.support(*capability) {
            Support::Absent(reason) => Some((*capability, reason.clone())),
            _ => None,
        })
        .collect()
    }

    /// Returns the lines that would apply if `capability` were there.
    pub(crate) fn lines_without(&self, capability: Capability) -> Vec<Line> {
        let manifest = self.target.manifest();
        let lines = self.lines.iter().filter(|line| {
            let mut missing = line.needs.iter().filter(|need| !manifest.has(**need));
            missing.next() == Some(&capability) && missing.all(|other| *other == capability)
        });
        // Beside others such a line fails for their sake, and would prove an absence that is none.
        let lines = lines.filter(|line| !line.case.is_alone());
        lines.cloned().collect()
    }

    /// Holds a server to a declared absence: one that passes every case of the capability has it.
    async fn is_absent(&self, capability: Capability, lines: &[Line]) -> Outcome {
        for line in lines {
            if self.run_line(line, FAILING_DEADLINE).await.is_err() {
                return Ok(());
            }
        }
        Err(Failure::new(format!(
            "the manifest says that `{capability}` is absent, but the server passes every case of it"
        )))
    }

    async fn has_to_fail(&self, line: &Line) -> Outcome {
        match self.run_line(line, FAILING_DEADLINE).await {
            Err(_) => Ok(()),
            Ok(()) => Err(Failure::new(
                "it passes: take it out of the `[fails]` of the manifest",
            )),
        }
    }

    async fn run_line(&self, line: &Line, deadline: Duration) -> Outcome {
        let stage = &self.stages[&line.name];
        let run = Run {
            line: line.name.as_str().into(),
            protocol: line.protocol,
            target: self.target.clone(),
            server: self.server().await?,
            notes: stage.notes.clone(),
            report: stage.report.clone(),
        };
        within_for(deadline, "the end of the case", (line.case.client)(run)).await??;
        stage.report.verdict(line.case.allows)
    }

    async fn server(&self) -> Outcome<Arc<Running>> {
        let start = || async {
            let apps = self.stages.iter();
            let apps = apps.map(|(name, stage)| (name.clone(), stage.app.clone()));
            let app = App::new(ByCase(apps.collect()));
            Ok::<_, Failure>(Arc::new(self.target.start(app).await?))
        };
        Ok(Arc::clone(self.server.get_or_try_init(start).await?))
    }
}

/// Hands each request to the application of its case.
struct ByCase(HashMap<String, App>);

impl Application for ByCase {
    async fn call(&self, request: Request) -> Response {
        let case = request.headers().get(CASE);
        let app = case
            .and_then(|case| case.to_str().ok())
            .and_then(|case| self.0.get(case));
        match app {
            Some(app) => app.call(request).await,
            None => {
                let mut response = Response::new(Body::from("the request names no case"));
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use transom::testing::TestServer;

    use super::*;

    const MANIFEST: &str = include_str!("../manifests/memory.toml");

    fn suite(manifest: &str) -> Outcome<Suite> {
        let target = Target::new(manifest, TestServer::new)?;
        Suite::new(target, &cases::all())
    }

    #[tokio::test]
    async fn an_absence_that_is_none_is_found() -> Outcome {
        let said = "custom-methods = \"native\"";
        let manifest = MANIFEST.replace(said, "custom-methods = { absent = 'so it says' }");
        let suite = suite(&manifest)?;
        let lines = suite.lines_without(Capability::CustomMethods);
        assert!(!lines.is_empty());
        let outcome = suite.is_absent(Capability::CustomMethods, &lines).await;
        assert!(outcome.is_err(), "methods of any name are there");

        let lines = suite.lines_without(Capability::Http1);
        assert!(!lines.is_empty());
        suite.is_absent(Capability::Http1, &lines).await
    }

    #[tokio::test]
    async fn a_line_that_is_said_to_fail_has_to() -> Outcome {
        let name = "S-REQ-QUERY@memory";
        let suite = suite(&format!("{MANIFEST}\n[fails]\n\"{name}\" = 'so it says'\n"))?;
        let line = suite.lines.iter().find(|line| line.name == name);
        let line = line.ok_or_else(|| Failure::new("the line is not there"))?;
        let outcome = suite.has_to_fail(line).await;
        assert!(outcome.is_err(), "it passes");
        Ok(())
    }

    #[test]
    fn a_line_that_does_not_exist_cannot_fail() {
        let failure = suite(&format!("{MANIFEST}\n[fails]\n\"S-NONE\" = 'why'\n")).err();
        assert_eq!(
            failure.map(|failure| failure.to_string()).as_deref(),
            Some("the manifest says that `S-NONE` fails, which is the name of no test"),
        );
    }
}
