use http::header;
use transom::adapter::check_head;

use super::{Event, Refused};

/// Reads an event, and checks what has to hold of its request.
///
/// # Panics
///
/// It does not hold.
pub(crate) fn invariants_hold(payload: &[u8]) {
    let Ok(event) = Event::read(payload) else {
        return;
    };
    let (request, facts) = match event.into_request() {
        Ok(read) => read,
        Err(Refused::Client(status)) => return assert!(status.is_client_error()),
        Err(Refused::Event(problem)) => return assert!(!problem.message().is_empty()),
    };
    assert!(check_head(&request).is_ok());
    let uri = request.uri();
    assert!(uri.scheme().is_none() && uri.authority().is_none(), "{uri}");
    assert!(uri.path().starts_with('/') || uri.path() == "*", "{uri}");
    let rest = uri.path().strip_prefix(&*facts.base);
    let rest = rest.unwrap_or_else(|| panic!("`{}` begins no `{uri}`", facts.base));
    assert!(rest.is_empty() || rest.starts_with('/') || facts.base.is_empty());
    let headers = request.headers();
    assert!(!headers.contains_key(header::TRANSFER_ENCODING));
    assert_eq!(headers.get_all(header::HOST).iter().count(), 1);
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    match lengths.next() {
        Some(length) => {
            let length = length.to_str().ok().and_then(|text| text.parse().ok());
            assert_eq!(length, Some(request.body().len()));
        }
        None => assert!(request.body().is_empty()),
    }
    assert!(lengths.next().is_none());
    assert!(facts.tls.is_none() || facts.scheme == transom::features::Scheme::Https);
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [&str; 7] = [
        include_str!("../../tests/events/console_test.json"),
        include_str!("../../tests/events/function_url.json"),
        include_str!("../../tests/events/http_api.json"),
        include_str!("../../tests/events/load_balancer.json"),
        include_str!("../../tests/events/load_balancer_check.json"),
        include_str!("../../tests/events/load_balancer_lists.json"),
        include_str!("../../tests/events/rest_api.json"),
    ];

    #[test]
    fn an_event_with_one_byte_that_is_wrong_is_read_rightly_or_not_at_all() {
        for event in EVENTS {
            invariants_hold(event.as_bytes());
            let mut changed = event.as_bytes().to_vec();
            for at in 0..changed.len() {
                let was = changed[at];
                for wrong in [0, b'"', b'%', b'/', b'7', b'\\', b'n', 0xff] {
                    changed[at] = wrong;
                    invariants_hold(&changed);
                }
                changed[at] = was;
            }
        }
    }
}
