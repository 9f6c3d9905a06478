//! The state table, a row a test, from row 14 to 20: how resources go, and what the end of an object does.

use super::scene::*;

#[test]
fn row_14_free_stock_that_is_idle_for_too_long_is_destroyed() {
    let pool = pool();
    pool.once(Create, secs(5));
    pool.stocked(1);
    assert_eq!(pool.sweep(1_000), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.sweep(6_000), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn row_15_a_close_destroys_stock_whether_enlisted_or_not() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    pool.used(1);
    pool.free(20);
    pool.calls();
    assert_eq!(pool.resources(), [(10, EI), (20, UI)]);
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10", "destroy 20", "release"]);
}

#[test]
fn row_16_a_close_forgets_what_is_in_use() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.used(1);
    assert_eq!(pool.resources(), [(10, EU), (20, UU)]);
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["release"]);
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn row_17_free_stock_is_destroyed_on_request() {
    let pool = pool();
    pool.stocked(1);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn row_17_what_is_in_use_is_destroyed_on_request() {
    let pool = pool();
    pool.used(1);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn row_18_enlisted_stock_is_destroyed_when_its_transaction_has_ended() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    assert_eq!(pool.state(10), TP);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(20));
    assert_eq!(pool.calls(), ["create 1 -> 20", "enlist 20 T"]);
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn row_18_enlisted_use_is_destroyed_when_its_transaction_has_ended() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    assert_eq!(pool.state(10), TP);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(t.abort(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn row_19_auto_reclaim_stocks_what_an_object_leaves() {
    let pool = reclaiming();
    let (object, t) = (Object::new(), Transaction::new("T"));
    object.run(|| pool.used(1));
    object.run_in(t, || pool.used(1));
    assert_eq!(pool.resources(), [(10, UU), (20, EU)]);
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10", "reset 20"]);
    assert_eq!(pool.resources(), [(10, UI), (20, EI)]);
}

#[test]
fn row_20_without_auto_reclaim_an_object_leaves_what_it_allocated() {
    let (pool, object, t) = (pool(), Object::new(), Transaction::new("T"));
    object.run(|| pool.used(1));
    object.run_in(t, || pool.used(1));
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.resources(), [(10, UU), (20, EU)]);
}
