//! Which resource an allocation takes: D-7 to D-10, D-46, D-49.

use super::scene::*;
use std::thread;

/// A pool with 10, 20 and 30 in stock, freed in that order.
fn three() -> Owned {
    let pool = pool();
    for _ in 0..3 {
        pool.used(1);
    }
    for resid in [10, 20, 30] {
        assert_eq!(pool.free(resid), WSRT_S_OK);
    }
    pool.calls();
    pool
}

#[test]
fn d_07_what_was_freed_last_is_offered_first() {
    let pool = three();
    pool.always(Rate, rate(0));
    assert_eq!(pool.alloc(1), Ok(40));
    let calls = ["rate 1 30 enlist=0 -> 0", "rate 1 20 enlist=0 -> 0", "rate 1 10 enlist=0 -> 0", "create 1 -> 40"];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn d_07_the_order_is_that_of_frees_not_of_creation() {
    let pool = pool();
    for _ in 0..3 {
        pool.used(1);
    }
    for resid in [20, 30, 10] {
        pool.free(resid);
    }
    pool.calls();
    pool.always(Rate, rate(1));
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 1", "rate 1 30 enlist=0 -> 1", "rate 1 20 enlist=0 -> 1"]);
}

#[test]
fn d_07_a_later_one_does_not_win_by_an_equal_rating() {
    let pool = three();
    pool.always(Rate, rate(50));
    assert_eq!(pool.alloc(1), Ok(30));
    assert_eq!(pool.calls(), ["rate 1 30 enlist=0 -> 50", "rate 1 20 enlist=0 -> 50", "rate 1 10 enlist=0 -> 50"]);
    assert_eq!(pool.resources(), [(10, UI), (20, UI), (30, UU)]);
}

#[test]
fn d_07_a_later_one_wins_by_a_higher_rating() {
    let pool = three();
    pool.always(Rate, |reply| reply.rating = Some(if reply.resid == 20 { 51 } else { 50 }));
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["rate 1 30 enlist=0 -> 50", "rate 1 20 enlist=0 -> 51", "rate 1 10 enlist=0 -> 50"]);
    assert_eq!(pool.resources(), [(10, UI), (20, UU), (30, UI)]);
}

#[test]
fn d_07_a_perfect_one_ends_the_search() {
    let pool = three();
    pool.always(Rate, |reply| reply.rating = Some(if reply.resid == 20 { 100 } else { 99 }));
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["rate 1 30 enlist=0 -> 99", "rate 1 20 enlist=0 -> 100"]);
}

#[test]
fn d_07_what_is_in_the_transaction_is_offered_before_what_is_in_none() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| (pool.used(1), pool.used(1)));
    pool.used(1);
    pool.used(1);
    for resid in [10, 20, 30, 40] {
        pool.free(resid);
    }
    pool.calls();
    pool.always(Rate, rate(50));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(20));
    let calls = [
        "rate 1 20 enlist=0 -> 50",
        "rate 1 10 enlist=0 -> 50",
        "rate 1 40 enlist=1 -> 50",
        "rate 1 30 enlist=1 -> 50",
    ];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn d_07_what_is_in_none_wins_by_a_higher_rating_and_is_enlisted() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| pool.used(1));
    pool.used(1);
    pool.free(10);
    pool.free(20);
    pool.calls();
    pool.always(Rate, |reply| reply.rating = Some(if reply.resid == 20 { 2 } else { 1 }));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(20));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 1", "rate 1 20 enlist=1 -> 2", "enlist 20 T"]);
    assert_eq!(pool.resources(), [(10, EI), (20, EU)]);
}

#[test]
fn d_08_ratings_from_3_to_99_count_by_size() {
    for (first, second) in [(3, 4), (98, 99), (3, 99)] {
        let pool = three();
        pool.always(Rate, move |reply| reply.rating = Some(if reply.resid == 10 { second } else { first }));
        assert_eq!(pool.alloc(1), Ok(10));
    }
}

#[test]
fn d_08_a_rating_above_100_counts_as_0_and_the_resource_stays() {
    for wild in [101, 1_000, u32::MAX] {
        let pool = pool();
        pool.stocked(1);
        pool.once(Rate, rate(wild));
        assert_eq!(pool.alloc(1), Ok(20));
        assert_eq!(pool.calls(), [format!("rate 1 10 enlist=0 -> {wild}"), "create 1 -> 20".to_owned()]);
        assert_eq!(pool.state(10), UI);
        assert_eq!(pool.alloc(1), Ok(10), "the next allocation may have it");
    }
}

#[test]
fn d_09_a_rating_that_fails_counts_as_0_whatever_was_written() {
    let pool = three();
    pool.once(Rate, |reply| (reply.code, reply.rating) = (WSRT_E_FAIL, Some(100)));
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["rate 1 30 enlist=0 -> E_FAIL", "rate 1 20 enlist=0 -> 100"]);
    assert_eq!(pool.state(30), UI);
}

#[test]
fn d_09_an_unwritten_rating_counts_as_0() {
    let pool = three();
    pool.once(Rate, |reply| reply.rating = None);
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["rate 1 30 enlist=0 -> nothing", "rate 1 20 enlist=0 -> 100"]);
}

#[test]
fn d_10_outside_transactions_no_enlistment_is_required() {
    let (pool, object) = (pool(), Object::new());
    pool.stocked(1);
    assert_eq!(object.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100"]);
}

#[test]
fn d_46_what_is_being_rated_is_not_offered_to_others() {
    let pool = pool();
    pool.stocked(1);
    let gate = pool.hold(Rate, |_| {});
    let held = *pool;
    let first = thread::spawn(move || held.alloc(1));
    gate.entered();
    assert_eq!(pool.state(10), DISPENSER_RESOURCE_RATING);
    assert_eq!(pool.alloc(1), Ok(20), "on another thread");
    gate.open();
    assert_eq!(first.join().unwrap(), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100", "create 1 -> 20"]);
}

#[test]
fn d_46_the_best_so_far_is_not_offered_to_others() {
    let pool = three();
    pool.once(Rate, rate(50));
    let gate = pool.hold(Rate, rate(0));
    let held = *pool;
    let first = thread::spawn(move || held.alloc(1));
    gate.entered();
    pool.always(Rate, rate(0));
    assert_eq!(pool.alloc(2), Ok(40));
    gate.open();
    assert_eq!(first.join().unwrap(), Ok(30));
    let calls = [
        "rate 1 30 enlist=0 -> 50",
        "rate 1 20 enlist=0 -> 0",
        "rate 2 10 enlist=0 -> 0",
        "create 2 -> 40",
        "rate 1 10 enlist=0 -> 0",
    ];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn d_49_resources_of_every_type_are_offered() {
    let pool = pool();
    pool.used(1);
    pool.used(2);
    pool.free(10);
    pool.free(20);
    pool.calls();
    pool.always(Rate, |reply| reply.rating = Some(if reply.resid == 10 { 60 } else { 50 }));
    assert_eq!(pool.alloc(3), Ok(10), "the driver turns it into one of the type");
    assert_eq!(pool.calls(), ["rate 3 20 enlist=0 -> 50", "rate 3 10 enlist=0 -> 60"]);
    assert_eq!(pool.info(10).unwrap().restypid, 3);
}

#[test]
fn d_49_without_a_rating_equal_types_fit() {
    let pool = pool_with(manual(), &[Rate]);
    pool.used(1);
    pool.used(2);
    pool.free(10);
    pool.free(20);
    pool.calls();
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.alloc(3), Ok(30));
    assert_eq!(pool.alloc(2), Ok(20));
    assert_eq!(pool.calls(), ["create 3 -> 30"]);
}

#[test]
fn without_a_rating_the_threads_own_last_one_comes_first() {
    let pool = pool_with(manual(), &[Rate]);
    for _ in 0..3 {
        pool.used(1);
    }
    for resid in [30, 10, 20] {
        pool.free(resid);
    }
    assert_eq!(pool.alloc(1), Ok(20));
}

#[test]
fn without_a_rating_what_is_in_the_transaction_comes_first() {
    let (pool, t) = (pool_with(manual(), &[Rate]), Transaction::new("T"));
    t.run(|| pool.used(1));
    pool.used(1);
    pool.free(10);
    pool.free(20);
    pool.calls();
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(20));
    assert_eq!(pool.calls(), ["enlist 20 T"]);
}
