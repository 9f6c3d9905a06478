//! D-27: a close while other threads are in callbacks of the dispenser, or from inside one.

use super::scene::*;
use std::thread;

/// Closes a pool from another thread, and waits until the pool is closed.
fn closing(pool: Pool) -> thread::JoinHandle<i32> {
    let closer = thread::spawn(move || pool.close());
    wait_until("the close", || pool.stats().state == DISPENSER_CLOSED);
    closer
}

#[test]
fn d_27_a_close_during_create_destroys_what_comes() {
    let pool = pool();
    let gate = pool.hold(Create, |_| {});
    let held = *pool;
    let user = thread::spawn(move || held.alloc(1));
    gate.entered();
    let closer = closing(*pool);
    gate.open();
    assert_eq!(user.join().unwrap(), Err(WSRT_E_CLOSED));
    assert_eq!(closer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["create 1 -> 10", "destroy 10", "release"]);
}

#[test]
fn d_27_a_close_during_a_failing_create_destroys_nothing() {
    let pool = pool();
    let gate = pool.hold(Create, answer(WSRT_E_FAIL));
    let held = *pool;
    let user = thread::spawn(move || held.alloc(1));
    gate.entered();
    let closer = closing(*pool);
    gate.open();
    assert!(user.join().unwrap().is_err());
    assert_eq!(closer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["create 1 -> E_FAIL", "release"]);
}

#[test]
fn d_27_a_close_during_rate_destroys_the_candidate() {
    let pool = pool();
    pool.stocked(1);
    let gate = pool.hold(Rate, |_| {});
    let held = *pool;
    let user = thread::spawn(move || held.alloc(1));
    gate.entered();
    let closer = closing(*pool);
    gate.open();
    assert_eq!(user.join().unwrap(), Err(WSRT_E_CLOSED));
    assert_eq!(closer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100", "destroy 10", "release"]);
}

#[test]
fn d_27_a_close_during_enlist_destroys_the_resource() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let gate = pool.hold(Enlist, |_| {});
    let held = *pool;
    let user = thread::spawn(move || t.run(|| held.alloc(1)));
    gate.entered();
    let closer = closing(*pool);
    gate.open();
    assert_eq!(user.join().unwrap(), Err(WSRT_E_CLOSED));
    assert_eq!(closer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["create 1 -> 10", "enlist 10 T", "destroy 10", "release"]);
}

#[test]
fn d_27_a_close_during_the_enlistment_of_a_track_leaves_the_resource_to_its_owner() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let gate = pool.hold(Enlist, |_| {});
    let held = *pool;
    let user = thread::spawn(move || t.run(|| held.track(77)));
    gate.entered();
    let closer = closing(*pool);
    gate.open();
    assert_eq!(user.join().unwrap(), WSRT_E_CLOSED);
    assert_eq!(closer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["enlist 77 T", "release"]);
}

#[test]
fn d_27_a_close_during_reset_destroys_the_resource() {
    let pool = pool();
    pool.used(1);
    let gate = pool.hold(Reset, |_| {});
    let held = *pool;
    let user = thread::spawn(move || held.free(10));
    gate.entered();
    let closer = closing(*pool);
    gate.open();
    // Given back all the same: it is not the user's to destroy.
    assert_eq!(user.join().unwrap(), WSRT_S_OK);
    assert_eq!(closer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10", "destroy 10", "release"]);
}

#[test]
fn d_27_a_close_waits_for_a_destruction_that_runs() {
    let pool = pool();
    pool.stocked(1);
    let gate = pool.hold(Destroy, |_| {});
    let held = *pool;
    let user = thread::spawn(move || held.destroy_resource(10));
    gate.entered();
    let closer = closing(*pool);
    assert_eq!(pool.calls(), ["destroy 10"]);
    gate.open();
    assert_eq!(user.join().unwrap(), WSRT_S_OK);
    assert_eq!(closer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["release"]);
}

#[test]
fn d_27_a_close_that_may_not_wait_leaves_the_release_to_the_last() {
    let pool = pool();
    let gate = pool.hold(Create, |_| {});
    let held = *pool;
    let user = thread::spawn(move || held.alloc(1));
    gate.entered();
    assert_eq!(pool.close_nowait(), WSRT_S_DEFERRED);
    assert_eq!(pool.calls(), ["create 1"]);
    gate.open();
    assert_eq!(user.join().unwrap(), Err(WSRT_E_CLOSED));
    assert_eq!(pool.calls(), ["destroy 10", "release"]);
}

#[test]
fn d_27_a_close_waits_no_longer_than_drain_timeout_ms() {
    let pool = pool_with(dispenser_options { drain_timeout_ms: 20, ..manual() }, &[]);
    let gate = pool.hold(Create, |_| {});
    let held = *pool;
    let user = thread::spawn(move || held.alloc(1));
    gate.entered();
    assert_eq!(pool.close(), WSRT_S_DEFERRED);
    assert_eq!(pool.calls(), ["create 1"]);
    gate.open();
    assert_eq!(user.join().unwrap(), Err(WSRT_E_CLOSED));
    assert_eq!(pool.calls(), ["destroy 10", "release"]);
}

#[test]
fn d_27_a_close_inside_a_callback_of_the_pool_does_not_wait_for_it() {
    let pool = pool();
    let held = *pool;
    pool.once(Create, move |_| assert_eq!(held.close(), WSRT_S_DEFERRED));
    assert_eq!(pool.alloc(1), Err(WSRT_E_CLOSED));
    assert_eq!(pool.calls(), ["create 1 -> 10", "destroy 10", "release"]);
}

#[test]
fn d_27_a_close_without_wait_of_a_quiet_pool_releases_at_once() {
    let pool = pool();
    pool.stocked(1);
    assert_eq!(pool.close_nowait(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10", "release"]);
}
