//! Callbacks that are written off: by sweeps at explicit times, while the callback is kept from returning.

use super::scene::*;
use std::thread::{self, JoinHandle};

fn pool() -> Owned {
    pool_with(dispenser_options { callback_deadline_ms: 1_000, ..manual() }, &[])
}

/// Runs `call` on another thread, where it is caught in a callback.
fn caught<R: Send + 'static>(gate: &Gate, call: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    let caller = thread::spawn(call);
    gate.entered();
    caller
}

/// Two sweeps that lie a deadline apart.
fn write_off(pool: &Pool) {
    assert_eq!(pool.sweep(10_000), WSRT_S_OK);
    assert_eq!(pool.sweep(11_000), WSRT_S_OK);
}

#[test]
fn what_comes_late_from_create_is_destroyed() {
    let pool = pool();
    let (gate, held) = (pool.hold(Create, |_| {}), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    write_off(&pool);
    assert_eq!(pool.calls(), ["create 1", "report written_off 0"]);
    assert_eq!(pool.stats().written_off, 1);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.calls(), ["report returned 10", "destroy 10"]);
    assert_eq!(pool.stats().written_off, 0);
    assert_eq!(pool.resources(), []);
}

#[test]
fn a_create_that_fails_late_leaves_nothing() {
    let pool = pool();
    let (gate, held) = (pool.hold(Create, answer(WSRT_E_ACCESSDENIED)), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.calls(), ["create 1 -> E_ACCESSDENIED", "report written_off 0", "report returned 0"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn a_create_that_comes_late_in_a_transaction_is_not_enlisted() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let (gate, held) = (pool.hold(Create, |_| {}), *pool);
    let caller = caught(&gate, move || t.run(|| held.alloc(1)));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.calls(), ["create 1 -> 10", "report written_off 0", "report returned 10", "destroy 10"]);
}

#[test]
fn what_comes_late_from_rate_is_destroyed() {
    let pool = pool();
    pool.stocked(1);
    let (gate, held) = (pool.hold(Rate, |_| {}), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    write_off(&pool);
    assert_eq!(pool.state(10), DISPENSER_RESOURCE_WRITTEN_OFF);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    let calls = ["rate 1 10 enlist=0 -> 100", "report written_off 10", "report returned 10", "destroy 10"];
    assert_eq!(pool.calls(), calls);
    assert_eq!(pool.resources(), []);
}

#[test]
fn what_comes_late_from_the_rating_of_ones_own_last_is_destroyed() {
    let pool = pool();
    let (gate, held) = (pool.hold(Rate, |_| {}), *pool);
    let caller = caught(&gate, move || {
        held.stocked(1);
        held.alloc(1)
    });
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.calls().last().map(String::as_str), Some("destroy 10"));
    assert_eq!(pool.resources(), []);
}

#[test]
fn what_comes_late_from_enlist_is_destroyed() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let (gate, held) = (pool.hold(Enlist, |_| {}), *pool);
    let caller = caught(&gate, move || t.run(|| held.alloc(1)));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    let calls = ["create 1 -> 10", "enlist 10 T", "report written_off 10", "report returned 10", "destroy 10"];
    assert_eq!(pool.calls(), calls);
    t.commit();
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn what_fails_late_to_enlist_is_destroyed() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let (gate, held) = (pool.hold(Enlist, answer(WSRT_E_FAIL)), *pool);
    let caller = caught(&gate, move || t.run(|| held.alloc(1)));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    let calls =
        ["create 1 -> 10", "enlist 10 T -> E_FAIL", "report written_off 10", "report returned 10", "destroy 10"];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn a_track_whose_enlistment_comes_late_leaves_the_resource_to_its_owner() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let (gate, held) = (pool.hold(Enlist, |_| {}), *pool);
    let caller = caught(&gate, move || t.run(|| held.track(77)));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    assert_eq!(pool.calls(), ["enlist 77 T", "report written_off 77", "report returned 77"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn what_comes_late_from_reset_is_destroyed() {
    let pool = pool();
    pool.used(1);
    let (gate, held) = (pool.hold(Reset, |_| {}), *pool);
    let caller = caught(&gate, move || held.free(10));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    assert_eq!(pool.calls(), ["reset 10", "report written_off 10", "report returned 10", "destroy 10"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn a_reset_that_fails_late_does_not_leave_the_resource_in_use() {
    let pool = pool();
    pool.used(1);
    let (gate, held) = (pool.hold(Reset, answer(WSRT_E_FAIL)), *pool);
    let caller = caught(&gate, move || held.free(10));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    assert_eq!(pool.calls(), ["reset 10 -> E_FAIL", "report written_off 10", "report returned 10", "destroy 10"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn a_late_destruction_is_only_counted() {
    let pool = pool();
    pool.used(1);
    let (gate, held) = (pool.hold(Destroy, |_| {}), *pool);
    let caller = caught(&gate, move || held.destroy_resource(10));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    assert_eq!(pool.calls(), ["destroy 10", "report written_off 10", "report returned 10"]);
    assert_eq!(pool.stats().destroys, 1);
    assert_eq!(pool.resources(), []);
}

#[test]
fn a_destruction_that_fails_late_forgets() {
    let pool = pool();
    pool.used(1);
    let (gate, held) = (pool.hold(Destroy, answer(WSRT_E_FAIL)), *pool);
    let caller = caught(&gate, move || held.destroy_resource(10));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    assert_eq!(pool.calls(), ["destroy 10 -> E_FAIL", "report written_off 10", "report returned 10"]);
    assert_eq!((pool.stats().destroy_failures, pool.resources().len()), (1, 0));
}

#[test]
fn a_late_untrack_is_told() {
    let pool = pool();
    pool.track_s("a-b");
    let (gate, held) = (pool.hold(DestroyS, |_| {}), *pool);
    let caller = caught(&gate, move || held.untrack_s("a-b", true));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    assert_eq!(pool.calls(), ["destroy_s a-b", "report written_off 0", "report returned 0"]);
}

#[test]
fn the_id_stays_known_until_the_callback_returns() {
    let pool = pool();
    pool.used(1);
    let (gate, held) = (pool.hold(Reset, |_| {}), *pool);
    let caller = caught(&gate, move || held.free(10));
    write_off(&pool);
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.track(10), WSRT_E_INVALIDARG);
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Ok(10));
}

#[test]
fn others_go_on_while_a_callback_is_written_off() {
    let pool = pool();
    let (gate, held) = (pool.hold(Create, |_| {}), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    write_off(&pool);
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.free(10), WSRT_S_OK);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.resources(), [(10, UI)]);
}

#[test]
fn a_callback_is_written_off_once() {
    let pool = pool();
    let (gate, held) = (pool.hold(Create, |_| {}), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    write_off(&pool);
    pool.sweep(20_000);
    pool.sweep(30_000);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.calls(), ["create 1 -> 10", "report written_off 0", "report returned 10", "destroy 10"]);
}

#[test]
fn a_callback_is_never_written_off_early() {
    let pool = pool();
    let (gate, held) = (pool.hold(Create, |_| {}), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    pool.sweep(500_000);
    pool.sweep(500_999);
    gate.open();
    assert_eq!(caller.join().unwrap(), Ok(10));
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
}

#[test]
fn two_short_callbacks_are_not_one_long_one() {
    let pool = pool();
    pool.stocked(1);
    for now_ms in [10_000, 11_000] {
        // Refused, the resource is as it was before.
        let (gate, held) = (pool.hold(Rate, rate(0)), *pool);
        let caller = caught(&gate, move || held.alloc(1));
        assert_eq!(pool.sweep(now_ms), WSRT_S_OK);
        gate.open();
        assert!(caller.join().unwrap().is_ok());
    }
    let calls = ["rate 1 10 enlist=0 -> 0", "create 1 -> 20", "rate 1 10 enlist=0 -> 0", "create 1 -> 30"];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn without_a_deadline_nothing_is_written_off() {
    for callback_deadline_ms in [0, WSRT_INFINITE] {
        let pool = pool_with(dispenser_options { callback_deadline_ms, ..manual() }, &[]);
        let (gate, held) = (pool.hold(Create, |_| {}), *pool);
        let caller = caught(&gate, move || held.alloc(1));
        pool.sweep(1_000);
        pool.sweep(u64::from(u32::MAX) * 1_000);
        gate.open();
        assert_eq!(caller.join().unwrap(), Ok(10));
        assert_eq!(pool.calls(), ["create 1 -> 10"]);
    }
}

#[test]
fn a_driver_without_report_is_written_off_all_the_same() {
    let pool = pool_with(dispenser_options { callback_deadline_ms: 1_000, ..manual() }, &[Report]);
    let (gate, held) = (pool.hold(Create, |_| {}), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.calls(), ["create 1 -> 10", "destroy 10"]);
}

#[test]
fn the_report_shows_the_resource_written_off() {
    let pool = pool();
    pool.used(1);
    let (gate, held) = (pool.hold(Reset, |_| {}), *pool);
    let caller = caught(&gate, move || held.free(10));
    pool.once(Report, move |reply| assert_eq!(held.state(reply.resid), DISPENSER_RESOURCE_WRITTEN_OFF));
    write_off(&pool);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
}

#[test]
fn a_request_about_what_is_written_off_changes_nothing() {
    let pool = pool();
    pool.used(1);
    let (gate, held) = (pool.hold(Reset, |_| {}), *pool);
    let caller = caught(&gate, move || held.free(10));
    write_off(&pool);
    let code = pool.destroy_resource(10);
    assert!(code == WSRT_S_OK || code == WSRT_E_INVALIDARG);
    gate.open();
    assert_eq!(caller.join().unwrap(), WSRT_E_OVERDUE);
    assert_eq!(pool.calls(), ["reset 10", "report written_off 10", "report returned 10", "destroy 10"]);
}

#[test]
fn d_27_a_close_waits_for_what_was_written_off() {
    let pool = pool_with(dispenser_options { callback_deadline_ms: 1_000, drain_timeout_ms: 20, ..manual() }, &[]);
    let (gate, held) = (pool.hold(Create, |_| {}), *pool);
    let caller = caught(&gate, move || held.alloc(1));
    write_off(&pool);
    assert_eq!(pool.close(), WSRT_S_DEFERRED);
    assert_eq!(pool.calls(), ["create 1", "report written_off 0"]);
    gate.open();
    assert_eq!(caller.join().unwrap(), Err(WSRT_E_OVERDUE));
    assert_eq!(pool.calls(), ["destroy 10", "release"]);
}
