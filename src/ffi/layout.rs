//! Where every field of every transparent struct lies: for the golden file, the C compiler's second opinion, and the
//! initialiser macros.

use super::*;
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
    /// Whether callers fill it in, and so get an initialiser macro.
    pub input: bool,
}

macro_rules! layout {
    ($input:literal $name:ident { $($field:ident)* }) => {
        Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            fields: vec![$((stringify!($field), offset_of!($name, $field))),*],
            input: $input,
        }
    };
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
    ]
}
