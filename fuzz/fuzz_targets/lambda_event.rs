//! Shows the reader of AWS Lambda's events whatever comes to mind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| transom_lambda::fuzzing::event(bytes));
