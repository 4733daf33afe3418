use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Rule;
use crate::{Failure, Outcome};

/// How many identifiers of requests are remembered, to find one that comes twice.
const REMEMBERED: usize = 4096;

/// What a [`Lint`](super::Lint) found. Clones are handles of the same report.
#[derive(Clone, Default)]
pub struct Report(Arc<Mutex<Found>>);

#[derive(Default)]
struct Found {
    violations: Vec<Violation>,
    identifiers: HashSet<String>,
    order: VecDeque<String>,
}

/// A rule that was broken, and how.
#[derive(Clone, Debug)]
pub struct Violation {
    rule: &'static Rule,
    detail: String,
}

impl Violation {
    /// Returns the rule.
    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// Returns what was found.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} ({})",
            self.rule.id(),
            self.detail,
            self.rule.says()
        )
    }
}

impl Report {
    /// Returns what was found so far, advice included.
    pub fn violations(&self) -> Vec<Violation> {
        self.found().violations.clone()
    }

    /// Returns whether no rule was broken; advice does not count.
    pub fn is_clean(&self) -> bool {
        self.found()
            .violations
            .iter()
            .all(|one| !one.rule.is_must())
    }

    pub(super) fn add(&self, rule: &'static Rule, detail: impl Into<String>) {
        let detail = detail.into();
        self.found().violations.push(Violation { rule, detail });
    }

    /// Remembers the identifier of a request, and returns whether it is new.
    pub(super) fn is_new(&self, identifier: String) -> bool {
        let mut found = self.found();
        let new = found.identifiers.insert(identifier.clone());
        if new {
            found.order.push_back(identifier);
            if found.order.len() > REMEMBERED
                && let Some(oldest) = found.order.pop_front()
            {
                found.identifiers.remove(&oldest);
            }
        }
        new
    }

    /// Fails on a broken rule that is not among those that may be broken.
    pub(crate) fn verdict(&self, allows: &[&str]) -> Outcome {
        let found = self.found();
        let mut broken = found.violations.iter();
        let broken = broken.find(|one| one.rule.is_must() && !allows.contains(&one.rule.id()));
        match broken {
            Some(violation) => Err(Failure::new(violation.to_string())),
            None => Ok(()),
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.found().violations).finish()
    }
}
