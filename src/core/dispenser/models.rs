//! loom models of what threads do to each other here: taking and returning a resource, allocating while the dispenser
//! ends and its memory is used again, freeing while the transaction ends, allocating while a sweep finds the resource
//! idle. Run by `make test` with `--cfg loom`; the faults that each must catch are in scripts/teeth.py.

use super::facts::Info;
use super::manager::Manager;
use super::pool::Dispenser;
use super::returning::Return;
use super::seat::{Name, Seat};
use super::selection::Hit;
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

const NAME: Name = Name { handle: 100, life: LIFE };

type Pool = &'static Dispenser<Probe>;

/// An open dispenser, told by hand what time it is. Dispensers are never freed.
fn dispenser() -> Pool {
    let dispenser = Dispenser::new(Probe::new(), env());
    dispenser.begin(LIFE, NAME.handle, "", Options { manual_sweep: true, ..Options::default() });
    Box::leak(Box::new(dispenser))
}

/// As the border does it: the hit path, then the rest.
fn alloc(pool: Pool, name: Name, seat: &Seat<Probe>, manager: &Manager) -> Result<usize, Error> {
    let spot = seat.spot(name.handle);
    let hit = spot.map_or(Hit::Missed, |spot| spot.alloc_at_once(TYPE, seat));
    if let Hit::Taken(resid) = hit {
        return Ok(resid);
    }
    pool.alloc_after(hit, name, TYPE, seat, manager)
}

fn free(pool: Pool, name: Name, resid: usize, seat: &Seat<Probe>) -> Result<(), Error> {
    let spot = seat.spot(name.handle);
    let done = spot.map_or(Return::Missed, |spot| spot.free_at_once(resid, seat));
    pool.free_after(done, name, resid, seat)
}

/// A thread's seat that has used the resource in stock before.
fn seat_at(pool: Pool, name: Name) -> Seat<Probe> {
    let seat = Seat::new();
    pool.remember(name, 0, &seat);
    seat
}

fn stock(dispenser: Pool, manager: &Manager) {
    let seat = Seat::new();
    let resid = alloc(dispenser, NAME, &seat, manager).expect("created");
    free(dispenser, NAME, resid, &seat).expect("free");
}

/// Two threads, one resource in stock: each gets one of its own, and both come back.
#[test]
fn grant_and_return() {
    loom::model(|| {
        let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
        stock(dispenser, &manager);
        let both = [0, 1].map(|_| {
            let manager = manager.clone();
            thread::spawn(move || {
                let seat = seat_at(dispenser, NAME);
                let resid = alloc(dispenser, NAME, &seat, &manager).expect("one each");
                dispenser.driver().hold(resid);
                dispenser.driver().let_go(resid);
                free(dispenser, NAME, resid, &seat).expect("still ours");
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
        let resid = alloc(dispenser, NAME, &Seat::new(), &manager).expect("created");
        let both = [0, 1].map(|_| thread::spawn(move || free(dispenser, NAME, resid, &Seat::new()).is_ok()));
        let freed = both.map(|one| one.join().expect("no panic"));
        assert!(freed[0] ^ freed[1]);
    });
}

/// An allocation beside the end of its dispenser, whose memory becomes another's: no id of the other gets through.
#[test]
fn alloc_against_destroy_and_reuse() {
    loom::model(|| {
        let manager = Arc::new(Manager::default());
        let cell: &'static Cell<_> = Box::leak(Box::new(Cell::new(Dispenser::new(Probe::new(), env()))));
        let life = cell.next_life();
        let options = Options { manual_sweep: true, ..Options::default() };
        let object = cell.object();
        let name = Name { handle: 100, life };
        object.begin(life, name.handle, "", options);
        cell.open(life);
        let seat = Seat::new();
        let old = alloc(object, name, &seat, &manager).expect("created");
        free(object, name, old, &seat).expect("free");

        let allocator = {
            let manager = manager.clone();
            thread::spawn(move || {
                let seat = seat_at(object, name);
                if cell.get(life).is_none() {
                    return;
                }
                match alloc(object, name, &seat, &manager) {
                    Ok(resid) => assert!(resid < 16, "the other dispenser's"),
                    Err(error) => {
                        assert!(matches!(error, Error::DispenserClosed | Error::DispenserGone), "{error}");
                    }
                }
            })
        };

        assert!(cell.close(life));
        if object.end(life, true) == Quiescence::Reached {
            assert!(object.is_vacant());
            assert_eq!(object.driver().released.load(SeqCst), 1, "released before it is said");
            let life = cell.next_life();
            object.driver().next.store(16, SeqCst);
            let name = Name { handle: 200, life };
            object.begin(life, name.handle, "", options);
            cell.open(life);
            let resid = alloc(object, name, &seat, &manager).expect("created");
            assert!(resid >= 16, "the old dispenser's");
            object.driver().hold(resid);
            object.driver().let_go(resid);
            free(object, name, resid, &seat).expect("still ours");
        }
        allocator.join().expect("no panic");
    });
}

/// An allocation beside a close: it fails, or what it got is forgotten and not destroyed under its user.
#[test]
fn alloc_against_close() {
    loom::model(|| {
        let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
        stock(dispenser, &manager);
        let allocator = {
            let manager = manager.clone();
            thread::spawn(move || {
                let seat = seat_at(dispenser, NAME);
                if let Ok(resid) = alloc(dispenser, NAME, &seat, &manager) {
                    dispenser.driver().hold(resid);
                    dispenser.driver().let_go(resid);
                    let freed = free(dispenser, NAME, resid, &seat);
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

/// A close beside a reset, on the hit path and on the other: it waits for the callback, whose thread cleans up.
#[test]
fn close_against_reset() {
    for hits in [false, true] {
        loom::model(move || {
            let (dispenser, manager) = (dispenser(), Arc::new(Manager::default()));
            dispenser.driver().resets.store(true, SeqCst);
            let resid = alloc(dispenser, NAME, &Seat::new(), &manager).expect("created");
            let user = thread::spawn(move || {
                let seat = if hits { seat_at(dispenser, NAME) } else { Seat::new() };
                free(dispenser, NAME, resid, &seat)
            });
            assert_eq!(dispenser.close(LIFE, true), Ok(Quiescence::Reached));
            assert_eq!(dispenser.driver().released.load(SeqCst), 1, "after the last callback");
            let freed = user.join().expect("no panic");
            let is_ours = dispenser.driver().alive[resid].load(SeqCst);
            assert!(matches!(freed, Ok(()) | Err(Error::DispenserClosed)), "{freed:?}");
            assert!(!is_ours || freed.is_err(), "forgotten only where its user is told");
            assert_eq!(dispenser.driver().released.load(SeqCst), 1);
        });
    }
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
            let resid = alloc(dispenser, NAME, &seat, &manager).expect("created");
            let user = { thread::spawn(move || free(dispenser, NAME, resid, &Seat::new()).expect("still ours")) };
            manager.transaction_ended(5, |_| Some((dispenser, LIFE)));
            user.join().expect("no panic");
            let stats = dispenser.stats(LIFE).expect("open");
            assert_eq!((stats.free_unenlisted, stats.free_enlisted), (1, 0));
            assert_eq!(alloc(dispenser, NAME, &Seat::new(), &manager), Ok(resid));
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
            let manager = manager.clone();
            thread::spawn(move || manager.transaction_ended(5, |_| Some((dispenser, LIFE))))
        };
        alloc(dispenser, NAME, &seat, &manager).expect("created");
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
        stock(dispenser, &manager);
        let allocator = {
            let manager = manager.clone();
            thread::spawn(move || {
                let seat = seat_at(dispenser, NAME);
                let resid = alloc(dispenser, NAME, &seat, &manager).expect("that or another");
                dispenser.driver().hold(resid);
            })
        };
        dispenser.sweep(LIFE, Some(10)).expect("open");
        allocator.join().expect("no panic");
        let stats = dispenser.stats(LIFE).expect("open");
        assert_eq!((stats.used_unenlisted, stats.creates - stats.destroys), (1, 1 + u64::from(stats.free_unenlisted)));
    });
}
