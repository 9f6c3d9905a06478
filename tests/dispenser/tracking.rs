//! Tracked resources, by number and by string: D-35 to D-39.

use super::scene::*;
use std::ptr::null;
use std::thread;

#[test]
fn d_35_0_cannot_be_tracked() {
    let pool = pool();
    assert_eq!(pool.track(0), WSRT_E_INVALIDARG);
    assert_eq!(pool.track_ex(0, 5, 0), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_35_what_is_tracked_cannot_be_tracked_again() {
    let pool = pool();
    pool.track(77);
    assert_eq!(pool.track(77), WSRT_E_INVALIDARG);
    assert_eq!(pool.untrack(77, true), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 77"]);
}

#[test]
fn d_35_what_is_pooled_cannot_be_tracked() {
    let pool = pool();
    pool.used(1);
    assert_eq!(pool.track(10), WSRT_E_INVALIDARG);
    pool.free(10);
    assert_eq!(pool.track(10), WSRT_E_INVALIDARG);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_35_without_an_object_it_is_tracked_until_it_is_untracked() {
    let (pool, object) = (pool(), Object::new());
    pool.track(77);
    object.end();
    assert_eq!(pool.state(77), TU);
    assert_eq!(pool.untrack(77, true), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 77"]);
}

#[test]
fn d_35_what_cannot_be_enlisted_is_not_tracked_and_not_destroyed() {
    for code in [WSRT_E_FAIL, WSRT_MTXDM_E_ENLISTRESOURCEFAILED] {
        let (pool, t) = (pool(), Transaction::new("T"));
        pool.once(Enlist, answer(code));
        assert_eq!(t.run(|| pool.track(77)), WSRT_E_FAIL);
        assert_eq!(pool.calls().len(), 1);
        assert_eq!(pool.resources(), []);
        assert_eq!(t.run(|| pool.track(77)), WSRT_S_OK, "its owner may try again");
    }
}

#[test]
fn track_ex_names_the_object_and_the_transaction() {
    let (pool, object, t) = (pool(), Object::new(), Transaction::new("T"));
    assert_eq!(pool.track_ex(77, object.0, t.0), WSRT_S_OK);
    let info = pool.info(77).unwrap();
    assert_eq!((info.state, info.instid, info.transid), (TE, object.0, t.0));
    object.end();
    t.commit();
    assert_eq!(pool.calls(), ["enlist 77 T", "destroy 77"]);
}

#[test]
fn track_ex_pays_no_heed_to_the_context() {
    let (pool, object, t) = (pool(), Object::new(), Transaction::new("T"));
    assert_eq!(object.run_in(t, || pool.track_ex(77, 0, 0)), WSRT_S_OK);
    object.end();
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn what_is_not_tracked_cannot_be_untracked() {
    let pool = pool();
    pool.used(1);
    for resid in [0, 10, 77] {
        for destroy in [false, true] {
            assert_eq!(pool.untrack(resid, destroy), WSRT_E_INVALIDARG);
        }
    }
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn what_waits_for_its_transaction_cannot_be_untracked_again() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| pool.track(77));
    pool.untrack(77, true);
    assert_eq!(pool.untrack(77, false), WSRT_E_INVALIDARG);
    assert_eq!(pool.track(77), WSRT_E_INVALIDARG);
    pool.calls();
    t.commit();
    assert_eq!(pool.calls(), ["destroy 77"]);
}

#[test]
fn what_is_being_enlisted_for_a_track_cannot_be_untracked() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let gate = pool.hold(Enlist, |_| {});
    let held = *pool;
    let tracker = thread::spawn(move || t.run(|| held.track(77)));
    gate.entered();
    assert_eq!(pool.untrack(77, true), WSRT_E_INVALIDARG);
    assert_eq!(pool.track(77), WSRT_E_INVALIDARG);
    gate.open();
    assert_eq!(tracker.join().unwrap(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["enlist 77 T"]);
}

#[test]
fn d_36_a_string_is_not_enlisted() {
    let (pool, t) = (pool(), Transaction::new("T"));
    assert_eq!(t.run(|| pool.track_s("a-b")), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.untrack_s("a-b", true), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy_s a-b"], "at once, for it is in no transaction");
}

#[test]
fn d_37_strings_are_copied() {
    let pool = pool();
    let mut name = *b"a-b\0";
    let at = name.as_mut_ptr().cast();
    assert_eq!(unsafe { dispenser_track_resource_s(pool.get(), at) }, WSRT_S_OK);
    name[0] = b'x';
    assert_eq!(pool.untrack_s(str::from_utf8(&name[..3]).unwrap(), true), WSRT_E_INVALIDARG);
    assert_eq!(pool.untrack_s("a-b", true), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy_s a-b"]);
}

#[test]
fn d_37_strings_are_compared_byte_by_byte() {
    let pool = pool();
    for sresid in ["a", "A", "a ", "\u{e9}", "e\u{301}"] {
        assert_eq!(pool.track_s(sresid), WSRT_S_OK, "{sresid:?}");
        assert_eq!(pool.track_s(sresid), WSRT_E_INVALIDARG, "{sresid:?}");
    }
    assert_eq!(pool.stats().tracked, 5);
    assert_eq!(pool.untrack_s("A", true), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy_s A"]);
}

#[test]
fn d_37_null_and_empty_strings_are_refused() {
    let pool = pool();
    unsafe {
        assert_eq!(dispenser_track_resource_s(pool.get(), null()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_track_resource_s(pool.get(), c"\xFF".as_ptr()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_untrack_resource_s(pool.get(), null(), 1), WSRT_E_INVALIDARG);
    }
    assert_eq!(pool.track_s(""), WSRT_E_INVALIDARG);
    assert_eq!(pool.untrack_s("", true), WSRT_E_INVALIDARG);
    assert_eq!(pool.track_s(&"x".repeat(4_097)), WSRT_E_INVALIDARG);
    assert_eq!(pool.track_s(&"x".repeat(4_096)), WSRT_S_OK);
    assert_eq!(pool.untrack_s("never tracked", true), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn a_string_may_be_forgotten_without_a_callback_and_tracked_again() {
    let pool = pool();
    pool.track_s("a-b");
    assert_eq!(pool.untrack_s("a-b", false), WSRT_S_OK);
    assert_eq!(pool.untrack_s("a-b", false), WSRT_E_INVALIDARG);
    assert_eq!(pool.track_s("a-b"), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn a_string_that_reads_like_a_number_is_another_resource() {
    let pool = pool();
    assert_eq!((pool.track(77), pool.track_s("77")), (WSRT_S_OK, WSRT_S_OK));
    assert_eq!(pool.untrack_s("77", true), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy_s 77"]);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn the_end_of_the_object_destroys_strings_too() {
    let (pool, object) = (pool(), Object::new());
    object.run(|| pool.track_s("a-b"));
    assert_eq!(object.end(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy_s a-b"]);
    assert_eq!(pool.untrack_s("a-b", true), WSRT_E_INVALIDARG);
}

#[test]
fn d_38_untracking_without_destroying_does_not_wait_for_the_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| pool.track(77));
    assert_eq!(pool.untrack(77, false), WSRT_S_OK);
    assert_eq!(pool.track(77), WSRT_S_OK, "the number is free at once");
    pool.calls();
    t.commit();
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn d_39_a_failed_destruction_is_told_and_the_resource_forgotten() {
    let pool = pool();
    pool.track(77);
    pool.once(Destroy, answer(WSRT_E_ACCESSDENIED));
    assert_eq!(pool.untrack(77, true), WSRT_E_FAIL);
    assert_eq!(pool.untrack(77, true), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), ["destroy 77 -> E_ACCESSDENIED"]);
    assert_eq!(pool.resources(), []);
}

#[test]
fn d_39_a_failed_destruction_of_a_string_is_told_and_it_is_forgotten() {
    let pool = pool();
    pool.track_s("a-b");
    pool.once(DestroyS, answer(WSRT_E_NOTIMPL));
    assert_eq!(pool.untrack_s("a-b", true), WSRT_E_FAIL);
    assert_eq!(pool.untrack_s("a-b", true), WSRT_E_INVALIDARG);
    assert_eq!(pool.calls(), ["destroy_s a-b -> E_NOTIMPL"]);
}

#[test]
fn d_40_a_driver_without_destroy_resource_s_fails_the_untrack() {
    let pool = pool_with(manual(), &[DestroyS]);
    pool.track_s("a-b");
    assert_eq!(pool.untrack_s("a-b", true), WSRT_E_FAIL);
    assert_eq!(pool.resources(), []);
}
