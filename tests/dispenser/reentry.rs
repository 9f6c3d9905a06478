//! D-45: no lock is held while a callback runs, so it may call everything, also on the dispenser that makes it.

use super::scene::*;
use std::sync::mpsc::{Receiver, channel};

/// Every call on the dispenser, and about the resource that the callback is about: what each returned.
#[derive(Debug, PartialEq, Eq)]
struct Tried {
    alloc: Result<usize, i32>,
    free: i32,
    track: i32,
    track_s: i32,
    untrack: i32,
    untrack_s: i32,
    sweep: i32,
    own_state: u32,
    own_free: i32,
    own_track: i32,
    own_untrack: i32,
}

/// Has the next call of a callback try everything about `own`.
fn try_in(pool: Pool, callback: Callback, own: usize) -> Receiver<Tried> {
    let (tell, told) = channel();
    pool.once(callback, move |_| {
        let alloc = pool.alloc(9);
        let tried = Tried {
            alloc,
            free: pool.free(alloc.unwrap_or(10)),
            track: pool.track(77),
            track_s: pool.track_s("a-b"),
            untrack: pool.untrack(77, true),
            untrack_s: pool.untrack_s("a-b", true),
            sweep: pool.sweep(1_000),
            own_state: pool.state(own),
            own_free: pool.free(own),
            own_track: if own == 0 { WSRT_E_INVALIDARG } else { pool.track(own) },
            own_untrack: pool.untrack(own, true),
        };
        assert_eq!(pool.stats().state, DISPENSER_OPEN);
        assert!(!pool.resources().is_empty());
        tell.send(tried).unwrap();
    });
    told
}

/// What everything returns inside a callback that is about a resource in `own_state`.
fn all_well(allocated: usize, own_state: u32) -> Tried {
    Tried {
        alloc: Ok(allocated),
        free: WSRT_S_OK,
        track: WSRT_S_OK,
        track_s: WSRT_S_OK,
        untrack: WSRT_S_OK,
        untrack_s: WSRT_S_OK,
        // Inside a callback nothing is swept.
        sweep: WSRT_S_FALSE,
        own_state,
        own_free: WSRT_E_INVALIDARG,
        own_track: WSRT_E_INVALIDARG,
        own_untrack: WSRT_E_INVALIDARG,
    }
}

#[test]
fn d_45_everything_may_be_called_in_create() {
    let pool = pool();
    let tried = try_in(*pool, Create, 0);
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(tried.recv().unwrap(), all_well(10, GONE));
    let calls = ["create 1 -> 20", "create 9 -> 10", "reset 10", "destroy 77", "destroy_s a-b"];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn d_45_everything_may_be_called_in_rate() {
    let pool = pool();
    pool.stocked(1);
    let tried = try_in(*pool, Rate, 10);
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(tried.recv().unwrap(), all_well(20, DISPENSER_RESOURCE_RATING));
    let calls = ["rate 1 10 enlist=0 -> 100", "create 9 -> 20", "reset 20", "destroy 77", "destroy_s a-b"];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn d_45_everything_may_be_called_in_enlist() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let tried = try_in(*pool, Enlist, 10);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(tried.recv().unwrap(), all_well(20, DISPENSER_RESOURCE_ENLISTING));
    let calls =
        ["create 1 -> 10", "enlist 10 T", "create 9 -> 20", "enlist 20 T", "reset 20", "enlist 77 T", "destroy_s a-b"];
    assert_eq!(pool.calls(), calls);
    t.commit();
    assert_eq!(pool.calls(), ["destroy 77"], "which waited for the transaction");
}

#[test]
fn d_45_everything_may_be_called_in_reset() {
    let pool = pool();
    pool.used(1);
    let tried = try_in(*pool, Reset, 10);
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(tried.recv().unwrap(), all_well(20, DISPENSER_RESOURCE_RESETTING));
    assert_eq!(pool.calls(), ["reset 10", "create 9 -> 20", "reset 20", "destroy 77", "destroy_s a-b"]);
    assert_eq!(pool.resources(), [(10, UI), (20, UI)]);
}

#[test]
fn d_45_everything_may_be_called_in_destroy() {
    let pool = pool();
    pool.used(1);
    let tried = try_in(*pool, Destroy, 10);
    assert_eq!(pool.destroy_resource(10), WSRT_S_OK);
    // Its id may be used anew by now, so it can be tracked as another.
    let well = Tried { own_track: WSRT_S_OK, own_untrack: WSRT_S_OK, ..all_well(20, DISPENSER_RESOURCE_DESTROYING) };
    assert_eq!(tried.recv().unwrap(), well);
    assert_eq!(pool.calls(), ["destroy 10", "create 9 -> 20", "reset 20", "destroy 77", "destroy_s a-b", "destroy 10"]);
    assert_eq!(pool.resources(), [(20, UI)]);
}

#[test]
fn d_45_everything_may_be_called_in_destroy_s() {
    let pool = pool();
    pool.track_s("own");
    let tried = try_in(*pool, DestroyS, 0);
    assert_eq!(pool.untrack_s("own", true), WSRT_S_OK);
    assert_eq!(tried.recv().unwrap(), all_well(10, GONE));
    let calls = ["destroy_s own", "create 9 -> 10", "reset 10", "destroy 77", "destroy_s a-b"];
    assert_eq!(pool.calls(), calls);
}

#[test]
fn d_45_everything_may_be_called_in_report() {
    let pool = pool_with(dispenser_options { callback_deadline_ms: 1_000, ..manual() }, &[]);
    pool.used(1);
    let gate = pool.hold(Reset, |_| {});
    let held = *pool;
    let user = std::thread::spawn(move || held.free(10));
    gate.entered();
    let tried = try_in(*pool, Report, 10);
    pool.sweep(1_000);
    pool.sweep(2_000);
    assert_eq!(tried.recv().unwrap(), all_well(20, DISPENSER_RESOURCE_WRITTEN_OFF));
    let calls = ["reset 10", "report written_off 10", "create 9 -> 20", "reset 20", "destroy 77", "destroy_s a-b"];
    assert_eq!(pool.calls(), calls);
    gate.open();
    assert_eq!(user.join().unwrap(), WSRT_E_OVERDUE);
}

#[test]
fn d_45_everything_may_be_called_in_release_but_the_pool_is_closed() {
    let pool = pool();
    let (tell, told) = channel();
    let held = *pool;
    pool.once(Release, move |_| {
        let codes = [held.track(77), held.untrack(77, true), held.free(10), held.sweep(1_000), held.close()];
        tell.send((held.alloc(1), codes, held.destroy_resource(10))).unwrap();
    });
    assert_eq!(pool.close(), WSRT_S_OK);
    let (alloc, mut codes, destroy) = told.recv().unwrap();
    assert_eq!((alloc, destroy), (Err(WSRT_E_CLOSED), WSRT_E_CLOSED));
    assert_eq!(codes[3], WSRT_S_FALSE, "a sweep inside a callback does nothing");
    codes[3] = WSRT_E_CLOSED;
    assert_eq!(codes, [WSRT_E_CLOSED; 5]);
    assert_eq!(pool.calls(), ["release"]);
}

#[test]
fn d_45_another_dispenser_may_be_called_in_a_callback() {
    let (pool, other) = (pool(), pool());
    let held = *other;
    pool.once(Create, move |_| {
        assert_eq!(held.alloc(1), Ok(10));
        assert_eq!(held.close(), WSRT_S_OK, "its own callbacks are over");
    });
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(other.calls(), ["create 1 -> 10", "release"]);
}
