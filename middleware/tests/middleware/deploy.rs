//! The manifest for Kubernetes asks for what `HealthChecksLayer` answers.

use transom::ApplicationBuilder;
use transom::testing::TestServer;
use transom_middleware::health_checks::HealthChecksLayer;

use crate::support::run;

const MANIFEST: &str = include_str!("../../../examples/deploy/kubernetes/app.yaml");

#[test]
fn each_probe_of_the_manifest_is_answered() {
    let paths: Vec<_> = MANIFEST
        .lines()
        .filter_map(|line| line.trim().strip_prefix("httpGet: { path: "))
        .filter_map(|rest| rest.split(',').next())
        .collect();
    assert_eq!(paths, ["/startupz", "/livez", "/readyz"]);
    run(async {
        let app = ApplicationBuilder::new()
            .layer(HealthChecksLayer::new())
            .build();
        let client = TestServer::new().start(app).await.unwrap();
        for path in paths {
            assert_eq!(client.get(path).await.unwrap().status(), 200, "{path}");
        }
    });
}
