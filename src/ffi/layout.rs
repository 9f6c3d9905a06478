//! Where every field of every transparent struct lies: for the golden file, the C compiler's second opinion, and the
//! initialiser macros.

use super::*;
use std::any::TypeId;
use std::mem::{offset_of, size_of};

/// A struct as both sides must see it.
#[derive(Debug)]
pub struct Layout {
    /// Name in C.
    pub name: &'static str,
    /// sizeof
    pub size: usize,
    /// Fields in order: name and offset.
    pub fields: Vec<(&'static str, usize)>,
    /// Whether each field is a pointer, to data or to a function.
    pub pointers: Vec<bool>,
    /// Whether callers fill it in, and so get an initialiser macro.
    pub input: bool,
}

macro_rules! layout {
    ($input:literal $name:ident { $($field:ident)* }) => {
        Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            fields: vec![$((stringify!($field), offset_of!($name, $field))),*],
            pointers: vec![$(is_pointer(|it: &$name| &it.$field)),*],
            input: $input,
        }
    };
}

fn is_pointer<S, T: 'static>(_: fn(&S) -> &T) -> bool {
    let integers = [TypeId::of::<u64>(), TypeId::of::<usize>()];
    size_of::<T>() == size_of::<usize>() && !integers.contains(&TypeId::of::<T>())
}

/// Every transparent struct.
#[rustfmt::skip]
pub fn layouts() -> Vec<Layout> {
    vec![
        layout!(false wsrt_guid { data1 data2 data3 data4 }),
        layout!(true wsrt_log { cb_size flags max_level reserved user_data write release }),
        layout!(true ws_runtime_options { cb_size flags disconnect_threads disconnect_deadline_ms drain_timeout_ms
            connect_timeout_ms reconnect_max_ms linger_ms address host }),
        layout!(true ws_client { cb_size flags user_data get_resource_id get_resource_display_name issue_disconnect
            release get_server start_program }),
        layout!(false ws_resource_info { cb_size flags cookie state process_id last_result age_ms state_age_ms
            correlation_id workspace_id display_name }),
        layout!(true ws_observer { cb_size flags user_data changed link_changed release }),
        layout!(true ws_disconnect { cb_size flags cookie deadline_ms workspace_id friendly_name }),
        layout!(false ws_disconnect_report { cb_size flags cookie outcome process_id result elapsed_us workspace_id
            display_name }),
        layout!(true dispenser_driver { cb_size flags user_data create_resource rate_resource enlist_resource
            reset_resource destroy_resource destroy_resource_s release report }),
        layout!(true dispenser_options { cb_size flags max_resources max_waiters wait_timeout_ms sweep_interval_ms
            max_lifetime_s jitter_percent callback_deadline_ms leak_threshold_ms close_deadline_ms drain_timeout_ms
            max_creating create_backoff_ms create_backoff_max_ms fail_fast_after fail_fast_ms reserved }),
        layout!(true dispenser_stats { cb_size flags state free_unenlisted free_enlisted used_unenlisted used_enlisted
            tracked awaiting_transaction creating destroying written_off waiting peak_used peak_waiting reserved
            last_create_result reserved2 allocs frees creates create_failures destroys destroy_failures reset_failures
            enlist_failures waits wait_timeouts wait_total_us wait_max_us longest_hold_ms longest_hold_thread }),
        layout!(true dispenser_resource_info { cb_size flags state secs_free_before_destroy age_ms state_age_ms uses
            thread_id resid restypid instid transid holder_tag sresid }),
    ]
}
