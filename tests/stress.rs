//! Everything at once, through the C ABI: many threads, many callbacks that call back, runtimes that come and go.
//!
//! Each object of the test knows what the library owes it and checks that in every callback: released exactly once,
//! never called after its release, nor after a removal that returned S_OK, never twice at once. The checks use relaxed
//! atomics and plain memory, so that ThreadSanitizer sees only what the library itself orders. `WSRT_STRESS=n` does n
//! times as much; the choices are the same in every run, their order in time is not.

mod support;

use std::cell::{Cell, UnsafeCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{CStr, CString, c_char, c_void};
use std::io::Write;
use std::ptr::{null, null_mut};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

const WORKERS: usize = 4;
const STEPS: usize = 5_000;
/// The first two runtimes stay to the end, one for each way to disconnect; the others are replaced all the time.
const SHARED: usize = 2;
const PLACES: usize = 4;

/// What clients and visitors of the test answer; no code of the library's.
const REFUSED: i32 = 0xA004_0001_u32 as i32;
const FAILED: i32 = 0xA004_0002_u32 as i32;
const STOPPED: i32 = 0xA004_0003_u32 as i32;

fn scale() -> usize {
    std::env::var("WSRT_STRESS").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// The log is the process's, and so is its memory: the tests take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // A failed check inside a callback aborts the process, and with it what the test harness has captured.
    std::panic::set_hook(Box::new(|why| drop(writeln!(std::io::stderr(), "{why}"))));
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random(below: usize) -> usize {
    static SEEDS: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static STATE: Cell<u64> = Cell::new(SEEDS.fetch_add(1, Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
    let mut x = STATE.get();
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    STATE.set(x);
    (x >> 32) as usize % below
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(120), "never came: {what}");
        thread::yield_now();
    }
}

// What the header says of each function.

struct Documented {
    codes: Vec<i32>,
    seen: Vec<AtomicU32>,
}

/// Every function that is called here, with the callback's code that it may hand on.
const FUNCTIONS: &[(&str, &[i32])] = &[
    ("ws_add_resource", &[REFUSED]),
    ("ws_add_resource_ex", &[REFUSED]),
    ("ws_remove_resource", &[]),
    ("ws_remove_resource_ex", &[]),
    ("ws_remove_resource_nowait", &[]),
    ("ws_disconnect_resource", &[FAILED]),
    ("ws_disconnect_workspace", &[FAILED]),
    ("ws_disconnect_workspace_by_friendly_name", &[FAILED]),
    ("ws_disconnect_ex", &[FAILED, STOPPED]),
    ("ws_enum_resources", &[STOPPED]),
    ("ws_subscribe", &[]),
    ("ws_unsubscribe", &[]),
    ("ws_unsubscribe_nowait", &[]),
    ("ws_runtime_create", &[]),
    ("ws_runtime_destroy", &[]),
    ("ws_runtime_destroy_nowait", &[]),
    ("wsrt_set_log", &[]),
    ("wsrt_text_set", &[]),
];

static DOCUMENTED: LazyLock<HashMap<&str, Documented>> = LazyLock::new(|| {
    let header = support::header();
    let value = |name: &str| CODES.iter().find(|code| code.name == name).map(|code| code.value);
    let documented = FUNCTIONS.iter().map(|&(function, handed_on)| {
        let names = support::documented_codes(&support::documentation(&header, function).0);
        let mut codes: Vec<i32> = names.iter().filter_map(|name| value(name)).collect();
        // Documented, and yet nothing here may cause them.
        codes.retain(|code| ![WSRT_E_UNEXPECTED, WSRT_E_FORKED, WSRT_E_OUTOFMEMORY, WSRT_E_POINTER].contains(code));
        if names.iter().any(|name| name == "<0") {
            codes.extend(handed_on);
        }
        let seen = codes.iter().map(|_| AtomicU32::new(0)).collect();
        (function, Documented { codes, seen })
    });
    documented.collect()
});

fn documented(function: &str, code: i32) -> i32 {
    let Documented { codes, seen } = &DOCUMENTED[function];
    let at = codes.iter().position(|&known| known == code);
    let at = at.unwrap_or_else(|| panic!("{function} returned 0x{code:08X}, which is not documented or not possible"));
    seen[at].fetch_add(1, Relaxed);
    code
}

/// What did not happen was not tested: each code was returned by one of the functions whose names begin so.
fn assert_seen(functions: &str, codes: &[i32]) {
    let documented = DOCUMENTED.iter().filter(|(name, _)| name.starts_with(functions));
    let seen: HashSet<i32> = documented
        .flat_map(|(_, Documented { codes, seen })| codes.iter().zip(seen))
        .filter_map(|(&code, seen)| (seen.load(Relaxed) > 0).then_some(code))
        .collect();
    for code in codes {
        assert!(seen.contains(code), "{functions}* never returned 0x{code:08X}");
    }
}

macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: tables and strings outlive the call, user_data the process; a handle may be anything.
        documented(stringify!($function), unsafe { $function($($argument),*) })
    };
}

// The objects that the library is given. They are never freed, so that a late callback meets a flag, not freed memory.

struct Pool<T> {
    items: Vec<T>,
    taken: AtomicUsize,
}

impl<T> Pool<T> {
    fn new(size: usize, make: impl Fn(usize) -> T) -> Self {
        Self { items: (0..size).map(make).collect(), taken: AtomicUsize::new(0) }
    }

    fn take(&self) -> Option<(usize, &T)> {
        let at = self.taken.fetch_add(1, Relaxed);
        Some((at, self.items.get(at)?))
    }

    fn taken(&self) -> &[T] {
        &self.items[..self.taken.load(Relaxed).min(self.items.len())]
    }

    /// One of those taken lately: most of them are still in use.
    fn any(&self) -> Option<&T> {
        let taken = self.taken();
        let lately = taken.len().min(64);
        (lately > 0).then(|| &taken[taken.len() - 1 - random(lately)])
    }
}

struct World {
    homes: Pool<Home>,
    places: [AtomicUsize; PLACES],
    clients: Pool<Client>,
    watchers: Pool<Watcher>,
    logs: Pool<Log>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| World {
    homes: Pool::new(STEPS * scale(), |_| Home::default()),
    places: Default::default(),
    clients: Pool::new(3 * STEPS * scale(), |number| Client { number, ..Client::default() }),
    watchers: Pool::new(STEPS * scale(), |number| Watcher { number, ..Watcher::default() }),
    logs: Pool::new(STEPS * scale(), |_| Log { acts: true, ..Log::default() }),
});

/// What every object that is given away keeps account of.
#[derive(Default)]
struct Given {
    accepted: AtomicBool,
    released: AtomicU32,
    /// A removal has returned S_OK.
    gone: AtomicBool,
    /// Memory as a C program has it: ThreadSanitizer sees whether the library keeps its users apart.
    plain: UnsafeCell<u64>,
}

// SAFETY: `plain` is for one callback at a time, then for whoever removed the object; that this holds is what is
// tested.
unsafe impl Sync for Given {}

impl Given {
    fn called(&self) {
        assert_eq!(self.released.load(Relaxed), 0, "called after its release");
        assert!(!self.gone.load(Relaxed), "called after a removal that returned S_OK");
        self.touch();
    }

    fn release(&self) {
        self.called();
        assert_eq!(self.released.fetch_add(1, Relaxed), 0, "released twice");
    }

    fn touch(&self) {
        // SAFETY: as said at `impl Sync`.
        unsafe { *self.plain.get() += 1 };
    }

    /// Takes in what a removal returned.
    fn removed(&self, code: i32, may_defer: bool) {
        assert!(code != WSRT_S_DEFERRED || may_defer, "a removal that waits, outside callbacks, did not");
        if code == WSRT_S_OK {
            assert_eq!(self.released.load(Relaxed), 1, "a removal returned S_OK before the release had run");
            self.gone.store(true, Relaxed);
            self.touch();
        }
    }

    fn settled(&self) -> bool {
        self.released.load(Relaxed) == u32::from(self.accepted.load(Relaxed))
    }
}

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// This thread is in a callback of the test's.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }

    fn anywhere() -> bool {
        DEPTH.get() > 0
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// One runtime, from its creation to its end.
#[derive(Default)]
struct Home {
    handle: AtomicUsize,
    /// Its removals give up waiting.
    impatient: AtomicBool,
    /// A destroy has returned.
    dead: AtomicBool,
    /// A destroy has returned S_OK.
    ended: AtomicBool,
}

impl Home {
    fn at(place: usize) -> &'static Self {
        &WORLD.homes.items[WORLD.places[place].load(Relaxed)]
    }

    fn any() -> &'static Self {
        Self::at(random(PLACES))
    }

    fn is_shared(&self) -> bool {
        (0..SHARED).any(|place| std::ptr::eq(Self::at(place), self))
    }

    fn runtime(&self) -> *mut ws_runtime {
        self.handle.load(Relaxed) as *mut ws_runtime
    }

    fn may_defer(&self) -> bool {
        self.impatient.load(Relaxed) || Inside::anywhere()
    }

    /// Around every callback of the runtime.
    fn visited(&self) {
        assert!(!self.ended.load(Relaxed), "a callback of a runtime whose destroy had returned S_OK");
    }

    fn create(place: usize) {
        let Some((number, home)) = WORLD.homes.take() else { return };
        let impatient = place >= SHARED && random(2) == 0;
        let options = ws_runtime_options {
            cb_size: size_of::<ws_runtime_options>() as u32,
            flags: WS_RUNTIME_EMBEDDED,
            disconnect_threads: if place < SHARED { place as u32 * 3 } else { random(2) as u32 * 3 },
            disconnect_deadline_ms: if impatient { 1 } else { WSRT_INFINITE },
            drain_timeout_ms: u32::from(impatient),
            connect_timeout_ms: 0,
            reconnect_max_ms: 0,
            linger_ms: 0,
            address: null(),
            host: null(),
        };
        let mut runtime = null_mut();
        assert_eq!(call!(ws_runtime_create(&options, &mut runtime)), WSRT_S_OK);
        assert!(!runtime.is_null());
        home.handle.store(runtime as usize, Relaxed);
        home.impatient.store(impatient, Relaxed);
        let before = WORLD.places[place].swap(number, Relaxed);
        if before != number {
            WORLD.homes.items[before].destroy();
        }
    }

    fn destroy(&self) -> i32 {
        let (code, may_defer) = match random(2) {
            0 => (call!(ws_runtime_destroy(self.runtime())), self.may_defer()),
            _ => (call!(ws_runtime_destroy_nowait(self.runtime())), true),
        };
        assert!(code != WSRT_S_DEFERRED || may_defer, "a destroy that waits, outside callbacks, did not");
        if code == WSRT_S_OK {
            self.ended.store(true, Relaxed);
        }
        if code >= 0 {
            self.dead.store(true, Release);
        }
        code
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Obeys,
    IsSlow,
    Fails,
    IsDead,
    IsNotConnected,
    RemovesItself,
    RemovesAnother,
    AddsAnother,
    DisconnectsOthers,
    Enumerates,
    SetsTheLog,
    EndsItsRuntime,
    EndsItsRuntimeAtOnce,
    RefusesToJoin,
    HasNoWorkspace,
}

const MANNERS: [Manner; 20] = [
    Manner::Obeys,
    Manner::RemovesItself,
    Manner::Obeys,
    Manner::IsSlow,
    Manner::RemovesItself,
    Manner::Fails,
    Manner::IsDead,
    Manner::Obeys,
    Manner::IsNotConnected,
    Manner::RemovesItself,
    Manner::RemovesAnother,
    Manner::Obeys,
    Manner::AddsAnother,
    Manner::DisconnectsOthers,
    Manner::Enumerates,
    Manner::SetsTheLog,
    Manner::EndsItsRuntime,
    Manner::EndsItsRuntimeAtOnce,
    Manner::RefusesToJoin,
    Manner::HasNoWorkspace,
];

#[derive(Default)]
struct Client {
    number: usize,
    home: AtomicUsize,
    given: Given,
    /// Written by the library.
    issued: Given32,
    /// For other threads, once Add has returned; else 0.
    cookie: AtomicU32,
    /// Its runtime had ended before Add was through with asking it.
    is_homeless: AtomicBool,
    being_told: AtomicBool,
    told: AtomicU32,
}

/// Room for a number that the library writes before it calls anybody who reads it.
#[derive(Default)]
struct Given32(UnsafeCell<u32>);

// SAFETY: the library's writes are said to come before every callback that reads; that is what is tested.
unsafe impl Sync for Given32 {}

impl Given32 {
    fn read(&self) -> u32 {
        // SAFETY: as said at `impl Sync`.
        unsafe { *self.0.get() }
    }
}

impl Client {
    /// The client that a callback was given, as long as that runs.
    fn of(user_data: *mut c_void) -> &'static Self {
        // SAFETY: only pointers into the world's pools are given to the library.
        unsafe { &*user_data.cast::<Self>() }
    }

    fn manner(&self) -> Manner {
        MANNERS[self.number % MANNERS.len()]
    }

    fn home(&self) -> &'static Home {
        &WORLD.homes.items[self.home.load(Relaxed)]
    }

    fn workspace(&self) -> usize {
        self.number / MANNERS.len() % 4
    }

    fn name(&self) -> usize {
        self.number / MANNERS.len() % 3
    }

    fn add(home: usize) {
        let Some((_, client)) = WORLD.clients.take() else { return };
        client.home.store(home, Relaxed);
        let runtime = client.home().runtime();
        let table = ws_client {
            cb_size: size_of::<ws_client>() as u32,
            flags: 0,
            user_data: (&raw const *client).cast_mut().cast(),
            get_resource_id: Some(get_resource_id),
            get_resource_display_name: Some(get_resource_display_name),
            issue_disconnect: Some(issue_disconnect),
            release: Some(release_client),
            get_server: None,
            start_program: None,
        };
        let issued = client.issued.0.get();
        let code = match random(2) {
            0 => call!(ws_add_resource(runtime, &table, issued)),
            _ => call!(ws_add_resource_ex(runtime, &table, c"https://log.example/".as_ptr(), null(), issued)),
        };
        let cookie = client.issued.read();
        assert_eq!(code == WSRT_S_OK, cookie != 0, "a cookie for an Add that succeeded, and only for that");
        match client.manner() {
            Manner::RefusesToJoin => assert!([REFUSED, WSRT_E_HANDLE].contains(&code)),
            Manner::HasNoWorkspace => assert!([WSRT_E_INVALIDARG, WSRT_E_HANDLE].contains(&code)),
            _ if client.is_homeless.load(Relaxed) => assert_eq!(code, WSRT_E_HANDLE),
            _ => assert!([WSRT_S_OK, WSRT_E_HANDLE].contains(&code)),
        }
        client.given.accepted.store(code == WSRT_S_OK, Relaxed);
        client.cookie.store(cookie, Relaxed);
    }

    fn remove(&self) -> i32 {
        let (runtime, cookie) = (self.home().runtime(), self.cookie.load(Relaxed));
        let (code, may_defer) = match random(3) {
            0 => (call!(ws_remove_resource(runtime, cookie)), self.home().may_defer()),
            1 => (call!(ws_remove_resource_ex(runtime, cookie, null())), self.home().may_defer()),
            _ => (call!(ws_remove_resource_nowait(runtime, cookie)), true),
        };
        self.given.removed(code, may_defer);
        code
    }

    fn remove_any() {
        let client = WORLD.clients.any().filter(|client| client.cookie.load(Relaxed) != 0);
        client.map(Self::remove);
    }

    fn remove_itself(&self) {
        let (runtime, cookie) = (self.home().runtime(), self.issued.read());
        let code = match random(2) {
            0 => call!(ws_remove_resource(runtime, cookie)),
            _ => call!(ws_remove_resource_nowait(runtime, cookie)),
        };
        assert_ne!(code, WSRT_S_OK, "its own callback runs");
    }

    fn answer(&self) -> i32 {
        if random(4) == 0 {
            self.remove_itself();
        }
        match self.manner() {
            Manner::Obeys | Manner::RefusesToJoin | Manner::HasNoWorkspace | Manner::EndsItsRuntimeAtOnce => {}
            Manner::IsSlow => thread::sleep(Duration::from_millis(2)),
            Manner::Fails => return FAILED,
            Manner::IsDead => return WSRT_RPC_E_DISCONNECTED,
            Manner::IsNotConnected => return WSRT_CO_E_OBJNOTCONNECTED,
            Manner::RemovesItself => self.remove_itself(),
            Manner::RemovesAnother => Self::remove_any(),
            Manner::AddsAnother => Self::add(self.home.load(Relaxed)),
            Manner::DisconnectsOthers if DEPTH.get() < 3 => disconnect(self.home()),
            Manner::DisconnectsOthers => {}
            Manner::Enumerates => enumerate(self.home()),
            Manner::SetsTheLog => Log::set(),
            Manner::EndsItsRuntime if self.home().is_shared() => {}
            Manner::EndsItsRuntime => assert_ne!(self.home().destroy(), WSRT_S_OK, "its own callback runs"),
        }
        WSRT_S_OK
    }
}

fn set_text(text: *mut wsrt_text, string: &str) -> i32 {
    let string = CString::new(string).expect("no NUL inside");
    call!(wsrt_text_set(text, string.as_ptr(), usize::MAX))
}

unsafe extern "C" fn get_resource_id(user_data: *mut c_void, id: *mut wsrt_text) -> i32 {
    let (client, _inside) = (Client::of(user_data), Inside::enter());
    client.home().visited();
    client.given.called();
    let answer = match client.manner() {
        Manner::RefusesToJoin => REFUSED,
        Manner::HasNoWorkspace => WSRT_S_OK,
        Manner::EndsItsRuntimeAtOnce if !client.home().is_shared() => {
            assert_ne!(client.home().destroy(), WSRT_S_OK, "an Add is in its callback");
            set_text(id, "w0")
        }
        _ => set_text(id, &format!("w{}", client.workspace())),
    };
    client.is_homeless.store(client.home().dead.load(Acquire), Relaxed);
    client.home().visited();
    answer
}

unsafe extern "C" fn get_resource_display_name(user_data: *mut c_void, name: *mut wsrt_text) -> i32 {
    let (client, _inside) = (Client::of(user_data), Inside::enter());
    client.home().visited();
    client.given.called();
    match client.name() {
        0 => WSRT_S_OK,
        number => set_text(name, &format!("n{number}")),
    }
}

unsafe extern "C" fn issue_disconnect(user_data: *mut c_void, cookie: ws_cookie) -> i32 {
    let (client, _inside) = (Client::of(user_data), Inside::enter());
    client.home().visited();
    assert!(!client.being_told.swap(true, Relaxed), "told twice at once");
    assert_eq!(cookie, client.issued.read(), "told before its cookie was written, or under another's");
    client.given.called();
    client.told.fetch_add(1, Relaxed);
    let answer = client.answer();
    client.given.called();
    assert!(client.being_told.swap(false, Relaxed), "told twice at once");
    client.home().visited();
    answer
}

unsafe extern "C" fn release_client(user_data: *mut c_void) {
    let (client, _inside) = (Client::of(user_data), Inside::enter());
    client.home().visited();
    assert!(!client.being_told.load(Relaxed), "released while it is told");
    client.given.release();
    if client.number % 16 == 0 {
        Client::remove_any();
    }
    client.home().visited();
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Added,
    Disconnecting,
    Removed,
    Lost,
}

#[derive(Default)]
struct Watcher {
    number: usize,
    home: AtomicUsize,
    given: Given,
    issued: Given32,
    subscription: AtomicU32,
    being_told: AtomicBool,
    events: AtomicU32,
    /// How many registrations it has seen end.
    left: AtomicU32,
    phases: Phases,
}

#[derive(Default)]
struct Phases(UnsafeCell<HashMap<u32, Phase>>);

// SAFETY: used in `changed`, which never runs twice at once for one observer, and when all is over; that this holds is
// what is tested.
unsafe impl Sync for Phases {}

impl Watcher {
    fn home(&self) -> &'static Home {
        &WORLD.homes.items[self.home.load(Relaxed)]
    }

    fn subscribe(place: usize) -> Option<&'static Self> {
        let (_, watcher) = WORLD.watchers.take()?;
        watcher.home.store(WORLD.places[place].load(Relaxed), Relaxed);
        let table = ws_observer {
            cb_size: size_of::<ws_observer>() as u32,
            flags: 0,
            user_data: (&raw const *watcher).cast_mut().cast(),
            changed: Some(changed),
            link_changed: None,
            release: Some(release_watcher),
        };
        let code = call!(ws_subscribe(watcher.home().runtime(), &table, watcher.issued.0.get()));
        let subscription = watcher.issued.read();
        assert_eq!(code == WSRT_S_OK, subscription != 0);
        watcher.given.accepted.store(code == WSRT_S_OK, Relaxed);
        watcher.subscription.store(subscription, Relaxed);
        Some(watcher)
    }

    fn unsubscribe_any() {
        // The first watch the shared runtimes to the end.
        let watcher = WORLD.watchers.any().filter(|watcher| watcher.number >= SHARED);
        let Some(watcher) = watcher.filter(|watcher| watcher.subscription.load(Relaxed) != 0) else { return };
        let (runtime, subscription) = (watcher.home().runtime(), watcher.subscription.load(Relaxed));
        let (code, may_defer) = match random(2) {
            0 => (call!(ws_unsubscribe(runtime, subscription)), watcher.home().may_defer()),
            _ => (call!(ws_unsubscribe_nowait(runtime, subscription)), true),
        };
        watcher.given.removed(code, may_defer);
    }

    fn see(&self, change: u32, info: &ws_resource_info) {
        // SAFETY: as said at `impl Sync`.
        let phases = unsafe { &mut *self.phases.0.get() };
        let before = phases.get(&info.cookie).copied();
        let now = match (change, before) {
            (WS_CHANGE_ADDED, None) => Phase::Added,
            (WS_CHANGE_DISCONNECTING, Some(Phase::Added | Phase::Disconnecting)) => Phase::Disconnecting,
            (WS_CHANGE_REMOVED, Some(Phase::Added | Phase::Disconnecting)) => Phase::Removed,
            // From Added if it was told before this observer heard of it.
            (WS_CHANGE_LOST, Some(Phase::Added | Phase::Disconnecting)) => Phase::Lost,
            _ => panic!("change {change} of cookie {} after {before:?}", info.cookie),
        };
        let leaving = matches!(now, Phase::Removed | Phase::Lost);
        assert_eq!(info.state == WS_STATE_LEAVING, leaving, "change {change} in state {}", info.state);
        phases.insert(info.cookie, now);
        self.left.fetch_add(leaving.into(), Relaxed);
    }
}

unsafe extern "C" fn changed(user_data: *mut c_void, change: u32, info: *const ws_resource_info) {
    // SAFETY: as for clients; info is valid during the call.
    let (watcher, info) = unsafe { (&*user_data.cast::<Watcher>(), &*info) };
    let _inside = Inside::enter();
    watcher.home().visited();
    assert!(!watcher.being_told.swap(true, Relaxed), "an observer is told twice at once");
    watcher.given.called();
    check_strings(info.workspace_id, info.display_name);
    watcher.see(change, info);
    let events = watcher.events.fetch_add(1, Relaxed);
    if watcher.number >= SHARED && watcher.number % 4 == 0 && events == 20 {
        let code = call!(ws_unsubscribe(watcher.home().runtime(), watcher.issued.read()));
        assert_ne!(code, WSRT_S_OK, "unsubscribed inside its own callback");
    }
    if events % 64 == 63 {
        Client::remove_any();
    }
    watcher.given.called();
    assert!(watcher.being_told.swap(false, Relaxed), "an observer is told twice at once");
    watcher.home().visited();
}

unsafe extern "C" fn release_watcher(user_data: *mut c_void) {
    // SAFETY: as for clients.
    let watcher = unsafe { &*user_data.cast::<Watcher>() };
    let _inside = Inside::enter();
    watcher.home().visited();
    assert!(!watcher.being_told.load(Relaxed), "an observer is released while it is told");
    watcher.given.release();
}

#[derive(Default)]
struct Log {
    /// Calls back while it is written to.
    acts: bool,
    accepted: AtomicBool,
    released: AtomicU32,
    writing: AtomicU32,
    written: AtomicU32,
}

impl Log {
    fn settled(&self) -> bool {
        self.released.load(Relaxed) == u32::from(self.accepted.load(Relaxed))
    }

    fn set_as(&self, max_level: u32) -> i32 {
        let table = wsrt_log {
            cb_size: size_of::<wsrt_log>() as u32,
            flags: 0,
            max_level,
            reserved: 0,
            user_data: (&raw const *self).cast_mut().cast(),
            write: Some(write_log),
            release: Some(release_log),
        };
        self.accepted.store(true, Relaxed);
        call!(wsrt_set_log(&table))
    }

    fn set() {
        let Some((_, log)) = WORLD.logs.take() else { return };
        let code = match random(8) {
            0 => call!(wsrt_set_log(null())),
            _ => log.set_as(random(1 + WSRT_LOG_TRACE as usize) as u32),
        };
        assert!(code != WSRT_S_DEFERRED || Inside::anywhere(), "setting the log waits outside callbacks");
    }
}

unsafe extern "C" fn write_log(user_data: *mut c_void, _: u32, _: *const c_char, message: *const c_char) {
    // SAFETY: as for clients; the message is valid during the call.
    let (log, message) = unsafe { (&*user_data.cast::<Log>(), CStr::from_ptr(message)) };
    let _inside = Inside::enter();
    log.writing.fetch_add(1, Relaxed);
    assert_eq!(log.released.load(Relaxed), 0, "a log is written to after its release: {message:?}");
    log.written.fetch_add(1, Relaxed);
    match random(64) {
        0 if log.acts => Log::set(),
        1 if log.acts => Client::remove_any(),
        _ => {}
    }
    log.writing.fetch_sub(1, Relaxed);
}

unsafe extern "C" fn release_log(user_data: *mut c_void) {
    // SAFETY: as for clients.
    let log = unsafe { &*user_data.cast::<Log>() };
    let _inside = Inside::enter();
    assert_eq!(log.writing.load(Relaxed), 0, "a log is released while it is written to");
    assert_eq!(log.released.fetch_add(1, Relaxed), 0, "a log is released twice");
}

fn check_strings(workspace: *const c_char, name: *const c_char) {
    // SAFETY: both are valid during the callback that got them.
    let (workspace, name) = unsafe { (CStr::from_ptr(workspace), CStr::from_ptr(name)) };
    assert!([c"w0", c"w1", c"w2", c"w3"].contains(&workspace), "workspace {workspace:?}");
    assert!([c"", c"n1", c"n2"].contains(&name), "name {name:?}");
}

/// What a visitor has been shown.
struct Shown {
    home: &'static Home,
    newest: Option<u32>,
    stops_after: usize,
    with: i32,
}

impl Shown {
    fn to(home: &'static Home) -> Self {
        Self { home, newest: None, stops_after: random(16), with: [WSRT_S_FALSE, STOPPED][random(2)] }
    }

    /// Takes in one more, which must be newer than the one before.
    fn next(&mut self, cookie: u32) -> i32 {
        self.home.visited();
        if let Some(before) = self.newest.replace(cookie) {
            assert!(cookie.wrapping_sub(before) < 1 << 31, "{cookie} is shown after {before}");
            assert_ne!(cookie, before, "shown twice");
        }
        if random(16) == 0 {
            Client::remove_any();
        }
        self.home.visited();
        match self.stops_after.checked_sub(1) {
            Some(left) => self.stops_after = left,
            None => return self.with,
        }
        WSRT_S_OK
    }
}

unsafe extern "C" fn show_resource(user_data: *mut c_void, info: *const ws_resource_info) -> i32 {
    // SAFETY: the caller of the enumeration passed a `Shown`; info is valid during the call.
    let (shown, info) = unsafe { (&mut *user_data.cast::<Shown>(), &*info) };
    let _inside = Inside::enter();
    check_strings(info.workspace_id, info.display_name);
    assert!([WS_STATE_CONNECTED, WS_STATE_DISCONNECTING, WS_STATE_LEAVING].contains(&info.state));
    shown.next(info.cookie)
}

unsafe extern "C" fn show_report(user_data: *mut c_void, report: *const ws_disconnect_report) -> i32 {
    // SAFETY: the caller of the disconnect passed a `Shown`; the report is valid during the call.
    let (shown, report) = unsafe { (&mut *user_data.cast::<Shown>(), &*report) };
    let _inside = Inside::enter();
    check_strings(report.workspace_id, report.display_name);
    let expected: &[i32] = match report.outcome {
        WS_OUTCOME_OBEYED | WS_OUTCOME_SKIPPED | WS_OUTCOME_NO_ANSWER => &[WSRT_S_OK],
        WS_OUTCOME_FAILED => &[FAILED],
        WS_OUTCOME_DROPPED => &[WSRT_RPC_E_DISCONNECTED, WSRT_CO_E_OBJNOTCONNECTED],
        outcome => panic!("outcome {outcome}"),
    };
    assert!(expected.contains(&report.result), "outcome {} with 0x{:08X}", report.outcome, report.result);
    shown.next(report.cookie)
}

// What the threads do.

fn enumerate(home: &'static Home) {
    let mut shown = Shown::to(home);
    call!(ws_enum_resources(home.runtime(), Some(show_resource), (&raw mut shown).cast()));
}

fn disconnect(home: &'static Home) {
    let runtime = home.runtime();
    let cookie = WORLD.clients.any().map_or(0, |client| client.cookie.load(Relaxed));
    let workspace = [c"w0", c"w1", c"w2", c"w3", c"w4"][random(5)].as_ptr();
    let name = [c"n1", c"n2", c"n3"][random(3)].as_ptr();
    let all = ws_disconnect {
        cb_size: size_of::<ws_disconnect>() as u32,
        flags: WS_DISCONNECT_ALL,
        cookie: 0,
        // A call that is given up on a shared runtime could outlast the workers.
        deadline_ms: if home.is_shared() { 0 } else { [0, 1, WSRT_INFINITE][random(3)] },
        workspace_id: null(),
        friendly_name: null(),
    };
    let some = ws_disconnect { flags: 0, ..all };
    let mut shown = Shown::to(home);
    let mut report = |selection: ws_disconnect| {
        let visitor: ws_disconnect_visitor = if random(4) == 0 { None } else { Some(show_report) };
        call!(ws_disconnect_ex(runtime, &selection, visitor, (&raw mut shown).cast()))
    };
    match random(9) {
        0 | 1 => call!(ws_disconnect_resource(runtime, cookie)),
        2 | 3 => call!(ws_disconnect_workspace(runtime, workspace)),
        4 => call!(ws_disconnect_workspace_by_friendly_name(runtime, name)),
        5 => report(ws_disconnect { cookie, ..some }),
        6 => report(ws_disconnect { workspace_id: workspace, ..some }),
        7 => report(ws_disconnect { friendly_name: name, ..some }),
        _ => report(all),
    };
}

/// Names of runtimes that have ended, and of none at all.
fn use_stale() {
    let ended = WORLD.homes.any().filter(|home| home.dead.load(Acquire)).map(Home::runtime);
    for runtime in [ended.unwrap_or_default(), random(usize::MAX) as *mut ws_runtime] {
        let codes = [
            call!(ws_remove_resource(runtime, 1)),
            call!(ws_disconnect_workspace(runtime, c"w0".as_ptr())),
            call!(ws_enum_resources(runtime, Some(show_resource), null_mut())),
            call!(ws_unsubscribe(runtime, 1)),
        ];
        assert_eq!(codes, [WSRT_E_HANDLE; 4], "runtime {runtime:p}");
        if !runtime.is_null() {
            assert_eq!(call!(ws_runtime_destroy_nowait(runtime)), WSRT_E_HANDLE);
        }
    }
}

fn step() {
    match random(32) {
        0..12 => Client::add(WORLD.places[random(PLACES)].load(Relaxed)),
        12..18 => Client::remove_any(),
        18..25 => disconnect(Home::any()),
        25 => enumerate(Home::any()),
        26 => drop(Watcher::subscribe(random(PLACES))),
        27 => Watcher::unsubscribe_any(),
        28 => Log::set(),
        29 => use_stale(),
        _ => Home::create(SHARED + random(PLACES - SHARED)),
    }
}

/// The shared runtimes at their end: whoever watched from the beginning has seen it all.
fn close_shared(place: usize, watcher: &Watcher) {
    let ours = || {
        let clients = WORLD.clients.taken().iter();
        clients.filter(move |client| std::ptr::eq(client.home(), Home::at(place)) && client.cookie.load(Relaxed) != 0)
    };
    for client in ours() {
        client.remove();
    }
    wait_for("the end of every registration", || watcher.left.load(Relaxed) as usize == ours().count());
    assert_eq!(call!(ws_runtime_destroy(Home::at(place).runtime())), WSRT_S_OK);
    Home::at(place).ended.store(true, Relaxed);
    assert!(watcher.given.settled(), "S_OK from destroy: every release has run");
    // SAFETY: the runtime has ended, so nobody else uses them.
    let phases = unsafe { &*watcher.phases.0.get() };
    for client in ours() {
        let dead = matches!(client.manner(), Manner::IsDead | Manner::IsNotConnected);
        match phases.get(&client.cookie.load(Relaxed)) {
            Some(Phase::Removed) => {}
            Some(Phase::Lost) if dead => {}
            other => panic!("{:?} of runtime {place} was seen as {other:?}", client.manner()),
        }
    }
    assert_eq!(phases.len(), ours().count(), "an observer sees every registration, and no other");
    let told: u32 = ours().map(|client| client.told.load(Relaxed)).sum();
    assert!(told > 0, "nobody of runtime {place} was ever told");
}

#[test]
fn all_functions_at_once() {
    let _turn = alone();
    // Home 0 is a place's before its first.
    Home::create(0);
    (1..PLACES).for_each(|place| {
        WORLD.places[place].store(WORLD.homes.taken().len(), Relaxed);
        Home::create(place);
    });
    let watchers: Vec<&Watcher> = (0..SHARED).filter_map(Watcher::subscribe).collect();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| (0..STEPS * scale()).for_each(|_| step()));
        }
    });

    for place in SHARED..PLACES {
        Home::at(place).destroy();
    }
    watchers.iter().enumerate().for_each(|(place, watcher)| close_shared(place, watcher));
    assert_eq!(call!(wsrt_set_log(null())), WSRT_S_OK);
    // Calls that were given up may still be on their way on threads of the library.
    let World { clients, watchers, logs, .. } = &*WORLD;
    wait_for("every release, once", || {
        let given = clients.taken().iter().map(|client| &client.given);
        let given = given.chain(watchers.taken().iter().map(|watcher| &watcher.given));
        given.into_iter().all(Given::settled) && logs.taken().iter().all(|log| log.settled())
    });

    for manner in MANNERS {
        let mut told =
            clients.taken().iter().filter(|client| client.manner() == manner && client.told.load(Relaxed) > 0);
        let joins = !matches!(manner, Manner::RefusesToJoin | Manner::HasNoWorkspace);
        assert_eq!(told.next().is_some(), joins, "{manner:?}");
    }
    assert!(logs.taken().iter().any(|log| log.written.load(Relaxed) > 0), "no log was ever written to");
    assert_seen("ws_add", &[WSRT_S_OK, WSRT_E_HANDLE, WSRT_E_INVALIDARG, REFUSED]);
    assert_seen("ws_remove", &[WSRT_S_OK, WSRT_S_DEFERRED, WSRT_E_HANDLE, WSRT_E_INVALIDARG]);
    let told =
        [WSRT_S_OK, WSRT_S_FALSE, WSRT_S_DEFERRED, WSRT_E_ABORT, WSRT_E_HANDLE, WSRT_E_INVALIDARG, FAILED, STOPPED];
    assert_seen("ws_disconnect", &told);
    assert_seen("ws_enum", &[WSRT_S_OK, WSRT_S_FALSE, WSRT_E_HANDLE, STOPPED]);
    assert_seen("ws_subscribe", &[WSRT_S_OK, WSRT_E_HANDLE]);
    assert_seen("ws_unsubscribe", &[WSRT_S_OK, WSRT_E_HANDLE, WSRT_E_INVALIDARG]);
    assert_seen("ws_runtime_destroy", &[WSRT_S_OK, WSRT_S_DEFERRED, WSRT_E_HANDLE]);
}

fn create_runtime() -> *mut ws_runtime {
    let mut runtime = null_mut();
    assert_eq!(call!(ws_runtime_create(null(), &mut runtime)), WSRT_S_OK);
    runtime
}

unsafe extern "C" fn get_w0(_: *mut c_void, id: *mut wsrt_text) -> i32 {
    set_text(id, "w0")
}

unsafe extern "C" fn fail(_: *mut c_void, _: ws_cookie) -> i32 {
    FAILED
}

/// A client that is told and fails makes a warning.
#[test]
fn of_logs_set_at_one_time_one_stays_and_hears() {
    let _turn = alone();
    let (runtime, mut cookie) = (create_runtime(), 0);
    let client = ws_client {
        cb_size: size_of::<ws_client>() as u32,
        flags: 0,
        user_data: null_mut(),
        get_resource_id: Some(get_w0),
        get_resource_display_name: None,
        issue_disconnect: Some(fail),
        release: None,
        get_server: None,
        start_program: None,
    };
    assert_eq!(call!(ws_add_resource(runtime, &client, &mut cookie)), WSRT_S_OK);
    let rounds: Vec<[Log; 2]> = (0..30_000 * scale()).map(|_| Default::default()).collect();
    let levels = [WSRT_LOG_ERROR, WSRT_LOG_WARN];
    // Sleepers would wake one after the other.
    let arrived = AtomicUsize::new(0);
    let meet = || {
        let all = arrived.fetch_add(1, AcqRel) / 2 * 2 + 2;
        while arrived.load(Acquire) < all {
            thread::yield_now();
        }
    };
    let set_all = |which: usize, check: &dyn Fn(&[Log; 2])| {
        for logs in &rounds {
            meet();
            logs[which].set_as(levels[which]);
            meet();
            check(logs);
        }
    };
    // Counted and not asserted: the other thread would wait for ever for one that has panicked.
    let wrong = AtomicUsize::new(0);
    let hears = |logs: &[Log; 2]| {
        let code = call!(ws_disconnect_resource(runtime, cookie));
        let staying = logs.iter().zip(levels).filter(|(log, _)| log.released.load(Relaxed) == 0);
        let heard = staying.map(|(log, level)| (log.written.load(Relaxed) > 0, level)).collect::<Vec<_>>();
        let right = [(false, WSRT_LOG_ERROR), (true, WSRT_LOG_WARN)].map(|one| heard == [one]).contains(&true);
        wrong.fetch_add((code != FAILED || !right).into(), Relaxed);
    };
    thread::scope(|scope| {
        scope.spawn(|| set_all(0, &|_| ()));
        set_all(1, &hears);
    });
    assert_eq!(wrong.load(Relaxed), 0, "times that not one log stayed, or not as its level says");
    assert_eq!(call!(wsrt_set_log(null())), WSRT_S_OK);
    assert!(rounds.iter().flatten().all(Log::settled));
    assert_eq!(call!(ws_runtime_destroy(runtime)), WSRT_S_OK);
}

#[test]
fn no_two_live_runtimes_have_one_name() {
    let _turn = alone();
    let live = Mutex::new(HashSet::new());
    let names = || live.lock().unwrap_or_else(PoisonError::into_inner);
    let churn = || {
        let mut ours = VecDeque::new();
        for _ in 0..10_000 * scale() {
            let runtime = create_runtime();
            assert!(names().insert(runtime as usize), "{runtime:p} names two live runtimes");
            ours.push_back(runtime);
            if ours.len() > random(8) {
                let Some(runtime) = ours.pop_front() else { continue };
                names().remove(&(runtime as usize));
                assert_eq!(call!(ws_runtime_destroy(runtime)), WSRT_S_OK);
            }
        }
        ours.into_iter().for_each(|runtime| assert_eq!(call!(ws_runtime_destroy(runtime)), WSRT_S_OK));
    };
    thread::scope(|scope| (0..WORKERS).for_each(|_| drop(scope.spawn(churn))));
}

fn resident_kib() -> u64 {
    let status = support::read("/proc/self/status".as_ref());
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number of kB")
}

#[test]
fn a_million_runtimes_leave_no_memory_behind() {
    let _turn = alone();
    let churn = |times: usize| {
        for _ in 0..times {
            assert_eq!(call!(ws_runtime_destroy(create_runtime())), WSRT_S_OK);
        }
    };
    // A sanitizer's memory is its own; then the churn alone is of use.
    let measured = std::env::var_os("WSRT_STRESS_MEMORY").is_none_or(|value| value != "unmeasured");
    churn(10_000);
    let before = resident_kib();
    churn(if measured { 1_000_000 } else { 10_000 } * scale());
    let grown = resident_kib().saturating_sub(before);
    assert!(!measured || grown < 512, "{grown} KiB more after a million runtimes");
}

/// That ThreadSanitizer is at work in this very program, for scripts/tsan.sh: one is to be found, the other is not.
mod planted {
    use std::sync::Mutex;
    use std::thread;

    #[test]
    #[ignore = "a data race"]
    fn race() {
        static mut COUNT: u32 = 0;
        // SAFETY: none; two threads write to one place.
        let count = || (0..1_000).for_each(|_| unsafe { COUNT += 1 });
        thread::scope(|scope| [scope.spawn(count), scope.spawn(count)].map(drop));
    }

    #[test]
    fn no_race() {
        static COUNT: Mutex<u32> = Mutex::new(0);
        let count = || (0..1_000).for_each(|_| *COUNT.lock().expect("no panic") += 1);
        thread::scope(|scope| [scope.spawn(count), scope.spawn(count)].map(drop));
        assert_eq!(*COUNT.lock().expect("no panic"), 2_000);
    }
}
