//! What is shown, and that it stays text.

use std::future::ready;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use transom::features::{ServerInfo, ServerLimit, ServerLimits, ServerStatistics};
use transom::hosting::{HostLifetime, RunningHost};
use transom::hyper::Limits;
use transom::testing::{TestClient, TestServer};
use transom::{ApplicationBuilder, Feature, Host, HyperServer, Request};
use transom_middleware::diagnostics::DiagnosticsLayer;

use super::{asked, page, report, shown, start};
use crate::support::{run, with_feature};

#[test]
fn the_host_is_shown_as_far_as_it_has_come() {
    run(async {
        let (host, client) = start("Development", shown).await;
        let report = report(&client).await;
        let of_host = &report["host"];
        assert_eq!(of_host["environment"], "Development");
        assert_eq!(of_host["state"], "started");
        let at = of_host["started_at"].as_u64().unwrap();
        let lifetime = host.lifetime();
        let since = lifetime.started_at().unwrap();
        let since = since.duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(at, since.as_secs());
        let uptime = of_host["uptime_seconds"].as_f64().unwrap();
        assert!((0.0..lifetime.uptime().unwrap().as_secs_f64()).contains(&uptime));
        let page = page(&client).await;
        for part in [
            "<tr><th scope=\"row\">Environment</th><td>Development</td></tr>",
            "<tr><th scope=\"row\">State</th><td><span class=\"started\">started</span></td></tr>",
            "<tr><th scope=\"row\">Started</th><td>",
            "<tr><th scope=\"row\">Up for</th><td>0 s</td></tr>",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        host.stop().await.unwrap();
    });
}

#[test]
fn a_host_that_stops_says_so_to_whom_it_still_answers() {
    run(async {
        let (host, client) = start("Production", |app| {
            let host = app.server_features();
            let lifetime = host.get::<HostLifetime>().cloned().unwrap();
            // The request was begun before, and is answered after.
            let layer = DiagnosticsLayer::of(&app).guarded_by_async(move |_| {
                let lifetime = lifetime.clone();
                async move {
                    lifetime.stopping().await;
                    true
                }
            });
            app.layer(layer).build()
        })
        .await;
        let (report, stopped) = tokio::join!(report(&client), async {
            while statistics(&host).requests() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            host.stop().await
        });
        stopped.unwrap();
        assert_eq!(report["host"]["state"], "stopping");
        assert_eq!(report["host"]["environment"], "Production");
    });
}

fn statistics(host: &RunningHost) -> ServerStatistics {
    let first = host.server_features().next().unwrap();
    first.require::<ServerStatistics>().unwrap().clone()
}

/// Sends what no server takes, and what one does, and keeps the connection of the second.
async fn visit(host: &RunningHost) -> TcpStream {
    let address = host.addresses()[0].connect_addr().unwrap();
    for wrong in ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\na b\r\n\r\n"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(wrong.as_bytes()).await.unwrap();
        client.read_to_end(&mut Vec::new()).await.unwrap();
    }
    let mut client = TcpStream::connect(address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_ne!(client.read(&mut [0; 256]).await.unwrap(), 0);
    client
}

#[test]
fn each_server_of_a_host_is_shown_and_its_counts_move() {
    run(async {
        let limits = Limits::default().with_max_request_fields(77);
        let host = Host::builder(HyperServer::new("http://127.0.0.1:0").with_limits(limits))
            .with_server(TestServer::new())
            .with_environment("Development");
        let host = host.configure(shown).start().await.unwrap();
        let client = host.server_features().nth(1).unwrap();
        let client = client.require::<TestClient>().unwrap().clone();

        let before = report(&client).await;
        assert_eq!(before["servers"].as_array().unwrap().len(), 2);
        let hyper = &before["servers"][0];
        assert_eq!(
            (&hyper["name"], &hyper["adapter"]),
            (&json!("hyper"), &Value::Null)
        );
        assert_eq!(hyper["addresses"], json!([host.addresses()[0].to_string()]));
        assert_eq!(hyper["requested_addresses"], json!(["http://127.0.0.1:0"]));
        let none = json!({"now": 0, "total": 0});
        assert_eq!(
            hyper["statistics"],
            json!({"connections": none, "requests": none, "upgraded": none, "rejections": {"total": 0, "causes": []}})
        );
        let limits = hyper["limits"].as_array().unwrap();
        for limit in [
            json!({"name": "max_request_fields", "value": 77, "unit": "count"}),
            json!({"name": "max_connections", "value": null, "unit": null}),
            json!({"name": "max_request_body_size", "value": 30_000_000, "unit": "bytes"}),
            json!({"name": "min_response_rate", "value": 240, "unit": "bytes_per_second"}),
            json!({"name": "keep_alive_timeout", "value": 130.0, "unit": "seconds"}),
        ] {
            assert!(limits.contains(&limit), "no {limit} in {limits:?}");
        }
        let features = hyper["features"].as_array().unwrap();
        assert!(features.contains(&json!("server.limits")), "{features:?}");
        let memory = &before["servers"][1];
        assert_eq!(memory["name"], "memory");
        // The request for the report is one.
        assert_eq!(
            memory["statistics"]["requests"],
            json!({"now": 1, "total": 1})
        );

        let kept = visit(&host).await;
        // What is over is over a moment after the client has seen its end.
        let now = statistics(&host);
        while (now.connections(), now.requests()) != (1, 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let after = report(&client).await;
        let statistics = &after["servers"][0]["statistics"];
        assert_eq!(statistics["connections"]["now"], 1);
        assert_eq!(statistics["connections"]["total"], 3);
        assert_eq!(statistics["requests"], json!({"now": 0, "total": 1}));
        let causes = json!([{"cause": "invalid_request", "count": 2}]);
        assert_eq!(
            statistics["rejections"],
            json!({"total": 2, "causes": causes})
        );
        assert_eq!(after["servers"][1]["statistics"]["requests"]["total"], 2);

        let page = page(&client).await;
        for part in [
            "<h2 id=\"server-1\">Server 1 of 2: hyper <span class=\"version\">",
            "<h2 id=\"server-2\">Server 2 of 2: memory <span class=\"version\">",
            "<li><a href=\"#server-2\">Server 2</a></li>",
            "<caption>Live</caption>",
            "<tr><th scope=\"row\">Connections</th><td>1</td><td>3</td></tr>",
            "<tr><th scope=\"row\"><code>invalid_<wbr>request</code></th><td>2</td></tr>",
            "<tr><th scope=\"row\">All causes</th><td>2</td></tr>",
            "<tr><th scope=\"row\"><code>max_<wbr>request_<wbr>fields</code></th><td>77</td></tr>",
            "<tr><th scope=\"row\"><code>max_<wbr>connections</code></th><td class=\"none\">none</td></tr>",
            "<tr><th scope=\"row\"><code>keep_<wbr>alive_<wbr>timeout</code></th><td>2 min 10 s</td></tr>",
            "<h3>Was asked for</h3>\n<ul class=\"names\">\n<li>http://127.0.0.1:0</li>",
            "<li>server.statistics</li>",
            "<p class=\"none\">Nothing yet.</p>",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        let address = format!("<li>{}</li>", host.addresses()[0]);
        assert!(page.contains(&address), "no {address} in {page}");
        drop(kept);
        host.stop().await.unwrap();
    });
}

#[test]
fn the_pipeline_is_shown_with_its_branches() {
    run(async {
        let (_host, client) = start("Development", |app| {
            let layer = DiagnosticsLayer::of(&app);
            app.layer(layer)
                .map("/a&b", |branch| {
                    branch
                        .use_when(
                            |_| true,
                            |detour| detour.use_fn(|request, next| next.run(request)),
                        )
                        .build()
                })
                .run_fn(|_| async { "hello" })
        })
        .await;
        let leaf = |name: &str| json!({"name": name, "branch": []});
        let detour = json!({"name": "use_when", "branch": [leaf("use_fn")]});
        let map = json!({"name": "map \"/a&b\"", "branch": [detour, leaf("404")]});
        let expected = json!([leaf("layer DiagnosticsLayer"), map, leaf("run_fn")]);
        assert_eq!(report(&client).await["pipeline"], expected);
        let page = page(&client).await;
        let expected = "<ol class=\"stages\">\n<li>layer DiagnosticsLayer</li>\n\
             <li>map &quot;/a&amp;b&quot;\n<ol class=\"stages\">\n\
             <li>use_when\n<ol class=\"stages\">\n<li>use_fn</li>\n</ol>\n</li>\n<li>404</li>\n</ol>\n</li>\n\
             <li>run_fn</li>\n</ol>";
        assert!(page.contains(expected), "{page}");
    });
}

/// A feature whose name is hostile.
#[derive(Clone)]
struct Hostile;

impl Feature for Hostile {
    const NAME: &'static str = "<script>alert(1)</script>";
}

#[test]
fn without_a_host_the_server_of_the_request_is_shown_and_what_it_says_stays_text() {
    run(async {
        let app = ApplicationBuilder::new();
        let layer = DiagnosticsLayer::of(&app).guarded_by_async(|_| ready(true));
        let info = ServerInfo::new("<b>server", "1&2").with_adapter("<i>adapter", "\"3\"");
        let app = with_feature(app, info);
        let app = with_feature(app, Hostile);
        let statistics = ServerStatistics::new();
        statistics.count_rejection("<cause>");
        let app = with_feature(app, statistics);
        let limits = ServerLimits::new([ServerLimit::count("<limit>", 1_234_567)]);
        let app = with_feature(app, limits);
        let client = TestServer::new()
            .start(app.layer(layer).build())
            .await
            .unwrap();

        let report = report(&client).await;
        assert_eq!(report["host"], Value::Null);
        assert_eq!(report["servers"].as_array().unwrap().len(), 1);
        let server = &report["servers"][0];
        assert_eq!(server["name"], "<b>server");
        let adapter = json!({"name": "<i>adapter", "version": "\"3\""});
        assert_eq!(server["adapter"], adapter);

        let page = page(&client).await;
        for part in [
            "<h2 id=\"server-1\">Server: &lt;b&gt;server <span class=\"version\">1&amp;2</span></h2>",
            "<p class=\"note\">By &lt;i&gt;adapter &quot;3&quot;.</p>",
            "<li>&lt;script&gt;alert(1)&lt;/script&gt;</li>",
            "<code>&lt;cause&gt;</code>",
            "<code>&lt;limit&gt;</code></th><td>1,234,567</td>",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        for part in [
            "<script",
            "<b>",
            "<i>",
            "<img",
            "<link",
            "url(",
            "id=\"host\"",
            "sesame",
        ] {
            assert!(!page.contains(part), "{part} in {page}");
        }
    });
}

#[test]
fn what_a_server_does_not_tell_is_said() {
    run(async {
        let app = ApplicationBuilder::new();
        let layer = DiagnosticsLayer::of(&app).guarded_by(|_| true);
        let bare = tower_layer::Layer::layer(
            &layer,
            tower::service_fn(|_: Request| {
                ready(Ok::<_, std::convert::Infallible>(
                    http::Response::<String>::default(),
                ))
            }),
        );
        let ask = |accept| {
            let mut request = asked("GET", accept);
            let mut features = transom::Features::new();
            features.insert(ServerInfo::new("bare", "0"));
            request.extensions_mut().insert(features);
            tower::ServiceExt::oneshot(bare.clone(), request)
        };
        let page = ask("text/html").await.unwrap().into_body();
        for part in [
            "<p class=\"none\">No address.</p>",
            "<p class=\"none\">This server keeps no statistics.</p>",
            "<p class=\"none\">This server lists none.</p>",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        let report = ask("application/json").await.unwrap().into_body();
        let report: Value = serde_json::from_str(&report).unwrap();
        let expected = json!([{
            "name": "bare", "version": "0", "adapter": null, "addresses": [], "requested_addresses": [],
            "statistics": null, "limits": null, "features": ["server.info"],
        }]);
        assert_eq!(report["servers"], expected);
    });
}
