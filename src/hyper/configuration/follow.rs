//! Follows the files of a configuration while the server serves.

use std::time::Duration;

use super::HyperConfiguration;
use super::build;
use super::difference::Difference;
use super::plan::Plan;
use crate::contract::{Error, Shutdown};
use crate::features::ServerReload;
use crate::hyper::accept::LiveEndpoints;
use crate::hyper::options::{Endpoint, Limits, Options};
use crate::hyper::watch::Files;

/// Reads the files of a configuration again when they change, and makes the server so.
#[derive(Debug)]
pub(in crate::hyper) struct Follower {
    configuration: HyperConfiguration,
    /// What the program says.
    options: Options,
    /// What the server is.
    plan: Plan,
    /// Not looked at yet: they may have changed since they were read.
    files: Option<Files>,
    /// Whether they had changed when they were last looked at.
    changing: bool,
    interval: Duration,
    /// What is wrong with the files as they are; it is tried again, for an address may come free.
    wrong: Option<String>,
    reload: ServerReload,
}

/// What has to be done.
struct Step {
    remove: Vec<String>,
    add: Vec<Endpoint>,
    limits: Option<Limits>,
}

impl Follower {
    /// Returns `None` where there is nothing to follow.
    pub(super) fn new(
        configuration: &HyperConfiguration,
        options: Options,
        plan: &Plan,
    ) -> Option<Self> {
        let interval = configuration.reload?;
        (!configuration.section.files().is_empty()).then(|| Self {
            configuration: configuration.clone(),
            options,
            plan: plan.clone(),
            files: None,
            changing: false,
            interval,
            wrong: None,
            reload: ServerReload::new(),
        })
    }

    /// Returns what tells that a change is taken in.
    pub(in crate::hyper) fn reload(&self) -> &ServerReload {
        &self.reload
    }

    /// Follows until the server stops.
    pub(in crate::hyper) async fn run(self, live: LiveEndpoints, shutdown: Shutdown) {
        let mut follower = self;
        loop {
            tokio::time::sleep(follower.interval).await;
            // It blocks on the file system.
            let looking = tokio::task::spawn_blocking(move || {
                let step = follower.look();
                (follower, step)
            });
            let step;
            (follower, step) = match looking.await {
                Ok(looked) => looked,
                Err(error) => {
                    // Else the runtime shuts down.
                    if error.is_panic() {
                        tracing::error!(
                            target: "transom",
                            "the configuration is not followed any more: its function for the limits panicked"
                        );
                    }
                    return;
                }
            };
            if shutdown.is_requested() {
                return;
            }
            if let Some(step) = step {
                follower.take(step, &live).await;
            }
        }
    }

    /// Returns what has to be done, if the files changed.
    fn look(&mut self) -> Option<Step> {
        if !self.is_to_be_read() {
            return None;
        }
        let mut wrong = Vec::new();
        let step = self.read(&mut wrong).unwrap_or_else(|error| {
            wrong.push(format!(
                "the server stays as it was, for its configuration is wrong: {}",
                error.report()
            ));
            None
        });
        let wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
        if let Some(wrong) = wrong.as_ref().filter(|_| wrong != self.wrong) {
            tracing::error!(target: "transom", "{wrong}");
        }
        self.wrong = wrong;
        step
    }

    /// Whether the files changed, and are not changing any more: one that is written in pieces may well look
    /// right before it is complete.
    fn is_to_be_read(&mut self) -> bool {
        let Some(files) = &self.files else {
            let files = self.configuration.section.files().to_vec();
            self.files = Some(Files::new(files));
            return true;
        };
        let changes = files.have_changed();
        let settled = self.changing && !changes;
        self.changing = changes;
        settled || (self.wrong.is_some() && !changes)
    }

    fn read(&mut self, wrong: &mut Vec<String>) -> Result<Option<Step>, Error> {
        let configuration = self.configuration.again()?;
        if configuration.section.is_empty() && !self.configuration.section.is_empty() {
            return Err(Error::configuration(format!(
                "the table `{}` is gone",
                configuration.section.path()
            )));
        }
        let plan = configuration.plan(self.options.clone())?;
        let mut difference = Difference::between(&self.plan, &plan);
        let failed = difference.keep_what_cannot_change();
        let mut add = Vec::with_capacity(difference.add.len());
        for (name, values) in &difference.add {
            add.extend(build::endpoint(name, values, configuration.reload)?);
        }
        for (name, error) in &failed {
            let error = error.report();
            wrong.push(format!("the endpoint `{name}` stays as it was: {error}"));
        }
        let limits = &plan.options.limits;
        let limits = (*limits != self.plan.options.limits).then(|| limits.clone());
        let remove = difference.remove.iter().map(|(name, _)| name.clone());
        let step = Step {
            remove: remove.collect(),
            add,
            limits,
        };
        self.plan = plan.with_kept(&self.plan, failed.iter().map(|(name, _)| name.as_str()));
        Ok(step.is_something().then_some(step))
    }

    async fn take(&self, step: Step, live: &LiveEndpoints) {
        let _reloading = self.reload.begin();
        tracing::info!(
            target: "transom",
            removed = ?step.remove,
            added = ?step.add.iter().filter_map(|endpoint| endpoint.name.as_deref()).collect::<Vec<_>>(),
            limits = step.limits.is_some(),
            "the configuration changed"
        );
        let Step {
            remove,
            add,
            limits,
        } = step;
        // What fails is logged where it fails.
        let _ = live.apply(remove, add, limits).await;
    }
}

impl Step {
    fn is_something(&self) -> bool {
        !self.remove.is_empty() || !self.add.is_empty() || self.limits.is_some()
    }
}
