//! Faults in the framing of requests.

use crate::careless::careless;
use crate::faulty::Fault;

pub(crate) fn faults() -> Vec<Fault> {
    let believes = |case| Fault::server(case, "the server believes what it reads", careless);
    vec![
        believes("S-SMUGGLE-CL-DOUBLE"),
        believes("S-SMUGGLE-CL-SIGN"),
    ]
}
