//! The drivers of a scene's pools, and the books that are kept on what they made: what was made has been destroyed
//! once, or is in somebody's hands, and a pool that gave its driver back calls it no more.

use crate::scene::Kind::*;
use crate::scene::Scene;
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, c_char, c_void};
use std::mem::size_of;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

static NEXT: AtomicUsize = AtomicUsize::new(0x1000);

/// A number that nothing else in this process has.
pub fn fresh() -> usize {
    NEXT.fetch_add(16, Ordering::Relaxed)
}

#[derive(Default)]
pub struct Books {
    /// Ids of resources that drivers made, with their types.
    made: HashMap<usize, usize>,
    destroyed: HashSet<usize>,
    destroyed_strings: HashSet<(usize, String)>,
    /// What an allocation gave out and nobody has taken back.
    pub held: HashSet<usize>,
    /// One for each pool, in order. The library keeps the address of each.
    #[allow(clippy::vec_box, reason = "each stays where it is")]
    drivers: Vec<Box<Driver>>,
}

/// The user_data of one pool.
struct Driver {
    scene: *const Scene,
    released: AtomicBool,
}

// SAFETY: scenes may be used by every thread, and outlive their pools.
unsafe impl Send for Driver {}

impl Books {
    /// Whether the drivers of the first pools have been given back.
    pub fn released(&self) -> Vec<bool> {
        self.drivers.iter().map(|driver| driver.released.load(Ordering::SeqCst)).collect()
    }

    pub fn is_destroyed(&self, resid: usize) -> bool {
        self.destroyed.contains(&resid)
    }

    pub fn balance(&self, what: &str) {
        let left: HashSet<usize> = self.made.keys().filter(|id| !self.is_destroyed(**id)).copied().collect();
        assert_eq!(left, self.held, "{what}: what is not destroyed is in somebody's hands");
    }
}

/// The scene of a driver that has not been given back.
fn scene_of<'a>(user_data: *mut c_void) -> &'a Scene {
    let driver = unsafe { &*user_data.cast::<Driver>() };
    assert!(!driver.released.load(Ordering::SeqCst), "called after its release");
    unsafe { &*driver.scene }
}

unsafe extern "C" fn create(user_data: *mut c_void, restypid: usize, resid: *mut usize, _: *mut i32) -> i32 {
    let scene = scene_of(user_data);
    scene.on_resource(Create, 0);
    scene_of(user_data);
    let made = fresh();
    scene.books.lock().unwrap().made.insert(made, restypid);
    unsafe { resid.write(made) };
    WSRT_S_OK
}
unsafe extern "C" fn rate(user_data: *mut c_void, restypid: usize, resid: usize, _: i32, rating: *mut u32) -> i32 {
    let scene = scene_of(user_data);
    scene.on_resource(Rate, resid);
    let is_same = scene.books.lock().unwrap().made[&resid] == restypid;
    unsafe { rating.write(if is_same { DISPENSER_RATING_PERFECT } else { DISPENSER_RATING_UNUSABLE }) };
    WSRT_S_OK
}
unsafe extern "C" fn enlist(user_data: *mut c_void, resid: usize, _: usize) -> i32 {
    scene_of(user_data).on_resource(Enlist, resid);
    scene_of(user_data);
    WSRT_S_OK
}
unsafe extern "C" fn reset(user_data: *mut c_void, resid: usize) -> i32 {
    scene_of(user_data).on_resource(Reset, resid);
    scene_of(user_data);
    WSRT_S_OK
}
unsafe extern "C" fn destroy(user_data: *mut c_void, resid: usize) -> i32 {
    let scene = scene_of(user_data);
    scene.on_resource(Destroy, resid);
    scene_of(user_data);
    assert!(scene.books.lock().unwrap().destroyed.insert(resid), "destroyed twice: {resid:#x}");
    WSRT_S_OK
}
unsafe extern "C" fn destroy_s(user_data: *mut c_void, sresid: *const c_char) -> i32 {
    let scene = scene_of(user_data);
    scene.on_resource(DestroyS, 0);
    scene_of(user_data);
    let sresid = unsafe { CStr::from_ptr(sresid) }.to_str().expect("UTF-8").to_owned();
    let ours = (user_data as usize, sresid);
    assert!(scene.books.lock().unwrap().destroyed_strings.insert(ours.clone()), "destroyed twice: {ours:?}");
    WSRT_S_OK
}
unsafe extern "C" fn report(user_data: *mut c_void, _: u32, info: *const dispenser_resource_info) {
    scene_of(user_data).on_resource(PoolReport, unsafe { (*info).resid });
    scene_of(user_data);
}
unsafe extern "C" fn release(user_data: *mut c_void) {
    let scene = scene_of(user_data);
    scene.on_resource(PoolRelease, 0);
    scene.released.fetch_add(1, Ordering::SeqCst);
    let driver = unsafe { &*user_data.cast::<Driver>() };
    assert!(!driver.released.swap(true, Ordering::SeqCst), "released twice");
}
pub unsafe extern "C" fn visit(user_data: *mut c_void, info: *const dispenser_resource_info) -> i32 {
    let scene = unsafe { &*user_data.cast::<Scene>() };
    scene.on_resource(PoolVisit, unsafe { (*info).resid });
    WSRT_S_OK
}

/// A driver's table, for one pool.
pub fn driver(scene: &Arc<Scene>) -> dispenser_driver {
    let own = Box::new(Driver { scene: Arc::as_ptr(scene), released: AtomicBool::new(false) });
    let user_data = (&raw const *own).cast_mut().cast();
    scene.books.lock().unwrap().drivers.push(own);
    dispenser_driver {
        cb_size: size_of::<dispenser_driver>() as u32,
        flags: 0,
        user_data,
        create_resource: Some(create),
        rate_resource: Some(rate),
        enlist_resource: Some(enlist),
        reset_resource: Some(reset),
        destroy_resource: Some(destroy),
        destroy_resource_s: Some(destroy_s),
        release: Some(release),
        report: Some(report),
    }
}

/// Room for a struct that is filled in, and for options: all 0 but the size.
pub fn room<T>() -> T {
    let mut room: T = unsafe { std::mem::zeroed() };
    unsafe { (&raw mut room).cast::<u32>().write(size_of::<T>() as u32) };
    room
}

/// Makes a pool of a scene; null where that fails.
pub fn create_pool(scene: &Arc<Scene>, options: &dispenser_options) -> (i32, *mut dispenser) {
    let mut pool = null_mut();
    let code = unsafe { dispenser_create(&driver(scene), c"scene".as_ptr(), options, &mut pool) };
    scene.added.fetch_add((code == WSRT_S_OK).into(), Ordering::SeqCst);
    (code, pool)
}
