//! The state table, a row a test, from row 21 to 28: tracked resources; and what holds in every row.

use super::scene::*;

#[test]
fn row_21_a_track_outside_transactions_calls_nothing() {
    let pool = pool();
    assert_eq!(pool.track(77), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn row_22_a_track_in_a_transaction_enlists() {
    let (pool, t) = (pool(), Transaction::new("T"));
    assert_eq!(t.run(|| pool.track(77)), WSRT_S_OK);
    assert_eq!(pool.calls(), ["enlist 77 T"]);
    assert_eq!(pool.state(77), TE);
    assert_eq!(pool.info(77).unwrap().transid, t.0);
}

#[test]
fn row_23_a_tracked_resource_may_decline_the_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, answer(WSRT_S_FALSE));
    assert_eq!(t.run(|| pool.track(77)), WSRT_S_OK);
    assert_eq!(pool.calls(), ["enlist 77 T -> S_FALSE"]);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn row_24_an_untrack_destroys() {
    let pool = pool();
    pool.track(77);
    assert_eq!(pool.untrack(77, true), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 77"]);
    assert_eq!(pool.state(77), GONE);
}

#[test]
fn row_24_the_end_of_the_object_destroys_what_it_tracked() {
    let (pool, object) = (pool(), Object::new());
    object.run(|| pool.track(77));
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 77"]);
    assert_eq!(pool.state(77), GONE);
}

#[test]
fn row_25_an_untrack_may_leave_the_destruction_to_its_caller() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.track(77);
    t.run(|| pool.track(78));
    pool.calls();
    assert_eq!(pool.untrack(77, false), WSRT_S_OK);
    assert_eq!(pool.untrack(78, false), WSRT_S_OK);
    assert_eq!(pool.resources(), []);
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn row_26_an_untrack_in_a_transaction_waits_for_its_end() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| pool.track(77));
    pool.calls();
    assert_eq!(pool.untrack(77, true), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(77), TP);
}

#[test]
fn row_26_the_end_of_the_object_waits_for_the_transaction() {
    let (pool, t, object) = (pool(), Transaction::new("T"), Object::new());
    object.run_in(t, || pool.track(77));
    pool.calls();
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(77), TP);
}

#[test]
fn row_27_what_waited_is_destroyed_at_the_end_of_the_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| pool.track(77));
    pool.untrack(77, true);
    pool.calls();
    assert_eq!(t.abort(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 77"]);
    assert_eq!(pool.state(77), GONE);
}

#[test]
fn row_28_a_tracked_resource_outlives_its_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| pool.track(77));
    pool.calls();
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn invariant_what_is_in_use_or_tracked_is_never_offered() {
    let pool = pool();
    pool.used(1);
    pool.track(77);
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["create 1 -> 20"]);
}

#[test]
fn invariant_a_destroyed_id_is_not_named_again_until_it_is_created_or_tracked_anew() {
    let pool = pool();
    pool.stocked(1);
    pool.destroy_resource(10);
    pool.calls();
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.destroy_resource(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.untrack(10, true), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), NOTHING);
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["create 1 -> 10", "reset 10"]);
}
