//! Frees and requests to destroy: D-19 to D-21, D-23, D-40, D-50.

use super::scene::*;
use std::thread;

const OWN_FAILURE: i32 = 0xA004_1234_u32 as i32;

fn no_pooling() -> dispenser_options {
    dispenser_options { flags: DISPENSER_MANUAL_SWEEP | DISPENSER_NO_POOLING, ..manual() }
}

#[test]
fn d_19_a_resource_whose_reset_failed_stays_in_use() {
    let pool = pool();
    pool.used(1);
    pool.once(Reset, answer(WSRT_E_INVALIDARG));
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!(pool.state(10), UU);
    assert_eq!(pool.alloc(1), Ok(20), "it is not offered");
    assert_eq!(pool.calls(), ["reset 10 -> E_INVALIDARG", "create 1 -> 20"]);
}

#[test]
fn d_19_its_owner_may_try_the_reset_again() {
    let pool = pool();
    pool.used(1);
    pool.once(Reset, answer(WSRT_E_FAIL));
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10 -> E_FAIL", "reset 10"]);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_19_its_owner_may_have_it_destroyed() {
    let pool = pool();
    pool.used(1);
    pool.once(Reset, answer(WSRT_E_FAIL));
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10 -> E_FAIL", "destroy 10"]);
}

#[test]
fn d_19_an_enlisted_resource_whose_reset_failed_stays_enlisted() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.once(Reset, answer(WSRT_E_FAIL));
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!((pool.state(10), pool.info(10).unwrap().transid), (EU, t.0));
}

#[test]
fn d_19_in_a_reclamation_a_failed_reset_destroys() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| pool.used(1));
    pool.once(Reset, answer(WSRT_E_FAIL));
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10 -> E_FAIL", "destroy 10"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn d_19_in_a_reclamation_a_failed_reset_destroys_at_the_end_of_the_transaction() {
    let (pool, object, t) = (reclaiming(), Object::new(), Transaction::new("T"));
    object.run_in(t, || pool.used(1));
    pool.once(Reset, answer(WSRT_E_FAIL));
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10 -> E_FAIL"]);
    assert_eq!(pool.state(10), TP);
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_20_what_is_unknown_or_0_cannot_be_freed() {
    let pool = pool();
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.free(0), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_20_what_is_free_cannot_be_freed_again() {
    let pool = pool();
    pool.stocked(1);
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_20_what_is_tracked_cannot_be_freed() {
    let pool = pool();
    pool.track(77);
    assert_eq!(pool.free(77), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn d_20_what_is_another_pools_cannot_be_freed() {
    let (pool, other) = (pool(), pool());
    other.once(Create, id(77));
    other.used(1);
    assert_eq!(pool.free(77), WSRT_E_INVALIDARG);
    assert_eq!((pool.calls().len(), other.calls().len()), (0, 0));
    assert_eq!(other.state(77), UU);
}

#[test]
fn d_20_two_frees_at_once_are_one() {
    let pool = pool();
    pool.used(1);
    let gate = pool.hold(Reset, |_| {});
    let held = *pool;
    let first = thread::spawn(move || held.free(10));
    gate.entered();
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
    gate.open();
    assert_eq!(first.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
}

#[test]
fn d_21_another_thread_may_free() {
    let pool = pool();
    pool.used(1);
    let other = *pool;
    assert_eq!(thread::spawn(move || other.free(10)).join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
}

#[test]
fn d_21_another_object_may_free() {
    let (pool, first, second) = (reclaiming(), Object::new(), Object::new());
    first.run(|| pool.used(1));
    assert_eq!(second.run(|| pool.free(10)), WSRT_S_OK);
    assert_eq!(first.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"], "it is no longer the first one's");
}

#[test]
fn d_23_a_failed_destruction_leaves_what_is_in_use_as_it_was() {
    let pool = pool();
    pool.used(1);
    pool.once(Destroy, answer(OWN_FAILURE));
    assert_eq!(pool.destroy_resource(10), WSRT_E_FAIL);
    assert_eq!(pool.calls(), ["destroy 10 -> 0xA0041234"]);
    assert_eq!(pool.state(10), UU);
    assert_eq!(pool.free(10), WSRT_S_OK);
}

#[test]
fn d_23_a_failed_destruction_leaves_what_is_free_as_it_was() {
    let pool = pool();
    pool.stocked(1);
    pool.once(Destroy, answer(WSRT_E_FAIL));
    assert_eq!(pool.destroy_resource(10), WSRT_E_FAIL);
    assert_eq!(pool.state(10), UI);
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.calls(), ["destroy 10 -> E_FAIL", "rate 1 10 enlist=0 -> 100"]);
}

#[test]
fn d_23_what_is_tracked_or_unknown_is_not_destroyed_on_request() {
    let pool = pool();
    pool.track(77);
    assert_eq!(pool.destroy_resource(77), WSRT_E_INVALIDARG);
    assert_eq!(pool.destroy_resource(78), WSRT_E_INVALIDARG);
    assert_eq!(pool.destroy_resource(0), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.resources(), [(77, TU)]);
}

#[test]
fn d_23_after_the_request_a_free_is_refused() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.destroy_resource(10), WSRT_E_INVALIDARG, "it waits already");
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_23_a_destruction_that_fails_at_the_end_of_the_transaction_forgets() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.destroy_resource(10);
    pool.once(Destroy, answer(WSRT_E_FAIL));
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10 -> E_FAIL"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn d_40_a_request_hands_on_that_numbers_are_not_destroyed() {
    let pool = pool();
    pool.stocked(1);
    pool.once(Destroy, answer(WSRT_E_NOTIMPL));
    assert_eq!(pool.destroy_resource(10), WSRT_E_NOTIMPL);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_40_a_driver_without_destroy_resource_counts_as_one_that_says_so() {
    let pool = pool_with(manual(), &[Destroy]);
    pool.stocked(1);
    assert_eq!(pool.destroy_resource(10), WSRT_E_NOTIMPL);
    assert_eq!(pool.state(10), UI);
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["release"]);
}

#[test]
fn d_40_in_a_sweep_the_resource_is_forgotten_all_the_same() {
    let pool = pool();
    pool.once(Create, secs(0));
    pool.stocked(1);
    pool.once(Destroy, answer(WSRT_E_NOTIMPL));
    pool.sweep(1_000);
    pool.sweep(2_000);
    assert_eq!(pool.calls(), ["destroy 10 -> E_NOTIMPL"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn d_50_without_pooling_a_free_destroys_and_an_alloc_creates() {
    let pool = pool_with(no_pooling(), &[]);
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["create 1 -> 10", "destroy 10", "create 1 -> 20"]);
}

#[test]
fn d_50_without_pooling_a_free_in_a_transaction_destroys_when_that_ends() {
    let (pool, t) = (pool_with(no_pooling(), &[]), Transaction::new("T"));
    t.run(|| pool.used(1));
    assert_eq!(t.run(|| pool.free(10)), WSRT_S_OK);
    assert_eq!(pool.state(10), TP);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(20));
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["create 1 -> 20", "enlist 20 T", "destroy 10"]);
}

#[test]
fn d_50_without_pooling_a_failed_destruction_forgets() {
    let pool = pool_with(no_pooling(), &[]);
    pool.used(1);
    pool.once(Destroy, answer(WSRT_E_FAIL));
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn d_50_without_pooling_the_end_of_an_object_destroys_what_it_allocated() {
    let flags = DISPENSER_MANUAL_SWEEP | DISPENSER_NO_POOLING | DISPENSER_AUTO_RECLAIM;
    let (pool, object) = (pool_with(dispenser_options { flags, ..manual() }, &[]), Object::new());
    object.run(|| pool.used(1));
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn a_driver_that_does_not_reset_stocks_at_once() {
    let pool = pool_with(manual(), &[Reset]);
    pool.used(1);
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), UI);
}
