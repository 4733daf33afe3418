//! What an environment shows and changes, and what becomes of what is written to it.

mod chain;
mod keys;
mod outside;
mod responses;
mod upgrade;

use std::future::Future;

use transom::body::BoxError;
use transom_middleware::owin::{AppFunc, Environment};

/// Middleware that does something with the environment, and goes on unless that says otherwise.
fn before<F, Done>(act: F) -> impl Fn(AppFunc) -> AppFunc + Send + Sync + 'static
where
    F: Fn(Environment) -> Done + Clone + Send + Sync + 'static,
    Done: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    move |next| {
        let act = act.clone();
        AppFunc::new(move |environment: Environment| {
            let (next, act) = (next.clone(), act.clone());
            async move {
                act(environment.clone()).await?;
                next.call(environment).await
            }
        })
    }
}

/// An application of OWIN: nothing comes after it.
fn end<F, Done>(answer: F) -> impl Fn(AppFunc) -> AppFunc + Send + Sync + 'static
where
    F: Fn(Environment) -> Done + Clone + Send + Sync + 'static,
    Done: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    move |_| AppFunc::new(answer.clone())
}
