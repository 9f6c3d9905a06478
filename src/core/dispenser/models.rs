//! loom models of what threads do to each other here: taking and returning a resource, allocating while the dispenser
//! ends and its memory is used again, freeing while the transaction ends, allocating while a sweep finds the resource
//! idle. Run by `make test` with `--cfg loom`; the faults that each must catch are in scripts/teeth.py.

use super::facts::Info;
use super::manager::Manager;
use super::pool::Dispenser;
use super::seat::Seat;
use super::{Created, Driver, Enlistment, Event, Options};
use crate::core::caller::Quiescence;
use crate::core::cell::Cell;
use crate::core::env::{Env, Level};
use crate::core::error::Error;
use loom::thread;
use std::fmt::Arguments;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

const TYPE: usize = 7;
const PLACES: usize = 32;

/// A driver that sees whether a resource is in two hands. Not part of the model: these atomics are no points of
/// interleaving.
struct Probe {
    /// Ids count up from here; one life begins at a number of its own.
    next: AtomicUsize,
    alive: [AtomicBool; PLACES],
    held: [AtomicBool; PLACES],
    resets: AtomicBool,
    released: AtomicUsize,
}

impl Probe {
    fn new() -> Self {
        Self {
            next: AtomicUsize::new(1),
            alive: [const { AtomicBool::new(false) }; PLACES],
            held: [const { AtomicBool::new(false) }; PLACES],
            resets: AtomicBool::new(false),
            released: AtomicUsize::new(0),
        }
    }

    fn hold(&self, resid: usize) {
        assert!(self.alive[resid].load(SeqCst), "never a resource that is destroyed");
        assert!(!self.held[resid].swap(true, SeqCst), "never in two hands");
    }

    fn let_go(&self, resid: usize) {
        assert!(self.held[resid].swap(false, SeqCst));
    }
}

impl Driver for Probe {
    fn rates(&self) -> bool {
        false
    }

    fn resets(&self) -> bool {
        self.resets.load(SeqCst)
    }

    fn create(&self, _: usize) -> Result<Created, i32> {
        let resid = self.next.fetch_add(1, SeqCst);
        self.alive[resid].store(true, SeqCst);
        Ok(Created { resid, secs_free_before_destroy: 0 })
    }

    fn rate(&self, _: usize, _: usize, _: bool) -> u32 {
        0
    }

    fn enlist(&self, _: usize, _: usize) -> Enlistment {
        Enlistment::Enlisted
    }

    fn reset(&self, _: usize) -> Result<(), i32> {
        thread::yield_now();
        Ok(())
    }

    fn destroy(&self, resid: usize) -> Result<(), i32> {
        assert!(!self.held[resid].load(SeqCst), "never destroyed in somebody's hands");
        assert!(self.alive[resid].swap(false, SeqCst), "destroyed once");
        Ok(())
    }

    fn destroy_s(&self, _: &str) -> Result<(), i32> {
        Ok(())
    }

    fn report(&self, _: Event, _: &Info) {}

    fn release(&self) {
        self.released.fetch_add(1, SeqCst);
    }
}

fn env() -> Env {
    fn now_ms() -> u64 {
        1
    }
    fn log(_: Level, _: Arguments<'_>) {}
    fn spawn(_: Box<dyn FnOnce() + Send>) -> bool {
        false
    }
    Env { now_ms, log, spawn }
}

const LIFE: u64 = 1;

/// An open dispenser, told by hand what time it is.
fn dispenser() -> Arc<Dispenser<Probe>> {
    let dispenser = Dispenser::new(Probe::new(), env());
    dispenser.begin(LIFE, 100, "", Options { manual_sweep: true, ..Options::default() });
    Arc::new(dispenser)
}

fn stock(dispenser: &Dispenser<Probe>, manager: &Manager) -> usize {
    let seat = Seat::new();
    let resid = dispenser.alloc(LIFE, TYPE, &seat, manager).expect("created");
    dispenser.free(LIFE, resid, &seat).expect("free");
    resid
}

/// Two threads, one resource in stock: each gets one of its own, and both come back.
#[test]
fn grant_and_return() {
    loom::model(|| {
        let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
        stock(&dispenser, &manager);
        let both = [0, 1].map(|_| {
            let (dispenser, manager) = (dispenser.clone(), manager.clone());
            thread::spawn(move || {
                let seat = Seat::new();
                let resid = dispenser.alloc(LIFE, TYPE, &seat, &manager).expect("one each");
                dispenser.driver().hold(resid);
                dispenser.driver().let_go(resid);
                dispenser.free(LIFE, resid, &seat).expect("still ours");
            })
        });
        both.map(|one| one.join().expect("no panic"));
        let stats = dispenser.stats(LIFE).expect("open");
        assert_eq!(u64::from(stats.free_unenlisted), stats.creates);
        assert_eq!((stats.allocs, stats.frees), (3, 3));
    });
}

/// A free that a second, mistaken one of the same id runs beside: exactly one succeeds.
#[test]
fn one_free_of_two_succeeds() {
    loom::model(|| {
        let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
        let resid = dispenser.alloc(LIFE, TYPE, &Seat::new(), &manager).expect("created");
        let both = [0, 1].map(|_| {
            let dispenser = dispenser.clone();
            thread::spawn(move || dispenser.free(LIFE, resid, &Seat::new()).is_ok())
        });
        let freed = both.map(|one| one.join().expect("no panic"));
        assert!(freed[0] ^ freed[1]);
    });
}

/// An allocation beside the end of its dispenser, whose memory becomes another's: no id of the other gets through.
#[test]
fn alloc_against_destroy_and_reuse() {
    loom::model(|| {
        let manager = Arc::new(Manager::default());
        let cell = Arc::new(Cell::new(Dispenser::new(Probe::new(), env())));
        let life = cell.next_life();
        let options = Options { manual_sweep: true, ..Options::default() };
        cell.object().begin(life, 100, "", options);
        cell.open(life);
        let seat = Seat::new();
        let old = cell.object().alloc(life, TYPE, &seat, &manager).expect("created");
        cell.object().free(life, old, &seat).expect("free");

        let allocator = {
            let (cell, manager) = (cell.clone(), manager.clone());
            thread::spawn(move || {
                let seat = Seat::new();
                let Some(dispenser) = cell.get(life) else { return };
                match dispenser.alloc(life, TYPE, &seat, &manager) {
                    Ok(resid) => assert!(resid < 16, "the other dispenser's"),
                    Err(error) => {
                        assert!(matches!(error, Error::DispenserClosed | Error::DispenserGone), "{error}");
                    }
                }
            })
        };

        assert!(cell.close(life));
        if cell.object().end(life, true) == Quiescence::Reached {
            let object = cell.object();
            assert!(object.is_vacant());
            assert_eq!(object.driver().released.load(SeqCst), 1, "released before it is said");
            let life = cell.next_life();
            object.driver().next.store(16, SeqCst);
            object.begin(life, 200, "", options);
            cell.open(life);
            let resid = object.alloc(life, TYPE, &seat, &manager).expect("created");
            assert!(resid >= 16, "the old dispenser's");
            object.driver().hold(resid);
            object.driver().let_go(resid);
            object.free(life, resid, &seat).expect("still ours");
        }
        allocator.join().expect("no panic");
    });
}

/// An allocation beside a close: it fails, or what it got is forgotten and not destroyed under its user.
#[test]
fn alloc_against_close() {
    loom::model(|| {
        let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
        stock(&dispenser, &manager);
        let allocator = {
            let (dispenser, manager) = (dispenser.clone(), manager.clone());
            thread::spawn(move || {
                let seat = Seat::new();
                if let Ok(resid) = dispenser.alloc(LIFE, TYPE, &seat, &manager) {
                    dispenser.driver().hold(resid);
                    dispenser.driver().let_go(resid);
                    let freed = dispenser.free(LIFE, resid, &seat);
                    assert!(matches!(freed, Ok(()) | Err(Error::DispenserClosed)), "{freed:?}");
                }
            })
        };
        // A resource may come back in time for the close to destroy it.
        let closed = dispenser.close(LIFE, true).expect("once");
        assert_eq!(closed, Quiescence::Reached);
        assert_eq!(dispenser.driver().released.load(SeqCst), 1);
        allocator.join().expect("no panic");
        assert_eq!(dispenser.driver().released.load(SeqCst), 1);
    });
}

/// A free beside the end of the transaction: the resource ends up free of it, and anyone's.
#[test]
fn free_against_transaction_end() {
    for resets in [false, true] {
        loom::model(move || {
            let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
            dispenser.driver().resets.store(resets, SeqCst);
            let seat = Seat::new();
            manager.set_context(&seat, 0, 5).expect("bound");
            let resid = dispenser.alloc(LIFE, TYPE, &seat, &manager).expect("created");
            let user = {
                let dispenser = dispenser.clone();
                thread::spawn(move || dispenser.free(LIFE, resid, &Seat::new()).expect("still ours"))
            };
            manager.transaction_ended(5, |_| Some((&*dispenser, LIFE)));
            user.join().expect("no panic");
            let stats = dispenser.stats(LIFE).expect("open");
            assert_eq!((stats.free_unenlisted, stats.free_enlisted), (1, 0));
            assert_eq!(dispenser.alloc(LIFE, TYPE, &Seat::new(), &manager), Ok(resid));
        });
    }
}

/// An enlistment beside the end of the transaction: nothing stays enlisted in what is gone.
#[test]
fn enlistment_against_transaction_end() {
    loom::model(|| {
        let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
        let seat = Seat::new();
        manager.set_context(&seat, 0, 5).expect("bound");
        let ender = {
            let (dispenser, manager) = (dispenser.clone(), manager.clone());
            thread::spawn(move || manager.transaction_ended(5, |_| Some((&*dispenser, LIFE))))
        };
        dispenser.alloc(LIFE, TYPE, &seat, &manager).expect("created");
        ender.join().expect("no panic");
        let stats = dispenser.stats(LIFE).expect("open");
        assert_eq!((stats.used_unenlisted, stats.used_enlisted), (1, 0));
    });
}

/// An allocation beside a sweep that finds the resource idle for long enough: it is used or destroyed, not both.
#[test]
fn alloc_against_sweep() {
    loom::model(|| {
        let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
        stock(&dispenser, &manager);
        let allocator = {
            let (dispenser, manager) = (dispenser.clone(), manager.clone());
            thread::spawn(move || {
                let seat = Seat::new();
                let resid = dispenser.alloc(LIFE, TYPE, &seat, &manager).expect("that or another");
                dispenser.driver().hold(resid);
            })
        };
        dispenser.sweep(LIFE, Some(10)).expect("open");
        allocator.join().expect("no panic");
        let stats = dispenser.stats(LIFE).expect("open");
        assert_eq!((stats.used_unenlisted, stats.creates - stats.destroys), (1, 1 + u64::from(stats.free_unenlisted)));
    });
}
