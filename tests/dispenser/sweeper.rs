//! D-17: the threads of the library that sweep. They are the process's, so these tests take turns; every other test
//! sweeps by hand.

use super::scene::*;
use std::ffi::{CStr, c_char, c_void};
use std::fs::{read_dir, read_to_string};
use std::mem::{size_of, zeroed};
use std::ptr::null;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    wait_until("the end of the threads of the test before", || sweepers() == 0);
    turn
}

/// How many threads of the library sweep, or keep the time for that.
fn sweepers() -> usize {
    let name_of = |task: std::io::Result<std::fs::DirEntry>| read_to_string(task.ok()?.path().join("comm")).ok();
    let names = read_dir("/proc/self/task").unwrap().filter_map(name_of);
    names.filter(|name| name.trim_end() == "wsrt-sweeper").count()
}

/// A pool that the library sweeps every 5 ms, whose resources go at the first sweep that finds them free.
fn swept() -> Owned {
    swept_with(defaults())
}

fn swept_with(options: dispenser_options) -> Owned {
    let pool = pool_with(dispenser_options { sweep_interval_ms: 5, ..options }, &[]);
    pool.always(Create, secs(0));
    pool
}

fn wait_for_call(pool: &Pool, wanted: &str) {
    let mut calls = Vec::new();
    let begun = Instant::now();
    while !calls.iter().any(|call| call == wanted) {
        assert!(begun.elapsed() < PATIENCE, "never came: {wanted}; only {calls:?}");
        calls.extend(pool.calls());
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn d_17_the_thread_starts_with_the_first_and_ends_with_the_last() {
    let _turn = turn();
    let first = swept();
    wait_until("the thread", || sweepers() == 1);
    let second = swept();
    assert_eq!(first.close(), WSRT_S_OK);
    thread::sleep(Duration::from_millis(30));
    assert_eq!(sweepers(), 1, "one for both, and for the other alone");
    assert_eq!(second.destroy(), WSRT_S_OK);
    wait_until("its end", || sweepers() == 0);
}

#[test]
fn d_17_the_thread_does_not_wait_for_its_next_sweep_to_end() {
    let _turn = turn();
    let pool = pool_with(defaults(), &[]);
    wait_until("the thread", || sweepers() == 1);
    let begun = Instant::now();
    assert_eq!(pool.close(), WSRT_S_OK);
    wait_until("its end", || sweepers() == 0);
    assert!(begun.elapsed() < Duration::from_secs(5), "sweeps are 10 s apart; it took {:?}", begun.elapsed());
}

#[test]
fn d_17_the_thread_comes_again() {
    let _turn = turn();
    for _ in 0..2 {
        let pool = swept();
        pool.used(1);
        pool.free(10);
        wait_for_call(&pool, "destroy 10");
        assert_eq!(pool.destroy(), WSRT_S_OK);
        wait_until("the end of the thread", || sweepers() == 0);
    }
}

#[test]
fn d_17_who_sweeps_by_hand_needs_no_thread() {
    let _turn = turn();
    let pool = pool();
    pool.stocked(1);
    thread::sleep(Duration::from_millis(20));
    assert_eq!(sweepers(), 0);
}

#[test]
fn d_17_destructions_run_on_a_thread_of_the_library_that_is_not_the_timer() {
    let _turn = turn();
    let pool = swept();
    let (tell, told) = channel();
    pool.once(Destroy, move |_| {
        tell.send((thread::current().id(), sweepers(), context())).unwrap();
    });
    pool.used(1);
    pool.free(10);
    let (thread, sweepers, context) = told.recv_timeout(PATIENCE).unwrap();
    assert_ne!(thread, thread::current().id());
    assert_eq!(sweepers, 2, "the timer and a worker");
    assert_eq!(context, (0, 0));
}

#[test]
fn d_17_only_who_sweeps_by_hand_says_what_time_it_is() {
    let _turn = turn();
    let pool = swept();
    assert_eq!(pool.sweep(1_000), WSRT_E_INVALIDARG);
    assert_eq!(pool.sweep(0), WSRT_S_OK);
}

#[test]
fn d_17_a_sweep_by_hand_beside_the_thread_destroys_on_its_own_thread() {
    let _turn = turn();
    let pool = pool_with(defaults(), &[]);
    pool.always(Create, secs(0));
    let (tell, told) = channel();
    pool.once(Destroy, move |_| tell.send(thread::current().id()).unwrap());
    pool.used(1);
    pool.free(10);
    assert_eq!(pool.sweep(0), WSRT_S_OK);
    assert_eq!(told.try_recv(), Ok(thread::current().id()));
}

#[test]
fn d_17_the_thread_never_destroys_early() {
    let _turn = turn();
    let pool = pool_with(dispenser_options { sweep_interval_ms: 5, ..defaults() }, &[]);
    pool.once(Create, secs(1));
    pool.used(1);
    let begun = Instant::now();
    pool.free(10);
    wait_for_call(&pool, "destroy 10");
    assert!(begun.elapsed() >= Duration::from_secs(1), "after {:?}", begun.elapsed());
}

#[test]
fn a_destruction_that_hangs_delays_no_other_sweep_and_no_other_close() {
    let _turn = turn();
    let (guilty, other) = (swept(), swept());
    let gate = guilty.hold(Destroy, |_| {});
    guilty.used(1);
    guilty.free(10);
    gate.entered();
    let begun = Instant::now();
    other.used(1);
    other.free(10);
    wait_for_call(&other, "destroy 10");
    assert_eq!(other.close(), WSRT_S_OK);
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    assert_eq!(guilty.alloc(1), Ok(20), "nor does it delay its own dispenser");
    gate.open();
    assert_eq!(guilty.close(), WSRT_S_OK);
}

#[test]
fn destructions_that_hang_are_written_off_and_their_threads_replaced() {
    let _turn = turn();
    let guilty: Vec<_> =
        (0..6).map(|_| swept_with(dispenser_options { callback_deadline_ms: 20, ..defaults() })).collect();
    let gates: Vec<_> = guilty.iter().map(|pool| pool.hold(Destroy, |_| {})).collect();
    for pool in &guilty {
        pool.used(1);
        pool.free(10);
    }
    for (gate, pool) in gates.iter().zip(&guilty) {
        gate.entered();
        wait_for_call(pool, "report written_off 10");
    }
    let other = swept();
    other.used(1);
    other.free(10);
    wait_for_call(&other, "destroy 10");
    drop(gates);
    for pool in &guilty {
        wait_for_call(pool, "report returned 10");
        assert_eq!(pool.close(), WSRT_S_OK);
        assert_eq!(pool.calls(), ["release"]);
    }
}

/// Errors in the log about sweeps that have been stopped.
static STOPS: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" fn note_stop(_: *mut c_void, level: u32, _: *const c_char, message: *const c_char) {
    let message = unsafe { CStr::from_ptr(message) }.to_str().unwrap();
    if level == WSRT_LOG_ERROR && message.starts_with("sweep: stopped") {
        STOPS.fetch_add(1, SeqCst);
    }
}

fn hear_of_stops() {
    let log = wsrt_log {
        cb_size: size_of::<wsrt_log>() as u32,
        max_level: WSRT_LOG_ERROR,
        write: Some(note_stop),
        ..unsafe { zeroed() }
    };
    assert_eq!(unsafe { wsrt_set_log(&log) }, WSRT_S_OK);
}

#[test]
fn a_dispenser_that_hangs_again_and_again_is_not_swept_any_more_and_the_others_are() {
    let _turn = turn();
    hear_of_stops();
    let guilty = swept_with(dispenser_options { callback_deadline_ms: 10, ..defaults() });
    let gates: Vec<_> = (0..20).map(|_| guilty.hold(Destroy, |_| {})).collect();
    let resources: Vec<_> = (0..20).map(|_| guilty.used(1)).collect();
    for resid in resources {
        guilty.free(resid);
    }
    let hanging = || guilty.stats().destroying;
    wait_until("8 that hang", || hanging() >= 8);
    thread::sleep(Duration::from_millis(200));
    assert!(hanging() <= 12, "{} hang", hanging());
    wait_until("word of it in the log", || STOPS.load(SeqCst) == 1);
    let other = swept();
    other.used(1);
    other.free(10);
    wait_for_call(&other, "destroy 10");
    assert_eq!(other.close(), WSRT_S_OK);
    drop(gates);
    wait_until("the rest, when they have returned", || guilty.stats().destroys == 20);
    assert_eq!(unsafe { wsrt_set_log(null()) }, WSRT_S_OK);
}

#[test]
fn a_dispenser_may_be_closed_by_its_own_destruction_in_a_sweep() {
    let _turn = turn();
    let pool = swept();
    let (tell, told) = channel();
    let held = *pool;
    pool.once(Destroy, move |_| tell.send(held.close()).unwrap());
    pool.used(1);
    pool.free(10);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(WSRT_S_DEFERRED));
    wait_for_call(&pool, "release");
    wait_until("the end of the threads", || sweepers() == 0);
}
