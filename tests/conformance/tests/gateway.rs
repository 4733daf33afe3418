//! What stands in front of a server carries every case.

use transom::testing::{TestClient, TestServer};
use transom_conformance::{Gateway, GatewayConnection, Suite, Target, cases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_in_memory_server_keeps_the_contract_behind_a_gateway() {
    let manifest = include_str!("../manifests/memory.toml")
        .replace(
            r#"in-memory = "native""#,
            r#"in-memory = { absent = "a gateway is before it" }"#,
        )
        .replace(
            r#"gateway = { absent = "requests are values" }"#,
            r#"gateway = "native""#,
        );
    let gateway = Gateway::new(async |server| {
        let client = server.require::<TestClient>()?.connect();
        Ok(GatewayConnection::new(move |request| {
            let client = client.clone();
            async move { Ok(client.send(request).await?) }
        }))
    });
    let start = move || gateway.clone().before(TestServer::new());
    let target = Target::new(&manifest, start).unwrap();
    // No gateway hands a connection over.
    let mut cases = cases::all();
    cases.retain(|case| {
        !["S-UPG", "H-DROP-UPGRADED", "H-STOP-UPGRADED"]
            .iter()
            .any(|id| case.id().starts_with(id))
    });
    let suite = Suite::new(target, &cases).unwrap();
    let mut carried = 0;
    for line in suite.names() {
        suite
            .run(line)
            .await
            .unwrap_or_else(|failure| panic!("{line}: {failure}"));
        carried += usize::from(line.ends_with("@gateway"));
    }
    assert!(carried > 50, "{carried} lines went through the gateway");
}
