//! The contract table: every export with every bad value of every parameter gives the exact code, a text that names
//! the function and the argument, zeroed outs, and changes nothing. What a parameter needs follows from its type in
//! the header, so that a new export without its rows fails.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

#[path = "contract/drivers.rs"]
mod drivers;
#[path = "contract/pools.rs"]
mod pools;
mod support;
#[path = "contract/table.rs"]
mod table;
#[path = "contract/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};
use support::parameters;
use table::{Table, last_error, required, zeroing};
use world::{RELEASED, World, client, count, log, observer, options, selection};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

#[test]
fn the_table() {
    let mut t = Table { world: World::new(), header: support::header(), covered: BTreeSet::new() };
    let World { runtime: rt, cookie, stale_cookie, .. } = t.world;
    let guid = wsrt_guid::default();
    unsafe {
        // The object.
        t.table("ws_runtime_create", "options", options(), WSRT_S_OK, |options| {
            let mut made: *mut ws_runtime = std::ptr::dangling_mut();
            let code = ws_runtime_create(options, &mut made);
            assert!(code >= 0 || made.is_null(), "the out parameter is zeroed on failure");
            if code == WSRT_S_OK { ws_runtime_destroy(made) } else { code }
        });
        let not_offered = [("address", ws_runtime_options { address: c"default".as_ptr(), ..options() })];
        for (field, options) in not_offered {
            t.row("ws_runtime_create", field, "not offered", WSRT_E_NOTIMPL, |_| {
                ws_runtime_create(&options, &mut null_mut())
            });
        }
        t.row("ws_runtime_create", "runtime", "NULL", WSRT_E_POINTER, |_| ws_runtime_create(null(), null_mut()));
        t.runtime("ws_runtime_destroy", WSRT_S_FALSE, |rt| ws_runtime_destroy(rt));
        t.runtime("ws_runtime_destroy_nowait", WSRT_S_FALSE, |rt| ws_runtime_destroy_nowait(rt));

        // Clients.
        let bad_clients = [
            ("get_resource_id", ws_client { get_resource_id: None, ..client() }),
            ("issue_disconnect", ws_client { issue_disconnect: None, ..client() }),
        ];
        let add = |rt, table| zeroing(|out| ws_add_resource(rt, table, out));
        t.runtime("ws_add_resource", WSRT_E_HANDLE, |rt| add(rt, &client()));
        t.table("ws_add_resource", "client", client(), WSRT_E_POINTER, |table| add(rt, table));
        t.row("ws_add_resource", "cookie", "NULL", WSRT_E_POINTER, |w| {
            ws_add_resource(w.runtime, &client(), null_mut())
        });
        let add_ex = |rt, table, address| zeroing(|out| ws_add_resource_ex(rt, table, address, &guid, out));
        t.runtime("ws_add_resource_ex", WSRT_E_HANDLE, |rt| add_ex(rt, &client(), null()));
        t.table("ws_add_resource_ex", "client", client(), WSRT_E_POINTER, |table| add_ex(rt, table, null()));
        t.row("ws_add_resource_ex", "cookie", "NULL", WSRT_E_POINTER, |w| {
            ws_add_resource_ex(w.runtime, &client(), null(), &guid, null_mut())
        });
        // The longest address is accepted, and the registration taken away again without a trace in the counts.
        let quiet = ws_client { release: None, ..client() };
        t.string("ws_add_resource_ex", "event_log_upload_address", false, |address| {
            let mut made = 0;
            match ws_add_resource_ex(rt, &quiet, address, null(), &mut made) {
                WSRT_S_OK => ws_remove_resource(rt, made),
                code => code,
            }
        });
        for (callback, table) in &bad_clients {
            t.row("ws_add_resource", callback, "NULL", WSRT_E_INVALIDARG, |_| add(rt, table));
            t.row("ws_add_resource_ex", callback, "NULL", WSRT_E_INVALIDARG, |_| add_ex(rt, table, null()));
        }
        t.runtime("ws_remove_resource", WSRT_E_HANDLE, |rt| ws_remove_resource(rt, cookie));
        t.runtime("ws_remove_resource_nowait", WSRT_E_HANDLE, |rt| ws_remove_resource_nowait(rt, cookie));
        t.runtime("ws_remove_resource_ex", WSRT_E_HANDLE, |rt| ws_remove_resource_ex(rt, cookie, &guid));
        t.runtime("ws_disconnect_resource", WSRT_E_HANDLE, |rt| ws_disconnect_resource(rt, cookie));
        for bad in [0, stale_cookie, cookie.wrapping_sub(1), cookie ^ 0x8000_0000] {
            t.row("ws_remove_resource", "cookie", "unknown", WSRT_E_INVALIDARG, |_| ws_remove_resource(rt, bad));
            t.row("ws_remove_resource_nowait", "cookie", "unknown", WSRT_E_INVALIDARG, |_| {
                ws_remove_resource_nowait(rt, bad)
            });
            t.row("ws_remove_resource_ex", "cookie", "unknown", WSRT_E_INVALIDARG, |_| {
                ws_remove_resource_ex(rt, bad, null())
            });
            t.row("ws_disconnect_resource", "cookie", "unknown", WSRT_E_INVALIDARG, |_| {
                ws_disconnect_resource(rt, bad)
            });
        }

        // Disconnecting.
        t.runtime("ws_disconnect_workspace", WSRT_E_HANDLE, |rt| ws_disconnect_workspace(rt, c"contoso".as_ptr()));
        t.string("ws_disconnect_workspace", "workspace_id", true, |id| ws_disconnect_workspace(rt, id));
        let by_name = |rt, name| ws_disconnect_workspace_by_friendly_name(rt, name);
        t.runtime("ws_disconnect_workspace_by_friendly_name", WSRT_E_HANDLE, |rt| by_name(rt, c"Contoso".as_ptr()));
        t.string("ws_disconnect_workspace_by_friendly_name", "friendly_name", true, |name| by_name(rt, name));
        let ex = |rt, selection| ws_disconnect_ex(rt, selection, None, null_mut());
        t.runtime("ws_disconnect_ex", WSRT_E_HANDLE, |rt| ex(rt, &selection()));
        t.table("ws_disconnect_ex", "selection", selection(), WSRT_E_POINTER, |table| ex(rt, table));
        t.row("ws_disconnect_ex", "visitor", "NULL", WSRT_S_OK, |_| ex(rt, &selection()));
        t.string("ws_disconnect_ex", "workspace_id", false, |id| {
            ex(rt, &ws_disconnect { workspace_id: id, ..selection() })
        });
        t.string("ws_disconnect_ex", "friendly_name", false, |name| {
            ex(rt, &ws_disconnect { workspace_id: null(), friendly_name: name, ..selection() })
        });
        let none = ws_disconnect { workspace_id: null(), ..selection() };
        let two = [
            none,
            ws_disconnect { workspace_id: c"".as_ptr(), ..none },
            ws_disconnect { cookie, ..selection() },
            ws_disconnect { friendly_name: c"name".as_ptr(), ..selection() },
            ws_disconnect { flags: WS_DISCONNECT_ALL, ..selection() },
            ws_disconnect { flags: WS_DISCONNECT_ALL, cookie, ..none },
        ];
        for selection in &two {
            t.row("ws_disconnect_ex", "selection", "not exactly one", WSRT_E_INVALIDARG, |_| ex(rt, selection));
        }
        let gone = ws_disconnect { cookie: stale_cookie, ..none };
        t.row("ws_disconnect_ex", "cookie", "unknown", WSRT_E_INVALIDARG, |_| ex(rt, &gone));

        // Watching.
        t.runtime("ws_enum_resources", WSRT_E_HANDLE, |rt| ws_enum_resources(rt, Some(count), null_mut()));
        t.row("ws_enum_resources", "visitor", "NULL", WSRT_E_POINTER, |_| ws_enum_resources(rt, None, null_mut()));
        let subscribe = |rt, table| zeroing(|out| ws_subscribe(rt, table, out));
        t.runtime("ws_subscribe", WSRT_E_HANDLE, |rt| subscribe(rt, &observer()));
        t.table("ws_subscribe", "observer", observer(), WSRT_E_POINTER, |table| subscribe(rt, table));
        let deaf = ws_observer { changed: None, ..observer() };
        t.row("ws_subscribe", "changed", "NULL", WSRT_E_INVALIDARG, |_| subscribe(rt, &deaf));
        t.row("ws_subscribe", "subscription", "NULL", WSRT_E_POINTER, |_| ws_subscribe(rt, &observer(), null_mut()));
        t.runtime("ws_unsubscribe", WSRT_E_HANDLE, |rt| ws_unsubscribe(rt, 1));
        t.runtime("ws_unsubscribe_nowait", WSRT_E_HANDLE, |rt| ws_unsubscribe_nowait(rt, 1));
        for bad in [0, 1, 7, u32::MAX] {
            t.row("ws_unsubscribe", "subscription", "unknown", WSRT_E_INVALIDARG, |_| ws_unsubscribe(rt, bad));
            t.row("ws_unsubscribe_nowait", "subscription", "unknown", WSRT_E_INVALIDARG, |_| {
                ws_unsubscribe_nowait(rt, bad)
            });
        }

        // The library. Its functions leave the last error alone.
        t.table("wsrt_set_log", "log", log(), WSRT_S_OK, |log| wsrt_set_log(log));
        let bad_logs =
            [wsrt_log { write: None, ..log() }, wsrt_log { max_level: 6, ..log() }, wsrt_log { reserved: 1, ..log() }];
        for log in &bad_logs {
            t.row("wsrt_set_log", "log", "fields", WSRT_E_INVALIDARG, |_| wsrt_set_log(log));
        }
        let names: [(*mut c_void, &str); 5] = [
            (null_mut(), "NULL"),
            (t.world.text.cast(), "stale"),
            (t.world.runtime.cast(), "wrong kind"),
            (8 as *mut c_void, "garbage"),
            ((t.world.text as usize ^ 16) as *mut c_void, "garbage"),
        ];
        for (name, bad) in names {
            t.row("wsrt_text_set", "text", bad, WSRT_E_HANDLE, |_| wsrt_text_set(name.cast(), c"x".as_ptr(), 1));
        }
        t.row("wsrt_last_error", "code", "NULL", WSRT_S_OK, |_| {
            wsrt_last_error(null_mut(), [0].as_mut_ptr(), 1, null_mut())
        });
        t.row("wsrt_last_error", "buffer", "NULL", WSRT_E_POINTER, |_| {
            wsrt_last_error(null_mut(), null_mut(), 1, null_mut())
        });
        t.row("wsrt_last_error", "needed", "NULL", WSRT_E_MORE_DATA, |_| {
            wsrt_last_error(null_mut(), null_mut(), 0, null_mut())
        });
    }
    in_its_callback(&mut t);
    pools::rows(&mut t);

    let names = |name: i32| unsafe { CStr::from_ptr(wsrt_hresult_name(name)) };
    assert!(CODES.iter().all(|code| names(code.value).to_str() == Ok(code.name)));
    assert_eq!(names(0x1234_5678), c"unknown");

    for export in support::exports() {
        for (kind, name) in parameters(&t.header, &export) {
            for &bad in required(&name, &kind) {
                let row = (export.clone(), name.clone(), bad);
                assert!(t.covered.contains(&row), "no row for {row:?} ({kind})");
            }
        }
    }
    t.world.end();
}

/// A text is bad only where it could be set: inside the callback.
fn in_its_callback(t: &mut Table) {
    unsafe extern "C" fn bad_texts(user_data: *mut c_void, id: *mut wsrt_text) -> i32 {
        let seen = unsafe { &mut *user_data.cast::<Vec<(&'static str, &'static str, i32, i32)>>() };
        let long = [b'x'; 4097];
        let mut set = |parameter, bad, expected, bytes: *const c_char, len| {
            seen.push((parameter, bad, expected, unsafe { wsrt_text_set(id, bytes, len) }));
        };
        set("utf8", "UTF-8", WSRT_E_INVALIDARG, c"\xFF".as_ptr(), 1);
        set("utf8", "UTF-8", WSRT_E_INVALIDARG, c"\xFF".as_ptr(), usize::MAX);
        set("utf8", "inner NUL", WSRT_E_INVALIDARG, b"a\0b".as_ptr().cast(), 3);
        set("utf8", "too long", WSRT_E_INVALIDARG, long.as_ptr().cast(), long.len());
        set("utf8", "NULL", WSRT_E_POINTER, null(), 3);
        set("utf8", "empty", WSRT_S_OK, null(), 0);
        set("utf8", "empty", WSRT_S_OK, null(), usize::MAX);
        set("utf8", "first", WSRT_S_OK, c"first".as_ptr(), usize::MAX);
        set("utf8", "second replaces", WSRT_S_OK, c"contoso, and more".as_ptr(), 7);
        set("utf8", "UTF-8", WSRT_E_INVALIDARG, c"\xFF".as_ptr(), 1);
        WSRT_S_OK
    }
    let mut seen: Vec<(&'static str, &'static str, i32, i32)> = Vec::new();
    let asks =
        ws_client { get_resource_id: Some(bad_texts), user_data: (&raw mut seen).cast(), release: None, ..client() };
    let mut cookie = 0;
    unsafe {
        assert_eq!(ws_add_resource(t.world.runtime, &asks, &mut cookie), WSRT_S_OK);
        let found = CString::new("contoso").expect("no NUL");
        assert_eq!(ws_disconnect_workspace(t.world.runtime, found.as_ptr()), WSRT_S_OK);
        assert_eq!(ws_remove_resource(t.world.runtime, cookie), WSRT_S_OK);
    }
    assert_eq!(seen.len(), 10, "the callback ran");
    for (parameter, bad, expected, code) in seen {
        t.row("wsrt_text_set", parameter, bad, expected, |_| code);
    }
}

#[test]
fn s9_s10_what_get_resource_id_may_answer() {
    unsafe extern "C" fn refuse(_: *mut c_void, _: *mut wsrt_text) -> i32 {
        WSRT_E_ACCESSDENIED
    }
    unsafe extern "C" fn set_nothing(_: *mut c_void, _: *mut wsrt_text) -> i32 {
        WSRT_S_OK
    }
    let world = World::new();
    let before = (world.live(), RELEASED.get());
    let cases: [(unsafe extern "C" fn(*mut c_void, *mut wsrt_text) -> i32, i32); 2] =
        [(refuse, WSRT_E_ACCESSDENIED), (set_nothing, WSRT_E_INVALIDARG)];
    for (answer, expected) in cases {
        let asks = ws_client { get_resource_id: Some(answer), ..client() };
        assert_eq!(zeroing(|out| unsafe { ws_add_resource(world.runtime, &asks, out) }), expected);
        assert!(last_error().1.contains("get_resource_id"), "the text names the callback");
    }
    assert_eq!(before, (world.live(), RELEASED.get()), "nothing is kept, nothing released");
    let named = ws_client { get_resource_display_name: Some(refuse), ..client() };
    assert_eq!(zeroing(|out| unsafe { ws_add_resource(world.runtime, &named, out) }), WSRT_S_OK, "only decoration");
    world.end();
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_in_the_core_is_a_code_and_the_object_lives_on() {
    let world = World::new();
    assert_eq!(unsafe { wsrt_test_panic(world.runtime) }, WSRT_E_UNEXPECTED);
    assert!(last_error().1.contains("panic"), "the text says so");
    assert_eq!(world.live(), 3);
    assert_eq!(zeroing(|out| unsafe { ws_add_resource(world.runtime, &client(), out) }), WSRT_S_OK);
    world.end();
}
