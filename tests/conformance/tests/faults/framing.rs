//! Faults in what a server refuses: all of them in one careless server.

use transom_conformance::cases;

use crate::careless::careless;
use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    let all = cases::all();
    let ids = all.iter().map(|case| case.id());
    let refusing = |id: &&str| {
        id.starts_with("S-SMUGGLE-") || id.starts_with("S-REQ-HOST-") || *id == "S-REQ-FORM-WRONG"
    };
    ids.filter(refusing)
        .map(|id| Fault::server(id, "the server believes what it reads", careless))
        .collect()
}
