//! What is generated from the cases, the lint and the manifests: text and check cannot drift.

mod comparison;
mod overview;
mod specification;

pub use comparison::comparison;
pub use overview::{Table, overview, with_table};
pub use specification::specification;
