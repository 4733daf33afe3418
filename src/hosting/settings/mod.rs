//! What whoever runs the program may say: in files, in the environment, on the command line.

mod command_line;
mod environment;
mod file;
mod key;
mod launch_profile;
mod layer;
mod parse;
mod resolved;
mod sources;
mod urls;

pub use launch_profile::LaunchProfile;
pub use resolved::Settings;
pub use sources::SettingsSources;
