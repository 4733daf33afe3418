//! What a program makes of the variables that AWS Lambda sets. Each case is a process of its own: no process with
//! threads can change its environment safely.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::process::{Command, Output};

use support::RuntimeApi;
use transom::{Body, Host, Request, RequestExt, Response};
use transom_lambda::{LambdaFunction, LambdaServer};

/// Set in a process that is a function.
const FUNCTION: &str = "TRANSOM_LAMBDA_TEST_FUNCTION";

const NAME: &str = "what_a_program_is_told";

/// Runs this program as a function with these variables, until it ends.
async fn run(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([NAME, "--exact", "--nocapture"])
        .env(FUNCTION, "1");
    for (name, _) in std::env::vars() {
        if name.starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied());
    let ended = tokio::task::spawn_blocking(move || command.output());
    support::within(ended).await.unwrap().unwrap()
}

/// The function: it stops itself when it has answered.
async fn function() {
    let app = |request: Request| async move {
        let function = request.feature::<LambdaFunction>().unwrap();
        let facts = format!(
            "{:?} {:?} {:?}",
            function.name(),
            function.memory(),
            function.version()
        );
        Response::new(Body::from(facts))
    };
    let builder = Host::builder(LambdaServer::new()).configure(move |builder| builder.run_fn(app));
    if let Err(error) = builder.run().await {
        println!("error: {}", error.report());
    }
}

#[tokio::test]
async fn what_a_program_is_told() {
    if std::env::var_os(FUNCTION).is_some() {
        return function().await;
    }
    let output = run(&[]).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains(
            "error: the environment variable AWS_LAMBDA_RUNTIME_API is not set; AWS Lambda sets it"
        ),
        "{said}"
    );
    assert!(!said.contains("panicked"), "{said}");

    let output = run(&[("AWS_LAMBDA_RUNTIME_API", "")]).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("is not set"));

    let output = run(&[("AWS_LAMBDA_RUNTIME_API", "a b")]).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("AWS_LAMBDA_RUNTIME_API is `a b`, which is not the address"),
        "{said}"
    );
}

#[tokio::test]
async fn a_setting_that_is_wrong_is_told_to_whoever_invokes_the_function() {
    let api = RuntimeApi::start();
    let address = api.address();
    let variables = [
        ("AWS_LAMBDA_RUNTIME_API", &*address),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "many"),
    ];
    let output = run(&variables).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("AWS_LAMBDA_MAX_CONCURRENCY is `many`"),
        "{said}"
    );
    let problem = api.init_error().unwrap();
    assert_eq!(problem.kind, "Runtime.Configuration");
    assert!(problem.message.contains("`many`"), "{}", problem.message);
}

#[tokio::test]
async fn the_function_is_what_the_environment_says_and_absent_variables_are_absent() {
    let api = RuntimeApi::start();
    let address = api.address();
    let variables = [
        ("AWS_LAMBDA_RUNTIME_API", &*address),
        ("AWS_LAMBDA_FUNCTION_NAME", "orders"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "a lot"),
    ];
    let asking = async {
        let event = include_str!("events/function_url.json");
        let answer = support::within(api.invoke(event)).await.unwrap();
        let response = support::response_of(answer).await.unwrap();
        response.into_body().collect(100).await.unwrap()
    };
    // The second question ends the function.
    api.refuse_after_next(500);
    let (output, facts) = tokio::join!(run(&variables), asking);
    assert_eq!(facts, r#"Some("orders") None None"#);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("error: the server lambda failed: the Runtime API answered 500"),
        "{said}"
    );
}

#[tokio::test]
async fn a_function_of_snapstart_waits_to_be_restored_before_it_asks_for_an_invocation() {
    let api = RuntimeApi::start();
    api.refuse_next(500);
    let address = api.address();
    let output = run(&[
        ("AWS_LAMBDA_RUNTIME_API", &*address),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"),
    ])
    .await;
    assert_eq!(api.restored_after(), Some(0));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("answered 500"), "{said}");
}
