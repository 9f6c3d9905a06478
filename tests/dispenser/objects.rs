//! The end of an object: D-43, D-44.

use super::scene::*;

#[test]
fn d_43_reclaiming_is_off_unless_asked_for() {
    let (pool, object) = (pool(), Object::new());
    object.run(|| pool.used(1));
    object.end();
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.free(10), WSRT_S_OK);
}

#[test]
fn d_43_what_is_tracked_is_reclaimed_in_any_case() {
    for pool in [pool(), reclaiming()] {
        let object = Object::new();
        object.run(|| (pool.track(77), pool.track_s("a-b")));
        object.end();
        assert_eq!(pool.calls(), ["destroy 77", "destroy_s a-b"]);
    }
}

#[test]
fn d_43_what_another_object_has_is_left_alone() {
    let (pool, object, other) = (reclaiming(), Object::new(), Object::new());
    object.run(|| pool.used(1));
    other.run(|| pool.used(1));
    other.run(|| pool.track(77));
    pool.used(1);
    pool.calls();
    object.end();
    assert_eq!(pool.calls(), ["reset 10"]);
    assert_eq!(pool.resources(), [(10, UI), (20, UU), (77, TU), (30, UU)]);
}

#[test]
fn d_43_what_an_object_has_freed_itself_is_not_reclaimed() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| pool.stocked(1));
    object.end();
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_43_what_another_has_allocated_since_is_not_reclaimed() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| pool.stocked(1));
    pool.used(1);
    object.end();
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn d_43_what_was_reclaimed_cannot_be_freed_any_more() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| pool.used(1));
    object.end();
    assert_eq!(pool.free(10), WSRT_E_INVALIDARG);
}

#[test]
fn d_43_an_object_may_end_twice_and_come_again() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| pool.used(1));
    object.end();
    object.end();
    assert_eq!(pool.calls(), ["reset 10"]);
    object.run(|| pool.used(1));
    object.end();
    assert_eq!(pool.calls(), ["reset 10"]);
}

#[test]
fn d_44_resources_are_reclaimed_in_order_of_allocation() {
    let (pool, object) = (reclaiming(), Object::new());
    for _ in 0..3 {
        pool.used(1);
    }
    for resid in [10, 20, 30] {
        pool.free(resid);
    }
    // 30 was freed last and comes first; then 20, then 10.
    object.run(|| (pool.used(1), pool.used(1), pool.track(77), pool.used(1)));
    pool.calls();
    object.end();
    assert_eq!(pool.calls(), ["reset 30", "reset 20", "destroy 77", "reset 10"]);
}

#[test]
fn d_44_dispensers_are_told_in_order_of_creation() {
    // One driver for all, so that one list has the order.
    let (first, object) = (pool(), Object::new());
    let second = pool_of(first.driver(), &first.table(&[]), manual());
    let third = pool_of(first.driver(), &first.table(&[]), manual());
    object.run(|| (third.track(3), first.track(1), second.track(2)));
    object.end();
    assert_eq!(first.calls(), ["destroy 1", "destroy 2", "destroy 3"]);
    second.destroy();
    third.destroy();
}

#[test]
fn d_44_the_end_of_a_transaction_is_told_in_order_of_creation() {
    let (first, t) = (pool(), Transaction::new("T"));
    let second = pool_of(first.driver(), &first.table(&[]), manual());
    let third = pool_of(first.driver(), &first.table(&[]), manual());
    for (pool, resid) in [(third, 3), (*first, 1), (second, 2)] {
        t.run(|| pool.track(resid));
        pool.untrack(resid, true);
    }
    first.calls();
    t.commit();
    assert_eq!(first.calls(), ["destroy 1", "destroy 2", "destroy 3"]);
    second.destroy();
    third.destroy();
}

#[test]
fn a_transaction_that_ended_first_changes_nothing_for_the_object() {
    let (pool, object, t) = (reclaiming(), Object::new(), Transaction::new("T"));
    object.run_in(t, || (pool.used(1), pool.track(77)));
    pool.calls();
    t.commit();
    object.end();
    assert_eq!(pool.calls(), ["reset 10", "destroy 77"]);
    assert_eq!(pool.resources(), [(10, UI)]);
}

#[test]
fn a_transaction_that_ends_after_the_object_finishes_what_waited() {
    let (pool, object, t) = (reclaiming(), Object::new(), Transaction::new("T"));
    object.run_in(t, || (pool.used(1), pool.track(77)));
    pool.calls();
    object.end();
    assert_eq!(pool.calls(), ["reset 10"]);
    assert_eq!(pool.resources(), [(10, EI), (77, TP)]);
    t.commit();
    assert_eq!(pool.calls(), ["destroy 77"]);
    assert_eq!(pool.resources(), [(10, UI)]);
}

#[test]
fn a_resource_freed_in_stock_of_a_transaction_is_nobodys() {
    let (pool, object, t) = (reclaiming(), Object::new(), Transaction::new("T"));
    object.run_in(t, || pool.stocked(1));
    assert_eq!(pool.info(10).unwrap().instid, 0);
    object.end();
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), EI);
}
