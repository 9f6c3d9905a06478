//! Dispensers against a plain model of the state table: random calls on two pools, and drivers that answer at random,
//! end transactions and give resources up while they are called. After every call the code, every call of the driver,
//! the figures and the list of resources must be the model's.
//!
//! Both sides take the driver's answers from one tape, so a call too many or too few shows at once, too.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{size_of, zeroed};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

const POOLS: usize = 2;
const REFUSED: i32 = 0xA004_0001_u32 as i32;

#[derive(Debug, Clone, Copy)]
struct Config {
    auto_reclaim: bool,
    no_pooling: bool,
    rates: bool,
    enlists: bool,
    resets: bool,
    destroys: bool,
}

/// `usize`s pick one of what there is, counted round; transactions and objects are 0, none, to 3.
#[derive(Debug, Clone, Copy)]
enum Call {
    Alloc(usize, usize),
    Free(usize, usize),
    FreeAny(usize, usize),
    Destroy(usize, usize),
    Track(usize, usize),
    TrackKnown(usize, usize),
    TrackEx(usize, usize, usize, usize),
    TrackS(usize, u8),
    Untrack(usize, usize, bool),
    UntrackAny(usize, usize, bool),
    UntrackS(usize, u8, bool),
    Context(usize, usize),
    InstanceEnded(usize),
    Aborting(usize),
    Ended(usize),
    Sweep(usize, u64),
    SweepBack(usize),
    Close(usize),
    Replace(usize, Config),
}

/// A call of a driver, or what a call made inside one returned.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Create(usize, usize),
    Rate(usize, usize, usize, i32),
    Enlist(usize, usize, usize),
    Reset(usize, usize),
    Destroy(usize, usize),
    DestroyS(usize, CString),
    Release(usize),
    Nested(i32),
}

// What the driver does; the same for both sides.

#[derive(Debug, Clone, Copy)]
enum NewId {
    Fails(i32),
    Nothing,
    Known(usize),
    Again,
    Fresh,
}

fn creation(v: u8) -> (NewId, Option<i32>) {
    let id = match v % 16 {
        0 => NewId::Fails(WSRT_E_FAIL),
        1 => NewId::Fails(REFUSED),
        2 => NewId::Nothing,
        3 => NewId::Known(v as usize / 16),
        4..8 => NewId::Again,
        _ => NewId::Fresh,
    };
    (id, [None, Some(0), Some(5), Some(-7)][v as usize / 16 % 4])
}

/// The code, and the rating if it is written.
fn rating(v: u8) -> (i32, Option<u32>) {
    match v % 8 {
        0 => (WSRT_E_FAIL, Some(77)),
        1 => (WSRT_S_OK, None),
        2 => (WSRT_S_OK, Some(101 + u32::from(v) / 8)),
        3 => (WSRT_S_OK, Some(100)),
        _ => (WSRT_S_OK, Some(u32::from(v) / 8 * 3)),
    }
}

/// What a driver does besides answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aside {
    Nothing,
    EndsTransaction(usize),
    GivesUp,
}

fn enlistment(v: u8, transid: usize) -> (i32, Aside) {
    if transid == 0 {
        return ([WSRT_E_FAIL, WSRT_S_OK, WSRT_S_FALSE][v as usize % 3], Aside::Nothing);
    }
    match v % 16 {
        0 => (WSRT_E_FAIL, Aside::Nothing),
        1 => (WSRT_MTXDM_E_ENLISTRESOURCEFAILED, Aside::Nothing),
        2 => (WSRT_E_INVALIDARG, Aside::Nothing),
        3 | 4 => (WSRT_S_FALSE, Aside::Nothing),
        5 => (7, Aside::Nothing),
        6 => (WSRT_S_OK, Aside::EndsTransaction(transid)),
        7 => (WSRT_S_OK, Aside::GivesUp),
        8 => (WSRT_E_FAIL, Aside::GivesUp),
        _ => (WSRT_S_OK, Aside::Nothing),
    }
}

fn reset(v: u8, base: usize) -> (i32, Aside) {
    match v % 16 {
        0..3 => (WSRT_E_FAIL, Aside::Nothing),
        3 | 4 => (WSRT_S_OK, Aside::EndsTransaction(base + 1 + v as usize / 16 % 3)),
        5 => (WSRT_S_OK, Aside::GivesUp),
        6 => (WSRT_E_FAIL, Aside::GivesUp),
        _ => (WSRT_S_OK, Aside::Nothing),
    }
}

fn destruction(v: u8) -> i32 {
    [WSRT_E_FAIL, WSRT_E_NOTIMPL, WSRT_S_OK, WSRT_S_OK, WSRT_S_OK][v as usize % 5]
}

#[derive(Clone)]
struct Tape {
    answers: Vec<u8>,
    at: Cell<usize>,
}

impl Tape {
    fn next(&self) -> u8 {
        self.at.set(self.at.get() + 1);
        self.answers[self.at.get() % self.answers.len()]
    }
}

fn sresid(n: u8) -> CString {
    CString::new(format!("resource {n}")).expect("no NUL")
}

// The model.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FreeUnenlisted,
    FreeEnlisted,
    UsedUnenlisted,
    UsedEnlisted,
    Tracked,
    TrackedEnlisted,
    Awaiting,
    /// Being enlisted; no call and no figure sees it so.
    Busy,
}
use State::*;

#[derive(Debug, Clone)]
struct Resource {
    state: State,
    resid: usize,
    name: Option<CString>,
    secs: i32,
    restypid: usize,
    instid: usize,
    /// Which binding of which number, while enlisted.
    record: Option<(u64, usize)>,
    /// Orders allocations, frees and trackings.
    stamp: u64,
    uses: u64,
    created_ms: u64,
    /// When a sweep first saw it as it is.
    since_ms: Option<u64>,
    given_up: bool,
}

impl Resource {
    fn is_used(&self) -> bool {
        matches!(self.state, UsedUnenlisted | UsedEnlisted)
    }

    fn is_tracked(&self) -> bool {
        matches!(self.state, Tracked | TrackedEnlisted)
    }

    fn become_(&mut self, state: State) {
        // The end of a transaction starts no clock anew (D-15).
        let alike = |these: [State; 2]| these.contains(&self.state) && these.contains(&state);
        let freed_of_it = alike([FreeUnenlisted, FreeEnlisted])
            || alike([UsedUnenlisted, UsedEnlisted])
            || alike([Tracked, TrackedEnlisted]);
        if !freed_of_it {
            self.since_ms = None;
        }
        self.state = state;
        if !matches!(state, FreeEnlisted | UsedEnlisted | TrackedEnlisted | Awaiting) {
            self.record = None;
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    /// By state, in the order of the fields of dispenser_stats.
    now: [u32; 6],
    closed: bool,
    peak_used: u32,
    last_create_result: i32,
    allocs: u64,
    frees: u64,
    creates: u64,
    create_failures: u64,
    destroys: u64,
    destroy_failures: u64,
    reset_failures: u64,
    enlist_failures: u64,
    longest_hold_ms: u64,
}

struct Pool {
    config: Config,
    closed: bool,
    now_ms: u64,
    /// In order of creation.
    resources: Vec<Resource>,
    /// The id destroyed last, which a driver may use again.
    gone: usize,
    tally: Tally,
}

impl Pool {
    fn new(config: Config) -> Self {
        Self { config, closed: false, now_ms: 1_000, resources: Vec::new(), gone: 0, tally: Tally::default() }
    }

    fn at(&self, resid: usize) -> Option<usize> {
        self.resources.iter().position(|one| one.resid == resid && one.name.is_none())
    }

    fn known(&self) -> Vec<usize> {
        self.resources.iter().filter(|one| one.name.is_none()).map(|one| one.resid).collect()
    }

    fn pick(&self, n: usize, which: impl Fn(&Resource) -> bool) -> Option<usize> {
        let fit: Vec<_> = self.resources.iter().filter(|one| one.name.is_none() && which(one)).collect();
        (!fit.is_empty()).then(|| fit[n % fit.len()].resid)
    }

    fn used(&self) -> u32 {
        self.resources.iter().filter(|one| one.is_used()).count() as u32
    }

    fn figures(&mut self) -> Tally {
        self.tally.peak_used = self.tally.peak_used.max(self.used());
        let count = |state| self.resources.iter().filter(|one| one.state == state).count() as u32;
        let tracked = count(Tracked) + count(TrackedEnlisted);
        let now = [FreeUnenlisted, FreeEnlisted, UsedUnenlisted, UsedEnlisted].map(count);
        let held = self.resources.iter().filter(|one| one.is_used());
        Tally {
            now: [now[0], now[1], now[2], now[3], tracked, count(Awaiting)],
            closed: self.closed,
            longest_hold_ms: held.filter_map(|one| Some(self.now_ms - one.since_ms?)).max().unwrap_or(0),
            ..self.tally.clone()
        }
    }
}

struct Model {
    base: usize,
    tape: Tape,
    pools: Vec<Pool>,
    /// Pools by registration.
    order: Vec<usize>,
    /// Live bindings: which one of a number, and whether it is aborting.
    records: HashMap<usize, (u64, bool)>,
    bound: u64,
    instid: usize,
    /// Number and binding.
    transaction: (usize, u64),
    stamp: u64,
    next_id: usize,
    seen: Vec<Seen>,
    /// The pool and the resource that the thread had to do with last.
    last: (usize, usize),
    /// A new resource came into stock without ever having been freed: its place in the order is nobody's promise.
    unplaced: bool,
}

impl Model {
    fn stamp(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }

    fn bind(&mut self, transid: usize) -> (usize, u64) {
        if transid == 0 {
            return (0, 0);
        }
        self.bound += 1;
        (transid, self.records.entry(transid).or_insert((self.bound, false)).0)
    }

    fn is_live(&self, (transid, record): (usize, u64)) -> bool {
        self.records.get(&transid).is_some_and(|live| live.0 == record)
    }

    fn current(&self) -> (usize, u64) {
        if self.is_live(self.transaction) { self.transaction } else { (0, 0) }
    }

    fn is_aborting(&self, (transid, _): (usize, u64)) -> bool {
        self.records.get(&transid).is_some_and(|record| record.1)
    }

    fn destroy(&mut self, d: usize, i: usize) -> i32 {
        let one = self.pools[d].resources[i].clone();
        let code = match one.name {
            _ if !self.pools[d].config.destroys => WSRT_E_NOTIMPL,
            Some(name) => {
                self.seen.push(Seen::DestroyS(d, name));
                destruction(self.tape.next())
            }
            None => {
                self.seen.push(Seen::Destroy(d, one.resid));
                destruction(self.tape.next())
            }
        };
        let tally = &mut self.pools[d].tally;
        *if code < 0 { &mut tally.destroy_failures } else { &mut tally.destroys } += 1;
        code
    }

    /// D-40: the entry goes, whatever the driver says.
    fn drop_destroyed(&mut self, d: usize, i: usize) -> i32 {
        let code = self.destroy(d, i);
        self.remove(d, i);
        code
    }

    fn remove(&mut self, d: usize, i: usize) {
        let one = self.pools[d].resources.remove(i);
        if one.name.is_none() {
            self.pools[d].gone = one.resid;
        }
    }

    /// Rows 17, 18, 24, 26: destroyed now, or when its transaction ends.
    fn give_up(&mut self, d: usize, i: usize) -> i32 {
        if matches!(self.pools[d].resources[i].state, FreeEnlisted | UsedEnlisted | TrackedEnlisted) {
            self.pools[d].resources[i].become_(Awaiting);
            return WSRT_S_OK;
        }
        self.drop_destroyed(d, i)
    }

    fn rate_all(&mut self, d: usize, restypid: usize, tx: (usize, u64)) -> Option<usize> {
        let pool = &self.pools[d];
        let mut candidates: Vec<(bool, u64, usize)> = Vec::new();
        for one in &pool.resources {
            let ours = one.state == FreeEnlisted && one.record == Some((tx.1, tx.0));
            if ours || one.state == FreeUnenlisted {
                candidates.push((ours, one.stamp, one.resid));
            }
        }
        candidates.sort_unstable();
        let mut best = (0, None);
        for (ours, _, resid) in candidates.into_iter().rev() {
            self.seen.push(Seen::Rate(d, restypid, resid, i32::from(!ours && tx.0 != 0)));
            let (code, written) = rating(self.tape.next());
            let rating = written.filter(|&rating| code >= 0 && rating <= 100).unwrap_or(0);
            if rating > best.0 {
                best = (rating, Some(resid));
            }
            if rating == 100 {
                break;
            }
        }
        best.1
    }

    /// Without a rating any equal one will do, those in the transaction first, and the thread's last one before others.
    fn equal(&self, d: usize, restypid: usize, tx: (usize, u64), chosen: usize) -> Option<usize> {
        let fits = |one: &&Resource| one.restypid == restypid;
        let resources = || self.pools[d].resources.iter().filter(fits);
        let ours = |one: &&Resource| one.state == FreeEnlisted && one.record == Some((tx.1, tx.0));
        let joined: Vec<_> = resources().filter(ours).collect();
        let free = || resources().filter(|one| one.state == FreeUnenlisted).collect();
        let candidates: Vec<_> = if joined.is_empty() { free() } else { joined };
        let one_of = |resid| candidates.iter().find(|one| one.resid == resid).map(|one| one.resid);
        let last = if self.last.0 == d { one_of(self.last.1) } else { None };
        last.or_else(|| one_of(chosen)).or(candidates.first().map(|one| one.resid))
    }

    fn create(&mut self, d: usize, restypid: usize) -> Result<usize, i32> {
        self.seen.push(Seen::Create(d, restypid));
        let (id, secs) = creation(self.tape.next());
        let (known, gone) = (self.pools[d].known(), self.pools[d].gone);
        let tally = &mut self.pools[d].tally;
        tally.last_create_result = 0;
        let fresh = |next_id: &mut usize| {
            *next_id += 1;
            *next_id
        };
        let resid = match id {
            NewId::Fails(code) => {
                tally.last_create_result = code;
                tally.create_failures += 1;
                return Err(code);
            }
            NewId::Nothing => 0,
            NewId::Known(n) if !known.is_empty() => known[n % known.len()],
            NewId::Again if gone != 0 => gone,
            _ => fresh(&mut self.next_id),
        };
        if resid == 0 || known.contains(&resid) {
            self.pools[d].tally.create_failures += 1;
            return Err(WSRT_E_INVALIDARG);
        }
        let secs = secs.unwrap_or(-1);
        self.push(d, resid, None, Busy, secs);
        let used = self.pools[d].used() + 1;
        let tally = &mut self.pools[d].tally;
        tally.creates += 1;
        tally.peak_used = tally.peak_used.max(used);
        Ok(resid)
    }

    fn push(&mut self, d: usize, resid: usize, name: Option<CString>, state: State, secs: i32) {
        let (stamp, created_ms) = (self.stamp(), self.pools[d].now_ms);
        self.pools[d].resources.push(Resource {
            state,
            resid,
            name,
            secs,
            restypid: 0,
            instid: 0,
            record: None,
            stamp,
            uses: 0,
            created_ms,
            since_ms: None,
            given_up: false,
        });
    }

    fn enlist(&mut self, d: usize, resid: usize, transid: usize) -> i32 {
        if !self.pools[d].config.enlists {
            return WSRT_S_FALSE;
        }
        self.seen.push(Seen::Enlist(d, resid, transid));
        let (code, aside) = enlistment(self.tape.next(), transid);
        self.aside(d, resid, aside);
        code
    }

    fn aside(&mut self, d: usize, resid: usize, aside: Aside) {
        let nested = match aside {
            Aside::Nothing => return,
            Aside::EndsTransaction(transid) => self.transaction_ended(transid),
            Aside::GivesUp => {
                let i = self.pools[d].at(resid).expect("it is in a callback");
                let one = &mut self.pools[d].resources[i];
                one.given_up = !one.is_tracked();
                if one.given_up { WSRT_S_OK } else { WSRT_E_INVALIDARG }
            }
        };
        self.seen.push(Seen::Nested(nested));
    }

    /// Section 8. `chosen`: what the library took, where the choice is its own.
    fn alloc(&mut self, d: usize, restypid: usize, chosen: usize) -> (i32, usize) {
        if self.pools[d].closed {
            return (WSRT_E_CLOSED, 0);
        }
        if restypid == 0 {
            return (WSRT_E_INVALIDARG, 0);
        }
        let tx = self.current();
        if self.is_aborting(tx) {
            return (WSRT_E_TX_ABORTING, 0);
        }
        let found = if self.pools[d].config.rates {
            self.rate_all(d, restypid, tx)
        } else {
            self.equal(d, restypid, tx, chosen)
        };
        let (resid, is_new) = match found {
            Some(resid) => (resid, false),
            None => match self.create(d, restypid) {
                Ok(resid) => (resid, true),
                Err(code) => return (code, 0),
            },
        };
        let i = self.pools[d].at(resid).expect("just found");
        let joined = self.pools[d].resources[i].state == FreeEnlisted;
        let one = &mut self.pools[d].resources[i];
        (one.restypid, one.instid) = (restypid, self.instid);
        let mut enlisted = joined;
        if tx.0 != 0 && !joined {
            let since_ms = one.since_ms;
            one.become_(Busy);
            match self.enlist_allocated(d, resid, tx, is_new) {
                Ok(agreed) => enlisted = agreed,
                Err(code) => {
                    // It was not used: what is in stock again has been idle all the while.
                    if let Some(i) = self.pools[d].at(resid) {
                        self.pools[d].resources[i].since_ms = since_ms;
                    }
                    return (code, 0);
                }
            }
        }
        let stamp = self.stamp();
        let i = self.pools[d].at(resid).expect("still there");
        let one = &mut self.pools[d].resources[i];
        one.become_(if enlisted { UsedEnlisted } else { UsedUnenlisted });
        one.record = enlisted.then_some((tx.1, tx.0));
        one.stamp = stamp;
        one.uses += 1;
        self.pools[d].tally.allocs += 1;
        self.last = (d, resid);
        (WSRT_S_OK, resid)
    }

    /// Whether it is enlisted; D-11, D-34, D-42.
    fn enlist_allocated(&mut self, d: usize, resid: usize, tx: (usize, u64), is_new: bool) -> Result<bool, i32> {
        let code = self.enlist(d, resid, tx.0);
        let i = self.pools[d].at(resid).expect("in a callback");
        self.pools[d].tally.enlist_failures += u64::from(code < 0);
        if self.pools[d].resources[i].given_up {
            self.drop_destroyed(d, i);
            return Err(WSRT_E_FAIL);
        }
        if code >= 0 {
            return Ok(code != WSRT_S_FALSE && self.is_live(tx));
        }
        if self.enlist(d, resid, 0) < 0 || self.pools[d].config.no_pooling {
            self.drop_destroyed(d, i);
        } else {
            let one = &mut self.pools[d].resources[i];
            one.become_(FreeUnenlisted);
            one.instid = 0;
            self.unplaced |= is_new;
        }
        let handed_on = code == WSRT_MTXDM_E_ENLISTRESOURCEFAILED;
        Err(if handed_on { code } else { WSRT_E_FAIL })
    }

    fn free(&mut self, d: usize, resid: usize) -> i32 {
        if self.pools[d].closed {
            return WSRT_E_CLOSED;
        }
        match self.pools[d].at(resid) {
            Some(i) if self.pools[d].resources[i].is_used() => self.give_back(d, i, false),
            _ => WSRT_E_INVALIDARG,
        }
    }

    /// Rows 10, 11 and 19. `reclaims`: nobody is left to try again (D-19).
    fn give_back(&mut self, d: usize, i: usize, reclaims: bool) -> i32 {
        let resid = self.pools[d].resources[i].resid;
        if self.pools[d].config.no_pooling {
            self.pools[d].tally.frees += 1;
            self.give_up(d, i);
            return WSRT_S_OK;
        }
        let mut code = WSRT_S_OK;
        if self.pools[d].config.resets {
            self.seen.push(Seen::Reset(d, resid));
            let (answer, aside) = reset(self.tape.next(), self.base);
            self.aside(d, resid, aside);
            code = answer;
        }
        let stamp = self.stamp();
        let i = self.pools[d].at(resid).expect("in a callback");
        let pool = &mut self.pools[d];
        pool.tally.reset_failures += u64::from(code < 0);
        let one = &mut pool.resources[i];
        if one.given_up || code < 0 && reclaims {
            one.given_up = false;
            if code >= 0 {
                one.stamp = stamp;
            }
            pool.tally.frees += 1;
            self.give_up(d, i);
            return WSRT_E_FAIL;
        }
        if code < 0 {
            return WSRT_E_FAIL;
        }
        let record = one.record;
        one.become_(if one.state == UsedEnlisted { FreeEnlisted } else { FreeUnenlisted });
        (one.record, one.instid, one.stamp) = (record.filter(|_| one.state == FreeEnlisted), 0, stamp);
        pool.tally.frees += 1;
        self.last = (d, resid);
        WSRT_S_OK
    }

    /// D-23.
    fn request_destroy(&mut self, d: usize, resid: usize) -> i32 {
        if self.pools[d].closed {
            return WSRT_E_CLOSED;
        }
        let Some(i) = self.pools[d].at(resid) else { return WSRT_E_INVALIDARG };
        match self.pools[d].resources[i].state {
            FreeUnenlisted | UsedUnenlisted => {
                let code = self.destroy(d, i);
                if code < 0 {
                    return if code == WSRT_E_NOTIMPL { code } else { WSRT_E_FAIL };
                }
                self.remove(d, i);
                WSRT_S_OK
            }
            FreeEnlisted | UsedEnlisted => self.give_up(d, i),
            _ => WSRT_E_INVALIDARG,
        }
    }

    fn track(&mut self, d: usize, resid: usize, owner: Option<(usize, usize)>) -> i32 {
        if self.pools[d].closed {
            return WSRT_E_CLOSED;
        }
        let (instid, tx) = match owner {
            Some((instid, transid)) => (instid, self.bind(transid)),
            None => (self.instid, self.current()),
        };
        if self.is_aborting(tx) {
            return WSRT_E_TX_ABORTING;
        }
        if self.pools[d].at(resid).is_some() {
            return WSRT_E_INVALIDARG;
        }
        self.push(d, resid, None, Tracked, -1);
        let i = self.pools[d].resources.len() - 1;
        self.pools[d].resources[i].instid = instid;
        if tx.0 == 0 {
            return WSRT_S_OK;
        }
        let code = self.enlist(d, resid, tx.0);
        if code < 0 {
            self.pools[d].tally.enlist_failures += 1;
            self.pools[d].resources.remove(i);
            return WSRT_E_FAIL;
        }
        if code != WSRT_S_FALSE && self.is_live(tx) {
            let one = &mut self.pools[d].resources[i];
            one.become_(TrackedEnlisted);
            one.record = Some((tx.1, tx.0));
        }
        WSRT_S_OK
    }

    fn track_s(&mut self, d: usize, name: CString) -> i32 {
        if self.pools[d].closed {
            return WSRT_E_CLOSED;
        }
        if self.is_aborting(self.current()) {
            return WSRT_E_TX_ABORTING;
        }
        if self.pools[d].resources.iter().any(|one| one.name.as_ref() == Some(&name)) {
            return WSRT_E_INVALIDARG;
        }
        self.push(d, 0, Some(name), Tracked, -1);
        self.pools[d].resources.last_mut().expect("just pushed").instid = self.instid;
        WSRT_S_OK
    }

    fn untrack(&mut self, d: usize, i: Option<usize>, destroy: bool) -> i32 {
        if self.pools[d].closed {
            return WSRT_E_CLOSED;
        }
        let Some(i) = i.filter(|&i| self.pools[d].resources[i].is_tracked()) else { return WSRT_E_INVALIDARG };
        if !destroy {
            self.remove(d, i);
            return WSRT_S_OK;
        }
        if self.give_up(d, i) < 0 { WSRT_E_FAIL } else { WSRT_S_OK }
    }

    fn instance_ended(&mut self, instid: usize) -> i32 {
        for d in self.order.clone() {
            let pool = &self.pools[d];
            if pool.closed {
                continue;
            }
            let reclaims = |one: &&Resource| one.is_tracked() || pool.config.auto_reclaim && one.is_used();
            let theirs = pool.resources.iter().filter(|one| one.instid == instid).filter(reclaims);
            let mut held: Vec<_> = theirs.map(|one| (one.stamp, one.resid, one.name.clone())).collect();
            held.sort_unstable();
            for (stamp, ..) in held {
                let at = self.pools[d].resources.iter().position(|one| one.stamp == stamp).expect("still there");
                if self.pools[d].resources[at].is_used() {
                    self.give_back(d, at, true);
                } else {
                    self.give_up(d, at);
                }
            }
        }
        WSRT_S_OK
    }

    /// Rows 12, 13, 18, 27, 28.
    fn transaction_ended(&mut self, transid: usize) -> i32 {
        let Some((record, _)) = self.records.remove(&transid) else { return WSRT_S_OK };
        for d in self.order.clone() {
            if self.pools[d].closed {
                continue;
            }
            let mut waited = Vec::new();
            for one in &mut self.pools[d].resources {
                if one.record != Some((record, transid)) {
                    continue;
                }
                match one.state {
                    FreeEnlisted => one.become_(FreeUnenlisted),
                    UsedEnlisted => one.become_(UsedUnenlisted),
                    TrackedEnlisted => one.become_(Tracked),
                    Awaiting => waited.push((one.stamp, one.resid)),
                    _ => {}
                }
            }
            self.destroy_all(d, waited);
        }
        WSRT_S_OK
    }

    fn destroy_all(&mut self, d: usize, mut these: Vec<(u64, usize)>) {
        these.sort_unstable();
        for (_, resid) in these {
            let i = self.pools[d].at(resid).expect("nobody else destroys it");
            self.drop_destroyed(d, i);
        }
    }

    /// Idle time runs from the first sweep that sees a resource as it is (D-14 to D-16).
    fn sweep(&mut self, d: usize, now_ms: u64) -> i32 {
        let pool = &mut self.pools[d];
        if pool.closed {
            return WSRT_E_CLOSED;
        }
        if now_ms < pool.now_ms {
            return WSRT_E_INVALIDARG;
        }
        pool.now_ms = now_ms;
        let mut expired = Vec::new();
        for one in &mut pool.resources {
            let since = *one.since_ms.get_or_insert(now_ms);
            let expires = one.state == FreeUnenlisted && one.secs >= 0;
            if expires && now_ms - since >= one.secs as u64 * 1_000 {
                expired.push((one.stamp, one.resid));
            }
        }
        self.destroy_all(d, expired);
        WSRT_S_OK
    }

    /// Rows 15 and 16.
    fn close(&mut self, d: usize) -> i32 {
        if std::mem::replace(&mut self.pools[d].closed, true) {
            return WSRT_E_CLOSED;
        }
        let destroyed = |one: &Resource| matches!(one.state, FreeUnenlisted | FreeEnlisted | Awaiting);
        let stock = self.pools[d].resources.iter().filter(|one| destroyed(one));
        let stock = stock.map(|one| (one.stamp, one.resid, one.name.clone())).collect::<Vec<_>>();
        self.destroy_all(d, stock.into_iter().map(|(stamp, resid, _)| (stamp, resid)).collect());
        self.pools[d].resources.clear();
        self.seen.push(Seen::Release(d));
        WSRT_S_OK
    }
}

// The library, asked the same.

struct Real {
    base: usize,
    tape: Tape,
    pools: RefCell<Vec<*mut dispenser>>,
    /// What a driver may answer to create_resource: ids that the pool knows, and one that it knew.
    known: RefCell<Vec<(Vec<usize>, usize)>>,
    next_id: Cell<usize>,
    seen: RefCell<Vec<Seen>>,
}

/// What a driver is given.
struct Side {
    real: *const Real,
    d: usize,
}

impl Real {
    fn see(&self, seen: Seen) {
        self.seen.borrow_mut().push(seen);
    }

    fn aside(&self, d: usize, resid: usize, aside: Aside) {
        let pool = self.pools.borrow()[d];
        let nested = match aside {
            Aside::Nothing => return,
            Aside::EndsTransaction(transid) => unsafe { dispenser_transaction_ended(transid, 1) },
            Aside::GivesUp => unsafe { dispenser_destroy_resource(pool, resid) },
        };
        self.see(Seen::Nested(nested));
    }

    fn open(&self, config: Config, d: usize) -> *mut dispenser {
        let table = dispenser_driver {
            cb_size: size_of::<dispenser_driver>() as u32,
            flags: 0,
            user_data: Box::into_raw(Box::new(Side { real: self, d })).cast(),
            create_resource: Some(on_create),
            rate_resource: config.rates.then_some(on_rate),
            enlist_resource: config.enlists.then_some(on_enlist),
            reset_resource: config.resets.then_some(on_reset),
            destroy_resource: config.destroys.then_some(on_destroy),
            destroy_resource_s: config.destroys.then_some(on_destroy_s),
            release: Some(on_release),
            report: None,
        };
        let flag = |is: bool, flag: u32| if is { flag } else { 0 };
        let mut options: dispenser_options = unsafe { zeroed() };
        options.cb_size = size_of::<dispenser_options>() as u32;
        options.flags = DISPENSER_MANUAL_SWEEP
            | flag(config.auto_reclaim, DISPENSER_AUTO_RECLAIM)
            | flag(config.no_pooling, DISPENSER_NO_POOLING);
        let mut made = null_mut();
        assert_eq!(unsafe { dispenser_create(&table, c"model".as_ptr(), &options, &mut made) }, WSRT_S_OK);
        // From now on the time is what we say it is.
        assert_eq!(unsafe { dispenser_sweep(made, 1_000) }, WSRT_S_OK);
        made
    }

    fn figures(&self, pool: *mut dispenser) -> Tally {
        let mut stats: dispenser_stats = unsafe { zeroed() };
        stats.cb_size = size_of::<dispenser_stats>() as u32;
        assert_eq!(unsafe { dispenser_get_stats(pool, &mut stats) }, WSRT_S_OK);
        assert_eq!([stats.creating, stats.destroying, stats.written_off, stats.waiting], [0; 4]);
        Tally {
            now: [
                stats.free_unenlisted,
                stats.free_enlisted,
                stats.used_unenlisted,
                stats.used_enlisted,
                stats.tracked,
                stats.awaiting_transaction,
            ],
            closed: stats.state == DISPENSER_CLOSED,
            peak_used: stats.peak_used,
            last_create_result: stats.last_create_result,
            allocs: stats.allocs,
            frees: stats.frees,
            creates: stats.creates,
            create_failures: stats.create_failures,
            destroys: stats.destroys,
            destroy_failures: stats.destroy_failures,
            reset_failures: stats.reset_failures,
            enlist_failures: stats.enlist_failures,
            longest_hold_ms: stats.longest_hold_ms,
        }
    }

    fn list(&self, pool: *mut dispenser) -> Vec<Listed> {
        unsafe extern "C" fn visit(user_data: *mut c_void, info: *const dispenser_resource_info) -> i32 {
            let (list, info) = unsafe { (&mut *user_data.cast::<Vec<Listed>>(), &*info) };
            let name = (!info.sresid.is_null()).then(|| unsafe { CStr::from_ptr(info.sresid) }.to_owned());
            let owner = if info.state == DISPENSER_RESOURCE_AWAITING_TRANSACTION { 0 } else { info.instid };
            let numbers = [info.age_ms, info.state_age_ms, info.uses];
            let ids = [info.resid, info.restypid, owner, info.transid];
            list.push((info.state, info.secs_free_before_destroy, numbers, ids, name));
            WSRT_S_OK
        }
        let mut list: Vec<Listed> = Vec::new();
        assert_eq!(unsafe { dispenser_enum_resources(pool, Some(visit), (&raw mut list).cast()) }, WSRT_S_OK);
        list
    }
}

/// State, limit, ages and uses, ids, name.
type Listed = (u32, i32, [u64; 3], [usize; 4], Option<CString>);

fn listed(pool: &Pool) -> Vec<Listed> {
    let show = |one: &Resource| {
        let state = match one.state {
            FreeUnenlisted => DISPENSER_RESOURCE_FREE_UNENLISTED,
            FreeEnlisted => DISPENSER_RESOURCE_FREE_ENLISTED,
            UsedUnenlisted => DISPENSER_RESOURCE_USED_UNENLISTED,
            UsedEnlisted => DISPENSER_RESOURCE_USED_ENLISTED,
            Tracked => DISPENSER_RESOURCE_TRACKED,
            TrackedEnlisted => DISPENSER_RESOURCE_TRACKED_ENLISTED,
            Awaiting => DISPENSER_RESOURCE_AWAITING_TRANSACTION,
            Busy => unreachable!("no call is running"),
        };
        let owner = if one.state == Awaiting { 0 } else { one.instid };
        let age_ms = one.since_ms.map_or(0, |since| pool.now_ms - since);
        let numbers = [pool.now_ms - one.created_ms, age_ms, one.uses];
        let transid = one.record.map_or(0, |(_, transid)| transid);
        (state, one.secs, numbers, [one.resid, one.restypid, owner, transid], one.name.clone())
    };
    pool.resources.iter().map(show).collect()
}

fn side(user_data: *mut c_void) -> (&'static Real, usize) {
    let side = unsafe { &*user_data.cast::<Side>() };
    (unsafe { &*side.real }, side.d)
}
unsafe extern "C" fn on_create(user_data: *mut c_void, restypid: usize, resid: *mut usize, secs: *mut i32) -> i32 {
    let (real, d) = side(user_data);
    real.see(Seen::Create(d, restypid));
    let (id, limit) = creation(real.tape.next());
    let (known, gone) = real.known.borrow()[d].clone();
    let made = match id {
        NewId::Fails(code) => return code,
        NewId::Nothing => 0,
        NewId::Known(n) if !known.is_empty() => known[n % known.len()],
        NewId::Again if gone != 0 => gone,
        _ => {
            real.next_id.set(real.next_id.get() + 1);
            real.next_id.get()
        }
    };
    unsafe { resid.write(made) };
    if let Some(limit) = limit {
        unsafe { secs.write(limit) };
    }
    WSRT_S_OK
}
unsafe extern "C" fn on_rate(user_data: *mut c_void, restypid: usize, resid: usize, needs: i32, out: *mut u32) -> i32 {
    let (real, d) = side(user_data);
    real.see(Seen::Rate(d, restypid, resid, needs));
    let (code, written) = rating(real.tape.next());
    if let Some(written) = written {
        unsafe { out.write(written) };
    }
    code
}
unsafe extern "C" fn on_enlist(user_data: *mut c_void, resid: usize, transid: usize) -> i32 {
    let (real, d) = side(user_data);
    real.see(Seen::Enlist(d, resid, transid));
    let (code, aside) = enlistment(real.tape.next(), transid);
    real.aside(d, resid, aside);
    code
}
unsafe extern "C" fn on_reset(user_data: *mut c_void, resid: usize) -> i32 {
    let (real, d) = side(user_data);
    real.see(Seen::Reset(d, resid));
    let (code, aside) = reset(real.tape.next(), real.base);
    real.aside(d, resid, aside);
    code
}
unsafe extern "C" fn on_destroy(user_data: *mut c_void, resid: usize) -> i32 {
    let (real, d) = side(user_data);
    real.see(Seen::Destroy(d, resid));
    destruction(real.tape.next())
}
unsafe extern "C" fn on_destroy_s(user_data: *mut c_void, sresid: *const c_char) -> i32 {
    let (real, d) = side(user_data);
    real.see(Seen::DestroyS(d, unsafe { CStr::from_ptr(sresid) }.to_owned()));
    destruction(real.tape.next())
}
unsafe extern "C" fn on_release(user_data: *mut c_void) {
    let side = unsafe { Box::from_raw(user_data.cast::<Side>()) };
    unsafe { &*side.real }.see(Seen::Release(side.d));
}

fn config() -> impl Strategy<Value = Config> {
    let mostly = || prop::bool::weighted(0.8);
    (prop::bool::ANY, prop::bool::weighted(0.2), prop::bool::ANY, mostly(), mostly(), mostly()).prop_map(
        |(auto_reclaim, no_pooling, rates, enlists, resets, destroys)| Config {
            auto_reclaim,
            no_pooling,
            rates,
            enlists,
            resets,
            destroys,
        },
    )
}

fn call() -> impl Strategy<Value = Call> {
    let d = || prop_oneof![3 => Just(0), 1 => Just(1)];
    let (n, id, flag) = (|| 0usize..8, || 0usize..4, || prop::bool::ANY);
    prop_oneof![
        40 => (d(), prop_oneof![8 => Just(1usize), 4 => Just(2), 1 => Just(0)]).prop_map(|(d, t)| Call::Alloc(d, t)),
        30 => (d(), n()).prop_map(|(d, n)| Call::Free(d, n)),
        3 => (d(), n()).prop_map(|(d, n)| Call::FreeAny(d, n)),
        5 => (d(), n()).prop_map(|(d, n)| Call::Destroy(d, n)),
        5 => (d(), id()).prop_map(|(d, n)| Call::Track(d, n)),
        1 => (d(), n()).prop_map(|(d, n)| Call::TrackKnown(d, n)),
        4 => (d(), id(), id(), id()).prop_map(|(d, n, i, t)| Call::TrackEx(d, n, i, t)),
        3 => (d(), 0u8..3).prop_map(|(d, n)| Call::TrackS(d, n)),
        4 => (d(), n(), flag()).prop_map(|(d, n, destroy)| Call::Untrack(d, n, destroy)),
        1 => (d(), n(), flag()).prop_map(|(d, n, destroy)| Call::UntrackAny(d, n, destroy)),
        2 => (d(), 0u8..3, flag()).prop_map(|(d, n, destroy)| Call::UntrackS(d, n, destroy)),
        14 => (id(), id()).prop_map(|(i, t)| Call::Context(i, t)),
        4 => (1usize..4).prop_map(Call::InstanceEnded),
        1 => (1usize..4).prop_map(Call::Aborting),
        8 => (1usize..4).prop_map(Call::Ended),
        12 => (d(), prop::sample::select(vec![0u64, 1_000, 2_500, 5_000])).prop_map(|(d, ms)| Call::Sweep(d, ms)),
        1 => d().prop_map(Call::SweepBack),
        1 => d().prop_map(Call::Close),
        2 => (d(), config()).prop_map(|(d, config)| Call::Replace(d, config)),
    ]
}

fn play(configs: [Config; POOLS], calls: &[Call], answers: &[u8]) -> Result<(), TestCaseError> {
    // Objects and transactions are the whole process's.
    static BASES: AtomicUsize = AtomicUsize::new(1);
    let base = BASES.fetch_add(1, Ordering::Relaxed) << 8;
    let tape = Tape { answers: answers.to_vec(), at: Cell::new(0) };
    let real = Real {
        base,
        tape: tape.clone(),
        pools: RefCell::default(),
        known: RefCell::new(vec![(Vec::new(), 0); POOLS]),
        next_id: Cell::new(base),
        seen: RefCell::default(),
    };
    let mut model = Model {
        base,
        tape,
        pools: configs.into_iter().map(Pool::new).collect(),
        order: (0..POOLS).collect(),
        records: HashMap::new(),
        bound: 0,
        instid: 0,
        transaction: (0, 0),
        stamp: 0,
        next_id: base,
        seen: Vec::new(),
        last: (0, 0),
        unplaced: false,
    };
    for (d, config) in configs.into_iter().enumerate() {
        let made = real.open(config, d);
        real.pools.borrow_mut().push(made);
    }
    let result = calls.iter().try_for_each(|&call| if model.unplaced { Ok(()) } else { step(&real, &mut model, call) });
    let codes = unsafe {
        dispenser_set_context(0, 0);
        (1..4).for_each(|transid| assert_eq!(dispenser_transaction_ended(base + transid, 1), WSRT_S_OK));
        real.pools.borrow().iter().map(|&pool| dispenser_destroy(pool)).collect::<Vec<_>>()
    };
    result?;
    prop_assert_eq!(codes, vec![WSRT_S_OK; POOLS]);
    let releases = real.seen.borrow().iter().filter(|seen| matches!(seen, Seen::Release(_))).count();
    let before = model.seen.iter().filter(|seen| matches!(seen, Seen::Release(_))).count();
    let open = model.pools.iter().filter(|pool| !pool.closed).count();
    prop_assert_eq!(releases, before + open, "each released once");
    Ok(())
}

fn step(real: &Real, model: &mut Model, call: Call) -> Result<(), TestCaseError> {
    *real.known.borrow_mut() = model.pools.iter().map(|pool| (pool.known(), pool.gone)).collect();
    let base = real.base;
    let number = |n: usize| if n == 0 { 0 } else { base + n };
    let tracked = |d: usize, n: usize| 1 + 10 * d + n;
    let at = |d: usize| real.pools.borrow()[d];
    let pick = |d: usize, n, which: fn(&Resource) -> bool| model.pools[d].pick(n, which);
    let any = |d: usize, n: usize| pick(d, n, |_| true).filter(|_| n < 6).unwrap_or(model.pools[d].gone.max(999));
    let codes = match call {
        Call::Alloc(d, 0) if model.pools[d].closed => return Ok(()),
        Call::Alloc(d, restypid) => {
            let (before, mut taken) = (real.seen.borrow().len(), 1);
            let code = unsafe { dispenser_alloc_resource(at(d), restypid, &mut taken) };
            let enlisted = real.seen.borrow()[before..].iter().find_map(|seen| match seen {
                Seen::Enlist(_, resid, _) => Some(*resid),
                _ => None,
            });
            let (expected, resid) = model.alloc(d, restypid, enlisted.unwrap_or(taken));
            prop_assert_eq!(taken, resid, "{:?}: the resource", call);
            (code, expected)
        }
        Call::Free(d, n) => {
            let Some(resid) = pick(d, n, Resource::is_used) else { return Ok(()) };
            (unsafe { dispenser_free_resource(at(d), resid) }, model.free(d, resid))
        }
        Call::FreeAny(d, n) => {
            let resid = any(d, n);
            (unsafe { dispenser_free_resource(at(d), resid) }, model.free(d, resid))
        }
        Call::Destroy(d, n) => {
            let resid = any(d, n);
            (unsafe { dispenser_destroy_resource(at(d), resid) }, model.request_destroy(d, resid))
        }
        Call::Track(d, n) => {
            let resid = tracked(d, n);
            (unsafe { dispenser_track_resource(at(d), resid) }, model.track(d, resid, None))
        }
        Call::TrackKnown(d, n) => {
            let Some(resid) = pick(d, n, |_| true) else { return Ok(()) };
            (unsafe { dispenser_track_resource(at(d), resid) }, model.track(d, resid, None))
        }
        Call::TrackEx(d, n, instid, transid) => {
            let (resid, instid, transid) = (tracked(d, n), number(instid), number(transid));
            let code = unsafe { dispenser_track_resource_ex(at(d), resid, instid, transid) };
            (code, model.track(d, resid, Some((instid, transid))))
        }
        Call::TrackS(d, n) => {
            (unsafe { dispenser_track_resource_s(at(d), sresid(n).as_ptr()) }, model.track_s(d, sresid(n)))
        }
        Call::Untrack(d, n, destroy) => {
            let Some(resid) = pick(d, n, Resource::is_tracked) else { return Ok(()) };
            let i = model.pools[d].at(resid);
            (unsafe { dispenser_untrack_resource(at(d), resid, destroy.into()) }, model.untrack(d, i, destroy))
        }
        Call::UntrackAny(d, n, destroy) => {
            let resid = any(d, n);
            let i = model.pools[d].at(resid);
            (unsafe { dispenser_untrack_resource(at(d), resid, destroy.into()) }, model.untrack(d, i, destroy))
        }
        Call::UntrackS(d, n, destroy) => {
            let name = sresid(n);
            let i = model.pools[d].resources.iter().position(|one| one.name.as_ref() == Some(&name));
            let code = unsafe { dispenser_untrack_resource_s(at(d), name.as_ptr(), destroy.into()) };
            (code, model.untrack(d, i, destroy))
        }
        Call::Context(instid, transid) => {
            model.instid = number(instid);
            model.transaction = model.bind(number(transid));
            (unsafe { dispenser_set_context(number(instid), number(transid)) }, WSRT_S_OK)
        }
        Call::InstanceEnded(instid) => {
            (unsafe { dispenser_instance_ended(number(instid)) }, model.instance_ended(number(instid)))
        }
        Call::Aborting(transid) => {
            model.records.entry(number(transid)).and_modify(|record| record.1 = true);
            (unsafe { dispenser_transaction_aborting(number(transid)) }, WSRT_S_OK)
        }
        Call::Ended(transid) => {
            let code = unsafe { dispenser_transaction_ended(number(transid), (transid % 2) as i32) };
            (code, model.transaction_ended(number(transid)))
        }
        Call::Sweep(d, ms) => {
            let now_ms = model.pools[d].now_ms + ms;
            (unsafe { dispenser_sweep(at(d), now_ms) }, model.sweep(d, now_ms))
        }
        Call::SweepBack(d) => {
            let now_ms = model.pools[d].now_ms - 1;
            (unsafe { dispenser_sweep(at(d), now_ms) }, model.sweep(d, now_ms))
        }
        Call::Close(d) => (unsafe { dispenser_close(at(d)) }, model.close(d)),
        Call::Replace(d, config) => {
            let code = unsafe { dispenser_destroy(at(d)) };
            model.close(d);
            model.pools[d] = Pool::new(config);
            model.order.retain(|&other| other != d);
            model.order.push(d);
            let made = real.open(config, d);
            real.pools.borrow_mut()[d] = made;
            (code, WSRT_S_OK)
        }
    };
    let (code, expected) = codes;
    prop_assert_eq!(code, expected, "{:?}: 0x{:08X} instead of 0x{:08X}", call, code, expected);
    prop_assert_eq!(&*real.seen.borrow(), &model.seen, "{:?}", call);
    let mut context = (1, 1);
    assert_eq!(unsafe { dispenser_get_context(&mut context.0, &mut context.1) }, WSRT_S_OK);
    prop_assert_eq!(context, (model.instid, model.current().0), "{:?}", call);
    if model.unplaced {
        return Ok(());
    }
    for (d, pool) in model.pools.iter_mut().enumerate() {
        prop_assert_eq!(real.list(at(d)), listed(pool), "{:?}: pool {}", call, d);
        prop_assert_eq!(real.figures(at(d)), pool.figures(), "{:?}: pool {}", call, d);
    }
    let ids: Vec<_> = model.pools.iter().flat_map(Pool::known).collect();
    prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "the model itself");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn dispensers_do_what_the_model_does(
        configs in [config(), config()],
        calls in prop::collection::vec(call(), 1..80),
        answers in prop::collection::vec(any::<u8>(), 61),
    ) {
        play(configs, &calls, &answers)?;
    }
}
