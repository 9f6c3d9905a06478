//! The end of a dispenser: D-24 to D-26, D-28.

use super::scene::*;

#[test]
fn d_24_a_close_destroys_the_stock_longest_idle_first_and_what_waits() {
    let (pool, t) = (pool(), Transaction::new("T"));
    for _ in 0..3 {
        pool.used(1);
    }
    for resid in [30, 10, 20] {
        pool.free(resid);
    }
    t.run(|| pool.track(77));
    pool.untrack(77, true);
    pool.calls();
    assert_eq!(pool.resources(), [(10, UI), (20, UI), (30, UI), (77, TP)]);
    assert_eq!(pool.close(), WSRT_S_OK);
    let mut calls = pool.calls();
    assert_eq!(calls.pop().as_deref(), Some("release"));
    calls.retain(|call| call != "destroy 77");
    assert_eq!(calls, ["destroy 30", "destroy 10", "destroy 20"]);
    t.commit();
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_24_a_close_destroys_what_was_to_be_destroyed_later() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.destroy_resource(10);
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10", "release"]);
}

#[test]
fn d_24_a_close_forgets_what_is_tracked() {
    let (pool, t, object) = (pool(), Transaction::new("T"), Object::new());
    object.run_in(t, || (pool.track(77), pool.track_s("a-b")));
    pool.track(78);
    pool.calls();
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["release"]);
    object.end();
    t.commit();
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_25_after_a_close_every_call_is_refused_without_a_callback() {
    let pool = pool();
    pool.used(1);
    pool.used(1);
    pool.free(20);
    pool.track(77);
    pool.track_s("a-b");
    pool.close();
    pool.calls();
    assert_eq!(pool.alloc(1), Err(WSRT_E_CLOSED));
    assert_eq!(pool.free(10), WSRT_E_CLOSED);
    assert_eq!(pool.destroy_resource(10), WSRT_E_CLOSED);
    assert_eq!(pool.track(78), WSRT_E_CLOSED);
    assert_eq!(pool.track_ex(78, 5, 0), WSRT_E_CLOSED);
    assert_eq!(pool.track_s("c-d"), WSRT_E_CLOSED);
    assert_eq!(pool.untrack(77, true), WSRT_E_CLOSED);
    assert_eq!(pool.untrack_s("a-b", true), WSRT_E_CLOSED);
    assert_eq!(pool.sweep(1_000), WSRT_E_CLOSED);
    assert_eq!(pool.info(10).err(), Some(WSRT_E_CLOSED));
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_25_a_second_close_is_refused_and_releases_nothing() {
    let pool = pool();
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.close(), WSRT_E_CLOSED);
    assert_eq!(pool.close_nowait(), WSRT_E_CLOSED);
    assert_eq!(pool.calls(), ["release"]);
}

#[test]
fn d_25_a_closed_dispenser_can_still_be_looked_at() {
    let pool = pool();
    pool.used(1);
    pool.close();
    assert_eq!(pool.stats().state, DISPENSER_CLOSED);
    assert_eq!(pool.options().flags, DISPENSER_MANUAL_SWEEP);
    assert_eq!(pool.resources(), []);
}

#[test]
fn d_26_inside_a_close_everything_is_closed_already() {
    let pool = pool();
    pool.used(1);
    pool.stocked(2);
    let (held, result) = (*pool, std::sync::mpsc::channel());
    pool.once(Destroy, move |_| {
        let close = (held.close(), held.close_nowait());
        result.0.send((held.alloc(1), held.free(10), held.destroy_resource(10), held.track(77), close)).unwrap();
    });
    assert_eq!(pool.close(), WSRT_S_OK);
    let closed = WSRT_E_CLOSED;
    assert_eq!(result.1.recv().unwrap(), (Err(closed), closed, closed, closed, (closed, closed)));
    assert_eq!(pool.calls().last().map(String::as_str), Some("release"));
}

#[test]
fn d_26_inside_release_everything_is_closed() {
    let pool = pool();
    let (held, result) = (*pool, std::sync::mpsc::channel());
    pool.once(Release, move |_| result.0.send((held.alloc(1), held.close(), held.stats().state)).unwrap());
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(result.1.recv().unwrap(), (Err(WSRT_E_CLOSED), WSRT_E_CLOSED, DISPENSER_CLOSED));
    assert_eq!(pool.calls(), ["release"]);
}

#[test]
fn d_28_a_destroy_of_an_open_dispenser_closes_it_once() {
    let pool = pool();
    pool.stocked(1);
    pool.track(77);
    assert_eq!(pool.destroy(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10", "release"]);
    assert_eq!(pool.destroy(), WSRT_E_HANDLE);
    assert_eq!(pool.close(), WSRT_E_HANDLE);
    assert_eq!(pool.alloc(1), Err(WSRT_E_HANDLE));
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_28_a_destroy_of_null_does_nothing() {
    unsafe {
        assert_eq!(dispenser_destroy(std::ptr::null_mut()), WSRT_S_FALSE);
        assert_eq!(dispenser_destroy_nowait(std::ptr::null_mut()), WSRT_S_FALSE);
    }
}

#[test]
fn d_28_a_destroy_inside_a_callback_leaves_the_release_to_the_last() {
    let pool = pool();
    let held = *pool;
    pool.once(Create, move |_| {
        assert_eq!(held.destroy(), WSRT_S_DEFERRED);
        assert_eq!(held.alloc(1), Err(WSRT_E_HANDLE));
    });
    assert_eq!(pool.alloc(1), Err(WSRT_E_CLOSED));
    assert_eq!(pool.calls(), ["create 1 -> 10", "destroy 10", "release"]);
}

#[test]
fn d_28_a_driver_without_release_is_closed_like_any() {
    let pool = pool_with(manual(), &[Release]);
    pool.stocked(1);
    assert_eq!(pool.destroy(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10"]);
}
