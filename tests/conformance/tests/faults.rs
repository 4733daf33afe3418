//! Every case can fail: for each there is a fault in a server that it finds.
//!
//! A fault is a table entry in `faults/`: the case, what is wrong, and a function that does it between a
//! sound server and the application.

#![expect(clippy::unwrap_used, reason = "a test may")]

#[path = "faults/body.rs"]
mod body;
#[path = "faults/cancel.rs"]
mod cancel;
#[path = "faults/careless.rs"]
mod careless;
#[path = "faults/edge.rs"]
mod edge;
#[path = "faults/errors.rs"]
mod errors;
#[path = "faults/faulty.rs"]
mod faulty;
#[path = "faults/features.rs"]
mod features;
#[path = "faults/framing.rs"]
mod framing;
#[path = "faults/garbled.rs"]
mod garbled;
#[path = "faults/head.rs"]
mod head;
#[path = "faults/life.rs"]
mod life;
#[path = "support/edge.rs"]
mod limits;
#[path = "faults/obliging.rs"]
mod obliging;
#[path = "faults/response.rs"]
mod response;
#[path = "faults/target.rs"]
mod target;
#[path = "faults/tls.rs"]
mod tls;
#[path = "faults/twisted.rs"]
mod twisted;
#[path = "faults/upgrade.rs"]
mod upgrade;

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use transom_conformance::{Failure, Outcome, Suite, cases, in_own_process};

use faulty::{Fault, Under};

fn main() -> ExitCode {
    let runtime = Arc::new(Runtime::new().unwrap());
    // One list a group of cases.
    let faults: Vec<Fault> = [
        target::faults(),
        head::faults(),
        features::faults(),
        tls::faults(),
        body::faults(),
        framing::faults(),
        response::faults(),
        errors::faults(),
        cancel::faults(),
        upgrade::faults(),
        obliging::faults(),
        life::faults(),
        edge::faults(),
        edge::faults_of_many_at_once(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut trials = vec![Trial::test("every_case_has_a_fault", {
        let found: HashSet<_> = faults.iter().map(|fault| fault.case).collect();
        move || every_case_has_a_fault(&found)
    })];
    let all = cases::all();
    let alone = all.iter().filter(|case| case.is_alone());
    let alone: Arc<HashSet<_>> = Arc::new(alone.map(|case| case.id()).collect());
    for fault in faults {
        let alone = Arc::clone(&alone);
        let runtime = Arc::clone(&runtime);
        let name = format!("{} fails where {}", fault.line(), fault.what);
        trials.push(Trial::test(name.clone(), move || {
            let run = || runtime.block_on(finds(&fault));
            match alone.contains(fault.case) {
                true => Ok(in_own_process(&name, run)?),
                false => Ok(run()?),
            }
        }));
    }
    let mut arguments = Arguments::from_args();
    // They wait for what will not come, most of the time.
    arguments.test_threads.get_or_insert(16);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn every_case_has_a_fault(found: &HashSet<&str>) -> Result<(), Failed> {
    let all = cases::all();
    let without: Vec<_> = all
        .iter()
        .map(|case| case.id())
        .filter(|id| !found.contains(id))
        .collect();
    match without.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(format!(
            "no fault shows that these can fail: {without:?}"
        ))),
    }
}

async fn finds(fault: &Fault) -> Outcome {
    let (line, cases) = (fault.line(), cases::all());
    let cases: Vec<_> = cases
        .into_iter()
        .filter(|case| case.id() == fault.case)
        .collect();
    let sound = Suite::new(fault.target(Under::Sound), &cases)?;
    sound
        .run(&line)
        .await
        .map_err(|failure| failure.at("without the fault"))?;
    let broken = Suite::new(fault.target(Under::Fault), &cases)?;
    match broken.run(&line).await {
        Err(_) => Ok(()),
        Ok(()) => Err(Failure::new(
            "the case passes although the server is broken",
        )),
    }
}
