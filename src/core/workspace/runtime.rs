//! One workspace runtime: its life, its lock, and the rule that no lock is held while foreign code runs.
//!
//! A runtime lives in a cell that is used again. Every operation names the life it means and is refused when the
//! lock shows another one. The cell is free again when the last operation and the last callback have left.

use super::disconnect::FanOuts;
use super::observers::{Change, Observer, Observers, Owner, Watcher};
use super::registry::{Chain, Key, MOST, Registry};
use super::{Client, Config, Details, Info, Standing};
use crate::core::caller::{Quiescence, Wait};
use crate::core::env::{Env, Level};
use crate::core::error::Error;
use crate::sync::{Condvar, Mutex, MutexGuard};
use std::slice;
use std::sync::Arc;

/// How many entries one holding of the lock may visit.
pub(super) const BATCH: usize = 1024;

pub(crate) struct Runtime<C: Client> {
    pub(super) state: Mutex<State<C>>,
    /// Something left: a callback, a release, an operation. Signalled only while somebody waits.
    pub(super) idle: Condvar,
    pub(super) env: Env,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Vacant,
    Open,
    Closing,
}

pub(super) struct State<C: Client> {
    life: u64,
    phase: Phase,
    pub(super) config: Config,
    /// The runtime's handle, which tells its fan-outs from other runtimes'.
    pub(super) name: u64,
    pub(super) registry: Registry<C>,
    pub(super) observers: Observers,
    pub(super) fan_outs: FanOuts,
    /// Foreign calls under way on behalf of this runtime.
    pub(super) in_flight: u32,
    /// Operations that let go of the lock and come back to it.
    pub(super) pins: u32,
    pub(super) waiting: u32,
}

impl<C: Client> State<C> {
    /// Nobody's state. The numbering of fan-outs goes on over all lives: a thread that starts late must find none.
    fn vacant(fan_outs: FanOuts) -> Self {
        Self {
            life: 0,
            phase: Phase::Vacant,
            config: Config::default(),
            name: 0,
            registry: Registry::new(1),
            observers: Observers::new(),
            fan_outs,
            in_flight: 0,
            pins: 0,
            waiting: 0,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.phase != Phase::Open
    }

    pub(super) fn post(&mut self, change: Change, key: Key, now_ms: u64) {
        self.observers.post(change, key, &self.registry, now_ms);
    }
}

impl<C: Client> Runtime<C> {
    pub(crate) fn new(env: Env) -> Self {
        Self { state: Mutex::new(State::vacant(FanOuts::default())), idle: Condvar::new(), env }
    }

    pub(crate) fn is_vacant(&self) -> bool {
        self.state.lock().phase == Phase::Vacant
    }

    /// Begins a life. The caller owns the vacant cell; `name` is the handle under which it will be known.
    pub(crate) fn begin(&self, life: u64, name: u64, first_cookie: u32, config: Config) {
        let mut state = self.state.lock();
        *state = State {
            life,
            phase: Phase::Open,
            config,
            name,
            registry: Registry::new(first_cookie),
            ..State::vacant(std::mem::take(&mut state.fan_outs))
        };
    }

    /// Ends a life: releases every client without telling it (S-41), closes every observer, and waits, if it may,
    /// until no callback is left. For the one caller whose handle ended the life.
    pub(crate) fn end(&self, life: u64, may_wait: bool) -> Quiescence {
        let Ok((pin, mut state)) = self.pinned(life) else {
            return Quiescence::Reached;
        };
        state.phase = Phase::Closing;
        let wait = self.wait(&state, may_wait);
        let observers = std::mem::replace(&mut state.observers, Observers::new());
        let walk = state.registry.begin_walk(Chain::All);
        drop(state);

        while self.release_batch(walk) {}
        let mut observers_left = false;
        for observer in observers.into_all() {
            observers_left |= observer.end(wait) == Quiescence::Deferred;
        }

        let mut state = self.state.lock();
        state.registry.end_walk(walk);
        let (state, drained) = self.wait_until(state, wait, |state| state.in_flight == 0);
        drop(state);
        drop(pin);
        if drained && !observers_left { Quiescence::Reached } else { Quiescence::Deferred }
    }

    /// Registers a client. `ask` runs foreign code, as long as the runtime is open, and gives workspace and display
    /// name; `issued` sees the cookie before anybody can disconnect it.
    pub(crate) fn add(
        &self,
        life: u64,
        details: Option<Box<Details>>,
        ask: impl FnOnce(&dyn Fn() -> bool) -> Result<(String, String), Error>,
        admit: impl FnOnce() -> C,
        issued: impl FnOnce(u32),
    ) -> Result<(), Error> {
        let (pin, mut state) = self.pinned(life)?;
        state.in_flight += 1;
        drop(state);
        let flight = Flight(self);
        let asked = ask(&|| self.enter(life).is_ok());
        let now_ms = (self.env.now_ms)();

        let mut state = self.state.lock();
        flight.land(&mut state);
        pin.leave(&mut state);
        if state.is_closing() {
            return Err(Error::Closed);
        }
        if state.registry.is_full() {
            return Err(Error::Full(MOST));
        }
        let (workspace, name) = asked?;
        let key = state.registry.add(admit(), (&workspace, &name), details, now_ms, issued);
        state.post(Change::Added, key, now_ms);
        self.deliver(state);
        Ok(())
    }

    /// Unlinks a registration. On `Reached` its release has run and nothing of it runs.
    pub(crate) fn remove(&self, life: u64, cookie: u32, may_wait: bool) -> Result<Quiescence, Error> {
        let mut state = self.enter(life)?;
        let key = state.registry.find(cookie).ok_or(Error::UnknownCookie(cookie))?;
        let now_ms = (self.env.now_ms)();
        self.retire(&mut state, key, Change::Removed, now_ms);
        let observers = state.observers.all();
        if state.registry.get(key).is_some_and(|entry| entry.telling) {
            let wait = self.wait(&state, may_wait);
            state.pins += 1;
            drop(state);
            self.tell(&observers);
            let state = self.state.lock();
            let gone = |state: &State<C>| state.registry.get(key).is_none();
            let (state, drained) = self.wait_until(state, wait, gone);
            self.unpin(state);
            return Ok(if drained { Quiescence::Reached } else { Quiescence::Deferred });
        }
        self.finish(state, key);
        self.tell(&observers);
        Ok(Quiescence::Reached)
    }

    /// Shows every registration there is now, oldest first, until `show` breaks.
    pub(crate) fn enumerate(
        &self,
        life: u64,
        mut show: impl FnMut(&Info) -> Option<i32>,
    ) -> Result<Option<i32>, Error> {
        let (_pin, mut state) = self.pinned(life)?;
        let walk = state.registry.begin_walk(Chain::All);
        drop(state);
        let infos = self.collect(walk);
        self.visit(infos?.iter(), |info| show(info))
    }

    pub(crate) fn subscribe(
        &self,
        life: u64,
        admit: impl FnOnce() -> (Box<dyn Watcher>, Owner),
        issued: impl FnOnce(u32),
    ) -> Result<(), Error> {
        let (_pin, mut state) = self.pinned(life)?;
        let (watcher, owner) = admit();
        let observer = Observer::new(watcher, owner);
        let walk = state.registry.begin_walk(Chain::All);
        let end = state.registry.next_serial();
        let id = state.observers.seat(observer.clone(), walk, end);
        issued(id);
        loop {
            let now_ms = (self.env.now_ms)();
            let State { observers, registry, .. } = &mut *state;
            if observers.catch_up(id, registry, now_ms, BATCH) {
                break;
            }
            drop(state);
            // As it goes: what is there may be more than an observer may let wait.
            self.tell(slice::from_ref(&observer));
            state = self.state.lock();
        }
        drop(state);
        self.tell(&[observer]);
        Ok(())
    }

    pub(crate) fn unsubscribe(&self, life: u64, id: u32, may_wait: bool) -> Result<Quiescence, Error> {
        let mut state = self.enter(life)?;
        let wait = self.wait(&state, may_wait);
        let State { observers, registry, .. } = &mut *state;
        let observer = observers.unseat(id, registry).ok_or(Error::UnknownSubscription(id))?;
        drop(state);
        let closed = observer.close(wait).ok_or(Error::UnknownSubscription(id));
        if let Ok(mut state) = self.enter(life) {
            state.observers.sweep();
        }
        closed
    }

    /// Panics while the lock is held, to show that the object outlives it.
    #[cfg(debug_assertions)]
    pub(crate) fn panic_inside(&self, life: u64) -> Result<(), Error> {
        let _state = self.enter(life)?;
        panic!("asked for by the test of the border");
    }

    /// The lock, if that life is open.
    pub(super) fn enter(&self, life: u64) -> Result<MutexGuard<'_, State<C>>, Error> {
        let state = self.state.lock();
        if state.life != life || state.is_closing() {
            return Err(Error::Closed);
        }
        Ok(state)
    }

    /// As `enter`, for an operation that lets go of the lock and comes back: the cell is not used again meanwhile.
    /// The pin comes first, so that it is dropped last: it takes the lock.
    pub(super) fn pinned(&self, life: u64) -> Result<(Pin<'_, C>, MutexGuard<'_, State<C>>), Error> {
        let mut state = self.enter(life)?;
        state.pins += 1;
        Ok((Pin(self), state))
    }

    pub(super) fn retire(&self, state: &mut State<C>, key: Key, change: Change, now_ms: u64) {
        state.registry.retire(key, now_ms);
        state.post(change, key, now_ms);
    }

    /// Lets go of the lock, then tells the observers what was posted.
    pub(super) fn deliver(&self, state: MutexGuard<'_, State<C>>) {
        let observers = state.observers.all();
        drop(state);
        self.tell(&observers);
    }

    pub(super) fn tell(&self, observers: &[Arc<Observer>]) {
        observers.iter().for_each(|observer| observer.deliver(self.env));
    }

    /// Ends a retired entry in which nothing runs: release first, unlinked when that has run.
    pub(super) fn finish(&self, mut state: MutexGuard<'_, State<C>>, key: Key) {
        let details = state.registry.details_of(key).cloned();
        let client = state.registry.disown(key);
        state.in_flight += 1;
        drop(state);
        let flight = Flight(self);
        drop(client);
        if let Some(Details { event_log_upload_address, .. }) = details {
            let text = format_args!("released, its event log was to go to \"{event_log_upload_address}\"");
            (self.env.log)(Level::Debug, text);
        }
        let mut state = self.state.lock();
        state.registry.unlink(key);
        flight.land(&mut state);
        self.settle(&mut state);
    }

    /// Called whenever something has left: wakes those who wait, frees the cell when nobody is left.
    pub(super) fn settle(&self, state: &mut State<C>) {
        if state.waiting > 0 {
            self.idle.notify_all();
        }
        if state.phase == Phase::Closing && state.in_flight == 0 && state.pins == 0 {
            *state = State::vacant(std::mem::take(&mut state.fan_outs));
        }
    }

    /// Waits until `done`, as long as `wait` allows; tells whether it is done.
    pub(super) fn wait_until<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<C>>,
        wait: Wait,
        done: impl Fn(&State<C>) -> bool,
    ) -> (MutexGuard<'a, State<C>>, bool) {
        let Ok(deadline) = wait.deadline() else {
            let done = done(&state);
            return (state, done);
        };
        state.waiting += 1;
        let mut late = false;
        while !done(&state) && !late {
            (state, late) = self.idle.wait(state, deadline);
        }
        state.waiting -= 1;
        let done = done(&state);
        (state, done)
    }

    /// Shows items one by one with no lock held, for as long as the runtime lives.
    pub(super) fn visit<'i, T: 'i>(
        &self,
        items: impl Iterator<Item = &'i T>,
        mut show: impl FnMut(&T) -> Option<i32>,
    ) -> Result<Option<i32>, Error> {
        for item in items {
            let mut state = self.state.lock();
            if state.is_closing() {
                return Err(Error::Aborted);
            }
            state.in_flight += 1;
            drop(state);
            let flight = Flight(self);
            let stop = show(item);
            let mut state = self.state.lock();
            flight.land(&mut state);
            self.settle(&mut state);
            if stop.is_some() {
                return Ok(stop);
            }
        }
        Ok(None)
    }

    fn wait(&self, state: &State<C>, may_wait: bool) -> Wait {
        match state.config.drain_timeout {
            _ if !may_wait => Wait::Never,
            None => Wait::Forever,
            Some(time) => Wait::up_to(time),
        }
    }

    fn unpin(&self, mut state: MutexGuard<'_, State<C>>) {
        state.pins -= 1;
        self.settle(&mut state);
    }

    /// What a walk shows, taken in short holdings of the lock.
    fn collect(&self, walk: usize) -> Result<Vec<Info>, Error> {
        let mut infos: Vec<Info> = Vec::new();
        loop {
            let room = infos.try_reserve(BATCH);
            let mut state = self.state.lock();
            if room.is_err() || state.is_closing() {
                state.registry.end_walk(walk);
                return Err(room.map_or(Error::OutOfMemory("the list"), |()| Error::Aborted));
            }
            let now_ms = (self.env.now_ms)();
            for _ in 0..BATCH {
                let Some(key) = state.registry.step(walk) else {
                    state.registry.end_walk(walk);
                    return Ok(infos);
                };
                infos.push(state.registry.info(key, now_ms));
            }
        }
    }

    /// Releases some of what a destroyed runtime held; false when the walk is through.
    fn release_batch(&self, walk: usize) -> bool {
        let mut clients: Vec<Option<C>> = Vec::new();
        let mut state = self.state.lock();
        let now_ms = (self.env.now_ms)();
        let mut more = true;
        for _ in 0..BATCH {
            let Some(key) = state.registry.step(walk) else {
                more = false;
                break;
            };
            let Some(entry) = state.registry.get(key) else { continue };
            let (standing, telling) = (entry.standing, entry.telling);
            // A removed one is its last callback's, or its remover's, to finish.
            if standing != Standing::Leaving {
                state.registry.retire(key, now_ms);
                if !telling {
                    clients.push(state.registry.unlink(key));
                }
            }
        }
        state.in_flight += 1;
        drop(state);
        let flight = Flight(self);
        drop(clients);
        let mut state = self.state.lock();
        flight.land(&mut state);
        self.settle(&mut state);
        more
    }
}

/// An operation under way: the cell is not used again before it has left.
pub(super) struct Pin<'a, C: Client>(&'a Runtime<C>);

impl<C: Client> Pin<'_, C> {
    /// Leaves under a lock that is held already.
    fn leave(self, state: &mut State<C>) {
        state.pins -= 1;
        self.0.settle(state);
        std::mem::forget(self);
    }
}

impl<C: Client> Drop for Pin<'_, C> {
    fn drop(&mut self) {
        self.0.unpin(self.0.state.lock());
    }
}

/// A foreign call under way, counted also when Rust code around it panics.
struct Flight<'a, C: Client>(&'a Runtime<C>);

impl<C: Client> Flight<'_, C> {
    fn land(self, state: &mut State<C>) {
        state.in_flight -= 1;
        std::mem::forget(self);
    }
}

impl<C: Client> Drop for Flight<'_, C> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.in_flight -= 1;
        self.0.settle(&mut state);
    }
}
