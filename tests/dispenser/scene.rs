//! What the tests see: the exports without their pointers, and all that they share.

use std::ffi::{CStr, CString, c_void};
use std::mem::{size_of, zeroed};
use std::ops::Deref;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

pub use super::context::*;
pub use super::driver::*;
pub use wsrt::ffi::codes::*;
pub use wsrt::ffi::*;

/// No callback at all.
pub const NOTHING: [&str; 0] = [];

// States, by their names in the table.
pub const UI: u32 = DISPENSER_RESOURCE_FREE_UNENLISTED;
pub const EI: u32 = DISPENSER_RESOURCE_FREE_ENLISTED;
pub const UU: u32 = DISPENSER_RESOURCE_USED_UNENLISTED;
pub const EU: u32 = DISPENSER_RESOURCE_USED_ENLISTED;
pub const TU: u32 = DISPENSER_RESOURCE_TRACKED;
pub const TE: u32 = DISPENSER_RESOURCE_TRACKED_ENLISTED;
pub const TP: u32 = DISPENSER_RESOURCE_AWAITING_TRANSACTION;
/// Unknown to the dispenser.
pub const GONE: u32 = 0;

/// Options of a dispenser that is swept by the test.
pub fn manual() -> dispenser_options {
    dispenser_options { flags: DISPENSER_MANUAL_SWEEP, ..defaults() }
}

pub fn defaults() -> dispenser_options {
    dispenser_options { cb_size: size_of::<dispenser_options>() as u32, ..unsafe { zeroed() } }
}

/// A dispenser and its driver, to be passed around. The driver is never freed: a callback may come late.
#[derive(Clone, Copy)]
pub struct Pool {
    handle: usize,
    driver: &'static Driver,
}

/// A pool that is destroyed at the end of its test.
pub struct Owned(Pool);

impl Deref for Owned {
    type Target = Pool;
    fn deref(&self) -> &Pool {
        &self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        unsafe { dispenser_destroy_nowait(self.0.get()) };
        assert!(std::thread::panicking() || !self.0.has_failed(), "a check inside a callback failed, see above");
    }
}

impl Deref for Pool {
    type Target = Driver;
    fn deref(&self) -> &Driver {
        self.driver
    }
}

/// A pool whose driver has every callback, swept by the test.
pub fn pool() -> Owned {
    pool_with(manual(), &[])
}

/// A pool with automatic reclamation.
pub fn reclaiming() -> Owned {
    pool_with(dispenser_options { flags: DISPENSER_MANUAL_SWEEP | DISPENSER_AUTO_RECLAIM, ..defaults() }, &[])
}

pub fn pool_with(options: dispenser_options, lacking: &[Callback]) -> Owned {
    let driver: &'static Driver = Box::leak(Box::default());
    Owned(pool_of(driver, &driver.table(lacking), options))
}

pub fn pool_of(driver: &'static Driver, table: &dispenser_driver, options: dispenser_options) -> Pool {
    let mut made = null_mut();
    assert_eq!(unsafe { dispenser_create(table, c"test".as_ptr(), &options, &mut made) }, WSRT_S_OK);
    Pool { handle: made as usize, driver }
}

/// A pool with resource 10 in stock for a transaction.
pub fn enlisted_stock(t: Transaction) -> Owned {
    let pool = pool();
    t.run(|| pool.stocked(1));
    assert_eq!(pool.state(10), EI);
    pool
}

/// A pool with resource 10 in use in a transaction.
pub fn enlisted_use(t: Transaction) -> Owned {
    let pool = pool();
    t.run(|| pool.used(1));
    assert_eq!(pool.state(10), EU);
    pool
}

impl Pool {
    pub fn driver(self) -> &'static Driver {
        self.driver
    }

    /// The table of its driver, for another pool.
    pub fn table(self, lacking: &[Callback]) -> dispenser_driver {
        self.driver.table(lacking)
    }

    pub fn get(self) -> *mut dispenser {
        self.handle as *mut dispenser
    }

    pub fn alloc(self, restypid: usize) -> Result<usize, i32> {
        let mut resid = usize::MAX;
        match unsafe { dispenser_alloc_resource(self.get(), restypid, &mut resid) } {
            WSRT_S_OK => Ok(resid),
            code => {
                assert_eq!((resid, code < 0), (0, true), "nothing is handed out on failure");
                Err(code)
            }
        }
    }

    pub fn free(self, resid: usize) -> i32 {
        unsafe { dispenser_free_resource(self.get(), resid) }
    }

    /// IHolder::RequestDestroyResource.
    pub fn destroy_resource(self, resid: usize) -> i32 {
        unsafe { dispenser_destroy_resource(self.get(), resid) }
    }

    pub fn track(self, resid: usize) -> i32 {
        unsafe { dispenser_track_resource(self.get(), resid) }
    }

    pub fn track_ex(self, resid: usize, object: usize, transaction: usize) -> i32 {
        unsafe { dispenser_track_resource_ex(self.get(), resid, object, transaction) }
    }

    pub fn track_s(self, sresid: &str) -> i32 {
        let sresid = CString::new(sresid).unwrap();
        unsafe { dispenser_track_resource_s(self.get(), sresid.as_ptr()) }
    }

    pub fn untrack(self, resid: usize, destroy: bool) -> i32 {
        unsafe { dispenser_untrack_resource(self.get(), resid, destroy.into()) }
    }

    pub fn untrack_s(self, sresid: &str, destroy: bool) -> i32 {
        let sresid = CString::new(sresid).unwrap();
        unsafe { dispenser_untrack_resource_s(self.get(), sresid.as_ptr(), destroy.into()) }
    }

    pub fn sweep(self, now_ms: u64) -> i32 {
        unsafe { dispenser_sweep(self.get(), now_ms) }
    }

    pub fn close(self) -> i32 {
        unsafe { dispenser_close(self.get()) }
    }

    pub fn close_nowait(self) -> i32 {
        unsafe { dispenser_close_nowait(self.get()) }
    }

    pub fn destroy(self) -> i32 {
        unsafe { dispenser_destroy(self.get()) }
    }

    pub fn options(self) -> dispenser_options {
        let mut options = defaults();
        assert_eq!(unsafe { dispenser_get_options(self.get(), &mut options) }, WSRT_S_OK);
        options
    }

    pub fn stats(self) -> dispenser_stats {
        let mut stats = dispenser_stats { cb_size: size_of::<dispenser_stats>() as u32, ..unsafe { zeroed() } };
        assert_eq!(unsafe { dispenser_get_stats(self.get(), &mut stats) }, WSRT_S_OK);
        stats
    }

    pub fn info(self, resid: usize) -> Result<dispenser_resource_info, i32> {
        let cb_size = size_of::<dispenser_resource_info>() as u32;
        let mut info = dispenser_resource_info { cb_size, ..unsafe { zeroed() } };
        match unsafe { dispenser_get_resource_info(self.get(), resid, &mut info) } {
            WSRT_S_OK => Ok(info),
            code => Err(code),
        }
    }

    /// The state of a resource; 0: the dispenser does not know it.
    pub fn state(self, resid: usize) -> u32 {
        self.info(resid).map_or_else(
            |code| {
                assert_eq!(code, WSRT_E_INVALIDARG);
                0
            },
            |info| info.state,
        )
    }

    /// What the dispenser has, as (id, state), oldest first.
    pub fn resources(self) -> Vec<(usize, u32)> {
        unsafe extern "C" fn visit(user_data: *mut c_void, info: *const dispenser_resource_info) -> i32 {
            let (list, info) = unsafe { (&mut *user_data.cast::<Vec<(usize, u32)>>(), &*info) };
            list.push((info.resid, info.state));
            WSRT_S_OK
        }
        let mut list: Vec<(usize, u32)> = Vec::new();
        let code = unsafe { dispenser_enum_resources(self.get(), Some(visit), (&raw mut list).cast()) };
        assert_eq!(code, WSRT_S_OK);
        list
    }

    /// Allocates and frees so that `resid` is in stock, and forgets the calls.
    pub fn stocked(self, restypid: usize) -> usize {
        let resid = self.alloc(restypid).unwrap();
        assert_eq!(self.free(resid), WSRT_S_OK);
        self.calls();
        resid
    }

    /// Allocates, and forgets the calls.
    pub fn used(self, restypid: usize) -> usize {
        let resid = self.alloc(restypid).unwrap();
        self.calls();
        resid
    }
}

/// Why the last call of this thread failed.
pub fn last_error() -> String {
    let mut text = vec![0_u8; 4096];
    let mut code = 0;
    unsafe { wsrt_last_error(&mut code, text.as_mut_ptr().cast(), text.len(), null_mut()) };
    CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap().to_owned()
}

pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "never came: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The system's number of this thread.
pub fn thread_number() -> u64 {
    let own = std::fs::read_link("/proc/thread-self").unwrap();
    own.file_name().unwrap().to_str().unwrap().parse().unwrap()
}
