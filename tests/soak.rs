//! Dispensers for as long as one likes: threads in and out of objects and transactions, drivers that fail at random,
//! sweeps, requests to destroy, pools that end and are made again. At the end every resource has been destroyed exactly
//! once, every driver released once, and nothing is left in any pool.
//!
//! `WSRT_SOAK_SECONDS` says how long, 5 s by default; `WSRT_SOAK_SEED` which choices. The seed is printed.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

#[path = "support/yard.rs"]
mod yard;

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;
use yard::{Plan, REFUSED, SEED, Yard, alone, one_in, pause, random};

const USERS: usize = 4;
const PLACES: usize = 3;
/// Objects and transactions that everybody uses; the same number is another one after each end.
const TRANSACTIONS: usize = 4;
/// Resources a pool makes before it is replaced.
const ROOM: usize = 4_000;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|why| panic!("{name}={text}: {why}")))
}

struct Soak {
    places: [AtomicPtr<Yard>; PLACES],
    all: Mutex<Vec<&'static Yard>>,
    done: AtomicBool,
    instances: AtomicUsize,
    // For people.
    allocs: AtomicU64,
    ended: [AtomicU64; 3],
    met: [AtomicU64; 6],
}

/// Failures that are allowed, in the order of `Soak::met`.
const FAILURES: [i32; 6] =
    [REFUSED, WSRT_E_CLOSED, WSRT_E_HANDLE, WSRT_E_FAIL, WSRT_MTXDM_E_ENLISTRESOURCEFAILED, WSRT_E_TX_ABORTING];

impl Soak {
    fn open(&self) -> &'static Yard {
        let flag = |flag: u32| if one_in(4) { flag } else { 0 };
        let yard = Yard::open(Plan {
            flags: DISPENSER_AUTO_RECLAIM | flag(DISPENSER_NO_POOLING) | flag(DISPENSER_MANUAL_SWEEP),
            rates: one_in(2),
            resets: one_in(2),
            enlists: one_in(2),
            secs: [0, -1][random(2)],
            faults: 30,
            sweep_interval_ms: 1,
            callback_deadline_ms: 0,
            rude: false,
            room: ROOM,
        });
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(yard);
        yard
    }

    fn at(&self, place: usize) -> &'static Yard {
        unsafe { &*self.places[place].load(Acquire) }
    }

    fn met(&self, code: i32) {
        let at = FAILURES.iter().position(|&known| known == code);
        self.met[at.unwrap_or_else(|| panic!("0x{code:08X}"))].fetch_add(1, Relaxed);
    }

    /// One object's life: what it allocates and tracks, and its end.
    fn live(&self) {
        let (instid, transid) = (self.instances.fetch_add(1, Relaxed), random(2 * TRANSACTIONS));
        let transid = if transid < TRANSACTIONS { transid + 1 } else { 0 };
        let instid = if one_in(3) { instid } else { 0 };
        assert_eq!(unsafe { dispenser_set_context(instid, transid) }, WSRT_S_OK);
        let mut ours = Vec::new();
        for _ in 0..1 + random(6) {
            let yard = self.at(random(PLACES));
            match yard.alloc(1 + random(2)) {
                Ok(resid) => {
                    self.allocs.fetch_add(1, Relaxed);
                    ours.push((yard, resid));
                }
                Err(code) => self.met(code),
            }
            if one_in(5) {
                self.track(yard);
            }
            pause();
            if one_in(2) && !ours.is_empty() {
                let (yard, resid) = ours.swap_remove(random(ours.len()));
                self.give_back(yard, resid);
            }
        }
        assert_eq!(unsafe { dispenser_set_context(0, 0) }, WSRT_S_OK);
        // What is left goes back one by one, or with its object.
        let mut left = Vec::new();
        for (yard, resid) in ours {
            if instid != 0 && one_in(2) {
                yard.leave(resid);
                left.push((yard, resid));
            } else {
                self.give_back(yard, resid);
            }
        }
        if instid != 0 {
            assert_eq!(unsafe { dispenser_instance_ended(instid) }, WSRT_S_OK);
            self.ended[0].fetch_add(1, Relaxed);
        }
        left.into_iter().for_each(|(yard, resid)| yard.came_back(resid));
    }

    fn give_back(&self, yard: &Yard, resid: usize) {
        if one_in(10) {
            match yard.request_destroy(resid) {
                WSRT_S_OK => {}
                code => self.met(code),
            }
        } else {
            yard.free(resid);
        }
    }

    /// A resource of this thread's own, tracked for its object and perhaps taken back.
    fn track(&self, yard: &Yard) {
        let Some(resid) = yard.make_own() else { return };
        let code = unsafe { dispenser_track_resource(yard.pool(), resid) };
        if code != WSRT_S_OK {
            self.met(code);
            return yard.end_own(resid);
        }
        let destroy = one_in(2);
        match unsafe { dispenser_untrack_resource(yard.pool(), resid, destroy.into()) } {
            WSRT_S_OK if !destroy => yard.end_own(resid),
            WSRT_S_OK => {}
            // The pool has let go of it, by a driver that refused or by its close.
            WSRT_E_FAIL => {}
            WSRT_E_CLOSED | WSRT_E_HANDLE => yard.end_own(resid),
            code => panic!("untrack: 0x{code:08X}"),
        }
    }

    /// Ends transactions and pools, and sweeps.
    fn disturb(&self) {
        let transid = 1 + random(TRANSACTIONS);
        match random(10) {
            0 => assert_eq!(unsafe { dispenser_transaction_aborting(transid) }, WSRT_S_OK),
            1..7 => {
                assert_eq!(unsafe { dispenser_transaction_ended(transid, (transid % 2) as i32) }, WSRT_S_OK);
                self.ended[1].fetch_add(1, Relaxed);
            }
            _ => {
                let yard = self.at(random(PLACES));
                let code = unsafe { dispenser_sweep(yard.pool(), 0) };
                if code < 0 {
                    self.met(code);
                }
            }
        }
        if one_in(40) {
            self.replace(random(PLACES));
        }
    }

    fn replace(&self, place: usize) {
        let (old, new) = (self.at(place), self.open());
        self.places[place].store((&raw const *new).cast_mut(), Release);
        if one_in(2) {
            assert_eq!(old.close(), WSRT_S_OK);
            assert_eq!(old.known(), 0, "a closed pool knows nothing");
        }
        assert_eq!(old.destroy(), WSRT_S_OK);
        self.ended[2].fetch_add(1, Relaxed);
    }
}

#[test]
fn every_resource_is_destroyed_once_however_long_it_goes_on() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64 >> 10);
    let (seconds, seed) = (setting("WSRT_SOAK_SECONDS", 5), setting("WSRT_SOAK_SEED", now));
    let _turn = alone(Duration::from_secs(seconds + 60));
    println!("WSRT_SOAK_SEED={seed} WSRT_SOAK_SECONDS={seconds}");
    SEED.store(seed, Relaxed);
    let soak = Soak {
        places: Default::default(),
        all: Mutex::default(),
        done: AtomicBool::new(false),
        instances: AtomicUsize::new(1),
        allocs: AtomicU64::new(0),
        ended: Default::default(),
        met: Default::default(),
    };
    for place in &soak.places {
        place.store((&raw const *soak.open()).cast_mut(), Release);
    }
    let begun = Instant::now();
    thread::scope(|scope| {
        let soak = &soak;
        for _ in 0..USERS {
            scope.spawn(|| {
                while !soak.done.load(Relaxed) {
                    soak.live();
                }
            });
        }
        while begun.elapsed() < Duration::from_secs(seconds) {
            soak.disturb();
            pause();
            thread::sleep(Duration::from_micros(50));
        }
        soak.done.store(true, Relaxed);
    });
    for transid in 1..=TRANSACTIONS {
        assert_eq!(unsafe { dispenser_transaction_ended(transid, 1) }, WSRT_S_OK);
    }
    for place in 0..PLACES {
        let yard = soak.at(place);
        let stats = yard.stats();
        let left = [stats.used_unenlisted, stats.used_enlisted, stats.free_enlisted, stats.awaiting_transaction];
        assert_eq!((left, stats.tracked), ([0; 4], 0), "nobody has anything, and no transaction is left");
        assert_eq!(yard.destroy(), WSRT_S_OK);
    }
    let all = soak.all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.iter().for_each(|yard| yard.assert_settled());
    let made: usize = all.iter().map(|yard| yard.made()).sum();
    let refused: u64 = all.iter().map(|yard| yard.refusals.load(Relaxed)).sum();
    let [instances, transactions, replaced] = soak.ended.map(AtomicU64::into_inner);
    println!(
        "{} allocations; {made} resources in {} pools, all destroyed, {refused} times refused first; \
         {instances} objects, {transactions} transactions and {replaced} pools ended",
        soak.allocs.into_inner(),
        all.len()
    );
    let met = soak.met.map(AtomicU64::into_inner);
    FAILURES.iter().zip(met).for_each(|(code, times)| println!("0x{code:08X}: {times} times"));
    assert!(made > 0 && instances > 0 && transactions > 0 && replaced > 0, "everything happened");
}
