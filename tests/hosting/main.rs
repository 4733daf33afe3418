//! The host through its public API: the checks `H-*` of a conformant host, on a scripted server whose
//! every step is seen, and on real ones.
#![cfg(all(feature = "hosting", feature = "testing"))]

mod log;
mod scripted;
mod sections;
mod shutdown_delay;
mod start;
mod startup_filters;
mod stop;
mod urls;

#[cfg(all(feature = "hyper", unix))]
mod hyper;

#[cfg(feature = "settings")]
mod files;
#[cfg(feature = "settings")]
mod launch_profiles;
#[cfg(feature = "settings")]
mod servers;
#[cfg(feature = "settings")]
mod settings;
