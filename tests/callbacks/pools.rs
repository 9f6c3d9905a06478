//! The pools of a scene: what is in them when it begins, and how each callback of a driver is brought about.

use crate::books::{create_pool, fresh, room, visit};
use crate::play::Target;
use crate::scene::Kind::{self, *};
use crate::scene::Scene;
use std::ffi::c_void;
use std::sync::Arc;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// A pointer-like name that may go to another thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool(pub usize);

impl Pool {
    pub fn get(self) -> *mut dispenser {
        self.0 as *mut dispenser
    }

    pub fn alloc(self, scene: &Scene, restypid: usize) -> (i32, usize) {
        let mut resid = 0;
        let code = unsafe { dispenser_alloc_resource(self.get(), restypid, &mut resid) };
        assert_eq!(code == WSRT_S_OK, resid != 0);
        if code == WSRT_S_OK {
            assert!(scene.books.lock().unwrap().held.insert(resid), "given out twice: {resid:#x}");
        }
        (code, resid)
    }

    pub fn free(self, scene: &Scene, resid: usize) -> i32 {
        let code = unsafe { dispenser_free_resource(self.get(), resid) };
        let mut books = scene.books.lock().unwrap();
        // A free that the pool's end overtook has had the resource destroyed.
        if code == WSRT_S_OK || books.is_destroyed(resid) {
            books.held.remove(&resid);
        }
        code
    }

    pub fn destroy_resource(self, scene: &Scene, resid: usize) -> i32 {
        let code = unsafe { dispenser_destroy_resource(self.get(), resid) };
        if code == WSRT_S_OK {
            scene.books.lock().unwrap().held.remove(&resid);
        }
        code
    }

    pub fn info(self, resid: usize) -> (i32, dispenser_resource_info) {
        let mut info = room();
        (unsafe { dispenser_get_resource_info(self.get(), resid, &mut info) }, info)
    }
}

/// Two pools and what is in the first: for the actor, for nobody, for the parked thread; and two in stock.
#[derive(Clone, Copy)]
pub struct Pools {
    pub pool: Pool,
    pub used: [usize; 3],
    pub tracked: usize,
    pub other: Pool,
    pub other_used: usize,
    pub other_tracked: usize,
    /// The object that `used[1]` and `tracked` belong to.
    pub instid: usize,
    /// Transactions: the actor's and the parked thread's.
    pub transids: [usize; 3],
}

/// Three types: what is in stock, what is not, and what an action asks for.
pub const STOCKED: usize = 1;
pub const MISSING: usize = 2;
pub const ASKED: usize = 3;

impl Pools {
    pub fn new(scene: &Arc<Scene>, drain_timeout_ms: u32) -> Self {
        let options = dispenser_options {
            flags: DISPENSER_MANUAL_SWEEP | DISPENSER_AUTO_RECLAIM,
            // Only sweeps by hand write off: in scenes about reports.
            callback_deadline_ms: 1_000,
            drain_timeout_ms,
            ..room()
        };
        let [pool, other] = [(); 2].map(|()| create_pool(scene, &options)).map(|(code, pool)| {
            assert_eq!(code, WSRT_S_OK);
            Pool(pool as usize)
        });
        let (instid, tracked, other_tracked) = (fresh(), fresh(), fresh());
        let mut used = [0; 3];
        for (who, used) in used.iter_mut().enumerate() {
            assert_eq!(unsafe { dispenser_set_context(if who == 1 { instid } else { 0 }, 0) }, WSRT_S_OK);
            *used = pool.alloc(scene, STOCKED).1;
        }
        unsafe {
            assert_eq!(dispenser_set_context(0, 0), WSRT_S_OK);
            for stock in [(); 2].map(|()| pool.alloc(scene, STOCKED).1) {
                assert_eq!(pool.free(scene, stock), WSRT_S_OK);
            }
            assert_eq!(dispenser_track_resource_ex(pool.get(), tracked, instid, 0), WSRT_S_OK);
            assert_eq!(dispenser_track_resource(other.get(), other_tracked), WSRT_S_OK);
            for (pool, sresid) in [(pool, c"0"), (pool, c"1"), (pool, c"2"), (other, c"0"), (other, c"1")] {
                assert_eq!(dispenser_track_resource_s(pool.get(), sresid.as_ptr()), WSRT_S_OK);
            }
        }
        let other_used = other.alloc(scene, STOCKED).1;
        let transids = [fresh(), fresh(), fresh()];
        Self { pool, used, tracked, other, other_used, other_tracked, instid, transids }
    }

    pub fn used_of(&self, aim: Target) -> usize {
        if aim == Target::Other { self.other_used } else { self.used[1] }
    }

    pub fn tracked_of(&self, aim: Target) -> usize {
        if aim == Target::Other { self.other_tracked } else { self.tracked }
    }

    /// Ends the pools and the transactions, and closes the books.
    pub fn end(self, scene: &Arc<Scene>, what: &str) {
        unsafe {
            assert_eq!(dispenser_set_context(0, 0), WSRT_S_OK);
            for transid in self.transids {
                assert_eq!(dispenser_transaction_ended(transid, 1), WSRT_S_OK);
            }
            for pool in [self.pool, self.other] {
                let code = dispenser_destroy(pool.get());
                assert!(matches!(code, WSRT_S_OK | WSRT_E_HANDLE), "{what}: 0x{code:08X}");
            }
        }
        let books = scene.books.lock().unwrap();
        assert!(books.released().iter().all(|&is| is), "{what}: every driver is given back");
        books.balance(what);
    }
}

/// Makes a callback of that kind happen on this thread; gives back what the call returned.
pub fn trigger(kind: Kind, scene: &Arc<Scene>, pools: Pools, who: usize) -> i32 {
    let Pools { pool, used, transids, .. } = pools;
    unsafe {
        match kind {
            Create => pool.alloc(scene, MISSING).0,
            Rate => pool.alloc(scene, STOCKED).0,
            Enlist => {
                assert_eq!(dispenser_set_context(0, transids[who]), WSRT_S_OK);
                pool.alloc(scene, STOCKED).0
            }
            Reset => pool.free(scene, used[who]),
            Destroy => pool.destroy_resource(scene, used[who]),
            DestroyS => {
                let sresid = if who == 0 { c"0" } else { c"2" };
                dispenser_untrack_resource_s(pool.get(), sresid.as_ptr(), 1)
            }
            // The first sees the other thread's callback, the second finds it overdue.
            PoolReport => dispenser_sweep(pool.get(), 1_000_000) | dispenser_sweep(pool.get(), 1_001_000),
            PoolRelease => dispenser_close(pool.get()),
            PoolVisit => dispenser_enum_resources(pool.get(), Some(visit), Arc::as_ptr(scene) as *mut c_void),
            _ => unreachable!("not a callback of a pool"),
        }
    }
}
