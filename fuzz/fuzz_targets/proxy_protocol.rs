//! Begins connections with whatever comes to mind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| transom::hyper::fuzzing::proxy_protocol(bytes));
