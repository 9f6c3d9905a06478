//! Dispensers under threads, through the C ABI: races of the calls that contend for a resource, and pools that
//! end under their users while new ones take their memory. `support/yard.rs` has the driver and what it checks.
//!
//! `WSRT_STRESS=n` does n times as much; the choices are the same in every run, their order in time is not.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

#[path = "support/yard.rs"]
mod yard;

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;
use yard::{Plan, REFUSED, Turn, Yard, one_in, pause, random};

const WORKERS: usize = 4;
const TYPE: usize = 7;

fn scale() -> usize {
    std::env::var("WSRT_STRESS").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Far more than any of these tests takes.
fn alone() -> Turn {
    yard::alone(Duration::from_secs(60) * scale() as u32)
}

/// Objects and transactions have numbers in the whole process.
fn number() -> usize {
    static NUMBERS: AtomicUsize = AtomicUsize::new(1);
    NUMBERS.fetch_add(1, Relaxed)
}

fn by_hand(plan: Plan) -> Plan {
    Plan { flags: plan.flags | DISPENSER_MANUAL_SWEEP, room: 64, ..plan }
}

fn context(instid: usize, transid: usize) {
    assert_eq!(unsafe { dispenser_set_context(instid, transid) }, WSRT_S_OK);
}

/// Each of the kinds of driver that take another way through an allocation and a free.
fn kinds() -> impl Iterator<Item = Plan> {
    let kind = |n: usize| Plan { rates: n & 1 != 0, resets: n & 2 != 0, enlists: true, secs: -1, ..Plan::default() };
    (0..4).map(kind)
}

type Action<'a> = &'a (dyn Fn() + Sync);

/// Runs actions at once, round after round, on threads that stay. `begin` and `check` run between the rounds.
fn race(rounds: usize, begin: impl Fn(), actions: &[Action<'_>], check: impl Fn()) {
    let (gate, done) = (Barrier::new(actions.len() + 1), AtomicBool::new(false));
    thread::scope(|scope| {
        for action in actions {
            scope.spawn(|| {
                loop {
                    gate.wait();
                    if done.load(Relaxed) {
                        return;
                    }
                    pause();
                    action();
                    gate.wait();
                }
            });
        }
        for _ in 0..rounds {
            begin();
            gate.wait();
            gate.wait();
            check();
        }
        done.store(true, Relaxed);
        gate.wait();
    });
}

/// Users, and sweeps that find everything idle at once: by hand, or by the library's own threads.
#[test]
fn a_resource_is_in_one_hand() {
    let _turn = alone();
    let sweeps = [(DISPENSER_MANUAL_SWEEP, 0, 0), (0, 1, 0), (0, 1, 1), (DISPENSER_NO_POOLING, 1, 0)];
    for kind in kinds() {
        for (flags, sweep_interval_ms, callback_deadline_ms) in sweeps {
            let steps = 2_000 * scale();
            let room = WORKERS * steps * 2;
            let plan = Plan { flags, sweep_interval_ms, callback_deadline_ms, secs: 0, faults: 40, room, ..kind };
            let yard = Yard::open(plan);
            let left = AtomicUsize::new(WORKERS);
            thread::scope(|scope| {
                for _ in 0..WORKERS {
                    scope.spawn(|| {
                        use_and_return(yard, steps);
                        left.fetch_sub(1, Relaxed);
                    });
                }
                if flags == DISPENSER_MANUAL_SWEEP {
                    scope.spawn(|| {
                        while left.load(Relaxed) > 0 {
                            assert_eq!(unsafe { dispenser_sweep(yard.pool(), 0) }, WSRT_S_OK);
                            pause();
                        }
                    });
                }
            });
            let stats = yard.stats();
            assert_eq!((stats.used_unenlisted, stats.used_enlisted, stats.creating), (0, 0, 0));
            assert_eq!(stats.allocs, stats.frees);
            assert_eq!(yard.destroy(), WSRT_S_OK);
            yard.assert_settled();
        }
    }
}

fn use_and_return(yard: &Yard, steps: usize) {
    let mut ours = Vec::new();
    for _ in 0..steps {
        match yard.alloc(TYPE) {
            Ok(resid) => ours.push(resid),
            Err(REFUSED) => {}
            Err(WSRT_E_OVERDUE) => assert!(yard.plan.callback_deadline_ms > 0),
            Err(code) => panic!("alloc: 0x{code:08X}"),
        }
        pause();
        while ours.len() > random(4) {
            let resid = ours.swap_remove(random(ours.len()));
            yard.free(resid);
        }
    }
    for resid in ours {
        yard.free(resid);
    }
}

/// Pools end under their users, and the next one takes their memory; the users go on with their old handle and with ids
/// of other pools until they are told.
#[test]
fn a_pool_ends_under_its_users() {
    let _turn = alone();
    let pools = 300 * scale();
    let fresh = |n: usize| {
        let kind = kinds().nth(n % 4).expect("four");
        let by_hand = if n.is_multiple_of(3) { 0 } else { DISPENSER_MANUAL_SWEEP };
        Yard::open(Plan { flags: by_hand, sweep_interval_ms: 1, secs: 0, faults: 50, room: 256, ..kind })
    };
    let now = AtomicPtr::new((&raw const *fresh(0)).cast_mut());
    let current = || unsafe { &*now.load(Acquire) };
    let (done, seen) = (AtomicBool::new(false), AtomicU64::new(0));
    let all = Mutex::new(vec![current()]);
    let user = || {
        let mut yard: &Yard = current();
        // What another pool has given out.
        let (mut last, mut foreign) = (1, 1);
        while !done.load(Relaxed) {
            let code = match yard.alloc(TYPE) {
                Ok(resid) => {
                    pause();
                    let wrong = unsafe { dispenser_free_resource(yard.pool(), foreign) };
                    assert!([WSRT_E_INVALIDARG, WSRT_E_CLOSED, WSRT_E_HANDLE].contains(&wrong), "0x{wrong:08X}");
                    last = resid;
                    yard.free(resid)
                }
                Err(code) => code,
            };
            let ended = [WSRT_E_CLOSED, WSRT_E_HANDLE].contains(&code);
            assert!(ended || [WSRT_S_OK, REFUSED].contains(&code), "0x{code:08X}");
            seen.fetch_add(ended.into(), Relaxed);
            // A stale handle is used for a while.
            if !std::ptr::eq(yard, current()) && one_in(4) {
                (yard, foreign) = (current(), last);
            }
        }
    };
    thread::scope(|scope| {
        (0..WORKERS - 1).for_each(|_| drop(scope.spawn(user)));
        for n in 1..pools {
            (0..random(3)).for_each(|_| thread::yield_now());
            let old = current();
            let closes_first = one_in(2);
            if closes_first {
                assert_eq!(old.close(), WSRT_S_OK);
                assert_eq!(old.known(), 0, "a closed pool knows nothing");
            }
            assert_eq!(old.destroy(), WSRT_S_OK);
            let next = fresh(n);
            all.lock().expect("no panic").push(next);
            now.store((&raw const *next).cast_mut(), Release);
        }
        done.store(true, Relaxed);
    });
    assert_eq!(current().destroy(), WSRT_S_OK);
    assert!(seen.load(Relaxed) > 0, "nobody met a pool that had ended");
    all.into_inner().expect("no panic").into_iter().for_each(Yard::assert_settled);
}

/// What the rounds below share: the resources of the present one.
#[derive(Default)]
struct Round {
    ids: Mutex<Vec<usize>>,
    instid: AtomicUsize,
    transid: AtomicUsize,
}

impl Round {
    fn ids(&self) -> Vec<usize> {
        self.ids.lock().expect("no panic").clone()
    }

    /// Allocates as a new object in a new transaction, or in none.
    fn begin(&self, yard: &Yard, count: usize, enlists: bool) {
        let (instid, transid) = (number(), if enlists { number() } else { 0 });
        self.instid.store(instid, Relaxed);
        self.transid.store(transid, Relaxed);
        context(instid, transid);
        let alloc = |_| yard.alloc(TYPE).expect("no faults here");
        *self.ids.lock().expect("no panic") = (0..count).map(alloc).collect();
        context(0, 0);
    }

    fn end_transaction(&self) {
        let transid = self.transid.load(Relaxed);
        if transid != 0 {
            assert_eq!(unsafe { dispenser_transaction_ended(transid, 1) }, WSRT_S_OK);
        }
    }

    fn end_instance(&self) {
        assert_eq!(unsafe { dispenser_instance_ended(self.instid.load(Relaxed)) }, WSRT_S_OK);
    }
}

/// A free, the end of the object and the end of the transaction at once: each resource comes back once, free of both.
#[test]
fn each_comes_back_once() {
    let _turn = alone();
    for kind in kinds() {
        for (enlists, no_pooling) in [(false, false), (true, false), (true, true)] {
            let flags = DISPENSER_AUTO_RECLAIM | if no_pooling { DISPENSER_NO_POOLING } else { 0 };
            let rounds = 400 * scale();
            let mut plan = Plan { flags, rude: true, ..by_hand(kind) };
            plan.room = 4 * rounds + 64;
            let yard = Yard::open(plan);
            let round = Round::default();
            let (come, allocs) = (AtomicU64::new(0), AtomicU64::new(0));
            let free = || {
                for resid in round.ids() {
                    let code = unsafe { dispenser_free_resource(yard.pool(), resid) };
                    assert!(matches!(code, WSRT_S_OK | WSRT_E_INVALIDARG), "0x{code:08X}");
                    come.fetch_add(u64::from(code == WSRT_S_OK), Relaxed);
                }
            };
            let check = || {
                round.end_transaction();
                allocs.fetch_add(round.ids().len() as u64, Relaxed);
                let stats = yard.stats();
                assert_eq!((stats.used_unenlisted, stats.used_enlisted, stats.awaiting_transaction), (0, 0, 0));
                assert_eq!(stats.free_enlisted, 0, "nothing stays enlisted in what is gone");
                assert_eq!((stats.allocs, stats.frees), (allocs.load(Relaxed), allocs.load(Relaxed)));
                assert_eq!(yard.known() as usize, yard.alive());
                if no_pooling {
                    assert_eq!(yard.alive(), 0, "everything is destroyed");
                } else if yard.plan.resets {
                    assert_eq!(yard.resets.load(Relaxed), allocs.load(Relaxed), "reset once each");
                }
            };
            let begin = || round.begin(yard, 3, enlists);
            race(rounds, begin, &[&free, &|| round.end_instance(), &|| round.end_transaction()], check);
            assert!(come.load(Relaxed) > 0, "no free ever won");
            assert_eq!(yard.destroy(), WSRT_S_OK);
            yard.assert_settled();
        }
    }
}

/// A resource is given up while one thread allocates and another frees: destroyed once, by whoever has it last, and
/// known to nobody after.
#[test]
fn given_up_once() {
    let _turn = alone();
    for kind in kinds() {
        for enlists in [false, true] {
            let rounds = 600 * scale();
            let mut plan = Plan { rude: true, faults: 0, ..by_hand(kind) };
            plan.room = 8 * rounds + 64;
            let yard = Yard::open(plan);
            let round = Round::default();
            let given_up = AtomicUsize::new(0);
            let give_up = |which: usize| {
                for resid in round.ids().into_iter().skip(which) {
                    match unsafe { dispenser_destroy_resource(yard.pool(), resid) } {
                        WSRT_S_OK => drop(given_up.fetch_add(1, Relaxed)),
                        WSRT_E_INVALIDARG => {}
                        code => panic!("0x{code:08X}"),
                    }
                }
            };
            let free = || {
                for resid in round.ids() {
                    let code = unsafe { dispenser_free_resource(yard.pool(), resid) };
                    assert!(matches!(code, WSRT_S_OK | WSRT_E_FAIL | WSRT_E_INVALIDARG), "0x{code:08X}");
                }
            };
            let taken = Mutex::new(Vec::new());
            let alloc = || {
                context(0, round.transid.load(Relaxed));
                for _ in 0..2 {
                    match yard.alloc(TYPE) {
                        Ok(resid) => taken.lock().expect("no panic").push(resid),
                        // Given up while it was being enlisted.
                        Err(WSRT_E_FAIL) => {}
                        Err(code) => panic!("alloc: 0x{code:08X}"),
                    }
                }
                context(0, 0);
            };
            let check = || {
                round.end_transaction();
                for resid in taken.lock().expect("no panic").drain(..).chain(round.ids()) {
                    // Whoever is still in use goes back, and nobody is in use twice.
                    let code = unsafe { dispenser_free_resource(yard.pool(), resid) };
                    assert!(matches!(code, WSRT_S_OK | WSRT_E_INVALIDARG), "0x{code:08X}");
                }
                let stats = yard.stats();
                assert_eq!((stats.used_unenlisted, stats.used_enlisted, stats.awaiting_transaction), (0, 0, 0));
                assert_eq!(yard.known() as usize, yard.alive(), "known and alive are the same");
                assert!(stats.destroys <= given_up.load(Relaxed) as u64, "destroyed more than was asked for");
            };
            let begin = || round.begin(yard, 3, enlists);
            race(rounds, begin, &[&free, &alloc, &|| give_up(0), &|| give_up(1)], check);
            assert!(yard.stats().destroys > 0, "no request ever won");
            assert_eq!(yard.destroy(), WSRT_S_OK);
            yard.assert_settled();
        }
    }
}

/// Tracked and untracked by several threads at once, while the object and the transaction end: each resource is
/// destroyed by exactly one side, and tracked by none.
#[test]
fn tracked_once_and_untracked_once() {
    let _turn = alone();
    for enlists in [false, true] {
        let rounds = 1_000 * scale();
        let mut plan = by_hand(Plan { enlists: true, secs: -1, ..Plan::default() });
        plan.room = 2 * rounds + 64;
        let yard = Yard::open(plan);
        let round = Round::default();
        let (tracks, ours) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let begin = || {
            round.instid.store(number(), Relaxed);
            round.transid.store(if enlists { number() } else { 0 }, Relaxed);
            *round.ids.lock().expect("no panic") = (0..2).map(|_| yard.make_own().expect("room")).collect();
            [&tracks, &ours].iter().for_each(|count| count.store(0, Relaxed));
        };
        let [first, second] = [0, 1].map(|which| {
            let round = &round;
            move || round.ids()[which]
        });
        let track = || {
            for resid in [first(), second()] {
                let (instid, transid) = (round.instid.load(Relaxed), round.transid.load(Relaxed));
                let code = unsafe { dispenser_track_resource_ex(yard.pool(), resid, instid, transid) };
                assert!(matches!(code, WSRT_S_OK | WSRT_E_INVALIDARG), "0x{code:08X}");
                tracks.fetch_add(usize::from(code == WSRT_S_OK), Relaxed);
            }
        };
        // The first may be taken back by its owner, the second is for the library to destroy.
        let untrack = |destroy: bool| {
            let code = unsafe { dispenser_untrack_resource(yard.pool(), first(), destroy.into()) };
            assert!(matches!(code, WSRT_S_OK | WSRT_E_INVALIDARG), "0x{code:08X}");
            ours.fetch_add(usize::from(code == WSRT_S_OK && !destroy), Relaxed);
        };
        let check = || {
            // What came too late for its track is untracked now.
            round.end_transaction();
            round.end_instance();
            round.end_transaction();
            assert_eq!(yard.known(), 0, "nothing is tracked any more");
            let resid = first();
            let is_ours = ours.load(Relaxed) > 0 && yard.thing(resid).is_alive();
            if is_ours {
                yard.end_own(resid);
            }
            assert_eq!(yard.alive(), 0, "each destroyed by one side");
        };
        let end_both = || {
            round.end_instance();
            round.end_transaction();
        };
        race(rounds, begin, &[&track, &|| untrack(true), &|| untrack(false), &end_both], check);
        assert_eq!(yard.destroy(), WSRT_S_OK);
        yard.assert_settled();
    }
}

/// A close, a destroy, allocations, frees and sweeps of one pool at once: one of the two who end it is told so, and the
/// driver is given back when both have returned.
#[test]
fn ended_once() {
    let _turn = alone();
    for kind in kinds() {
        let rounds = 300 * scale();
        let place = AtomicPtr::new(std::ptr::null_mut::<Yard>());
        let yard = || unsafe { &*place.load(Relaxed) };
        let held = Mutex::new(Vec::new());
        let begin = || {
            let yard = Yard::open(Plan { faults: 50, secs: 0, ..by_hand(kind) });
            place.store((&raw const *yard).cast_mut(), Relaxed);
            let ids: Vec<_> = (0..4).filter_map(|_| yard.alloc(TYPE).ok()).collect();
            let (stock, used) = ids.split_at(ids.len() / 2);
            for &resid in stock {
                yard.free(resid);
            }
            *held.lock().expect("no panic") = used.to_vec();
            assert_eq!(unsafe { dispenser_sweep(yard.pool(), 0) }, WSRT_S_OK);
        };
        let (ends, codes) = (AtomicUsize::new(0), [WSRT_E_CLOSED, WSRT_E_HANDLE]);
        let close = |nowait: bool| {
            let pool = yard().pool();
            let code = unsafe { if nowait { dispenser_close_nowait(pool) } else { dispenser_close(pool) } };
            assert!(codes.contains(&code) || code == WSRT_S_OK || nowait && code == WSRT_S_DEFERRED, "0x{code:08X}");
            yard().closed(code);
            ends.fetch_add(usize::from(code >= 0), Relaxed);
        };
        let destroy = || {
            assert_eq!(yard().destroy(), WSRT_S_OK);
        };
        let alloc = || match yard().alloc(TYPE) {
            Ok(resid) => {
                yard().free(resid);
            }
            Err(code) => assert!(codes.contains(&code) || code == REFUSED, "0x{code:08X}"),
        };
        let free = || {
            let ids = std::mem::take(&mut *held.lock().expect("no panic"));
            for resid in ids {
                yard().free(resid);
            }
        };
        let sweep = || {
            let code = unsafe { dispenser_sweep(yard().pool(), 0) };
            assert!(codes.contains(&code) || code == WSRT_S_OK, "0x{code:08X}");
        };
        let actions: [Action<'_>; 6] = [&|| close(false), &|| close(true), &destroy, &alloc, &free, &sweep];
        race(rounds, begin, &actions, || {
            assert!(ends.swap(0, Relaxed) <= 1, "closed twice");
            yard().assert_settled();
        });
    }
}
