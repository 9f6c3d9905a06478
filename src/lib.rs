//! `wsrt`: the RemoteApp and Desktop Connection workspace runtime behind a C ABI.
//!
//! The C header is the reference for users; this crate's Rust items are the same functions under the same names.
//! `core` does the work in safe Rust, `ffi` translates, `sync` swaps std for loom in models.

#[cfg(not(target_pointer_width = "64"))]
compile_error!("handles pack slot, kind and life into 64 bits");

mod core;
pub mod ffi;
mod sync;
