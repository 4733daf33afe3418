//! Shows the guard of HTTP/2 whatever comes to mind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| transom::hyper::fuzzing::http2_guard(bytes));
