//! What changed between two readings of a file.

use super::endpoint::EndpointValues;
use super::plan::Plan;
use crate::adapter::bind_with;
use crate::contract::Error;
use crate::features::ServerAddress;

/// The endpoints that go and those that come. One that changed does both.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) remove: Vec<(String, EndpointValues)>,
    pub(super) add: Vec<(String, EndpointValues)>,
}

impl Difference {
    pub(super) fn between(old: &Plan, new: &Plan) -> Self {
        let of = |plan: &Plan| -> Vec<_> {
            let endpoints = plan.endpoints();
            endpoints
                .map(|(name, values)| (name.to_owned(), values))
                .collect()
        };
        let (old, new) = (of(old), of(new));
        let without =
            |these: &[(String, EndpointValues)], others: &[(String, EndpointValues)]| -> Vec<_> {
                let gone = these.iter().filter(|endpoint| !others.contains(endpoint));
                gone.cloned().collect()
            };
        Self {
            remove: without(&old, &new),
            add: without(&new, &old),
        }
    }

    /// Takes out what cannot be bound, so that what has its name stays. Returns why, with the names.
    pub(super) fn keep_what_cannot_change(&mut self) -> Vec<(String, Error)> {
        let mut failed = Vec::new();
        // One that stays may hold the address that another wants.
        while let Some((at, error)) = self.first_that_fails() {
            let (name, _) = self.add.remove(at);
            self.remove.retain(|(other, _)| *other != name);
            failed.push((name, error));
        }
        failed
    }

    fn first_that_fails(&self) -> Option<(usize, Error)> {
        self.add.iter().enumerate().find_map(|(at, (_, values))| {
            let url = values.url.as_ref()?;
            let freed = |(_, other): &(_, EndpointValues)| {
                other.url.as_ref().is_some_and(|other| overlap(other, url))
            };
            if self.remove.iter().any(freed) {
                return None;
            }
            // What is bound here is let go at once: it is the set of endpoints that binds for good.
            let bound = bind_with(std::slice::from_ref(url), &values.socket);
            bound.err().map(|error| (at, error))
        })
    }
}

/// Whether sockets of two addresses could be in each other's way.
fn overlap(one: &ServerAddress, other: &ServerAddress) -> bool {
    one.port() == other.port() && one.unix_path() == other.unix_path()
}
