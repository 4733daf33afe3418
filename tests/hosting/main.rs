//! The host through its public API: the checks `H-*` of a conformant host, on a scripted server whose
//! every step is seen, and on real ones.

mod scripted;
mod start;
mod stop;
