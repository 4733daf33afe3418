//! Shows the reader of AJP's packets, and what makes requests of them, whatever comes to mind, in several pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| transom_cgi::fuzzing::ajp(bytes));
