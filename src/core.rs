//! What the library does, in safe Rust and without a C name.
//!
//! May not: use `unsafe`, hold a static or a thread-local, know a raw pointer from outside, or name `ffi`.
#![forbid(unsafe_code)]

pub(crate) mod arena;
pub(crate) mod caller;
pub(crate) mod cell;
pub(crate) mod cookie;
pub(crate) mod dispenser;
pub(crate) mod env;
pub(crate) mod error;
pub(crate) mod gate;
pub(crate) mod index;
pub(crate) mod workspace;
