//! The rows of the dispenser's exports.

use crate::drivers::{Pools, SWEPT, driver, made, pool_options, quiet, visit};
use crate::table::Table;
use std::mem::size_of;
use std::ptr::{null, null_mut};
use wsrt::ffi::codes::*;
use wsrt::ffi::layout::layouts;
use wsrt::ffi::*;

/// Runs a call with room for a number, which a failure must leave 0.
fn zeroing(call: impl FnOnce(*mut usize) -> i32) -> i32 {
    let mut number = usize::MAX / 3;
    let code = call(&mut number);
    assert!(code >= 0 || number == 0, "the out parameter is zeroed on failure");
    code
}

/// Makes a pool and ends it again.
fn create(table: *const dispenser_driver, name: *const std::ffi::c_char, options: *const dispenser_options) -> i32 {
    let mut pool: *mut dispenser = std::ptr::dangling_mut();
    let code = unsafe { dispenser_create(table, name, options, &mut pool) };
    assert!(code >= 0 || pool.is_null(), "the out parameter is zeroed on failure");
    if code == WSRT_S_OK { unsafe { dispenser_destroy(pool) } } else { code }
}

impl Table {
    /// A handle that means no live dispenser, and one of a dispenser that is closed.
    fn pool(&mut self, export: &str, closed: i32, call: impl Fn(*mut dispenser) -> i32) {
        self.dispenser(export, WSRT_E_HANDLE, &call);
        let name = self.world.pools.closed;
        self.row(export, "dispenser", "closed", closed, |_| call(name));
    }

    /// A struct that is filled in: never by more than its room, and with nothing left in it that was there before.
    fn room<T: Copy>(&mut self, export: &str, parameter: &str, call: impl Fn(*mut dispenser, *mut T) -> i32) {
        let Pools { pool, destroyed, .. } = self.world.pools;
        self.row(export, parameter, "NULL", WSRT_E_INVALIDARG, |_| call(pool, null_mut()));
        let known = size_of::<T>();
        let mut block = vec![0xAAu8; 4096];
        let at = block.as_mut_ptr().cast::<T>();
        let mut tried = |pool, cb_size: u32| {
            block.fill(0xAA);
            block[..4].copy_from_slice(&cb_size.to_ne_bytes());
            let code = call(pool, at);
            let told = u32::from_ne_bytes([block[0], block[1], block[2], block[3]]);
            (code, told, block[4..].to_vec())
        };
        for bad in [0, 1, 7, known as u32 - 1, 1025, 4096, u32::MAX] {
            self.row(export, parameter, "cb_size", WSRT_E_INVALIDARG, |_| {
                let (code, told, rest) = tried(pool, bad);
                assert!(told == bad && rest.iter().all(|&byte| byte == 0xAA), "no room is known, nothing is written");
                code
            });
        }
        for room in [known as u32, known as u32 + 1, known as u32 + 8, 1024] {
            let end = room as usize - 4;
            self.row(export, parameter, "longer", WSRT_S_OK, |_| {
                let (code, told, rest) = tried(pool, room);
                assert_eq!(told as usize, known, "{export}: cb_size says how much is known");
                assert!(rest[known - 4..end].iter().all(|&byte| byte == 0), "{export}: what is not known is 0");
                assert!(rest[end..].iter().all(|&byte| byte == 0xAA), "{export}: nothing beyond the room");
                assert_ne!(rest[..4], [0xAA; 4], "{export}: flags are told, whatever was there");
                code
            });
            self.row(export, "dispenser", "old figures", WSRT_E_HANDLE, |_| {
                let (code, told, rest) = tried(destroyed, room);
                assert_eq!(told, room, "{export}: cb_size stays");
                assert!(rest[..end].iter().all(|&byte| byte == 0), "{export}: all 0 on failure");
                assert!(rest[end..].iter().all(|&byte| byte == 0xAA), "{export}: nothing beyond the room");
                code
            });
        }
        self.covered.insert((export.into(), parameter.into(), "old figures"));
    }

    /// Numbers that name no resource which the export could be about.
    fn resource(&mut self, export: &str, not_theirs: &[usize], call: impl Fn(usize) -> i32) {
        self.row(export, "resid", "0", WSRT_E_INVALIDARG, |_| call(0));
        for &resid in not_theirs {
            self.row(export, "resid", "not theirs", WSRT_E_INVALIDARG, |_| call(resid));
        }
    }
}

pub fn rows(t: &mut Table) {
    making(t);
    ending(t);
    using(t);
    watching(t);
    contexts(t);
    asking(t);
}

fn making(t: &mut Table) {
    const EXPORT: &str = "dispenser_create";
    t.table(EXPORT, "driver", driver(), WSRT_E_INVALIDARG, |table| create(table, null(), &pool_options()));
    // Only NULL is taken.
    let (taken, refused) = (quiet(), driver());
    t.table(EXPORT, "options", pool_options(), WSRT_S_OK, |options| {
        create(if options.is_null() { &taken } else { &refused }, null(), options)
    });
    t.string(EXPORT, "name", false, |name| create(&quiet(), name, &pool_options()));
    t.row(EXPORT, "name", "NULL", WSRT_S_OK, |_| create(&quiet(), null(), &pool_options()));
    let deaf = dispenser_driver { create_resource: None, ..driver() };
    t.row(EXPORT, "create_resource", "NULL", WSRT_E_INVALIDARG, |_| create(&deaf, null(), null()));
    t.row(EXPORT, "dispenser", "NULL", WSRT_E_INVALIDARG, |_| unsafe {
        dispenser_create(&driver(), null(), null(), null_mut())
    });
    let mut block = [0u64; 128];
    let longer = block.as_mut_ptr();
    for size in [size_of::<dispenser_driver>() + 8, 1024] {
        let table = longer.cast::<dispenser_driver>();
        unsafe { table.write(dispenser_driver { cb_size: size as u32, ..quiet() }) };
        t.row(EXPORT, "driver", "zeroes behind", WSRT_S_OK, |_| create(table, null(), &pool_options()));
    }
    block.fill(0);
    for size in [size_of::<dispenser_options>() + 8, 1024] {
        let options = longer.cast::<dispenser_options>();
        unsafe { options.write(dispenser_options { cb_size: size as u32, ..pool_options() }) };
        t.row(EXPORT, "options", "zeroes behind", WSRT_S_OK, |_| create(&quiet(), null(), options));
    }
    let layouts = layouts();
    let fields = &layouts.iter().find(|layout| layout.name == "dispenser_options").expect("its layout").fields;
    let used = ["cb_size", "flags", "sweep_interval_ms", "callback_deadline_ms", "drain_timeout_ms"];
    let unused: Vec<_> = fields.iter().filter(|(field, _)| !used.contains(field)).collect();
    assert_eq!(unused.len(), 13, "the rest of the options is not offered");
    for &&(field, offset) in &unused {
        for value in [1u32, u32::MAX] {
            let mut options = pool_options();
            unsafe { (&raw mut options).cast::<u8>().add(offset).cast::<u32>().write(value) };
            t.row(EXPORT, field, "not offered", WSRT_E_NOTIMPL, |_| create(&driver(), null(), &options));
        }
    }
}

fn ending(t: &mut Table) {
    t.pool("dispenser_close", WSRT_E_CLOSED, |pool| unsafe { dispenser_close(pool) });
    t.pool("dispenser_close_nowait", WSRT_E_CLOSED, |pool| unsafe { dispenser_close_nowait(pool) });
    let ends: [(&str, unsafe extern "C" fn(*mut dispenser) -> i32); 2] =
        [("dispenser_destroy", dispenser_destroy), ("dispenser_destroy_nowait", dispenser_destroy_nowait)];
    for (export, end) in ends {
        t.dispenser(export, WSRT_S_FALSE, |pool| unsafe { end(pool) });
        t.row(export, "dispenser", "closed", WSRT_S_OK, |_| unsafe {
            let pool = made(&pool_options());
            assert_eq!(dispenser_close(pool), WSRT_S_OK);
            end(pool)
        });
        t.row(export, "dispenser", "destroyed", WSRT_E_HANDLE, |_| unsafe {
            let pool = made(&pool_options());
            assert_eq!(end(pool), WSRT_S_OK);
            end(pool)
        });
    }
}

fn using(t: &mut Table) {
    let Pools { pool, in_use, in_stock, tracked, .. } = t.world.pools;
    let alloc = |pool, restypid| zeroing(|out| unsafe { dispenser_alloc_resource(pool, restypid, out) });
    t.pool("dispenser_alloc_resource", WSRT_E_CLOSED, |pool| alloc(pool, 1));
    t.row("dispenser_alloc_resource", "restypid", "0", WSRT_E_INVALIDARG, |_| alloc(pool, 0));
    t.row("dispenser_alloc_resource", "resid", "NULL", WSRT_E_INVALIDARG, |_| unsafe {
        dispenser_alloc_resource(pool, 1, null_mut())
    });
    let unknown = [1, in_use + 1, in_use ^ 1 << 63, usize::MAX];
    let free = |pool, resid| unsafe { dispenser_free_resource(pool, resid) };
    t.pool("dispenser_free_resource", WSRT_E_CLOSED, |pool| free(pool, in_use));
    t.resource("dispenser_free_resource", &[&unknown[..], &[in_stock, tracked]].concat(), |resid| free(pool, resid));
    let destroy = |pool, resid| unsafe { dispenser_destroy_resource(pool, resid) };
    t.pool("dispenser_destroy_resource", WSRT_E_CLOSED, |pool| destroy(pool, in_use));
    t.resource("dispenser_destroy_resource", &[&unknown[..], &[tracked]].concat(), |resid| destroy(pool, resid));
}

fn watching(t: &mut Table) {
    let Pools { pool, in_use, in_stock, tracked, .. } = t.world.pools;
    let known = [in_use, in_stock, tracked];
    let track = |pool, resid| unsafe { dispenser_track_resource(pool, resid) };
    t.pool("dispenser_track_resource", WSRT_E_CLOSED, |pool| track(pool, 5));
    t.resource("dispenser_track_resource", &known, |resid| track(pool, resid));

    let track_ex = |pool, resid, instid, transid| unsafe { dispenser_track_resource_ex(pool, resid, instid, transid) };
    t.pool("dispenser_track_resource_ex", WSRT_E_CLOSED, |pool| track_ex(pool, 5, 6, 7));
    t.resource("dispenser_track_resource_ex", &known, |resid| track_ex(pool, resid, 0, 0));
    for none in ["instid", "transid"] {
        t.row("dispenser_track_resource_ex", none, "0", WSRT_S_OK, |_| {
            track_ex(pool, 5, 0, 0) | unsafe { dispenser_untrack_resource(pool, 5, 0) }
        });
    }

    let track_s = |pool, sresid| unsafe { dispenser_track_resource_s(pool, sresid) };
    let untrack_s = |pool, sresid| unsafe { dispenser_untrack_resource_s(pool, sresid, 0) };
    t.pool("dispenser_track_resource_s", WSRT_E_CLOSED, |pool| track_s(pool, c"new".as_ptr()));
    t.string("dispenser_track_resource_s", "sresid", true, |sresid| match track_s(pool, sresid) {
        WSRT_S_OK => untrack_s(pool, sresid),
        code => code,
    });
    t.row("dispenser_track_resource_s", "sresid", "known", WSRT_E_INVALIDARG, |_| track_s(pool, c"tracked".as_ptr()));

    let untrack = |pool, resid, destroy| unsafe { dispenser_untrack_resource(pool, resid, destroy) };
    let pooled = [1, tracked + 1, in_use, in_stock];
    t.pool("dispenser_untrack_resource", WSRT_E_CLOSED, |pool| untrack(pool, tracked, 1));
    for destroy in [0, 1, -1] {
        t.resource("dispenser_untrack_resource", &pooled, |resid| untrack(pool, resid, destroy));
    }
    t.pool("dispenser_untrack_resource_s", WSRT_E_CLOSED, |pool| untrack_s(pool, c"tracked".as_ptr()));
    t.string("dispenser_untrack_resource_s", "sresid", true, |sresid| {
        let is_longest = !sresid.is_null() && unsafe { std::ffi::CStr::from_ptr(sresid) }.count_bytes() == 4096;
        if is_longest {
            assert_eq!(track_s(pool, sresid), WSRT_S_OK);
        }
        untrack_s(pool, sresid)
    });
    t.row("dispenser_untrack_resource_s", "sresid", "unknown", WSRT_E_INVALIDARG, |_| {
        untrack_s(pool, c"Tracked".as_ptr())
    });
}

fn contexts(t: &mut Table) {
    t.row("dispenser_set_context", "instid", "0", WSRT_S_OK, |_| unsafe { dispenser_set_context(0, 0) });
    t.row("dispenser_set_context", "transid", "0", WSRT_S_OK, |_| unsafe { dispenser_set_context(0, 0) });
    t.row("dispenser_get_context", "instid", "NULL", WSRT_E_INVALIDARG, |_| {
        zeroing(|transid| unsafe { dispenser_get_context(null_mut(), transid) })
    });
    t.row("dispenser_get_context", "transid", "NULL", WSRT_E_INVALIDARG, |_| {
        zeroing(|instid| unsafe { dispenser_get_context(instid, null_mut()) })
    });
    t.row("dispenser_instance_ended", "instid", "0", WSRT_E_INVALIDARG, |_| unsafe { dispenser_instance_ended(0) });
    t.row("dispenser_instance_ended", "instid", "unknown", WSRT_S_OK, |_| unsafe { dispenser_instance_ended(99) });
    t.row("dispenser_transaction_aborting", "transid", "0", WSRT_E_INVALIDARG, |_| unsafe {
        dispenser_transaction_aborting(0)
    });
    t.row("dispenser_transaction_aborting", "transid", "unknown", WSRT_S_OK, |_| unsafe {
        dispenser_transaction_aborting(99)
    });
    for committed in [0, 1, -1] {
        t.row("dispenser_transaction_ended", "transid", "0", WSRT_E_INVALIDARG, |_| unsafe {
            dispenser_transaction_ended(0, committed)
        });
        t.row("dispenser_transaction_ended", "transid", "unknown", WSRT_S_OK, |_| unsafe {
            dispenser_transaction_ended(99, committed)
        });
    }
}

fn asking(t: &mut Table) {
    let Pools { pool, in_use, closed, .. } = t.world.pools;
    // A struct of its own for each call: what was there before is not the handle's matter.
    let stats =
        |pool| unsafe { dispenser_get_stats(pool, &mut dispenser_stats { cb_size: 184, ..std::mem::zeroed() }) };
    t.pool("dispenser_get_stats", WSRT_S_OK, stats);
    t.room("dispenser_get_stats", "stats", |pool, stats| unsafe { dispenser_get_stats(pool, stats) });
    let options = |pool| unsafe { dispenser_get_options(pool, &mut pool_options()) };
    t.pool("dispenser_get_options", WSRT_S_OK, options);
    t.room("dispenser_get_options", "options", |pool, options| unsafe { dispenser_get_options(pool, options) });
    let info = |pool, resid| unsafe {
        let mut info = dispenser_resource_info { cb_size: 96, resid: 9, ..std::mem::zeroed() };
        let code = dispenser_get_resource_info(pool, resid, &mut info);
        assert!(code >= 0 || (info.cb_size, info.resid) == (96, 0), "zeroed on failure, but for cb_size");
        code
    };
    t.pool("dispenser_get_resource_info", WSRT_E_CLOSED, |pool| info(pool, in_use));
    t.resource("dispenser_get_resource_info", &[1, in_use + 1, usize::MAX], |resid| info(pool, resid));
    t.room("dispenser_get_resource_info", "info", |pool, info| unsafe {
        dispenser_get_resource_info(pool, in_use, info)
    });
    let show = |pool| unsafe { dispenser_enum_resources(pool, Some(visit), null_mut()) };
    t.pool("dispenser_enum_resources", WSRT_S_OK, show);
    for pool in [pool, closed] {
        t.row("dispenser_enum_resources", "visitor", "NULL", WSRT_E_INVALIDARG, |_| unsafe {
            dispenser_enum_resources(pool, None, null_mut())
        });
    }
    t.pool("dispenser_sweep", WSRT_E_CLOSED, |pool| unsafe { dispenser_sweep(pool, SWEPT) });
    for earlier in [1, SWEPT - 1] {
        t.row("dispenser_sweep", "now_ms", "earlier", WSRT_E_INVALIDARG, |_| unsafe { dispenser_sweep(pool, earlier) });
    }
    let timed = made(&dispenser_options { flags: 0, sweep_interval_ms: WSRT_INFINITE, ..pool_options() });
    for time in [1, SWEPT, u64::MAX] {
        t.row("dispenser_sweep", "now_ms", "not allowed", WSRT_E_INVALIDARG, |_| unsafe {
            dispenser_sweep(timed, time)
        });
    }
    t.row("dispenser_sweep", "now_ms", "0", WSRT_S_OK, |_| unsafe { dispenser_sweep(timed, 0) });
    assert_eq!(unsafe { dispenser_destroy(timed) }, WSRT_S_OK);
}
