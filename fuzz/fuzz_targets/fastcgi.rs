//! Shows the reader of FastCGI's records whatever comes to mind, in several pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| transom_cgi::fuzzing::fastcgi(bytes));
