//! Idle time, as sweeps with explicit times see it: D-14 to D-16.

use super::scene::*;

/// A pool with 10 in stock, which may lie idle for 5 s.
fn five_seconds() -> Owned {
    let pool = pool();
    pool.always(Create, secs(5));
    pool.stocked(1);
    pool
}

#[test]
fn d_16_the_first_sweep_that_sees_it_free_starts_its_time() {
    let pool = five_seconds();
    pool.sweep(1_000_000);
    assert_eq!(pool.calls(), NOTHING, "however late that sweep is");
    pool.sweep(1_004_999);
    assert_eq!(pool.calls(), NOTHING);
    pool.sweep(1_005_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_16_a_sweep_that_comes_late_destroys_once() {
    let pool = five_seconds();
    pool.sweep(1_000);
    pool.sweep(900_000);
    pool.sweep(900_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_16_a_use_starts_the_time_anew() {
    let pool = five_seconds();
    pool.sweep(1_000);
    pool.used(1);
    pool.free(10);
    pool.calls();
    pool.sweep(6_000);
    assert_eq!(pool.calls(), NOTHING);
    pool.sweep(10_999);
    assert_eq!(pool.calls(), NOTHING);
    pool.sweep(11_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_16_a_use_starts_the_time_anew_though_a_sweep_saw_it() {
    let pool = five_seconds();
    pool.sweep(1_000);
    pool.used(1);
    pool.sweep(2_000);
    pool.free(10);
    pool.calls();
    pool.sweep(6_000);
    assert_eq!(pool.calls(), NOTHING);
    pool.sweep(11_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_16_what_is_in_use_does_not_age() {
    let pool = pool();
    pool.once(Create, secs(5));
    pool.used(1);
    pool.sweep(1_000);
    pool.sweep(100_000);
    assert_eq!(pool.calls(), NOTHING);
    pool.free(10);
    pool.sweep(200_000);
    assert_eq!(pool.calls(), ["reset 10"], "seen free for the first time");
}

#[test]
fn d_16_each_resource_has_its_own_limit() {
    let pool = pool();
    for limit in [9, 3, 6] {
        pool.once(Create, secs(limit));
        pool.used(1);
    }
    for resid in [10, 20, 30] {
        pool.free(resid);
    }
    pool.calls();
    pool.sweep(1_000);
    pool.sweep(4_000);
    assert_eq!(pool.calls(), ["destroy 20"]);
    pool.sweep(7_000);
    assert_eq!(pool.calls(), ["destroy 30"]);
    pool.sweep(10_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_16_the_longest_idle_is_destroyed_first() {
    let pool = pool();
    pool.always(Create, secs(5));
    for _ in 0..3 {
        pool.used(1);
    }
    for resid in [20, 30, 10] {
        pool.free(resid);
    }
    pool.calls();
    pool.sweep(1_000);
    pool.sweep(6_000);
    assert_eq!(pool.calls(), ["destroy 20", "destroy 30", "destroy 10"]);
}

#[test]
fn d_16_a_failed_destruction_of_idle_stock_forgets_it() {
    let pool = five_seconds();
    pool.once(Destroy, answer(WSRT_E_FAIL));
    pool.sweep(1_000);
    pool.sweep(6_000);
    pool.sweep(12_000);
    assert_eq!(pool.calls(), ["destroy 10 -> E_FAIL"]);
    assert_eq!(pool.state(10), GONE);
}

#[test]
fn d_15_enlisted_stock_is_not_destroyed_however_long_it_is_idle() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, secs(0));
    t.run(|| pool.stocked(1));
    pool.sweep(1_000);
    pool.sweep(1_000_000);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), EI);
    t.commit();
    pool.sweep(1_000_001);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_15_enlisted_stock_goes_at_the_latest_when_it_has_been_anyones_for_its_limit() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, secs(5));
    t.run(|| pool.stocked(1));
    pool.sweep(1_000);
    t.commit();
    pool.sweep(4_000);
    assert_eq!(pool.calls(), NOTHING, "not before 5 s from its free");
    pool.sweep(9_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn tracked_resources_have_no_idle_time() {
    let pool = pool();
    pool.track(77);
    pool.sweep(1_000);
    pool.sweep(u64::from(u32::MAX) * 1_000);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn time_never_goes_back() {
    let pool = five_seconds();
    assert_eq!(pool.sweep(2_000), WSRT_S_OK);
    assert_eq!(pool.sweep(1_999), WSRT_E_INVALIDARG);
    assert_eq!(pool.sweep(2_000), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn a_sweep_at_0_takes_the_clock() {
    let pool = pool();
    pool.once(Create, secs(0));
    pool.stocked(1);
    assert_eq!(pool.sweep(0), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn a_resource_taken_while_a_sweep_destroys_another_is_spared() {
    let pool = pool();
    pool.always(Create, secs(0));
    pool.used(1);
    pool.used(1);
    pool.free(10);
    pool.free(20);
    pool.calls();
    let taken = *pool;
    pool.once(Destroy, move |_| assert_eq!(taken.alloc(1), Ok(20)));
    pool.sweep(1_000);
    assert_eq!(pool.calls(), ["destroy 10", "rate 1 20 enlist=0 -> 100"]);
    assert_eq!(pool.resources(), [(20, UU)]);
}
