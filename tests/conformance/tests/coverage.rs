//! Nothing that a manifest can say goes unproved, and names are what they seem.

use std::collections::HashSet;

use transom_conformance::{Capability, Protocol, Rule, cases};

#[test]
fn every_capability_is_proved_by_a_case() {
    let all = cases::all();
    let needed = all
        .iter()
        .flat_map(|case| case.needed().map(|(_, need)| need));
    let protocols = Protocol::ALL.iter().map(|protocol| protocol.capability());
    let proved: HashSet<_> = needed.chain(protocols).collect();
    let unproved = Capability::ALL.iter().filter(|one| !proved.contains(one));
    assert_eq!(unproved.collect::<Vec<_>>(), [&Capability::Tcp; 0]);
}

#[test]
fn no_two_cases_and_no_two_rules_have_one_name() {
    let cases = cases::all();
    let cases = cases.iter().map(|case| case.id());
    let rules = Rule::ALL.iter().map(|rule| rule.id());
    let mut names = HashSet::new();
    for name in cases.chain(rules) {
        assert!(names.insert(name), "{name} is there twice");
    }
}
