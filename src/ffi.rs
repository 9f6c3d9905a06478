//! The border: every exported function, a line each. All unsafe code is below here, and no logic.
//!
//! Each export is a plain `extern "C"` function whose body is one call of the guard (`boundary`). The header is made
//! from these files; its comments are the reference.
#![allow(non_camel_case_types)]

mod allocation;
mod boundary;
mod client;
pub mod codes;
mod context;
mod disconnect;
mod driver;
mod foreign;
mod handle;
mod inventory;
pub mod layout;
mod library;
mod log;
mod observer;
mod pool;
mod process;
mod resource;
mod runtime;
mod text;
mod thread;
mod tracking;
mod versioned;

pub use library::{wsrt_abi_version, wsrt_hresult, wsrt_hresult_name, wsrt_last_error, wsrt_version};
pub use log::{wsrt_log, wsrt_set_log};
pub use text::{wsrt_text, wsrt_text_set};

pub use runtime::{ws_host, ws_runtime, ws_runtime_options};
pub use runtime::{ws_runtime_create, ws_runtime_destroy, ws_runtime_destroy_nowait};

pub use client::{ws_add_resource, ws_add_resource_ex, ws_client, ws_cookie, ws_program, wsrt_guid};
pub use client::{ws_remove_resource, ws_remove_resource_ex, ws_remove_resource_nowait};

pub use disconnect::{ws_disconnect, ws_disconnect_report, ws_disconnect_visitor};
pub use disconnect::{ws_disconnect_ex, ws_disconnect_resource};
pub use disconnect::{ws_disconnect_workspace, ws_disconnect_workspace_by_friendly_name};

pub use resource::{ws_enum_resources, ws_resource_info, ws_resource_visitor};

pub use observer::{ws_observer, ws_subscribe, ws_unsubscribe, ws_unsubscribe_nowait};

pub use driver::{dispenser_driver, dispenser_instid, dispenser_resid, dispenser_restypid, dispenser_transid};

pub use pool::{dispenser, dispenser_options};
pub use pool::{dispenser_close, dispenser_close_nowait, dispenser_create};
pub use pool::{dispenser_destroy, dispenser_destroy_nowait, dispenser_get_options, dispenser_sweep};

pub use allocation::{dispenser_alloc_resource, dispenser_destroy_resource, dispenser_free_resource};

pub use tracking::{dispenser_track_resource, dispenser_track_resource_ex, dispenser_track_resource_s};
pub use tracking::{dispenser_untrack_resource, dispenser_untrack_resource_s};

pub use context::{dispenser_get_context, dispenser_set_context};
pub use context::{dispenser_instance_ended, dispenser_transaction_aborting, dispenser_transaction_ended};

pub use inventory::{dispenser_enum_resources, dispenser_get_resource_info, dispenser_get_stats};
pub use inventory::{dispenser_resource_info, dispenser_resource_visitor, dispenser_stats};

#[cfg(debug_assertions)]
pub use runtime::wsrt_test_panic;
