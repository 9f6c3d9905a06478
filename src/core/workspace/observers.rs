//! Who is told of changes, in which order, on which thread.
//!
//! Changes are queued under the registry's lock, so their order is that of what happened; whichever thread finds an
//! observer with events and nobody delivering delivers them, with no lock held: its own and a bounded number of others',
//! and a thread of the library goes on from there. An observer is therefore never called twice at once, and one that
//! never returns holds up one thread. May not: call foreign code under a lock.

use super::registry::{Key, Registry};
use super::{Client, Info, Standing};
use crate::core::caller::{Quiescence, Wait};
use crate::core::env::{Env, Level};
use crate::core::gate::Gate;
use crate::sync::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// An observer that lets more than this wait is unsubscribed: memory is not its to fill.
const MOST_PENDING: usize = if cfg!(test) { 1 << 12 } else { 1 << 20 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Disconnecting,
    Removed,
    /// The client was found dead and dropped.
    Lost,
}

/// The foreign side of an observer.
pub(crate) trait Watcher: Send + Sync + 'static {
    fn changed(&self, change: Change, info: &Info);
}

/// Dropped exactly once, after the last call: the table's `release`.
pub(crate) type Owner = Box<dyn Send>;

/// How many changes of others a thread delivers at most beside its own.
const TURN: usize = 1024;

type Event = (Change, Info);

pub(super) struct Observer {
    gate: Gate<Box<dyn Watcher>, Owner>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    delivering: bool,
    overrun: bool,
}

impl Observer {
    pub(super) fn new(watcher: Box<dyn Watcher>, owner: Owner) -> Arc<Self> {
        Arc::new(Self { gate: Gate::new(watcher, owner), queue: Mutex::default() })
    }

    pub(super) fn close(&self, wait: Wait) -> Option<Quiescence> {
        self.gate.close(wait)
    }

    /// As `close`, whoever was first.
    pub(super) fn end(&self, wait: Wait) -> Quiescence {
        self.gate.close(wait).unwrap_or_else(|| self.gate.drain(wait))
    }

    /// Delivers what is pending, unless another thread is at it: then that thread will. What comes on meanwhile is
    /// for a thread of the library, once it has become more than a caller should be kept for.
    pub(super) fn deliver(self: &Arc<Self>, env: Env) {
        let pending = {
            let mut queue = self.queue.lock();
            if std::mem::replace(&mut queue.delivering, true) {
                return;
            }
            queue.events.len()
        };
        if self.turn(pending.max(TURN)) {
            return self.leave(env);
        }
        let rest = self.clone();
        let deliver_rest = move || {
            rest.turn(usize::MAX);
            rest.leave(env);
        };
        if !(env.spawn)(Box::new(deliver_rest)) {
            self.turn(usize::MAX);
            self.leave(env);
        }
    }

    /// Delivers up to so many; true when none is left, and then this thread no longer delivers.
    fn turn(&self, most: usize) -> bool {
        for _ in 0..most {
            let Some((change, info)) = self.next() else {
                return true;
            };
            if !self.gate.invoke(|watcher| watcher.changed(change, &info)) {
                self.queue.lock().events.clear();
            }
        }
        false
    }

    fn next(&self) -> Option<Event> {
        let mut queue = self.queue.lock();
        let event = queue.events.pop_front();
        queue.delivering = event.is_some();
        event
    }

    /// After the last event: an observer that was overrun is let go.
    fn leave(&self, env: Env) {
        if self.is_overrun() && self.gate.close(Wait::Never).is_some() {
            (env.log)(Level::Warn, format_args!("an observer let too many changes wait and is unsubscribed"));
        }
    }

    fn is_overrun(&self) -> bool {
        self.queue.lock().overrun
    }

    fn push(&self, event: Event) {
        let mut queue = self.queue.lock();
        queue.overrun |= queue.events.len() >= MOST_PENDING || queue.events.try_reserve(1).is_err();
        if !queue.overrun {
            queue.events.push_back(event);
        }
    }
}

/// An observer's place in a runtime.
struct Seat {
    id: u32,
    observer: Arc<Observer>,
    /// While what is there already is being announced: how far that has come, and what has happened since.
    catching_up: Option<CatchingUp>,
}

struct CatchingUp {
    walk: usize,
    reached: u64,
    end: u64,
    held: Vec<Event>,
}

/// All observers of one runtime, as they are under the runtime's lock.
pub(super) struct Observers {
    seats: Vec<Seat>,
    /// Unseated, and perhaps not released yet: the end of the runtime waits for them too.
    leaving: Vec<Arc<Observer>>,
    next_id: u32,
}

impl Observers {
    pub(super) const fn new() -> Self {
        Self { seats: Vec::new(), leaving: Vec::new(), next_id: 1 }
    }

    /// Seats an observer that is still to be told what is there: `catch_up` until it says so.
    pub(super) fn seat(&mut self, observer: Arc<Observer>, walk: usize, end: u64) -> u32 {
        let id = self.next_id;
        // 2^32 subscriptions in one runtime's life are out of reach; 0 stays "none" all the same.
        self.next_id = self.next_id.wrapping_add(1).max(1);
        let held = Vec::new();
        let catching_up = Some(CatchingUp { walk, reached: 0, end, held });
        self.seats.push(Seat { id, observer, catching_up });
        id
    }

    /// Announces up to `most` of what was there; true when all of it is. The walk ends with it.
    pub(super) fn catch_up<C: Client>(
        &mut self,
        id: u32,
        registry: &mut Registry<C>,
        now_ms: u64,
        most: usize,
    ) -> bool {
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.id == id) else {
            return true;
        };
        let Some(progress) = &mut seat.catching_up else {
            return true;
        };
        for _ in 0..most {
            let Some(key) = registry.step(progress.walk) else {
                registry.end_walk(progress.walk);
                let held = seat.catching_up.take().map_or_else(Vec::new, |p| p.held);
                held.into_iter().for_each(|event| seat.observer.push(event));
                return true;
            };
            progress.reached = key.serial + 1;
            let info = registry.info(key, now_ms);
            if info.standing != Standing::Leaving {
                seat.observer.push((Change::Added, info));
            }
        }
        false
    }

    /// Takes an observer away; the caller closes it, which may run foreign code.
    pub(super) fn unseat<C: Client>(&mut self, id: u32, registry: &mut Registry<C>) -> Option<Arc<Observer>> {
        let at = self.seats.iter().position(|seat| seat.id == id)?;
        let seat = self.seats.remove(at);
        if let Some(progress) = seat.catching_up {
            registry.end_walk(progress.walk);
        }
        self.leaving.push(seat.observer.clone());
        Some(seat.observer)
    }

    /// Forgets those that have left for good.
    pub(super) fn sweep(&mut self) {
        let overrun = |seat: &mut Seat| seat.catching_up.is_none() && seat.observer.is_overrun();
        self.leaving.extend(self.seats.extract_if(.., overrun).map(|seat| seat.observer));
        self.leaving.retain(|observer| observer.gate.drain(Wait::Never) == Quiescence::Deferred);
    }

    /// Everybody whose callbacks may still run.
    pub(super) fn into_all(self) -> impl Iterator<Item = Arc<Observer>> {
        self.seats.into_iter().map(|seat| seat.observer).chain(self.leaving)
    }

    pub(super) fn all(&self) -> Vec<Arc<Observer>> {
        self.seats.iter().map(|seat| seat.observer.clone()).collect()
    }

    /// Queues a change for everybody; the caller delivers when it holds no lock.
    pub(super) fn post<C: Client>(&mut self, change: Change, key: Key, registry: &Registry<C>, now_ms: u64) {
        if self.seats.is_empty() {
            return;
        }
        if self.seats.iter().any(|seat| seat.observer.is_overrun()) {
            self.sweep();
        }
        let info = registry.info(key, now_ms);
        for seat in &mut self.seats {
            let event = (change, info.clone());
            match &mut seat.catching_up {
                None => seat.observer.push(event),
                // Not announced yet: it will be announced as it then is, or not at all.
                Some(at) if (at.reached..at.end).contains(&key.serial) => {}
                Some(at) => match at.held.try_reserve(1) {
                    Ok(()) if at.held.len() < MOST_PENDING => at.held.push(event),
                    _ => seat.observer.queue.lock().overrun = true,
                },
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::runtime::Runtime;
    use super::super::{Answer, Calls, Config};
    use super::*;
    use crate::core::caller::FanOutId;

    #[derive(Clone, Copy)]
    struct Mute;

    impl Client for Mute {
        type Calls = Self;
        fn calls(&self) -> Self {
            *self
        }
    }

    impl Calls for Mute {
        fn issue_disconnect(self, _: u32, _: FanOutId) -> Answer {
            Answer::Obeyed(0)
        }
    }

    struct Diary(Arc<Mutex<Vec<(Change, u32)>>>);

    impl Watcher for Diary {
        fn changed(&self, change: Change, info: &Info) {
            self.0.lock().push((change, info.cookie));
        }
    }

    const ENV: Env = Env { now_ms: || 0, log: |_, _| (), spawn: |_| false };

    fn runtime() -> Runtime<Mute> {
        let runtime = Runtime::new(ENV);
        runtime.begin(1, 1, 1, Config::default());
        runtime
    }

    fn add(runtime: &Runtime<Mute>) {
        let ask = |_: &dyn Fn() -> bool| Ok(("w".to_owned(), String::new()));
        runtime.add(1, None, ask, || Mute, |_| ()).expect("room");
    }

    /// What is there already is told as it is found, and so is never too much.
    #[test]
    fn more_than_may_wait_can_be_there_already() {
        let (runtime, diary) = (runtime(), Arc::new(Mutex::default()));
        (0..MOST_PENDING + 1).for_each(|_| add(&runtime));
        let mut id = 0;
        let admit = || -> (Box<dyn Watcher>, Owner) { (Box::new(Diary(diary.clone())), Box::new(())) };
        runtime.subscribe(1, admit, |issued| id = issued).expect("a subscription");
        assert_eq!(diary.lock().len(), MOST_PENDING + 1);
        assert_eq!(runtime.unsubscribe(1, id, true), Ok(Quiescence::Reached), "it lives");
    }

    /// An observer that lets too much wait is let go, and released.
    #[test]
    fn an_observer_that_is_overrun_is_released() {
        struct Busy(Arc<Runtime<Mute>>, Mutex<bool>);
        impl Watcher for Busy {
            fn changed(&self, _: Change, _: &Info) {
                if !std::mem::replace(&mut self.1.lock(), true) {
                    (0..MOST_PENDING + 2).for_each(|_| add(&self.0));
                }
            }
        }
        let (runtime, owned) = (Arc::new(runtime()), Arc::new(()));
        let mut id = 0;
        let admit = || -> (Box<dyn Watcher>, Owner) {
            (Box::new(Busy(runtime.clone(), Mutex::new(false))), Box::new(owned.clone()))
        };
        runtime.subscribe(1, admit, |issued| id = issued).expect("a subscription");
        add(&runtime);
        assert_eq!(Arc::strong_count(&owned), 1, "released");
        assert!(runtime.unsubscribe(1, id, true).is_err(), "gone");
    }

    /// What happens while an observer is being told what is there comes after that, and only once.
    #[test]
    fn catching_up_and_going_on_are_one_order_per_cookie() {
        let mut registry = Registry::new(1);
        let add = |registry: &mut Registry<Mute>| registry.add(Mute, ("w", ""), None, 0, |_| ());
        let keys: Vec<Key> = (0..4).map(|_| add(&mut registry)).collect();
        let mut observers = Observers::new();
        let diary = Arc::new(Mutex::default());
        let observer = Observer::new(Box::new(Diary(diary.clone())), Box::new(()));
        let walk = registry.begin_walk(super::super::registry::Chain::All);
        let id = observers.seat(observer.clone(), walk, registry.next_serial());

        // 1 and 2 are announced; then 1, 3 and a newcomer, 5, change.
        assert!(!observers.catch_up(id, &mut registry, 0, 2));
        for key in [keys[0], keys[2]] {
            registry.retire(key, 0);
            observers.post(Change::Removed, key, &registry, 0);
            registry.unlink(key);
        }
        let newcomer = add(&mut registry);
        observers.post(Change::Added, newcomer, &registry, 0);
        registry.begin_telling(keys[3], 0);
        observers.post(Change::Disconnecting, keys[3], &registry, 0);
        assert!(observers.catch_up(id, &mut registry, 0, 2) || observers.catch_up(id, &mut registry, 0, 2));
        observer.deliver(ENV);

        use Change::{Added, Removed};
        assert_eq!(*diary.lock(), [(Added, 1), (Added, 2), (Added, 4), (Removed, 1), (Added, 5)]);
    }
}
