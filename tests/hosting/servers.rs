//! The server chosen when the program runs.

use transom::features::ServerInfo;
use transom::hosting::{Servers, SettingsSources};
use transom::testing::TestServer;
use transom::{Host, Server};

use crate::scripted::{Journal, Scripted, soon};

#[tokio::test]
async fn the_settings_name_the_server_and_give_it_its_addresses() {
    let journal = Journal::default();
    let made = journal.clone();
    let servers = Servers::new()
        .with("memory", TestServer::new)
        .with("scripted", move || Scripted::new("scripted", "", &made));
    let settings = SettingsSources::new()
        .with_variables([("TRANSOM_SERVER", "memory")])
        .with_command_line(["--server", "Scripted", "--urls", "http://127.0.0.1:0"])
        .load()
        .unwrap();
    let host = Host::choose(&servers, settings)
        .unwrap()
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    let info = host
        .server_features()
        .next()
        .unwrap()
        .require::<ServerInfo>()
        .unwrap();
    assert_eq!(info.name(), "scripted");
    assert_ne!(host.addresses()[0].port(), Some(0));
    soon(host.stop()).await.unwrap();
}

#[tokio::test]
async fn the_first_server_is_the_default_and_only_the_chosen_one_is_made() {
    let servers = Servers::new()
        .with("memory", TestServer::new)
        .with("never", || -> TestServer { panic!("nobody chose it") });
    let host = Host::choose(&servers, Default::default())
        .unwrap()
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    let info = host
        .server_features()
        .next()
        .unwrap()
        .require::<ServerInfo>()
        .unwrap();
    assert_eq!(info.name(), "memory");
    soon(host.stop()).await.unwrap();
}

#[test]
fn an_unknown_server_is_an_error_that_lists_the_known_ones() {
    let servers = Servers::new()
        .with("hyper", TestServer::new)
        .with("tiny_http", || TestServer::new().boxed())
        .with("memory", TestServer::new);
    let settings = SettingsSources::new()
        .with_command_line(["--server=nginx"])
        .load()
        .unwrap();
    let error = Host::choose(&servers, settings).unwrap_err();
    assert!(error.is_configuration());
    assert_eq!(
        error.report(),
        "there is no server `nginx`; this program has `hyper`, `tiny_http` and `memory`",
    );
    assert_eq!(
        Servers::new().choose(None).unwrap_err().report(),
        "this program has no server",
    );
}

#[test]
fn of_two_servers_with_one_name_the_later_is_meant() {
    let servers = Servers::new()
        .with("a", || -> TestServer { panic!("it was replaced") })
        .with("a", TestServer::new);
    assert_eq!(servers.names().collect::<Vec<_>>(), ["a"]);
    assert!(servers.choose(Some("a")).is_ok());
}
