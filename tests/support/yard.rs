//! A driver for tests with threads: it knows what the library owes each of its resources, and checks that in every
//! callback and at every hand. A resource is never in two hands, never in a callback and in a hand, never in two
//! callbacks, never used after its destruction; the driver is given back once, after the last callback.
//!
//! The checks use relaxed atomics and plain memory, so that ThreadSanitizer sees only what the library itself orders.
//! Nothing here is ever freed, so that a late callback meets a flag, not freed memory.
#![allow(dead_code)]
#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::io::Write;
use std::mem::{size_of, zeroed};
use std::ptr::null_mut;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// What create_resource answers when it fails.
pub const REFUSED: i32 = 0xA004_0001_u32 as i32;

/// A test's turn: objects, transactions and the log are the whole process's.
pub struct Turn {
    _mutex: MutexGuard<'static, ()>,
    over: Arc<AtomicBool>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.over.store(true, Relaxed);
    }
}

/// Waits for this test's turn, which has to be over within `limit`: a library that waits for ever is a failure, too.
pub fn alone(limit: Duration) -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    // A failed check ends the process: after it the other threads might wait for ever.
    std::panic::set_hook(Box::new(|why| {
        let name = thread::current().name().unwrap_or("a thread of the test").to_owned();
        let _ = writeln!(std::io::stderr(), "{name}: {why}");
        std::process::abort();
    }));
    let turn =
        Turn { _mutex: TURN.lock().unwrap_or_else(PoisonError::into_inner), over: Arc::new(AtomicBool::new(false)) };
    let (over, begun) = (turn.over.clone(), Instant::now());
    thread::spawn(move || {
        while !over.load(Relaxed) {
            assert!(begun.elapsed() < limit, "a call of the library has not come back");
            thread::sleep(Duration::from_millis(100));
        }
    });
    turn
}

pub static SEED: AtomicU64 = AtomicU64::new(1);

pub fn random(below: usize) -> usize {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(SEED.fetch_add(1, Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    }
    let mut x = STATE.get();
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    STATE.set(x);
    (x >> 32) as usize % below
}

pub fn one_in(times: usize) -> bool {
    times > 0 && random(times) == 0
}

/// Lets others run, or not.
pub fn pause() {
    match random(8) {
        0 => thread::yield_now(),
        1 => (0..random(400)).for_each(|_| std::hint::spin_loop()),
        _ => {}
    }
}

/// What kind of driver and pool.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    pub flags: u32,
    pub rates: bool,
    pub resets: bool,
    pub enlists: bool,
    pub secs: i32,
    /// One callback in that many fails; 0: none.
    pub faults: usize,
    pub sweep_interval_ms: u32,
    pub callback_deadline_ms: u32,
    /// Resources are given up, or reclaimed, under their users.
    pub rude: bool,
    /// The most resources it makes.
    pub room: usize,
}

#[derive(Default)]
pub struct Thing {
    alive: AtomicBool,
    /// In a user's hands.
    held: AtomicBool,
    /// In a callback.
    busy: AtomicBool,
    /// A destruction was refused: nobody may be left who would ask again.
    refused: AtomicBool,
    /// Users who leave it to the end of their object: a close before that forgets it, and nobody destroys it.
    left: AtomicU32,
    destroyed: AtomicU32,
    /// Memory as a C program has it: ThreadSanitizer sees whether the library keeps its users apart.
    plain: UnsafeCell<u64>,
}

// SAFETY: `plain` is for the callback or the user that has the resource; that this holds is what is tested.
unsafe impl Sync for Thing {}

impl Thing {
    fn touch(&self) {
        unsafe { *self.plain.get() += 1 };
    }

    pub fn is_alive(&self) -> bool {
        self.alive.load(Relaxed)
    }

    /// By whoever ends it, the driver or the user of a pool that is gone.
    fn end(&self) {
        assert!(self.alive.swap(false, Relaxed), "destroyed twice, or before it was made");
        self.destroyed.fetch_add(1, Relaxed);
        self.touch();
    }

    fn is_settled(&self) -> bool {
        let destroyed = self.destroyed.load(Relaxed);
        !self.held.load(Relaxed)
            && !self.busy.load(Relaxed)
            && (destroyed == 1 && !self.is_alive()
                || destroyed == 0 && (self.refused.load(Relaxed) || self.left.load(Relaxed) > 0))
    }
}

pub struct Yard {
    /// In the ids of its resources.
    number: usize,
    pub plan: Plan,
    handle: AtomicUsize,
    things: Vec<Thing>,
    next: AtomicUsize,
    pub resets: AtomicU64,
    pub refusals: AtomicU64,
    released: AtomicU32,
    /// A close or a destroy has begun.
    ending: AtomicBool,
    /// A close or a destroy has returned S_OK.
    gone: AtomicBool,
    /// Read by every callback and written by the release, which comes after them all.
    plain: UnsafeCell<u64>,
}

// SAFETY: as for `Thing`.
unsafe impl Sync for Yard {}

const NUMBER_AT: u32 = 20;
/// Where ids begin that the users track.
const OWN: usize = 1 << 19;

impl Yard {
    pub fn open(plan: Plan) -> &'static Self {
        static NUMBERS: AtomicUsize = AtomicUsize::new(1);
        let yard: &'static Self = Box::leak(Box::new(Self {
            number: NUMBERS.fetch_add(1, Relaxed),
            plan,
            handle: AtomicUsize::new(0),
            things: (0..plan.room).map(|_| Thing::default()).collect(),
            next: AtomicUsize::new(0),
            resets: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            released: AtomicU32::new(0),
            ending: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            plain: UnsafeCell::new(0),
        }));
        let table = dispenser_driver {
            cb_size: size_of::<dispenser_driver>() as u32,
            flags: 0,
            user_data: (&raw const *yard).cast_mut().cast(),
            create_resource: Some(on_create),
            rate_resource: plan.rates.then_some(on_rate),
            enlist_resource: plan.enlists.then_some(on_enlist),
            reset_resource: plan.resets.then_some(on_reset),
            destroy_resource: Some(on_destroy),
            destroy_resource_s: None,
            release: Some(on_release),
            report: Some(on_report),
        };
        let mut options: dispenser_options = unsafe { zeroed() };
        options.cb_size = size_of::<dispenser_options>() as u32;
        options.flags = plan.flags;
        options.sweep_interval_ms = plan.sweep_interval_ms;
        options.callback_deadline_ms = plan.callback_deadline_ms;
        let mut made = null_mut();
        assert_eq!(unsafe { dispenser_create(&table, c"yard".as_ptr(), &options, &mut made) }, WSRT_S_OK);
        yard.handle.store(made as usize, Relaxed);
        yard
    }

    pub fn pool(&self) -> *mut dispenser {
        self.handle.load(Relaxed) as *mut dispenser
    }

    pub fn thing(&self, resid: usize) -> &Thing {
        assert_eq!(resid >> NUMBER_AT, self.number, "a resource of another pool");
        &self.things[(resid & (OWN - 1)) - 1]
    }

    fn make(&self) -> Option<usize> {
        let at = self.next.fetch_add(1, Relaxed);
        let thing = self.things.get(at)?;
        thing.alive.store(true, Relaxed);
        thing.touch();
        Some(self.number << NUMBER_AT | (at + 1))
    }

    /// A resource of the user's own, to be tracked.
    pub fn make_own(&self) -> Option<usize> {
        self.make().map(|resid| resid | OWN)
    }

    /// Ends a resource that the pool no longer knows.
    pub fn end_own(&self, resid: usize) {
        self.thing(resid).end();
    }

    /// Around every callback.
    fn called<'a>(user_data: *mut c_void, resid: usize) -> (&'a Self, &'a Thing) {
        let yard = Self::visited(user_data);
        let thing = yard.thing(resid);
        assert!(thing.alive.load(Relaxed), "a callback for a resource that is destroyed");
        assert!(yard.plan.rude || !thing.held.load(Relaxed), "a callback for a resource that somebody uses");
        assert!(!thing.busy.swap(true, Relaxed), "two callbacks for one resource at once");
        thing.touch();
        pause();
        if yard.plan.callback_deadline_ms > 0 && one_in(50) {
            thread::sleep(Duration::from_millis(4));
        }
        (yard, thing)
    }

    fn visited<'a>(user_data: *mut c_void) -> &'a Self {
        let yard = unsafe { &*user_data.cast::<Self>() };
        assert_eq!(yard.released.load(Relaxed), 0, "a callback after the release");
        assert!(!yard.gone.load(Relaxed), "a callback after a close that returned S_OK");
        std::hint::black_box(unsafe { *yard.plain.get() });
        yard
    }

    fn fails(&self) -> bool {
        one_in(self.plan.faults)
    }

    /// Takes a resource into this thread's hands.
    pub fn alloc(&self, restypid: usize) -> Result<usize, i32> {
        let mut resid = 1;
        let code = unsafe { dispenser_alloc_resource(self.pool(), restypid, &mut resid) };
        if code != WSRT_S_OK {
            assert_eq!(resid, 0, "0 on failure");
            return Err(code);
        }
        let thing = self.thing(resid);
        if !self.plan.rude {
            assert!(thing.alive.load(Relaxed), "given out after its destruction");
            assert!(!thing.held.swap(true, Relaxed), "in two hands");
            assert!(!thing.busy.load(Relaxed), "given out in a callback");
            thing.touch();
        }
        Ok(resid)
    }

    /// Gives a resource back until it is gone from this thread's hands; the last code.
    pub fn free(&self, resid: usize) -> i32 {
        let thing = self.thing(resid);
        if !self.plan.rude {
            thing.touch();
            assert!(thing.held.swap(false, Relaxed), "it was in our hands");
        }
        loop {
            let code = unsafe { dispenser_free_resource(self.pool(), resid) };
            match code {
                WSRT_S_OK => {}
                // Not reset: still ours.
                WSRT_E_FAIL if self.plan.faults > 0 || self.plan.rude => continue,
                WSRT_E_INVALIDARG if self.plan.rude => {}
                WSRT_E_OVERDUE if self.plan.callback_deadline_ms > 0 => {}
                // Forgotten by its pool, unless the pool has destroyed it in this very call.
                WSRT_E_CLOSED | WSRT_E_HANDLE if thing.is_alive() => thing.end(),
                WSRT_E_CLOSED | WSRT_E_HANDLE => {}
                code => panic!("free: 0x{code:08X}"),
            }
            return code;
        }
    }

    fn let_go(&self, resid: usize) {
        let thing = self.thing(resid);
        thing.touch();
        assert!(thing.held.swap(false, Relaxed), "it was in our hands");
    }

    /// Leaves a resource to the end of its object; `came_back` after that.
    pub fn leave(&self, resid: usize) {
        self.thing(resid).left.fetch_add(1, Relaxed);
        self.let_go(resid);
    }

    pub fn came_back(&self, resid: usize) {
        // Nobody has begun to end the pool even now: it cannot have been forgotten.
        if !self.ending.load(SeqCst) {
            self.thing(resid).left.fetch_sub(1, Relaxed);
        }
    }

    /// Gives up a resource that is in this thread's hands; if it cannot be destroyed, gives it back instead.
    pub fn request_destroy(&self, resid: usize) -> i32 {
        self.let_go(resid);
        let thing = self.thing(resid);
        let code = unsafe { dispenser_destroy_resource(self.pool(), resid) };
        match code {
            WSRT_S_OK => {}
            // As before: ours.
            WSRT_E_FAIL if thing.is_alive() => {
                assert!(!thing.held.swap(true, Relaxed), "in two hands");
                self.free(resid);
            }
            WSRT_E_CLOSED | WSRT_E_HANDLE => thing.end(),
            code => panic!("destroy_resource: 0x{code:08X}"),
        }
        code
    }

    pub fn stats(&self) -> dispenser_stats {
        let mut stats: dispenser_stats = unsafe { zeroed() };
        stats.cb_size = size_of::<dispenser_stats>() as u32;
        assert_eq!(unsafe { dispenser_get_stats(self.pool(), &mut stats) }, WSRT_S_OK);
        stats
    }

    /// Every resource the pool knows, free or in use or awaiting something.
    pub fn known(&self) -> u32 {
        let stats = self.stats();
        assert_eq!((stats.creating, stats.destroying, stats.written_off), (0, 0, 0), "nothing runs");
        stats.free_unenlisted
            + stats.free_enlisted
            + stats.used_unenlisted
            + stats.used_enlisted
            + stats.tracked
            + stats.awaiting_transaction
    }

    pub fn alive(&self) -> usize {
        self.things.iter().filter(|thing| thing.is_alive()).count()
    }

    pub fn made(&self) -> usize {
        self.next.load(Relaxed).min(self.things.len())
    }

    /// Takes in what a close or a destroy returned.
    pub fn closed(&self, code: i32) {
        if code == WSRT_S_OK {
            assert_eq!(self.released.load(Relaxed), 1, "S_OK before the release");
            self.gone.store(true, Relaxed);
        }
    }

    pub fn close(&self) -> i32 {
        self.ending.store(true, SeqCst);
        let code = unsafe { dispenser_close(self.pool()) };
        self.closed(code);
        code
    }

    pub fn destroy(&self) -> i32 {
        self.ending.store(true, SeqCst);
        let code = unsafe { dispenser_destroy(self.pool()) };
        self.closed(code);
        code
    }

    /// At the end: released once, and every resource destroyed once.
    pub fn assert_settled(&self) {
        assert_eq!(self.released.load(Relaxed), 1, "released once");
        for (at, thing) in self.things[..self.made()].iter().enumerate() {
            let [alive, held, busy, refused] =
                [&thing.alive, &thing.held, &thing.busy, &thing.refused].map(|flag| flag.load(Relaxed));
            let destroyed = thing.destroyed.load(Relaxed);
            assert!(
                thing.is_settled(),
                "resource {at} of pool {}: alive {alive}, held {held}, in a callback {busy}, refused {refused}, \
                 destroyed {destroyed} times; {:?}",
                self.number,
                self.plan
            );
        }
    }
}

unsafe extern "C" fn on_create(user_data: *mut c_void, _: usize, resid: *mut usize, secs: *mut i32) -> i32 {
    let yard = Yard::visited(user_data);
    pause();
    if yard.fails() {
        return REFUSED;
    }
    let Some(made) = yard.make() else { return REFUSED };
    unsafe { resid.write(made) };
    unsafe { secs.write(yard.plan.secs) };
    WSRT_S_OK
}
unsafe extern "C" fn on_rate(user_data: *mut c_void, _: usize, resid: usize, _: i32, rating: *mut u32) -> i32 {
    let (yard, thing) = Yard::called(user_data, resid);
    unsafe { rating.write([100, 100, 100, 50, 0][random(5)]) };
    thing.busy.store(false, Relaxed);
    if yard.fails() { WSRT_E_FAIL } else { WSRT_S_OK }
}
unsafe extern "C" fn on_enlist(user_data: *mut c_void, resid: usize, _: usize) -> i32 {
    let (yard, thing) = Yard::called(user_data, resid);
    thing.busy.store(false, Relaxed);
    match random(10) {
        _ if yard.fails() => WSRT_MTXDM_E_ENLISTRESOURCEFAILED,
        0 => WSRT_S_FALSE,
        _ => WSRT_S_OK,
    }
}
unsafe extern "C" fn on_reset(user_data: *mut c_void, resid: usize) -> i32 {
    let (yard, thing) = Yard::called(user_data, resid);
    thing.busy.store(false, Relaxed);
    if yard.fails() {
        return WSRT_E_FAIL;
    }
    yard.resets.fetch_add(1, Relaxed);
    WSRT_S_OK
}
unsafe extern "C" fn on_destroy(user_data: *mut c_void, resid: usize) -> i32 {
    let (yard, thing) = Yard::called(user_data, resid);
    thing.busy.store(false, Relaxed);
    if yard.fails() {
        thing.refused.store(true, Relaxed);
        yard.refusals.fetch_add(1, Relaxed);
        return WSRT_E_FAIL;
    }
    thing.end();
    WSRT_S_OK
}
unsafe extern "C" fn on_report(user_data: *mut c_void, _: u32, _: *const dispenser_resource_info) {
    Yard::visited(user_data);
    pause();
}
unsafe extern "C" fn on_release(user_data: *mut c_void) {
    let yard = Yard::visited(user_data);
    unsafe { *yard.plain.get() += 1 };
    assert_eq!(yard.released.fetch_add(1, Relaxed), 0, "released twice");
}
