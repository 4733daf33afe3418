//! Shows the reader of uwsgi, and what makes requests of its variables, whatever comes to mind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| transom_cgi::fuzzing::uwsgi(bytes));
