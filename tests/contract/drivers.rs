//! Pools for the contract table: one that is alive, with a resource in each kind of hand, and three that are not.

use crate::world::{CALLED, released};
use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

static NEXT: AtomicUsize = AtomicUsize::new(0x1000);

fn called() -> i32 {
    CALLED.set(CALLED.get() + 1);
    WSRT_S_OK
}

unsafe extern "C" fn create(_: *mut c_void, _: usize, resid: *mut usize, _: *mut i32) -> i32 {
    unsafe { resid.write(NEXT.fetch_add(16, Ordering::Relaxed)) };
    called()
}
unsafe extern "C" fn rate(_: *mut c_void, _: usize, _: usize, _: i32, rating: *mut u32) -> i32 {
    unsafe { rating.write(DISPENSER_RATING_UNUSABLE) };
    called()
}
unsafe extern "C" fn enlist(_: *mut c_void, _: usize, _: usize) -> i32 {
    called()
}
unsafe extern "C" fn reset(_: *mut c_void, _: usize) -> i32 {
    called()
}
unsafe extern "C" fn destroy(_: *mut c_void, _: usize) -> i32 {
    called()
}
unsafe extern "C" fn destroy_s(_: *mut c_void, _: *const c_char) -> i32 {
    called()
}
unsafe extern "C" fn report(_: *mut c_void, _: u32, _: *const dispenser_resource_info) {
    called();
}
pub unsafe extern "C" fn visit(_: *mut c_void, _: *const dispenser_resource_info) -> i32 {
    called()
}

pub fn driver() -> dispenser_driver {
    dispenser_driver {
        cb_size: size_of::<dispenser_driver>() as u32,
        flags: 0,
        user_data: null_mut(),
        create_resource: Some(create),
        rate_resource: Some(rate),
        enlist_resource: Some(enlist),
        reset_resource: Some(reset),
        destroy_resource: Some(destroy),
        destroy_resource_s: Some(destroy_s),
        release: Some(released),
        report: Some(report),
    }
}

/// One whose pool comes and goes without a trace in the counts.
pub fn quiet() -> dispenser_driver {
    dispenser_driver { release: None, ..driver() }
}

/// All 0 but the size: whatever a later version adds is 0, too.
pub fn pool_options() -> dispenser_options {
    let mut options: dispenser_options = unsafe { std::mem::zeroed() };
    options.cb_size = size_of::<dispenser_options>() as u32;
    options.flags = DISPENSER_MANUAL_SWEEP;
    options
}

pub fn made(options: &dispenser_options) -> *mut dispenser {
    let mut pool = null_mut();
    assert_eq!(unsafe { dispenser_create(&quiet(), null(), options, &mut pool) }, WSRT_S_OK);
    pool
}

pub struct Pools {
    pub pool: *mut dispenser,
    pub closed: *mut dispenser,
    /// Its place is vacant.
    pub destroyed: *mut dispenser,
    /// Another has been made in its place.
    pub replaced: *mut dispenser,
    pub in_use: usize,
    pub in_stock: usize,
    pub tracked: usize,
}

/// When the pool was swept last, in ms.
pub const SWEPT: u64 = 1_000_000;

impl Pools {
    pub fn new() -> Self {
        let options = pool_options();
        let replaced = made(&options);
        assert_eq!(unsafe { dispenser_destroy(replaced) }, WSRT_S_OK);
        // An ended place is taken before a fresh one.
        let [pool, closed, destroyed] = [(); 3].map(|()| made(&options));
        let (mut in_use, mut in_stock, tracked) = (0, 0, 0x77);
        unsafe {
            assert_eq!(dispenser_close(closed), WSRT_S_OK);
            assert_eq!(dispenser_destroy(destroyed), WSRT_S_OK);
            for out in [&mut in_use, &mut in_stock] {
                assert_eq!(dispenser_alloc_resource(pool, 1, out), WSRT_S_OK);
            }
            assert_eq!(dispenser_free_resource(pool, in_stock), WSRT_S_OK);
            assert_eq!(dispenser_track_resource(pool, tracked), WSRT_S_OK);
            assert_eq!(dispenser_track_resource_s(pool, c"tracked".as_ptr()), WSRT_S_OK);
            assert_eq!(dispenser_sweep(pool, SWEPT), WSRT_S_OK);
        }
        Self { pool, closed, destroyed, replaced, in_use, in_stock, tracked }
    }

    pub fn figures(&self) -> Vec<u8> {
        let mut stats: dispenser_stats = unsafe { std::mem::zeroed() };
        stats.cb_size = size_of::<dispenser_stats>() as u32;
        assert_eq!(unsafe { dispenser_get_stats(self.pool, &mut stats) }, WSRT_S_OK);
        assert_eq!((stats.used_unenlisted, stats.free_unenlisted, stats.tracked), (1, 1, 2));
        // SAFETY: the struct has no padding.
        unsafe { std::slice::from_raw_parts((&raw const stats).cast::<u8>(), size_of::<dispenser_stats>()) }.to_vec()
    }

    pub fn end(self) {
        for pool in [self.pool, self.closed] {
            assert_eq!(unsafe { dispenser_destroy(pool) }, WSRT_S_OK);
        }
    }
}
