//! Telling clients to disconnect: one, those of a workspace, of a display name, or all.
//!
//! A fan-out is a walk along a chain. Each client is called with no lock held, by the calling thread or by threads of
//! the library; between two calls the lock is taken once. A client that does not answer in time keeps its thread,
//! and another thread takes its place, so that one slow client delays nobody.

use super::observers::Change;
use super::registry::{Chain, Key, Registry};
use super::runtime::{Runtime, State};
use super::{Answer, Calls, Client, Standing};
use crate::core::caller::{Caller, FanOutId};
use crate::core::env::Level;
use crate::core::error::Error;
use crate::sync::MutexGuard;
use std::time::{Duration, Instant};

/// More library threads than this are never of use at once.
const MOST_THREADS: u32 = 64;

/// Whom to disconnect.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Selection<'a> {
    Cookie(u32),
    Workspace(&'a str),
    Name(&'a str),
    All,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) selection: Selection<'a>,
    pub(crate) deadline: Deadline,
    /// Whether to keep a report per client.
    pub(crate) report: bool,
}

/// How long to wait for one client where library threads make the calls.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deadline {
    /// As the runtime's settings say.
    AsSet,
    Without,
    After(Duration),
}

/// How a fan-out without a failure ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    /// Everybody it met was being told already.
    NothingNew,
    /// A fan-out over the same clients, in which this thread is, goes on.
    Deferred,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Obeyed,
    Failed,
    NoAnswer,
    Dropped,
    Skipped,
}

#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) cookie: u32,
    pub(crate) outcome: Outcome,
    pub(crate) result: i32,
    pub(crate) elapsed: Duration,
    pub(crate) workspace: Box<str>,
    pub(crate) name: Box<str>,
}

/// The fan-outs under way in one runtime.
#[derive(Debug, Default)]
pub(super) struct FanOuts {
    running: Vec<FanOut>,
    next_number: u64,
}

#[derive(Debug)]
struct FanOut {
    number: u64,
    scope: Scope,
    source: Source,
    met: u32,
    skipped: u32,
    /// The failure of the earliest registration that failed.
    failure: Option<(u64, Error)>,
    reports: Option<Vec<Report>>,
    /// Calls on library threads that are not overdue.
    calls: Vec<Call>,
    /// Library threads that are not stuck in an overdue call.
    threads: u32,
}

#[derive(Debug)]
enum Source {
    One(Option<Key>),
    Walk(usize),
}

/// What a fan-out was asked for, to tell whether it covers a nested one.
#[derive(Debug, PartialEq, Eq)]
enum Scope {
    One(u32),
    Workspace(Box<str>),
    Name(Box<str>),
    All,
}

impl Scope {
    fn covers(&self, selection: Selection<'_>) -> bool {
        match (self, selection) {
            (Self::One(_), _) | (_, Selection::Cookie(_)) => false,
            (Self::All, _) => true,
            (Self::Workspace(own), Selection::Workspace(id)) => **own == *id,
            (Self::Name(own), Selection::Name(name)) => **own == *name,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Call {
    key: Key,
    since: Instant,
    report: Option<usize>,
    /// What still runs is release, log or observers.
    answered: bool,
}

/// One client to call.
struct Job<C: Client> {
    key: Key,
    cookie: u32,
    calls: C::Calls,
    by: By,
    since: Option<Instant>,
    report: Option<usize>,
}

/// Which thread runs the calls of a fan-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Caller,
    Library,
}

impl FanOuts {
    fn get(&mut self, number: u64) -> Option<&mut FanOut> {
        self.running.iter_mut().find(|fan_out| fan_out.number == number)
    }

    fn begin(&mut self, scope: Scope, source: Source, report: bool) -> u64 {
        self.next_number += 1;
        self.running.push(FanOut {
            number: self.next_number,
            scope,
            source,
            met: 0,
            skipped: 0,
            failure: None,
            reports: report.then(Vec::new),
            calls: Vec::new(),
            threads: 0,
        });
        self.next_number
    }

    fn end(&mut self, number: u64) -> Option<FanOut> {
        let at = self.running.iter().position(|fan_out| fan_out.number == number)?;
        Some(self.running.swap_remove(at))
    }
}

impl FanOut {
    /// Whether somebody may be left to call.
    fn has_more<C: Client>(&self, registry: &Registry<C>) -> bool {
        match &self.source {
            Source::One(key) => key.is_some(),
            Source::Walk(walk) => registry.has_more(*walk),
        }
    }

    fn fail(&mut self, serial: u64, error: Error) {
        if self.failure.as_ref().is_none_or(|(first, _)| serial < *first) {
            self.failure = Some((serial, error));
        }
    }

    fn report<C: Client>(&mut self, registry: &Registry<C>, key: Key, outcome: Outcome) -> Option<usize> {
        let reports = self.reports.as_mut()?;
        if reports.try_reserve(1).is_err() {
            self.fail(u64::MAX, Error::OutOfMemory("the report"));
            return None;
        }
        reports.push(Report {
            cookie: registry.get(key)?.cookie,
            outcome,
            result: 0,
            elapsed: Duration::ZERO,
            workspace: registry.workspace_of(key).into(),
            name: registry.name_of(key).into(),
        });
        Some(reports.len() - 1)
    }

    fn close_report(&mut self, at: Option<usize>, outcome: Outcome, result: i32, elapsed: Duration) {
        if let (Some(at), Some(reports)) = (at, &mut self.reports) {
            let report = &mut reports[at];
            (report.outcome, report.result, report.elapsed) = (outcome, result, elapsed);
        }
    }

    fn verdict(self, aborted: bool) -> (Result<Verdict, Error>, Vec<Report>) {
        let verdict = match self.failure {
            _ if aborted => Err(Error::Aborted),
            Some((_, error)) => Err(error),
            None => match (self.met, self.skipped, self.scope) {
                // Removed between the look-up and its turn on a library thread.
                (0, 0, Scope::One(cookie)) => Err(Error::UnknownCookie(cookie)),
                (0, 1.., _) => Ok(Verdict::NothingNew),
                _ => Ok(Verdict::Done),
            },
        };
        (verdict, self.reports.unwrap_or_default())
    }
}

impl<C: Client> Runtime<C> {
    /// Tells the selected clients to disconnect and waits for their answers. Reports come oldest registration first.
    pub(crate) fn disconnect(
        &'static self,
        life: u64,
        order: Order<'_>,
        caller: &Caller,
    ) -> (Result<Verdict, Error>, Vec<Report>) {
        let (_pin, mut state) = match self.pinned(life) {
            Ok(pinned) => pinned,
            Err(error) => return (Err(error), Vec::new()),
        };
        if state.covered(order.selection, caller) {
            return (Ok(Verdict::Deferred), Vec::new());
        }
        let (scope, source) = match state.select(order.selection) {
            Ok(Some(selected)) => selected,
            Ok(None) => return (Ok(Verdict::Done), Vec::new()),
            Err(error) => return (Err(error), Vec::new()),
        };
        let number = state.fan_outs.begin(scope, source, order.report);
        let mut late = Vec::new();
        if state.config.disconnect_threads == 0 || caller.inside_callback {
            state = self.work(state, number, By::Caller);
        } else {
            (state, late) = self.delegate(state, number, order.deadline);
        }
        let aborted = state.is_closing();
        let fan_out = state.fan_outs.end(number);
        if let Some(Source::Walk(walk)) = fan_out.as_ref().map(|fan_out| &fan_out.source) {
            state.registry.end_walk(*walk);
        }
        drop(state);
        for cookie in late {
            let text = format_args!("cookie {cookie} has not answered issue_disconnect in time");
            (self.env.log)(Level::Warn, text);
        }
        fan_out.map_or((Err(Error::Aborted), Vec::new()), |fan_out| fan_out.verdict(aborted))
    }

    /// Shows the reports of a fan-out one by one, for as long as the runtime lives.
    pub(crate) fn show_reports(
        &self,
        life: u64,
        reports: &[Report],
        show: impl FnMut(&Report) -> Option<i32>,
    ) -> Result<Option<i32>, Error> {
        let (_pin, state) = self.pinned(life)?;
        drop(state);
        self.visit(reports.iter(), show)
    }

    /// Has library threads do the calls; gives back who did not answer in time.
    fn delegate(
        &'static self,
        mut state: MutexGuard<'static, State<C>>,
        number: u64,
        deadline: Deadline,
    ) -> (MutexGuard<'static, State<C>>, Vec<u32>) {
        let limit = match deadline {
            Deadline::AsSet => state.config.disconnect_deadline,
            Deadline::Without => None,
            Deadline::After(limit) => Some(limit),
        };
        let mut late = Vec::new();
        let mut wanted = state.config.disconnect_threads.min(MOST_THREADS);
        if matches!(state.fan_outs.get(number).map(|fan_out| &fan_out.source), Some(Source::One(_))) {
            wanted = wanted.min(1);
        }
        loop {
            state = self.employ(state, number, wanted);
            if state.is_closing() || state.fan_outs.get(number).is_none_or(|f| f.threads == 0) {
                break;
            }
            state.waiting += 1;
            let wake = limit.and_then(|limit| state.next_deadline(number, limit));
            (state, _) = self.idle.wait(state, wake);
            state.waiting -= 1;
            wanted = limit.map_or(0, |limit| state.write_off(number, limit, &mut late));
        }
        // Where no thread could be had, or the last one is stuck: what is left is for this one.
        (self.work(state, number, By::Caller), late)
    }

    /// Adds library threads, as long as there are clients for them; each is started with no lock held.
    fn employ(
        &'static self,
        mut state: MutexGuard<'static, State<C>>,
        number: u64,
        wanted: u32,
    ) -> MutexGuard<'static, State<C>> {
        for _ in 0..wanted {
            let work = move || {
                let state = self.work(self.state.lock(), number, By::Library);
                drop(state);
            };
            let State { fan_outs, registry, .. } = &mut *state;
            let Some(fan_out) = fan_outs.get(number).filter(|fan_out| fan_out.has_more(registry)) else {
                return state;
            };
            fan_out.threads += 1;
            drop(state);
            let employed = (self.env.spawn)(Box::new(work));
            if !employed {
                let text = format_args!("no thread for a fan-out: without any, clients are called without a deadline");
                (self.env.log)(Level::Warn, text);
            }
            state = self.state.lock();
            if !employed {
                if let Some(fan_out) = state.fan_outs.get(number) {
                    fan_out.threads -= 1;
                }
                return state;
            }
        }
        state
    }

    /// Calls one client after another until the fan-out has no more for this thread.
    fn work<'a>(&'a self, mut state: MutexGuard<'a, State<C>>, number: u64, by: By) -> MutexGuard<'a, State<C>> {
        let within = FanOutId { runtime: state.name, number };
        let mut now_ms = (self.env.now_ms)();
        while let Some(job) = state.next_job(number, by, now_ms) {
            drop(state);
            let answer = job.calls.issue_disconnect(job.cookie, within);
            now_ms = (self.env.now_ms)();
            state = self.state.lock();
            state.complete(number, &job, answer, now_ms);
            // What else is foreign comes after the answer, and is no part of it: not even its observers hold up a client.
            state.pins += 1;
            let observers = state.observers.all();
            if state.registry.get(job.key).is_some_and(|entry| entry.standing == Standing::Leaving) {
                self.finish(state, job.key);
                state = self.state.lock();
            }
            state.in_flight -= 1;
            self.settle(&mut state);
            if !observers.is_empty() || !matches!(answer, Answer::Obeyed(_)) {
                drop(state);
                self.tell(&observers);
                self.log_answer(job.cookie, answer);
                state = self.state.lock();
            }
            state.pins -= 1;
            self.settle(&mut state);
            if by == By::Library && !state.is_still_employed(number, job.key) {
                return state;
            }
        }
        if let (By::Library, Some(fan_out)) = (by, state.fan_outs.get(number)) {
            fan_out.threads -= 1;
            self.settle(&mut state);
        }
        state
    }

    fn log_answer(&self, cookie: u32, answer: Answer) {
        match answer {
            Answer::Obeyed(_) => {}
            Answer::Failed(code) => {
                (self.env.log)(Level::Warn, format_args!("cookie {cookie} answered issue_disconnect with 0x{code:08X}"))
            }
            Answer::Dead(code) => {
                (self.env.log)(Level::Info, format_args!("cookie {cookie} is dead (0x{code:08X}) and is dropped"))
            }
        }
    }
}

impl<C: Client> State<C> {
    /// Whether a fan-out in which this thread is goes over the same clients already. Nesting it would call n clients
    /// n! times.
    fn covered(&mut self, selection: Selection<'_>, caller: &Caller) -> bool {
        let own = caller.fan_outs.iter().filter(|id| id.runtime == self.name);
        let fan_outs = &mut self.fan_outs;
        own.filter_map(|id| fan_outs.get(id.number).map(|f| f.scope.covers(selection))).any(|covers| covers)
    }

    fn select(&mut self, selection: Selection<'_>) -> Result<Option<(Scope, Source)>, Error> {
        let (scope, chain) = match selection {
            Selection::Cookie(cookie) => {
                let key = self.registry.find(cookie).ok_or(Error::UnknownCookie(cookie))?;
                return Ok(Some((Scope::One(cookie), Source::One(Some(key)))));
            }
            Selection::Workspace(id) => (Scope::Workspace(id.into()), self.registry.workspace_chain(id)),
            Selection::Name(name) => (Scope::Name(name.into()), self.registry.name_chain(name)),
            Selection::All => (Scope::All, Some(Chain::All)),
        };
        Ok(chain.map(|chain| (scope, Source::Walk(self.registry.begin_walk(chain)))))
    }

    fn next_job(&mut self, number: u64, by: By, now_ms: u64) -> Option<Job<C>> {
        if self.is_closing() {
            return None;
        }
        loop {
            let fan_out = self.fan_outs.get(number)?;
            let key = match &mut fan_out.source {
                Source::One(key) => key.take(),
                Source::Walk(walk) => self.registry.step(*walk),
            }?;
            let entry = self.registry.get(key)?;
            let cookie = entry.cookie;
            if entry.standing == Standing::Leaving {
                continue;
            }
            if entry.telling {
                fan_out.skipped += 1;
                fan_out.report(&self.registry, key, Outcome::Skipped);
                continue;
            }
            let calls = self.registry.calls(key)?;
            fan_out.met += 1;
            let report = fan_out.report(&self.registry, key, Outcome::NoAnswer);
            let timed = by == By::Library || report.is_some();
            let since = timed.then(Instant::now);
            if let (By::Library, Some(since)) = (by, since) {
                fan_out.calls.push(Call { key, since, report, answered: false });
            }
            self.registry.begin_telling(key, now_ms);
            self.in_flight += 1;
            self.post(Change::Disconnecting, key, now_ms);
            return Some(Job { key, cookie, calls, by, since, report });
        }
    }

    /// Takes in an answer. One that comes after its deadline counts for the registration only.
    fn complete(&mut self, number: u64, job: &Job<C>, answer: Answer, now_ms: u64) {
        self.registry.end_telling(job.key, answer);
        let left = self.registry.get(job.key).is_none_or(|e| e.standing == Standing::Leaving);
        if matches!(answer, Answer::Dead(_)) && !left {
            self.registry.retire(job.key, now_ms);
            self.post(Change::Lost, job.key, now_ms);
        }
        let Some(fan_out) = self.fan_outs.get(number) else {
            return;
        };
        if job.by == By::Library {
            let Some(call) = fan_out.calls.iter_mut().find(|call| call.key == job.key) else {
                return;
            };
            call.answered = true;
        }
        let outcome = match answer {
            Answer::Obeyed(_) => Outcome::Obeyed,
            Answer::Dead(_) => Outcome::Dropped,
            Answer::Failed(code) => {
                let workspace = self.registry.workspace_of(job.key).to_string();
                let cookie = job.cookie;
                let error = Error::DisconnectFailed { cookie, workspace, code };
                fan_out.fail(job.key.serial, error);
                Outcome::Failed
            }
        };
        let elapsed = job.since.map_or(Duration::ZERO, |since| since.elapsed());
        fan_out.close_report(job.report, outcome, answer.code(), elapsed);
    }

    /// Ends a call on a library thread. False: it was written off, and its thread has been replaced.
    fn is_still_employed(&mut self, number: u64, key: Key) -> bool {
        let Some(fan_out) = self.fan_outs.get(number) else {
            return false;
        };
        let call = fan_out.calls.iter().position(|call| call.key == key);
        call.map(|at| fan_out.calls.swap_remove(at)).is_some()
    }

    /// When the next call of a fan-out is overdue.
    fn next_deadline(&mut self, number: u64, limit: Duration) -> Option<Instant> {
        let first = self.fan_outs.get(number)?.calls.iter().map(|call| call.since).min();
        // Nothing has begun yet: what begins now is not overdue before then.
        first.unwrap_or_else(Instant::now).checked_add(limit)
    }

    /// Gives up waiting for overdue calls: their threads stay with them. Gives back how many threads that takes away.
    fn write_off(&mut self, number: u64, limit: Duration, late: &mut Vec<u32>) -> u32 {
        let mut replace = 0;
        let Some(fan_out) = self.fan_outs.get(number) else {
            return 0;
        };
        let overdue: Vec<Call> = fan_out.calls.extract_if(.., |call| call.since.elapsed() >= limit).collect();
        for call in overdue {
            fan_out.threads -= 1;
            replace += 1;
            let Some(entry) = self.registry.get(call.key).filter(|_| !call.answered) else { continue };
            let cookie = entry.cookie;
            let workspace = self.registry.workspace_of(call.key).to_string();
            fan_out.fail(call.key.serial, Error::NoAnswer { cookie, workspace });
            fan_out.close_report(call.report, Outcome::NoAnswer, 0, call.since.elapsed());
            late.push(cookie);
        }
        replace
    }
}
