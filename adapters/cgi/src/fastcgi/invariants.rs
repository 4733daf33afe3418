//! What has to hold of the machine, whatever bytes it is shown.
#![allow(
    clippy::unwrap_used,
    reason = "it is there to panic when something does not hold"
)]

use bytes::BytesMut;
use transom::features::ServerVariables;

use super::machine::{Bounds, Event, Machine};
use super::violation::Violation;
use crate::environment::{Arrival, Rules};

/// What became of bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) said: Vec<Said>,
    pub(super) violation: Option<Violation>,
    /// How many requests had not ended.
    pub(super) requests: usize,
}

/// An event, without what depends on the pieces in which bytes come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Request(u16, Vec<(Vec<u8>, Vec<u8>)>),
    Data(u16, Vec<u8>),
    End(u16),
    Abort(u16),
    Refuse(u16, String),
    Answer(Vec<u8>, bool),
}

/// Shows the machine these pieces, one behind the other. A request whose id is odd is answered as soon as its
/// parameters are there, any other at its end.
pub(super) fn show<'a>(bounds: Bounds, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut machine = Machine::new(bounds);
    let mut input = BytesMut::new();
    let mut outcome = Outcome::default();
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match machine.next(&mut input) {
                Ok(Some(event)) => {
                    let over = match &event {
                        Event::Request { id, .. } if id % 2 == 1 => Some(*id),
                        Event::End { id } | Event::Abort { id } | Event::Refuse { id, .. } => {
                            Some(*id)
                        }
                        _ => None,
                    };
                    if let Some(id) = over {
                        assert!(machine.finish(id).is_some(), "{id} is not known");
                    }
                    say(&mut outcome.said, event, &bounds.rules);
                }
                Ok(None) => break,
                Err(violation) => {
                    outcome.violation = Some(violation);
                    return outcome;
                }
            }
        }
        // A header, or a question.
        assert!(input.len() < 1024 + 8, "{} bytes wait", input.len());
        assert!(machine.requests() <= bounds.requests);
    }
    outcome.requests = machine.requests();
    outcome
}

fn say(said: &mut Vec<Said>, event: Event, rules: &Rules) {
    let next = match event {
        Event::Request { id, variables } => {
            assert!(variables.len() <= rules.max_variables);
            let all = listed(&variables);
            // It makes a request, or says why not.
            let _ = Arrival::read(variables, rules);
            Said::Request(id, all)
        }
        Event::Data { id, data } => {
            assert!(!data.is_empty());
            if let Some(Said::Data(last, before)) = said.last_mut()
                && *last == id
            {
                before.extend_from_slice(&data);
                return;
            }
            Said::Data(id, data.to_vec())
        }
        Event::End { id } => Said::End(id),
        Event::Abort { id } => Said::Abort(id),
        Event::Refuse { id, why } => Said::Refuse(id, why.to_string()),
        Event::Answer { record, closes } => Said::Answer(record.to_vec(), closes),
    };
    said.push(next);
}

fn listed(variables: &ServerVariables) -> Vec<(Vec<u8>, Vec<u8>)> {
    let all = variables.iter();
    all.map(|(name, value)| (name.to_vec(), value.to_vec()))
        .collect()
}

/// Checks that it does not matter in what pieces the bytes come.
pub(crate) fn hold(bytes: &[u8]) {
    let tight = Rules {
        max_variables: 2,
        max_variables_size: 16,
        ..Rules::default()
    };
    for (rules, requests) in [(Rules::default(), 3), (tight, 1)] {
        let bounds = Bounds {
            rules,
            requests,
            connections: Some(7),
        };
        let whole = show(bounds, bytes.chunks(64 * 1024));
        for size in [1, 2, 3, 7, 64] {
            assert_eq!(
                show(bounds, bytes.chunks(size)),
                whole,
                "in pieces of {size}"
            );
        }
    }
}
