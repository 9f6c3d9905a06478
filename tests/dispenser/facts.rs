//! What can be asked about resources and settings, and the structs that the answers come in.

use super::scene::*;
use std::ffi::c_void;
use std::mem::{size_of, zeroed};
use std::thread;

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
    pool.track_s("a-b");
    pool.track_s("\u{e9}");
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
    pool.used(1);
    pool.used(1);
    pool.used(1);
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

#[test]
fn times_without_limit_are_told_so() {
    let infinite = WSRT_INFINITE;
    let given = dispenser_options {
        sweep_interval_ms: infinite,
        callback_deadline_ms: infinite,
        drain_timeout_ms: infinite,
        ..manual()
    };
    let told = pool_with(given, &[]).options();
    assert_eq!(told.sweep_interval_ms, infinite);
    // Where 0 means that already, it is told as 0.
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
