//! Faults in the framing of requests: all of them in one careless server.

use transom_conformance::cases;

use crate::careless::careless;
use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    let all = cases::all();
    let ids = all.iter().map(|case| case.id());
    ids.filter(|id| id.starts_with("S-SMUGGLE-"))
        .map(|id| Fault::server(id, "the server believes what it reads", careless))
        .collect()
}
