//! Reads whatever comes to mind as a request of HTTP/3: frames, and QPACK in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| transom::hyper::fuzzing::http3_request(bytes));
