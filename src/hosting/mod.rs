//! What binds the servers, builds the pipeline, serves, and stops.
//!
//! ```no_run
//! # async fn example() -> Result<(), transom::Error> {
//! use transom::{Host, HyperServer};
//!
//! Host::builder(HyperServer::new("http://127.0.0.1:5000"))
//!     .configure(|app| app.run_fn(|_| async { "hello" }))
//!     .run()
//!     .await
//! # }
//! ```
//!
//! # Order
//!
//! ```text
//!         bind every server, in order      one fails: all are released, nothing was served
//!                   |
//!               configure                  sees the real addresses; once a host, behind its startup filters
//!                   |
//!           serve on every server          each in a task that the host owns
//!                   |
//!        "Now listening on: ADDRESS"       one line an address
//!             token: started
//!         "Application started. ..."
//!                   :
//!   stop(), a signal, or a server ends alone
//!                   |
//!             token: stopping              before any server hears of it
//!         Shutdown to every server         they accept nothing new
//!                   |
//!                 drain                    until the shutdown timeout, or a second signal
//!                   |
//!         abort whatever is left           the error says what it was
//!                   |
//!             token: stopped
//! ```
//!
//! A server that has bound holds its clients back until it serves. Of several servers the first may
//! answer a moment before the last one does.
//!
//! # Log
//!
//! The host speaks through `tracing`, under the target `transom::hosting`, in the words of ASP.NET
//! Core, so that tools which wait for `Now listening on: ` find it. A program that installs no subscriber
//! says nothing.

mod builder;
mod environment;
mod exit;
mod host;
mod host_servers;
mod lifetime;
mod options;
mod running;
mod servers;
#[cfg(feature = "settings")]
mod settings;
#[cfg(feature = "signals")]
mod signals;
mod stopper;
mod supervisor;
#[cfg(all(feature = "systemd", target_os = "linux"))]
mod systemd;
mod urls;

pub use builder::HostBuilder;
pub use environment::HostEnvironment;
pub use exit::exit;
pub use host::Host;
pub use host_servers::HostServers;
pub use lifetime::HostLifetime;
pub use running::RunningHost;
pub use servers::Servers;
#[cfg(feature = "settings")]
pub use settings::{LaunchProfile, Settings, SettingsSources};
pub use stopper::Stopper;
