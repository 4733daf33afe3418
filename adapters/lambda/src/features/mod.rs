//! What AWS Lambda tells that no other server does.

mod context;
mod event;
mod function;

pub use context::LambdaContext;
pub use event::{EventSource, LambdaEvent};
pub use function::LambdaFunction;
