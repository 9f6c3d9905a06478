//! The figures of a dispenser after each kind of operation.

use super::scene::*;
use std::mem::size_of;

/// The counts that may change, by name; those that are 0 are left out.
fn counts(pool: Pool) -> Vec<(&'static str, u64)> {
    let stats = pool.stats();
    assert_eq!(stats.cb_size as usize, size_of::<dispenser_stats>());
    let all = [
        ("free_unenlisted", stats.free_unenlisted.into()),
        ("free_enlisted", stats.free_enlisted.into()),
        ("used_unenlisted", stats.used_unenlisted.into()),
        ("used_enlisted", stats.used_enlisted.into()),
        ("tracked", stats.tracked.into()),
        ("awaiting", stats.awaiting_transaction.into()),
        ("creating", stats.creating.into()),
        ("destroying", stats.destroying.into()),
        ("written_off", stats.written_off.into()),
        ("peak_used", stats.peak_used.into()),
        ("allocs", stats.allocs),
        ("frees", stats.frees),
        ("creates", stats.creates),
        ("create_failures", stats.create_failures),
        ("destroys", stats.destroys),
        ("destroy_failures", stats.destroy_failures),
        ("reset_failures", stats.reset_failures),
        ("enlist_failures", stats.enlist_failures),
        // Of a version that waits.
        ("waiting", stats.waiting.into()),
        ("peak_waiting", stats.peak_waiting.into()),
        ("waits", stats.waits + stats.wait_timeouts + stats.wait_total_us + stats.wait_max_us),
        ("reserved", (stats.flags | stats.reserved | stats.reserved2).into()),
    ];
    all.into_iter().filter(|&(_, count)| count != 0).collect()
}

#[test]
fn a_new_dispenser_has_nothing() {
    let pool = pool();
    assert_eq!(counts(*pool), []);
    assert_eq!(pool.stats().state, DISPENSER_OPEN);
    assert_eq!(pool.resources(), []);
}

#[test]
fn an_alloc_counts() {
    let pool = pool();
    pool.used(1);
    assert_eq!(counts(*pool), [("used_unenlisted", 1), ("peak_used", 1), ("allocs", 1), ("creates", 1)]);
}

#[test]
fn a_free_counts() {
    let pool = pool();
    pool.stocked(1);
    let expected = [("free_unenlisted", 1), ("peak_used", 1), ("allocs", 1), ("frees", 1), ("creates", 1)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn a_reuse_counts_as_an_alloc_and_not_as_a_creation() {
    let pool = pool();
    for _ in 0..5 {
        pool.stocked(1);
    }
    let expected = [("free_unenlisted", 1), ("peak_used", 1), ("allocs", 5), ("frees", 5), ("creates", 1)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn what_is_enlisted_counts_apart() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| (pool.used(1), pool.used(1)));
    pool.free(10);
    let expected =
        [("free_enlisted", 1), ("used_enlisted", 1), ("peak_used", 2), ("allocs", 2), ("frees", 1), ("creates", 2)];
    assert_eq!(counts(*pool), expected);
    t.commit();
    let expected =
        [("free_unenlisted", 1), ("used_unenlisted", 1), ("peak_used", 2), ("allocs", 2), ("frees", 1), ("creates", 2)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn a_request_to_destroy_is_no_free() {
    let pool = pool();
    pool.used(1);
    pool.destroy_resource(10);
    assert_eq!(counts(*pool), [("peak_used", 1), ("allocs", 1), ("creates", 1), ("destroys", 1)]);
}

#[test]
fn a_request_to_destroy_what_is_enlisted_counts_as_waiting() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.destroy_resource(10);
    assert_eq!(counts(*pool), [("awaiting", 1), ("peak_used", 1), ("allocs", 1), ("creates", 1)]);
    t.commit();
    assert_eq!(counts(*pool), [("peak_used", 1), ("allocs", 1), ("creates", 1), ("destroys", 1)]);
}

#[test]
fn idle_stock_that_goes_counts_as_destroyed() {
    let pool = pool();
    pool.once(Create, secs(0));
    pool.stocked(1);
    pool.sweep(1_000);
    assert_eq!(counts(*pool), [("peak_used", 1), ("allocs", 1), ("frees", 1), ("creates", 1), ("destroys", 1)]);
}

#[test]
fn failures_count() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, answer(WSRT_E_ACCESSDENIED));
    pool.alloc(1).unwrap_err();
    assert_eq!(pool.stats().last_create_result, WSRT_E_ACCESSDENIED);
    pool.once(Create, id(0));
    pool.alloc(1).unwrap_err();
    pool.once(Enlist, answer(WSRT_E_FAIL));
    t.run(|| pool.alloc(1)).unwrap_err();
    assert_eq!(pool.stats().last_create_result, WSRT_S_OK);
    pool.used(1);
    pool.once(Reset, answer(WSRT_E_FAIL));
    pool.free(10);
    pool.once(Destroy, answer(WSRT_E_FAIL));
    pool.destroy_resource(10);
    let expected = [
        ("used_unenlisted", 1),
        ("peak_used", 1),
        ("allocs", 1),
        ("creates", 1),
        ("create_failures", 2),
        ("destroy_failures", 1),
        ("reset_failures", 1),
        ("enlist_failures", 1),
    ];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn what_is_tracked_counts_apart() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.track(77);
    pool.track_s("a-b");
    t.run(|| pool.track(78));
    assert_eq!(counts(*pool), [("tracked", 3)]);
    pool.untrack(77, false);
    pool.untrack_s("a-b", true);
    pool.untrack(78, true);
    assert_eq!(counts(*pool), [("awaiting", 1), ("destroys", 1)]);
    t.commit();
    assert_eq!(counts(*pool), [("destroys", 2)]);
}

#[test]
fn what_is_reclaimed_counts_as_freed() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| pool.used(1));
    object.end();
    let expected = [("free_unenlisted", 1), ("peak_used", 1), ("allocs", 1), ("frees", 1), ("creates", 1)];
    assert_eq!(counts(*pool), expected);
}

#[test]
fn the_peak_is_that_of_resources_in_use_at_once() {
    let pool = pool();
    pool.used(1);
    pool.used(1);
    pool.used(1);
    pool.free(10);
    pool.free(20);
    pool.free(30);
    pool.used(1);
    assert_eq!(pool.stats().peak_used, 3);
}

#[test]
fn callbacks_that_run_count() {
    let pool = pool();
    pool.used(1);
    let held = *pool;
    pool.once(Create, move |_| assert_eq!((held.stats().creating, held.stats().used_unenlisted), (1, 1)));
    pool.used(1);
    pool.once(Reset, move |_| assert_eq!((held.stats().free_unenlisted, held.stats().used_unenlisted), (0, 2)));
    pool.free(10);
    pool.once(Destroy, move |_| assert_eq!((held.stats().destroying, held.stats().free_unenlisted), (1, 0)));
    pool.destroy_resource(10);
    assert_eq!((pool.stats().creating, pool.stats().destroying), (0, 0));
}

#[test]
fn figures_outlive_the_close() {
    let pool = pool();
    pool.used(1);
    pool.stocked(1);
    pool.close();
    assert_eq!(counts(*pool), [("peak_used", 2), ("allocs", 2), ("frees", 1), ("creates", 2), ("destroys", 1)]);
}

#[test]
fn the_longest_hold_is_measured_from_the_sweep_that_first_saw_it() {
    let pool = pool();
    pool.used(1);
    pool.sweep(1_000);
    pool.used(1);
    pool.sweep(4_000);
    let stats = pool.stats();
    assert_eq!((stats.longest_hold_ms, stats.longest_hold_thread), (3_000, thread_number()));
    pool.free(10);
    assert_eq!(pool.stats().longest_hold_ms, 0);
}
