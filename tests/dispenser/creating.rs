//! What a driver may do wrong, or its own way, when it creates and when it enlists: D-11 to D-14, D-41, D-42.

use super::scene::*;
use std::thread;

const OWN_FAILURE: i32 = 0xA004_1234_u32 as i32;

#[test]
fn d_11_a_failed_enlistment_fails_the_alloc_and_is_cleared() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, answer(WSRT_E_FAIL));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    assert_eq!(pool.calls(), ["create 1 -> 10", "enlist 10 T -> E_FAIL", "enlist 10 0"]);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_11_no_other_resource_is_tried() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.used(1);
    pool.used(1);
    pool.free(10);
    pool.free(20);
    pool.calls();
    pool.once(Enlist, answer(WSRT_E_FAIL));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    assert_eq!(pool.calls(), ["rate 1 20 enlist=1 -> 100", "enlist 20 T -> E_FAIL", "enlist 20 0"]);
    assert_eq!(pool.resources(), [(10, UI), (20, UI)]);
}

#[test]
fn d_11_the_code_of_failed_enlistments_is_handed_on() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, answer(WSRT_MTXDM_E_ENLISTRESOURCEFAILED));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_MTXDM_E_ENLISTRESOURCEFAILED));
}

#[test]
fn d_11_any_other_code_becomes_a_plain_failure() {
    for code in [OWN_FAILURE, WSRT_E_INVALIDARG, WSRT_E_NOTIMPL] {
        let (pool, t) = (pool(), Transaction::new("T"));
        pool.once(Enlist, answer(code));
        assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    }
}

#[test]
fn d_11_what_cannot_be_cleared_is_destroyed() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.always(Enlist, answer(WSRT_E_FAIL));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    let calls = ["create 1 -> 10", "enlist 10 T -> E_FAIL", "enlist 10 0 -> E_FAIL", "destroy 10"];
    assert_eq!(pool.calls(), calls);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn d_11_declining_the_clearance_is_no_failure() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, answer(WSRT_E_FAIL));
    pool.once(Enlist, answer(WSRT_S_FALSE));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    assert_eq!(pool.calls(), ["create 1 -> 10", "enlist 10 T -> E_FAIL", "enlist 10 0 -> S_FALSE"]);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_11_what_was_cleared_serves_others() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, answer(WSRT_E_FAIL));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    let info = pool.info(10).unwrap();
    assert_eq!((info.transid, info.instid, info.uses), (0, 0, 0));
    pool.calls();
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100"]);
}

#[test]
fn d_12_what_create_resource_fails_with_comes_through() {
    for code in [WSRT_E_FAIL, WSRT_E_OUTOFMEMORY, OWN_FAILURE] {
        let pool = pool();
        pool.once(Create, answer(code));
        assert_eq!(pool.alloc(1), Err(code));
        assert_eq!(pool.resources(), []);
        assert_eq!(pool.calls().len(), 1);
        assert_eq!(pool.alloc(1), Ok(10), "the next one is not affected");
    }
}

#[test]
fn d_12_an_id_that_a_failed_creation_set_is_ignored() {
    let pool = pool();
    pool.once(Create, |reply| (reply.code, reply.id) = (WSRT_E_FAIL, Some(10)));
    assert_eq!(pool.alloc(1), Err(WSRT_E_FAIL));
    assert_eq!(pool.calls(), ["create 1 -> E_FAIL"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn d_12_any_success_of_create_resource_is_one() {
    let pool = pool();
    pool.once(Create, answer(WSRT_S_FALSE));
    assert_eq!(pool.alloc(1), Ok(10));
}

#[test]
fn d_13_an_id_of_0_is_refused_without_a_callback() {
    let pool = pool();
    pool.once(Create, id(0));
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.calls(), ["create 1 -> 0"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn d_13_an_unwritten_id_is_refused_without_a_callback() {
    let pool = pool();
    pool.once(Create, |reply| reply.silent = true);
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.calls(), ["create 1 -> nothing"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn d_13_an_id_in_use_is_refused_and_the_live_one_unharmed() {
    let pool = pool();
    pool.used(1);
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
    assert_eq!(pool.resources(), [(10, UU)]);
    assert_eq!(pool.free(10), WSRT_S_OK);
}

#[test]
fn d_13_an_id_in_stock_is_refused() {
    let pool = pool();
    pool.stocked(1);
    pool.once(Rate, rate(0));
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 0", "create 1 -> 10"]);
    assert_eq!(pool.resources(), [(10, UI)]);
}

#[test]
fn d_13_a_tracked_id_is_refused() {
    let pool = pool();
    pool.track(77);
    pool.once(Create, id(77));
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.calls(), ["create 1 -> 77"]);
    assert_eq!(pool.resources(), [(77, TU)]);
}

#[test]
fn d_13_an_id_that_an_inner_creation_has_taken_is_refused() {
    let pool = pool();
    let held = *pool;
    pool.once(Create, move |reply| {
        assert_eq!(held.alloc(9), Ok(10));
        reply.id = Some(10);
    });
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.calls(), ["create 1 -> 10", "create 9 -> 10"]);
    assert_eq!(pool.resources(), [(10, UU)]);
}

#[test]
fn d_13_an_id_that_waits_for_its_transaction_is_refused() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.destroy_resource(10);
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.resources(), [(10, TP)]);
}

#[test]
fn d_13_an_id_may_be_new_while_the_old_one_is_being_destroyed() {
    let pool = pool();
    pool.stocked(1);
    let gate = pool.hold(Destroy, |_| {});
    let held = *pool;
    let destroyer = thread::spawn(move || held.destroy_resource(10));
    gate.entered();
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.free(10), WSRT_S_OK, "the new one");
    gate.open();
    assert_eq!(destroyer.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10", "create 1 -> 10", "reset 10"]);
    assert_eq!(pool.resources(), [(10, UI)]);
    assert_eq!(pool.alloc(1), Ok(10));
}

#[test]
fn d_14_unwritten_seconds_mean_for_ever() {
    let pool = pool();
    pool.stocked(1);
    assert!(pool.info(10).unwrap().secs_free_before_destroy < 0);
    pool.sweep(1_000);
    pool.sweep(u64::from(u32::MAX) * 1_000);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_14_negative_seconds_mean_for_ever() {
    for never in [-1, i32::MIN] {
        let pool = pool();
        pool.once(Create, secs(never));
        pool.stocked(1);
        pool.sweep(1_000);
        pool.sweep(u64::from(u32::MAX) * 1_000);
        assert_eq!(pool.calls(), NOTHING);
    }
}

#[test]
fn d_14_zero_seconds_mean_until_the_next_sweep() {
    let pool = pool();
    pool.once(Create, secs(0));
    pool.used(1);
    pool.sweep(1_000);
    assert_eq!(pool.calls(), NOTHING, "in use");
    pool.free(10);
    assert_eq!(pool.alloc(1), Ok(10), "in stock until then");
    pool.free(10);
    pool.calls();
    pool.sweep(1_001);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_41_a_resource_that_declined_is_asked_again() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.always(Enlist, answer(WSRT_S_FALSE));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    pool.free(10);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    let calls =
        ["create 1 -> 10", "enlist 10 T -> S_FALSE", "reset 10", "rate 1 10 enlist=1 -> 100", "enlist 10 T -> S_FALSE"];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn d_42_an_unknown_success_of_enlist_resource_enlists() {
    for code in [2, WSRT_S_DEFERRED, i32::MAX] {
        let (pool, t) = (pool(), Transaction::new("T"));
        pool.once(Enlist, answer(code));
        assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
        assert_eq!(pool.state(10), EU);
    }
}

#[test]
fn a_driver_that_does_not_enlist_declines_always() {
    let (pool, t) = (pool_with(manual(), &[Enlist]), Transaction::new("T"));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.state(10), UU);
    assert_eq!(t.run(|| pool.track(77)), WSRT_S_OK);
    assert_eq!(pool.state(77), TU);
}
