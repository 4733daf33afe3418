//! What has to hold of a reader of variables and of what is made of them, whatever bytes there are.

use bytes::BytesMut;
use http::header::{CONTENT_LENGTH, HOST};
use transom::features::ServerVariables;

use super::{Arrival, Refusal, Rules};
use crate::PathBaseSource;

/// A reader of variables.
type Parse = fn(&mut BytesMut, &Rules) -> Result<Option<ServerVariables>, Refusal>;

/// What became of bytes: all variables, and how many bytes were left; or the refusal.
type Outcome = Result<Option<(Vec<(Vec<u8>, Vec<u8>)>, usize)>, Refusal>;

/// Reads these bytes at once and in pieces.
///
/// # Panics
///
/// Panics if something does not hold.
pub(crate) fn hold(parse: Parse, bytes: &[u8]) {
    let rules = Rules {
        path_base: PathBaseSource::ScriptName,
        max_variables: 16,
        max_variables_size: 256,
    };
    let whole = read(parse, &rules, [bytes]);
    for size in [1, 3, 64] {
        let pieces = read(parse, &rules, bytes.chunks(size));
        // How a head is refused may show before all of it is there.
        if whole.is_ok() || pieces.is_ok() {
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
    }
    let Ok(Some((variables, _))) = whole else {
        return;
    };
    let size: usize = variables
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    assert!(variables.len() <= rules.max_variables && size <= rules.max_variables_size);
    if let Ok(arrival) = Arrival::read(variables.into_iter().collect(), &rules) {
        arrival_holds(&arrival);
    }
}

fn read<'a>(parse: Parse, rules: &Rules, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut read = BytesMut::new();
    let mut found = None;
    for piece in pieces {
        read.extend_from_slice(piece);
        if found.is_none() {
            found = parse(&mut read, rules)?;
        }
    }
    Ok(found.map(|variables| {
        let owned = variables.iter();
        let owned = owned.map(|(name, value)| (name.to_vec(), value.to_vec()));
        (owned.collect(), read.len())
    }))
}

/// Checks what has to hold of any request.
pub(crate) fn arrival_holds(arrival: &Arrival) {
    let request = arrival.request();
    for field in ["proxy", "connection", "transfer-encoding", "upgrade", "te"] {
        assert!(!request.headers().contains_key(field), "{field}");
    }
    for field in [CONTENT_LENGTH, HOST] {
        assert!(request.headers().get_all(field).iter().count() <= 1);
    }
    if let Some((base, left)) = arrival.split() {
        let path = request.uri().path();
        let joined = format!("{base}{}", left.path());
        assert!(
            joined == path || joined == format!("{path}/"),
            "{base} {left} {path}"
        );
        assert_eq!(left.query(), request.uri().query());
    }
}

/// Reads bytes that are a request but for a few, which are made by chance and the same in each run.
#[cfg(test)]
pub(crate) fn hold_near(parse: Parse, request: &[u8]) {
    hold(parse, request);
    let mut state = 1_u64;
    let mut next = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    for _ in 0..2_000 {
        let mut bytes = request.to_vec();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = u8::try_from(next(256)).unwrap_or(0),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"/%0:,\0_H"[next(8)]),
            }
        }
        hold(parse, &bytes);
    }
}
