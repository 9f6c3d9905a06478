//! Two pools whose callbacks end each other: nobody waits for anybody.

use crate::books::room;
use crate::pools::Pool;
use crate::watchdog::Watchdog;
use std::ffi::c_void;
use std::ptr::null;
use std::sync::Barrier;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

type End = unsafe extern "C" fn(*mut dispenser) -> i32;

struct Peer<'a> {
    end: End,
    other: AtomicUsize,
    meet: &'a Barrier,
    code: AtomicI32,
    destroyed: AtomicU32,
    released: AtomicU32,
}

unsafe extern "C" fn end_the_other(user_data: *mut c_void, _: usize, resid: *mut usize, _: *mut i32) -> i32 {
    let own = unsafe { &*user_data.cast::<Peer>() };
    own.meet.wait();
    let code = unsafe { (own.end)(Pool(own.other.load(Ordering::SeqCst)).get()) };
    own.code.store(code, Ordering::SeqCst);
    // Neither leaves before both have ended the other.
    own.meet.wait();
    unsafe { resid.write(7) };
    WSRT_S_OK
}

unsafe extern "C" fn destroy(user_data: *mut c_void, resid: usize) -> i32 {
    let own = unsafe { &*user_data.cast::<Peer>() };
    assert_eq!((resid, own.released.load(Ordering::SeqCst)), (7, 0));
    own.destroyed.fetch_add(1, Ordering::SeqCst);
    WSRT_S_OK
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    unsafe { &*user_data.cast::<Peer>() }.released.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn two_creations_that_end_each_others_pools_both_get_away() {
    let dog = Watchdog::new();
    let ends: [End; 4] = [dispenser_close, dispenser_close_nowait, dispenser_destroy, dispenser_destroy_nowait];
    for round in 0..100 {
        let end = ends[round % ends.len()];
        dog.watch(&format!("mutual end, round {round}"));
        let meet = Barrier::new(2);
        let pair = [(); 2].map(|()| Peer {
            end,
            other: AtomicUsize::new(0),
            meet: &meet,
            code: AtomicI32::new(-1),
            destroyed: AtomicU32::new(0),
            released: AtomicU32::new(0),
        });
        let pools = [&pair[0], &pair[1]].map(|peer| {
            let table = dispenser_driver {
                user_data: (&raw const *peer).cast_mut().cast(),
                create_resource: Some(end_the_other),
                destroy_resource: Some(destroy),
                release: Some(release),
                ..room()
            };
            let mut pool = std::ptr::null_mut();
            let options = dispenser_options { flags: DISPENSER_MANUAL_SWEEP, ..room() };
            assert_eq!(unsafe { dispenser_create(&table, null(), &options, &mut pool) }, WSRT_S_OK);
            Pool(pool as usize)
        });
        pair[0].other.store(pools[1].0, Ordering::SeqCst);
        pair[1].other.store(pools[0].0, Ordering::SeqCst);
        thread::scope(|scope| {
            for pool in pools {
                scope.spawn(move || {
                    let mut resid = 99;
                    let code = unsafe { dispenser_alloc_resource(pool.get(), 1, &mut resid) };
                    assert_eq!((code, resid), (WSRT_E_CLOSED, 0), "closed meanwhile");
                });
            }
        });
        for (peer, pool) in pair.iter().zip(pools) {
            assert_eq!(peer.code.load(Ordering::SeqCst), WSRT_S_DEFERRED, "neither waits");
            assert_eq!(peer.destroyed.load(Ordering::SeqCst), 1, "what came too late is destroyed");
            assert_eq!(peer.released.load(Ordering::SeqCst), 1, "the last to leave releases");
            let closed = round % ends.len() < 2;
            let expected = if closed { WSRT_S_OK } else { WSRT_E_HANDLE };
            assert_eq!(unsafe { dispenser_destroy(pool.get()) }, expected);
        }
    }
}
