use super::invariants::{Outcome, Said, hold, show};
use super::machine::Bounds;
use super::record::{Header, Kind};
use super::violation::Violation;
use crate::environment::Rules;

const BOUNDS: Bounds = Bounds {
    rules: Rules {
        max_variables: 4,
        max_variables_size: 100,
        path_base: crate::PathBaseSource::Nothing,
    },
    requests: 2,
    connections: Some(7),
};

fn record(kind: Kind, id: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut record = Header::of(kind, id, length).to_vec();
    record.extend_from_slice(content);
    record
}

fn begin(id: u16, role: u8, flags: u8) -> Vec<u8> {
    record(Kind::BeginRequest, id, &[0, role, flags, 0, 0, 0, 0, 0])
}

/// Shows these records, after making sure that their pieces do not matter.
fn of(records: &[Vec<u8>]) -> Outcome {
    let bytes = records.concat();
    hold(&bytes);
    show(BOUNDS, [&bytes[..]])
}

fn violation(records: &[Vec<u8>]) -> Option<Violation> {
    of(records).violation
}

#[test]
fn a_request_is_its_parameters_and_its_body() {
    let outcome = of(&[
        begin(2, 1, 1),
        record(Kind::Params, 2, b"\x01\x01A"),
        record(Kind::Params, 2, b"1"),
        record(Kind::Params, 2, b""),
        record(Kind::Stdin, 2, b"some "),
        record(Kind::Stdin, 2, b"body"),
        record(Kind::Stdin, 2, b""),
    ]);
    let params = vec![(b"A".to_vec(), b"1".to_vec())];
    let wanted = [
        Said::Request(2, params),
        Said::Data(2, b"some body".to_vec()),
        Said::End(2),
    ];
    assert_eq!(outcome.said, wanted);
    assert_eq!((outcome.violation, outcome.requests), (None, 0));
}

#[test]
fn requests_are_interleaved() {
    let outcome = of(&[
        begin(2, 1, 1),
        begin(4, 1, 1),
        record(Kind::Params, 4, b"\x01\x00B"),
        record(Kind::Params, 2, b"\x01\x00A"),
        record(Kind::Params, 4, b""),
        record(Kind::Stdin, 4, b"4"),
        record(Kind::Params, 2, b""),
        record(Kind::Stdin, 2, b"2"),
        record(Kind::Stdin, 4, b"4"),
        record(Kind::AbortRequest, 2, b""),
    ]);
    let wanted = [
        Said::Request(4, vec![(b"B".to_vec(), Vec::new())]),
        Said::Data(4, b"4".to_vec()),
        Said::Request(2, vec![(b"A".to_vec(), Vec::new())]),
        Said::Data(2, b"2".to_vec()),
        Said::Data(4, b"4".to_vec()),
        Said::Abort(2),
    ];
    assert_eq!(outcome.said, wanted);
    assert_eq!(outcome.requests, 1);
}

#[test]
fn what_is_of_no_request_means_nothing() {
    let outcome = of(&[
        record(Kind::Params, 9, b"\xFF\xFF"),
        record(Kind::Params, 9, b""),
        record(Kind::Stdin, 9, b"data"),
        record(Kind::Stdin, 9, b""),
        record(Kind::AbortRequest, 9, b""),
        record(Kind::Data, 9, b"of a Filter"),
        record(Kind::Other(77), 9, b"of a later version"),
    ]);
    assert_eq!(outcome, Outcome::default());
}

#[test]
fn a_request_that_cannot_begin_is_refused_and_what_follows_of_it_means_nothing() {
    let unknown_role = [1, 3, 0, 2, 0, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0].to_vec();
    let outcome = of(&[begin(2, 3, 1), record(Kind::Params, 2, b"\xFF")]);
    assert_eq!(outcome.said, [Said::Answer(unknown_role, false)]);

    let outcome = of(&[begin(1, 1, 1), begin(2, 1, 1), begin(3, 1, 0)]);
    let overloaded = [1, 3, 0, 3, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0].to_vec();
    assert_eq!(outcome.said, [Said::Answer(overloaded, true)]);

    let one = Bounds {
        requests: 1,
        ..BOUNDS
    };
    let bytes = [begin(1, 1, 1), begin(2, 1, 1)].concat();
    let outcome = show(one, [&bytes[..]]);
    let cannot_multiplex = [1, 3, 0, 2, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0].to_vec();
    assert_eq!(outcome.said, [Said::Answer(cannot_multiplex, false)]);
}

#[test]
fn parameters_are_limited_and_whole() {
    let refused = |params: &[u8]| {
        let outcome = of(&[
            begin(2, 1, 1),
            record(Kind::Params, 2, params),
            record(Kind::Params, 2, b""),
        ]);
        assert_eq!(outcome.violation, None);
        match &outcome.said[..] {
            [Said::Refuse(2, why)] => why.clone(),
            said => format!("{said:?}"),
        }
    };
    // What is too much for the list is not kept until its end.
    assert!(refused(&[b'x'; 200]).starts_with("the parameters have more than"));
    let four = b"\x01\x00A\x01\x00B\x01\x00C\x01\x00D";
    assert!(refused(four).starts_with("[Request"));
    assert!(refused(&[&four[..], b"\x01\x00E"].concat()).contains("more than 4 variables"));
    assert!(refused(b"\x01").contains("end inside of one"));
    assert!(refused(b"\x80\x00\x00").contains("end inside of one"));
    assert!(refused(b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").contains("end inside of one"));
    assert!(refused(b"\x05\x00NAME").contains("end inside of one"));
}

#[test]
fn a_body_before_the_end_of_the_parameters_is_refused() {
    for body in [&b"data"[..], b""] {
        let outcome = of(&[
            begin(2, 1, 1),
            record(Kind::Params, 2, b"\x01\x00A"),
            record(Kind::Stdin, 2, body),
        ]);
        let why = "the body began before the end of the parameters".to_owned();
        assert_eq!(outcome.said, [Said::Refuse(2, why)]);
    }
}

#[test]
fn what_cannot_be_understood_ends_the_connection() {
    let mut other_version = begin(1, 1, 1);
    other_version[0] = 2;
    assert_eq!(violation(&[other_version]), Some(Violation::Version(2)));
    assert_eq!(
        violation(&[begin(0, 1, 1)]),
        Some(Violation::OfTheConnection(Kind::BeginRequest))
    );
    assert_eq!(
        violation(&[record(Kind::Stdin, 0, b"x")]),
        Some(Violation::OfTheConnection(Kind::Stdin))
    );
    assert_eq!(
        violation(&[record(Kind::GetValues, 1, b"")]),
        Some(Violation::OfARequest(Kind::GetValues))
    );
    assert_eq!(
        violation(&[record(Kind::Stdout, 1, b"x")]),
        Some(Violation::OfAnApplication(Kind::Stdout))
    );
    for length in [0, 7, 9] {
        assert_eq!(
            violation(&[record(Kind::BeginRequest, 1, &vec![0; length])]),
            Some(Violation::Length(Kind::BeginRequest, length as u16))
        );
    }
    assert_eq!(
        violation(&[record(Kind::GetValues, 0, &[0; 2000])]),
        Some(Violation::Length(Kind::GetValues, 2000))
    );
    assert_eq!(
        violation(&[record(Kind::GetValues, 0, b"\x09")]),
        Some(Violation::Pairs)
    );
    assert_eq!(
        violation(&[begin(2, 1, 1), begin(2, 1, 1)]),
        Some(Violation::BegunTwice(2))
    );
    let request = [begin(2, 1, 1), record(Kind::Params, 2, b"")].concat();
    assert_eq!(
        violation(&[request, record(Kind::Params, 2, b"more")]),
        Some(Violation::AfterEnd(Kind::Params))
    );
    for violation in [
        Violation::Version(9),
        Violation::OfARequest(Kind::GetValues),
        Violation::Pairs,
        Violation::Length(Kind::BeginRequest, 1),
    ] {
        assert!(!violation.to_string().is_empty());
    }
}

#[test]
fn what_an_application_knows_is_told_truthfully() {
    let question =
        b"\x0E\x00FCGI_MAX_CONNS\x0D\x00FCGI_MAX_REQS\x0F\x00FCGI_MPXS_CONNS\x07\x00UNKNOWN";
    let outcome = of(&[record(Kind::GetValues, 0, question)]);
    let answer = b"\x0E\x01FCGI_MAX_CONNS7\x0D\x02FCGI_MAX_REQS14\x0F\x01FCGI_MPXS_CONNS1";
    let answer = record(Kind::GetValuesResult, 0, answer);
    assert_eq!(outcome.said, [Said::Answer(answer, false)]);

    let unlimited = Bounds {
        connections: None,
        requests: 1,
        ..BOUNDS
    };
    let bytes = record(Kind::GetValues, 0, question);
    let answer = record(Kind::GetValuesResult, 0, b"\x0F\x01FCGI_MPXS_CONNS0");
    let outcome = show(unlimited, [&bytes[..]]);
    assert_eq!(outcome.said, [Said::Answer(answer, false)]);
}

#[test]
fn a_record_of_the_connection_that_is_not_known_is_answered() {
    let outcome = of(&[record(Kind::Other(99), 0, b"whatever"), begin(1, 1, 1)]);
    let unknown = [1, 11, 0, 0, 0, 8, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0].to_vec();
    assert_eq!(outcome.said, [Said::Answer(unknown, false)]);
    assert_eq!(outcome.requests, 1);
}

#[test]
fn whatever_comes_the_pieces_do_not_matter() {
    // Records whose kinds, ids and lengths are likely to mean something; the same in each run.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for _ in 0..2000 {
        let mut bytes = Vec::new();
        for _ in 0..next(12) {
            let length = next(20) as u8;
            let padding = next(4) as u8;
            let version = u8::from(next(50) > 0);
            let kind = [1, 1, 1, 2, 4, 4, 4, 5, 5, 8, 9, 99][next(12) as usize];
            let length = if kind == 1 { 8 } else { length };
            bytes.extend([version, kind, 0, next(4) as u8, 0, length, padding, 0]);
            match kind {
                1 => bytes.extend([0, 1, next(2) as u8, 0, 0, 0, 0, 0]),
                _ => bytes.extend((0..length).map(|_| next(5) as u8)),
            }
            bytes.extend((0..padding).map(|_| 0xEE));
        }
        bytes.truncate(bytes.len() - next(1 + bytes.len() as u64 / 8) as usize);
        hold(&bytes);
    }
}
