//! The threads that sweep the dispensers of a process.
//!
//! One timer thread looks after every dispenser; workers do what it finds, for that is foreign code, which may never
//! return. A worker that is held up is left to itself and replaced, up to a bound. May not: run foreign code on the timer
//! thread.

use super::Options;
use super::sweep::Swept;
use crate::core::env::{Env, Level};
use crate::sync::{Condvar, Mutex};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// How many workers may be at work at once.
const WORKERS: usize = 4;
/// How many more may be held up in callbacks, in the whole process.
const HELD_UP: usize = 8;
/// When a worker counts as held up by a dispenser that writes nothing off, in ms.
const PATIENCE_MS: u64 = 1_000;

/// What the threads need from the border.
#[derive(Debug)]
pub(crate) struct Hooks {
    /// A dispenser and its life, by handle.
    pub(crate) find: fn(u64) -> Option<(&'static dyn Swept, u64)>,
    pub(crate) env: Env,
}

/// Sweeps every dispenser of a process that does not ask to be swept by hand.
#[derive(Debug, Default)]
pub(crate) struct Sweeper {
    shift: Mutex<Shift>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Shift {
    watched: HashMap<u64, Watched>,
    /// When each is due, in ms, with its handle.
    due: BTreeSet<(u64, u64)>,
    timer_runs: bool,
    queue: VecDeque<Job>,
    workers: HashMap<u64, Worker>,
    next_worker: u64,
}

#[derive(Debug)]
struct Watched {
    interval_ms: u64,
    due_ms: u64,
    patience_ms: u64,
    queued: bool,
    /// There is more to do than its worker, which is at work, may have seen.
    again: bool,
    /// It holds up workers, and there are too many of those: not swept until one returns.
    stopped: bool,
}

#[derive(Debug)]
struct Worker {
    dispenser: u64,
    since_ms: u64,
    held_up: bool,
}

#[derive(Debug, Clone, Copy)]
enum Job {
    Work(u64),
    SayStopped(u64),
}

impl Sweeper {
    pub(crate) fn watch(&'static self, hooks: &'static Hooks, handle: u64, options: &Options) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        let interval = options.callback_deadline.map_or(options.sweep_interval, |it| it.min(options.sweep_interval));
        let interval_ms = ms(interval);
        let due_ms = (hooks.env.now_ms)().saturating_add(interval_ms);
        let patience_ms = options.callback_deadline.map_or(PATIENCE_MS, ms);
        let watched = Watched { interval_ms, due_ms, patience_ms, queued: false, again: false, stopped: false };
        let mut shift = self.shift.lock();
        shift.watched.insert(handle, watched);
        shift.due.insert((due_ms, handle));
        if !shift.timer_runs {
            shift.timer_runs = (hooks.env.spawn)(Box::new(move || self.keep_time(hooks)));
        }
        drop(shift);
        self.wake.notify_all();
    }

    pub(crate) fn forget(&self, handle: u64) {
        let mut shift = self.shift.lock();
        if let Some(watched) = shift.watched.remove(&handle) {
            shift.due.remove(&(watched.due_ms, handle));
            drop(shift);
            self.wake.notify_all();
        }
    }

    /// The timer thread; ends with the last dispenser (D-17).
    fn keep_time(&'static self, hooks: &'static Hooks) {
        let mut shift = self.shift.lock();
        while let Some(&(due_ms, handle)) = shift.due.first() {
            let now_ms = (hooks.env.now_ms)();
            shift.note_held_up(now_ms);
            self.staff(&mut shift, hooks);
            if due_ms > now_ms {
                let left_ms = shift.next_held_up(now_ms).map_or(due_ms - now_ms, |ms| ms.min(due_ms - now_ms));
                let deadline = Instant::now().checked_add(Duration::from_millis(left_ms));
                (shift, _) = self.wake.wait(shift, deadline);
                continue;
            }
            shift.due.remove(&(due_ms, handle));
            let may = shift.reschedule(handle, now_ms);
            drop(shift);
            let found = if may { (hooks.find)(handle) } else { None };
            let has_work = found.is_some_and(|(dispenser, life)| dispenser.examine(life));
            shift = self.shift.lock();
            if has_work {
                shift.enqueue(handle);
            }
        }
        shift.timer_runs = false;
    }

    /// Starts a worker where one is missing.
    fn staff(&'static self, shift: &mut Shift, hooks: &'static Hooks) {
        let at_work = shift.workers.len() - shift.held_up();
        if shift.queue.is_empty() || at_work >= WORKERS || shift.workers.len() >= WORKERS + HELD_UP {
            return;
        }
        let id = shift.next_worker;
        shift.next_worker += 1;
        let worker = Worker { dispenser: 0, since_ms: (hooks.env.now_ms)(), held_up: false };
        shift.workers.insert(id, worker);
        if !(hooks.env.spawn)(Box::new(move || self.work(hooks, id))) {
            shift.workers.remove(&id);
        }
    }

    /// A worker; ends when there is nothing to do, or when it has been replaced.
    fn work(&'static self, hooks: &'static Hooks, id: u64) {
        loop {
            let mut shift = self.shift.lock();
            shift.pulse(id, (hooks.env.now_ms)());
            let surplus = shift.workers.len() - shift.held_up() > WORKERS;
            let job = if surplus { None } else { shift.queue.pop_front() };
            let Some(job) = job else {
                shift.workers.remove(&id);
                return;
            };
            let (Job::Work(handle) | Job::SayStopped(handle)) = job;
            if let Some(worker) = shift.workers.get_mut(&id) {
                worker.dispenser = handle;
            }
            if let (Job::Work(_), Some(watched)) = (job, shift.watched.get_mut(&handle)) {
                watched.queued = false;
            }
            drop(shift);
            match ((hooks.find)(handle), job) {
                (Some((dispenser, life)), Job::Work(_)) => {
                    dispenser.work(life, &|| self.shift.lock().pulse(id, (hooks.env.now_ms)()));
                }
                (Some(_), Job::SayStopped(_)) => {
                    let text =
                        format_args!("sweep: stopped for a dispenser, {HELD_UP} callbacks hold up sweeps for good");
                    (hooks.env.log)(Level::Error, text);
                }
                (None, _) => {}
            }
            let mut shift = self.shift.lock();
            if let Some(worker) = shift.workers.get_mut(&id) {
                worker.dispenser = 0;
            }
            if shift.watched.get(&handle).is_some_and(|watched| watched.again) {
                shift.enqueue(handle);
            }
        }
    }
}

impl Shift {
    fn held_up(&self) -> usize {
        self.workers.values().filter(|worker| worker.held_up).count()
    }

    /// A worker is about to make a callback, or is back from one.
    fn pulse(&mut self, id: u64, now_ms: u64) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.since_ms = now_ms;
            worker.held_up = false;
        }
    }

    fn patience_ms(&self, worker: &Worker) -> u64 {
        self.watched.get(&worker.dispenser).map_or(PATIENCE_MS, |watched| watched.patience_ms)
    }

    fn note_held_up(&mut self, now_ms: u64) {
        let late = |worker: &&Worker| now_ms.saturating_sub(worker.since_ms) >= self.patience_ms(worker);
        let late: Vec<_> = self.workers.iter().filter(|(_, worker)| late(worker)).map(|(&id, _)| id).collect();
        for id in late {
            if let Some(worker) = self.workers.get_mut(&id) {
                worker.held_up = true;
            }
        }
    }

    /// In how many ms the next worker may have to be replaced.
    fn next_held_up(&self, now_ms: u64) -> Option<u64> {
        let workers = self.workers.values().filter(|worker| !worker.held_up);
        workers.map(|worker| (worker.since_ms + self.patience_ms(worker)).saturating_sub(now_ms).max(1)).min()
    }

    /// Sets the next time of a dispenser; false if it is not to be swept now.
    fn reschedule(&mut self, handle: u64, now_ms: u64) -> bool {
        let guilty = self.workers.values().any(|worker| worker.held_up && worker.dispenser == handle);
        let full = self.held_up() >= HELD_UP;
        let Some(watched) = self.watched.get_mut(&handle) else { return false };
        watched.due_ms = now_ms.saturating_add(watched.interval_ms);
        let was_stopped = std::mem::replace(&mut watched.stopped, guilty && full);
        self.due.insert((watched.due_ms, handle));
        if guilty && full && !was_stopped {
            self.queue.push_back(Job::SayStopped(handle));
        }
        !(guilty && full)
    }

    /// Has a worker do what was found at a dispenser: one at a time for each, unless it is held up.
    fn enqueue(&mut self, handle: u64) {
        let at_work = self.workers.values().any(|worker| worker.dispenser == handle && !worker.held_up);
        if let Some(watched) = self.watched.get_mut(&handle) {
            watched.again = at_work;
            if !at_work && !std::mem::replace(&mut watched.queued, true) {
                self.queue.push_back(Job::Work(handle));
            }
        }
    }
}
