//! loom models of what threads do to each other here: closing a gate, removing during a fan-out, and ending a runtime
//! whose cell is used again. Run by `make test` with `--cfg loom`; the faults that each must catch are in
//! scripts/teeth.py.

use super::disconnect::{Deadline, Order, Selection};
use super::runtime::Runtime;
use super::{Answer, Calls, Client, Config};
use crate::core::caller::{Caller, FanOutId, Quiescence, Wait};
use crate::core::cell::Cell;
use crate::core::env::{Env, Level};
use crate::core::error::Error;
use crate::core::gate::Gate;
use loom::thread;
use std::fmt::Arguments;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// What a foreign object has seen. Not part of the model: these atomics are no points of interleaving.
#[derive(Default)]
struct Probe {
    inside: AtomicU32,
    calls: AtomicU32,
    released: AtomicU32,
    /// A removal has promised that nothing runs any more.
    gone: AtomicU32,
}

impl Probe {
    fn call(&self) {
        assert_eq!(self.gone.load(SeqCst), 0, "no call after the promise");
        assert_eq!(self.released.load(SeqCst), 0, "no call after the release");
        assert_eq!(self.inside.fetch_add(1, SeqCst), 0, "never twice at once");
        self.calls.fetch_add(1, SeqCst);
        thread::yield_now();
        self.inside.fetch_sub(1, SeqCst);
    }

    fn promise(&self, reached: Quiescence) {
        if reached == Quiescence::Reached {
            self.gone.store(1, SeqCst);
            assert_eq!(self.inside.load(SeqCst), 0, "nothing runs after S_OK");
            assert_eq!(self.released.load(SeqCst), 1, "released before S_OK");
        }
    }
}

/// Owes a release.
struct Owner(Arc<Probe>);

impl Drop for Owner {
    fn drop(&mut self) {
        assert_eq!(self.0.inside.load(SeqCst), 0, "no release under a call");
        assert_eq!(self.0.released.fetch_add(1, SeqCst), 0, "released once");
    }
}

fn gate() -> (Arc<Probe>, Arc<Gate<Arc<Probe>, Owner>>) {
    let probe = Arc::new(Probe::default());
    (probe.clone(), Arc::new(Gate::new(probe.clone(), Owner(probe))))
}

#[test]
fn closing_a_gate_drains_it() {
    loom::model(|| {
        let (probe, gate) = gate();
        let caller = thread::spawn({
            let gate = gate.clone();
            move || gate.invoke(|probe| probe.call())
        });
        let closed = gate.close(Wait::Forever).expect("the only closer");
        assert_eq!(closed, Quiescence::Reached);
        probe.promise(closed);
        caller.join().unwrap();
        assert_eq!(probe.released.load(SeqCst), 1);
    });
}

#[test]
fn closing_a_gate_from_inside_defers_the_release() {
    loom::model(|| {
        let (probe, gate) = gate();
        let within = gate.clone();
        gate.invoke(|probe| {
            probe.call();
            assert_eq!(within.close(Wait::Never), Some(Quiescence::Deferred));
            assert_eq!(probe.released.load(SeqCst), 0, "still inside");
        });
        assert_eq!(probe.released.load(SeqCst), 1, "the last to leave releases");
    });
}

#[test]
fn of_two_who_close_a_gate_one_does() {
    loom::model(|| {
        let (probe, gate) = gate();
        let callers = [(), ()].map(|()| {
            let gate = gate.clone();
            thread::spawn(move || gate.close(Wait::Forever))
        });
        gate.invoke(|probe| {
            probe.inside.fetch_add(1, SeqCst);
            thread::yield_now();
            probe.inside.fetch_sub(1, SeqCst);
        });
        let closed = callers.map(|caller| caller.join().unwrap());
        assert_eq!(closed.iter().flatten().count(), 1);
        assert_eq!(probe.released.load(SeqCst), 1);
    });
}

#[test]
fn two_callbacks_that_close_each_others_gates_both_get_away() {
    loom::model(|| {
        let ((left_probe, left), (right_probe, right)) = (gate(), gate());
        let other = thread::spawn({
            let (left, right) = (left.clone(), right.clone());
            move || right.invoke(|_| _ = left.close(Wait::Never))
        });
        left.invoke(|_| _ = right.close(Wait::Never));
        other.join().unwrap();
        for (probe, gate) in [(left_probe, left), (right_probe, right)] {
            gate.close(Wait::Never);
            assert_eq!(probe.released.load(SeqCst), 1);
        }
    });
}

/// A client that obeys, and may remove itself when it is told.
#[derive(Clone, Copy)]
struct Puppet {
    probe: &'static Arc<Probe>,
    removes_itself: Option<(&'static Runtime<Owned>, u64)>,
}

/// A puppet, and the release that is owed.
struct Owned(Puppet, #[expect(dead_code, reason = "dropped")] Owner);

impl Client for Owned {
    type Calls = Puppet;

    fn calls(&self) -> Puppet {
        self.0
    }
}

impl Calls for Puppet {
    fn issue_disconnect(self, cookie: u32, _: FanOutId) -> Answer {
        self.probe.call();
        if let Some((runtime, life)) = self.removes_itself {
            let _ = runtime.remove(life, cookie, false);
        }
        Answer::Obeyed(0)
    }
}

fn runtime() -> Runtime<Owned> {
    fn silent(_: Level, _: Arguments<'_>) {}
    Runtime::new(Env { now_ms: || 0, log: silent, spawn: |_| false })
}

fn add(runtime: &Runtime<Owned>, life: u64, puppet: Puppet) -> Result<u32, Error> {
    let mut cookie = 0;
    let ask = |_: &dyn Fn() -> bool| Ok(("contoso".to_owned(), String::new()));
    let admit = || Owned(puppet, Owner(puppet.probe.clone()));
    runtime.add(life, None, ask, admit, |issued| cookie = issued).map(|()| cookie)
}

const WORKSPACE: Order<'_> =
    Order { selection: Selection::Workspace("contoso"), deadline: Deadline::AsSet, report: false };

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

#[test]
fn removal_waits_for_the_fan_out_that_is_in_the_client() {
    loom::model(|| {
        let runtime = leak(runtime());
        runtime.begin(1, 1, 1, Config::default());
        let probe = leak(Arc::new(Probe::default()));
        let cookie = add(runtime, 1, Puppet { probe, removes_itself: None }).unwrap();
        let fan_out = thread::spawn(move || runtime.disconnect(1, WORKSPACE, &Caller::default()).0);
        let removed = runtime.remove(1, cookie, true).expect("the only remover");
        assert_eq!(removed, Quiescence::Reached);
        probe.promise(removed);
        fan_out.join().unwrap().expect("no failure");
        assert_eq!(runtime.end(1, true), Quiescence::Reached);
        assert!(runtime.is_vacant());
        assert_eq!(probe.released.load(SeqCst), 1);
    });
}

#[test]
fn a_client_that_removes_itself_and_one_who_removes_it_release_it_once() {
    loom::model(|| {
        let runtime = leak(runtime());
        runtime.begin(1, 1, 1, Config::default());
        let probe = leak(Arc::new(Probe::default()));
        let puppet = Puppet { probe, removes_itself: Some((runtime, 1)) };
        let cookie = add(runtime, 1, puppet).unwrap();
        let fan_out = thread::spawn(move || runtime.disconnect(1, WORKSPACE, &Caller::default()).0);
        if let Ok(reached) = runtime.remove(1, cookie, true) {
            probe.promise(reached);
        }
        fan_out.join().unwrap().expect("no failure");
        assert_eq!(probe.released.load(SeqCst), 1);
    });
}

#[test]
fn the_end_of_a_runtime_waits_for_the_fan_out_in_it() {
    loom::model(|| {
        let runtime = leak(runtime());
        runtime.begin(1, 1, 1, Config::default());
        let probe = leak(Arc::new(Probe::default()));
        add(runtime, 1, Puppet { probe, removes_itself: None }).unwrap();
        let fan_out = thread::spawn(move || runtime.disconnect(1, WORKSPACE, &Caller::default()).0);
        let ended = runtime.end(1, true);
        assert_eq!(ended, Quiescence::Reached);
        probe.promise(ended);
        let result = fan_out.join().unwrap();
        assert!(matches!(result, Ok(_) | Err(Error::Aborted | Error::Closed)), "{result:?}");
        assert!(runtime.is_vacant(), "everybody has left");
    });
}

#[test]
fn a_stale_handle_never_reaches_the_next_life_of_its_cell() {
    loom::model(|| {
        let cell = leak(Cell::new(runtime()));
        cell.object().begin(1, 1, 1, Config::default());
        cell.open(1);
        let (stale, fresh) = (leak(Arc::new(Probe::default())), leak(Arc::new(Probe::default())));
        let user = thread::spawn(move || {
            let runtime = cell.get(1)?;
            add(runtime, 1, Puppet { probe: stale, removes_itself: None }).ok()
        });
        assert!(cell.close(1), "the only closer");
        assert_eq!(cell.object().end(1, true), Quiescence::Reached);
        if cell.object().is_vacant() {
            let life = cell.next_life();
            cell.object().begin(life, 2, 1, Config::default());
            cell.open(life);
            let runtime = cell.get(life).expect("just opened");
            let cookie = add(runtime, life, Puppet { probe: fresh, removes_itself: None }).unwrap();
            let added = user.join().unwrap();
            let mut seen = Vec::new();
            runtime.enumerate(life, |info| (seen.push(info.cookie), None).1).unwrap();
            assert_eq!(seen, [cookie], "nothing of the life before");
            assert_eq!(stale.released.load(SeqCst), added.is_some().into(), "released with its own life");
        } else {
            user.join().unwrap();
        }
    });
}
