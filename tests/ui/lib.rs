//! The compile errors that Transom promises: each file in `mistakes` is a mistake, and beside it is what
//! the compiler says of it. `TRYBUILD=overwrite cargo test -p transom-ui` writes that anew.
