//! What can be asked of a dispenser: its figures after each kind of operation, its resources, its settings.

use super::scene::*;
use std::ffi::c_void;
use std::mem::{size_of, zeroed};
use std::thread;

/// The counts that may change, by name; those that are 0 are left out.
fn counts(pool: Pool) -> Vec<(&'static str, u64)> {
    let stats = pool.stats();
    assert_eq!(stats.cb_size as usize, size_of::<dispenser_stats>());
    let all = [
        ("free_unenlisted", stats.free_unenlisted.into()),
        ("free_enlisted", stats.free_enlisted.into()),
        ("used_unenlisted", stats.used_unenlisted.into()),
        ("used_enlisted", stats.used_enlisted.into()),
        ("tracked", stats.tracked.into()),
        ("awaiting", stats.awaiting_transaction.into()),
        ("creating", stats.creating.into()),
        ("destroying", stats.destroying.into()),
        ("written_off", stats.written_off.into()),
        ("peak_used", stats.peak_used.into()),
        ("allocs", stats.allocs),
        ("frees", stats.frees),
        ("creates", stats.creates),
        ("create_failures", stats.create_failures),
        ("destroys", stats.destroys),
        ("destroy_failures", stats.destroy_failures),
        ("reset_failures", stats.reset_failures),
        ("enlist_failures", stats.enlist_failures),
        // Of a version that waits.
        ("waiting", stats.waiting.into()),
        ("peak_waiting", stats.peak_waiting.into()),
        ("waits", stats.waits + stats.wait_timeouts + stats.wait_total_us + stats.wait_max_us),
        ("reserved", (stats.flags | stats.reserved | stats.reserved2).into()),
    ];
    all.into_iter().filter(|&(_, count)| count != 0).collect()
}

/// The system's number of this thread.
fn thread_number() -> u64 {
    let own = std::fs::read_link("/proc/thread-self").unwrap();
    own.file_name().unwrap().to_str().unwrap().parse().unwrap()
}

#[test]
fn a_new_dispenser_has_nothing() {
    let pool = pool();
    assert_eq!(counts(*pool), []);
    assert_eq!(pool.stats().state, DISPENSER_OPEN);
    assert_eq!(pool.resources(), []);
}

#[test]
fn an_alloc_counts() {
    let pool = pool();
    pool.used(1);
    assert_eq!(counts(*pool), [("used_unenlisted", 1), ("peak_used", 1), ("allocs", 1), ("creates", 1)]);
}

#[test]
fn a_free_counts() {
    let pool = pool();
    pool.stocked(1);
    let expected = [("free_unenlisted", 1), ("peak_used", 1), ("allocs", 1), ("frees", 1), ("creates", 1)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn a_reuse_counts_as_an_alloc_and_not_as_a_creation() {
    let pool = pool();
    for _ in 0..5 {
        pool.stocked(1);
    }
    let expected = [("free_unenlisted", 1), ("peak_used", 1), ("allocs", 5), ("frees", 5), ("creates", 1)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn what_is_enlisted_counts_apart() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| (pool.used(1), pool.used(1)));
    pool.free(10);
    let expected =
        [("free_enlisted", 1), ("used_enlisted", 1), ("peak_used", 2), ("allocs", 2), ("frees", 1), ("creates", 2)];
    assert_eq!(counts(*pool), expected);
    t.commit();
    let expected =
        [("free_unenlisted", 1), ("used_unenlisted", 1), ("peak_used", 2), ("allocs", 2), ("frees", 1), ("creates", 2)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn a_request_to_destroy_is_no_free() {
    let pool = pool();
    pool.used(1);
    pool.destroy_resource(10);
    assert_eq!(counts(*pool), [("peak_used", 1), ("allocs", 1), ("creates", 1), ("destroys", 1)]);
}

#[test]
fn a_request_to_destroy_what_is_enlisted_counts_as_waiting() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.destroy_resource(10);
    assert_eq!(counts(*pool), [("awaiting", 1), ("peak_used", 1), ("allocs", 1), ("creates", 1)]);
    t.commit();
    assert_eq!(counts(*pool), [("peak_used", 1), ("allocs", 1), ("creates", 1), ("destroys", 1)]);
}

#[test]
fn idle_stock_that_goes_counts_as_destroyed() {
    let pool = pool();
    pool.once(Create, secs(0));
    pool.stocked(1);
    pool.sweep(1_000);
    assert_eq!(counts(*pool), [("peak_used", 1), ("allocs", 1), ("frees", 1), ("creates", 1), ("destroys", 1)]);
}

#[test]
fn failures_count() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, answer(WSRT_E_ACCESSDENIED));
    pool.alloc(1).unwrap_err();
    assert_eq!(pool.stats().last_create_result, WSRT_E_ACCESSDENIED);
    pool.once(Create, id(0));
    pool.alloc(1).unwrap_err();
    pool.once(Enlist, answer(WSRT_E_FAIL));
    t.run(|| pool.alloc(1)).unwrap_err();
    assert_eq!(pool.stats().last_create_result, WSRT_S_OK);
    pool.used(1);
    pool.once(Reset, answer(WSRT_E_FAIL));
    pool.free(10);
    pool.once(Destroy, answer(WSRT_E_FAIL));
    pool.destroy_resource(10);
    let expected = [
        ("used_unenlisted", 1),
        ("peak_used", 1),
        ("allocs", 1),
        ("creates", 1),
        ("create_failures", 2),
        ("destroy_failures", 1),
        ("reset_failures", 1),
        ("enlist_failures", 1),
    ];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn what_is_tracked_counts_apart() {
    let (pool, t) = (pool(), Transaction::new("T"));
    (pool.track(77), pool.track_s("a-b"), t.run(|| pool.track(78)));
    assert_eq!(counts(*pool), [("tracked", 3)]);
    (pool.untrack(77, false), pool.untrack_s("a-b", true), pool.untrack(78, true));
    assert_eq!(counts(*pool), [("awaiting", 1), ("destroys", 1)]);
    t.commit();
    assert_eq!(counts(*pool), [("destroys", 2)]);
}

#[test]
fn what_is_reclaimed_counts_as_freed() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| pool.used(1));
    object.end();
    let expected = [("free_unenlisted", 1), ("peak_used", 1), ("allocs", 1), ("frees", 1), ("creates", 1)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn the_peak_is_that_of_resources_in_use_at_once() {
    let pool = pool();
    (pool.used(1), pool.used(1), pool.used(1));
    (pool.free(10), pool.free(20), pool.free(30));
    pool.used(1);
    assert_eq!(pool.stats().peak_used, 3);
}

#[test]
fn callbacks_that_run_count() {
    let pool = pool();
    pool.used(1);
    let held = *pool;
    pool.once(Create, move |_| assert_eq!((held.stats().creating, held.stats().used_unenlisted), (1, 1)));
    pool.used(1);
    pool.once(Reset, move |_| assert_eq!((held.stats().free_unenlisted, held.stats().used_unenlisted), (0, 2)));
    pool.free(10);
    pool.once(Destroy, move |_| assert_eq!((held.stats().destroying, held.stats().free_unenlisted), (1, 0)));
    pool.destroy_resource(10);
    assert_eq!((pool.stats().creating, pool.stats().destroying), (0, 0));
}

#[test]
fn figures_outlive_the_close() {
    let pool = pool();
    (pool.used(1), pool.stocked(1));
    pool.close();
    assert_eq!(counts(*pool), [("peak_used", 2), ("allocs", 2), ("frees", 1), ("creates", 2), ("destroys", 1)]);
}

#[test]
fn the_longest_hold_is_measured_from_the_sweep_that_first_saw_it() {
    let pool = pool();
    pool.used(1);
    pool.sweep(1_000);
    pool.used(1);
    pool.sweep(4_000);
    let stats = pool.stats();
    assert_eq!((stats.longest_hold_ms, stats.longest_hold_thread), (3_000, thread_number()));
    pool.free(10);
    assert_eq!(pool.stats().longest_hold_ms, 0);
}

#[test]
fn a_resource_shows_its_age_its_uses_and_its_owner() {
    let (pool, object) = (pool(), Object::new());
    pool.sweep(1_000);
    pool.once(Create, secs(7));
    pool.stocked(1);
    object.run(|| pool.alloc(3)).unwrap();
    pool.sweep(3_500);
    pool.sweep(4_000);
    let info = pool.info(10).unwrap();
    assert_eq!(info.cb_size as usize, size_of::<dispenser_resource_info>());
    assert_eq!((info.resid, info.restypid, info.instid, info.transid), (10, 3, object.0, 0));
    assert_eq!((info.state, info.uses, info.secs_free_before_destroy), (UU, 2, 7));
    assert_eq!((info.age_ms, info.state_age_ms), (3_000, 500));
    assert_eq!((info.thread_id, info.flags, info.holder_tag), (thread_number(), 0, 0));
    assert!(info.sresid.is_null());
}

#[test]
fn a_resource_shows_the_thread_that_allocated_it() {
    let pool = pool();
    let held = *pool;
    let theirs = thread::spawn(move || (held.used(1), thread_number()).1).join().unwrap();
    assert_eq!(pool.info(10).unwrap().thread_id, theirs);
    assert_ne!(theirs, thread_number());
}

#[test]
fn what_is_not_known_is_not_shown() {
    let pool = pool();
    assert_eq!(pool.info(0).err(), Some(WSRT_E_INVALIDARG));
    assert_eq!(pool.info(10).err(), Some(WSRT_E_INVALIDARG));
}

#[test]
fn strings_are_shown_to_visitors() {
    unsafe extern "C" fn visit(user_data: *mut c_void, info: *const dispenser_resource_info) -> i32 {
        let (seen, info) = unsafe { (&mut *user_data.cast::<Vec<(String, usize)>>(), &*info) };
        let name = unsafe { std::ffi::CStr::from_ptr(info.sresid) };
        seen.push((name.to_str().unwrap().to_owned(), info.resid));
        WSRT_S_OK
    }
    let pool = pool();
    (pool.track_s("a-b"), pool.track_s("\u{e9}"));
    let mut seen: Vec<(String, usize)> = Vec::new();
    assert_eq!(unsafe { dispenser_enum_resources(pool.get(), Some(visit), (&raw mut seen).cast()) }, WSRT_S_OK);
    assert_eq!(seen, [("a-b".to_owned(), 0), ("\u{e9}".to_owned(), 0)]);
}

#[test]
fn a_visitor_may_stop_and_may_call_everything() {
    unsafe extern "C" fn visit(user_data: *mut c_void, info: *const dispenser_resource_info) -> i32 {
        let (pool, resid) = unsafe { (*user_data.cast::<Pool>(), (*info).resid) };
        assert_eq!(pool.free(resid), WSRT_S_OK);
        if resid == 20 { WSRT_S_FALSE } else { WSRT_S_OK }
    }
    let pool = pool();
    (pool.used(1), pool.used(1), pool.used(1));
    let mut held = *pool;
    let code = unsafe { dispenser_enum_resources(pool.get(), Some(visit), (&raw mut held).cast()) };
    assert_eq!(code, WSRT_S_FALSE);
    assert_eq!(pool.resources(), [(10, UI), (20, UI), (30, UU)]);
}

#[test]
fn a_failure_of_a_visitor_comes_through() {
    unsafe extern "C" fn visit(_: *mut c_void, _: *const dispenser_resource_info) -> i32 {
        WSRT_E_ABORT
    }
    let pool = pool();
    pool.used(1);
    let code = unsafe { dispenser_enum_resources(pool.get(), Some(visit), std::ptr::null_mut()) };
    assert_eq!(code, WSRT_E_ABORT);
}

#[test]
fn options_are_told_as_they_were_given() {
    let flags = DISPENSER_AUTO_RECLAIM | DISPENSER_NO_POOLING | DISPENSER_MANUAL_SWEEP;
    let given = dispenser_options {
        flags,
        sweep_interval_ms: 123,
        callback_deadline_ms: 456,
        drain_timeout_ms: 789,
        ..defaults()
    };
    let first = pool_with(given, &[]);
    let told = first.options();
    assert_eq!((told.cb_size, told.flags), (given.cb_size, flags));
    assert_eq!((told.sweep_interval_ms, told.callback_deadline_ms, told.drain_timeout_ms), (123, 456, 789));
    let second = pool_with(told, &[]).options();
    assert_eq!((second.flags, second.sweep_interval_ms), (flags, 123));
}

#[test]
fn options_are_told_with_the_defaults_filled_in() {
    let told = pool().options();
    assert_eq!((told.flags, told.sweep_interval_ms), (DISPENSER_MANUAL_SWEEP, 10_000));
    assert_eq!((told.callback_deadline_ms, told.drain_timeout_ms), (0, 0));
}

/// Asks for a struct with so much room, in a buffer of 0xEE; what the buffer holds then.
fn ask(cb_size: usize, call: impl FnOnce(*mut u8) -> i32) -> (i32, Vec<u8>) {
    let mut buffer = vec![0xEEEE_EEEE_EEEE_EEEE_u64; 256];
    let at = buffer.as_mut_ptr().cast::<u8>();
    unsafe { at.cast::<u32>().write(cb_size as u32) };
    let code = call(at);
    (code, unsafe { std::slice::from_raw_parts(at, 2048) }.to_vec())
}

fn cb_size_of(bytes: &[u8]) -> usize {
    u32::from_ne_bytes(bytes[..4].try_into().unwrap()) as usize
}

#[test]
fn out_structs_may_be_longer_than_the_library_knows() {
    let pool = pool();
    pool.used(1);
    type Ask<'a> = (usize, &'a dyn Fn(*mut u8) -> i32);
    let stats = |at: *mut u8| unsafe { dispenser_get_stats(pool.get(), at.cast()) };
    let options = |at: *mut u8| unsafe { dispenser_get_options(pool.get(), at.cast()) };
    let info = |at: *mut u8| unsafe { dispenser_get_resource_info(pool.get(), 10, at.cast()) };
    let structs: [Ask; 3] = [
        (size_of::<dispenser_stats>(), &stats),
        (size_of::<dispenser_options>(), &options),
        (size_of::<dispenser_resource_info>(), &info),
    ];
    for (size, call) in structs {
        let (code, bytes) = ask(size + 16, call);
        assert_eq!((code, cb_size_of(&bytes)), (WSRT_S_OK, size), "cb_size says what is known");
        assert_eq!(bytes[size..size + 16], [0; 16], "what is not known is 0");
        assert!(bytes[size + 16..].iter().all(|&byte| byte == 0xEE), "nothing is written behind the room");
        let (code, bytes) = ask(size, call);
        assert_eq!((code, cb_size_of(&bytes)), (WSRT_S_OK, size));
        assert!(bytes[size..].iter().all(|&byte| byte == 0xEE));
    }
}

#[test]
fn out_structs_shorter_than_first_published_or_too_long_are_refused_untouched() {
    let pool = pool();
    pool.used(1);
    for size in [0, 4, size_of::<dispenser_resource_info>() - 1, 1_025] {
        let (code, bytes) = ask(size, |at| unsafe { dispenser_get_resource_info(pool.get(), 10, at.cast()) });
        assert_eq!(code, WSRT_E_INVALIDARG);
        assert!(bytes[4..].iter().all(|&byte| byte == 0xEE));
        let (code, bytes) = ask(size, |at| unsafe { dispenser_get_stats(pool.get(), at.cast()) });
        assert_eq!(code, WSRT_E_INVALIDARG);
        assert!(bytes[4..].iter().all(|&byte| byte == 0xEE));
    }
    let size = size_of::<dispenser_options>() - 1;
    let (code, _) = ask(size, |at| unsafe { dispenser_get_options(pool.get(), at.cast()) });
    assert_eq!(code, WSRT_E_INVALIDARG);
}

#[test]
fn out_structs_are_zeroed_on_failure() {
    let pool = pool();
    let size = size_of::<dispenser_resource_info>();
    let (code, bytes) = ask(size, |at| unsafe { dispenser_get_resource_info(pool.get(), 10, at.cast()) });
    assert_eq!((code, cb_size_of(&bytes)), (WSRT_E_INVALIDARG, size));
    assert!(bytes[4..size].iter().all(|&byte| byte == 0));
    let mut stats: dispenser_stats = unsafe { zeroed() };
    (stats.cb_size, stats.allocs) = (size_of::<dispenser_stats>() as u32, 9);
    pool.destroy();
    assert_eq!(unsafe { dispenser_get_stats(pool.get(), &mut stats) }, WSRT_E_HANDLE);
    assert_eq!(stats.allocs, 0);
}
