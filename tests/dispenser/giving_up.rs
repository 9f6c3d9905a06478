//! D-23: a request to destroy a resource that is in a callback, made inside that callback.

use super::scene::*;
use std::sync::mpsc::{Receiver, channel};

/// Has the next call of a callback ask for the destruction of the resource that it is about.
fn give_up_in(pool: Pool, callback: Callback, resid: usize) -> Receiver<i32> {
    let (tell, told) = channel();
    pool.once(callback, move |_| tell.send(pool.destroy_resource(resid)).unwrap());
    told
}

#[test]
fn d_23_in_create_the_resource_is_not_known_yet() {
    let pool = pool();
    let code = give_up_in(*pool, Create, 10);
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(code.recv().unwrap(), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
}

#[test]
fn d_23_what_is_given_up_in_rate_is_destroyed_and_the_search_goes_on() {
    let pool = pool();
    pool.stocked(1);
    let code = give_up_in(*pool, Rate, 10);
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(code.recv().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100", "destroy 10", "create 1 -> 20"]);
    assert_eq!(pool.resources(), [(20, UU)]);
}

#[test]
fn d_23_the_best_so_far_may_be_given_up_while_another_is_rated() {
    let pool = pool();
    pool.used(1);
    pool.used(1);
    pool.free(10);
    pool.free(20);
    pool.calls();
    pool.once(Rate, rate(50));
    let held = *pool;
    pool.once(Rate, move |reply| {
        assert_eq!(held.destroy_resource(20), WSRT_S_OK);
        reply.rating = Some(40);
    });
    assert_eq!(pool.alloc(1), Ok(30));
    let calls = ["rate 1 20 enlist=0 -> 50", "rate 1 10 enlist=0 -> 40", "destroy 20", "create 1 -> 30"];
    assert_eq!(pool.calls(), calls);
    assert_eq!(pool.resources(), [(10, UI), (30, UU)]);
}

#[test]
fn d_23_enlisted_stock_given_up_in_rate_waits_for_its_transaction() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    let code = give_up_in(*pool, Rate, 10);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(20));
    assert_eq!(code.recv().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100", "create 1 -> 20", "enlist 20 T"]);
    assert_eq!(pool.resources(), [(10, TP), (20, EU)]);
    t.commit();
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_23_what_is_given_up_in_enlist_is_destroyed_and_the_alloc_fails() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let code = give_up_in(*pool, Enlist, 10);
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    assert_eq!(code.recv().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["create 1 -> 10", "enlist 10 T", "destroy 10"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn d_23_what_is_given_up_in_reset_is_destroyed_and_the_free_fails() {
    let pool = pool();
    pool.used(1);
    let code = give_up_in(*pool, Reset, 10);
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!(code.recv().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10", "destroy 10"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn d_23_what_is_enlisted_and_given_up_in_reset_waits_for_its_transaction() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    let code = give_up_in(*pool, Reset, 10);
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!(code.recv().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
    assert_eq!(pool.state(10), TP);
    t.commit();
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_23_in_destroy_the_resource_is_going_already() {
    let pool = pool();
    pool.stocked(1);
    let code = give_up_in(*pool, Destroy, 10);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    assert_eq!(code.recv().unwrap(), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn a_request_inside_a_callback_that_fails_later_is_kept() {
    let pool = pool();
    pool.used(1);
    let held = *pool;
    pool.once(Reset, move |reply| {
        assert_eq!(held.destroy_resource(10), WSRT_S_OK);
        reply.code = WSRT_E_FAIL;
    });
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!(pool.calls(), ["reset 10 -> E_FAIL", "destroy 10"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn a_resource_may_be_taken_apart_in_the_callback_of_another() {
    let pool = pool();
    pool.used(1);
    pool.used(1);
    let held = *pool;
    pool.once(Reset, move |_| {
        assert_eq!(held.destroy_resource(20), WSRT_S_OK);
        assert_eq!(held.free(20), WSRT_E_INVALIDARG);
    });
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10", "destroy 20"]);
}
