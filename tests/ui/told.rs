//! The compile errors that the documentation promises.

#[test]
fn a_mistake_is_told_where_it_is_made() {
    trybuild::TestCases::new().compile_fail("mistakes/*.rs");
}
