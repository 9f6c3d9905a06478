//! The registry against a plain model: random calls, and clients that do random things when told to disconnect.
//! Codes, calls, releases and observed changes must come in exactly the model's order.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

use proptest::prelude::*;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// What a client does when it is told to disconnect.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Obey,
    Fail(u8),
    Dead,
    RemoveSelf,
    RemoveSelfAndFail,
    /// Removes the n-th live registration, counted round.
    RemoveOther(usize),
    /// Adds an obedient client to that workspace.
    Add(u8),
    DisconnectWorkspace(u8),
    DisconnectName(u8),
    DisconnectAll,
    DisconnectOther(usize),
}

#[derive(Debug, Clone, Copy)]
enum Call {
    Add(u8, u8, Manner),
    Remove(usize),
    /// A cookie that is not live any more.
    RemoveGone(usize),
    Disconnect(usize),
    DisconnectGone(usize),
    Workspace(u8),
    Name(u8),
    All,
}

/// Something that is seen from outside, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Told(usize),
    Released(usize),
    Changed(u32, usize),
    Returned(i32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Selection {
    One(usize),
    Workspace(u8),
    Name(u8),
    All,
}

const FAILURES: [i32; 3] = [WSRT_E_FAIL, WSRT_E_ACCESSDENIED, WSRT_E_TIMEOUT];

/// The specification, as plain as it can be. Registrations are numbered in the order in which they were made.
#[derive(Default)]
struct Model {
    clients: Vec<Registered>,
    seen: Vec<Seen>,
    /// Changes that the observer has not been told yet.
    pending: Vec<Seen>,
    /// The fan-outs that the present call is inside of.
    fan_outs: Vec<Selection>,
}

struct Registered {
    workspace: u8,
    name: u8,
    manner: Manner,
    live: bool,
    running: bool,
}

impl Model {
    fn live(&self) -> Vec<usize> {
        (0..self.clients.len()).filter(|&id| self.clients[id].live).collect()
    }

    fn nth(&self, n: usize) -> Option<usize> {
        let live = self.live();
        (!live.is_empty()).then(|| live[n % live.len()])
    }

    fn add(&mut self, workspace: u8, name: u8, manner: Manner) -> i32 {
        self.clients.push(Registered { workspace, name, manner, live: true, running: false });
        self.pending.push(Seen::Changed(WS_CHANGE_ADDED, self.clients.len() - 1));
        self.deliver();
        WSRT_S_OK
    }

    /// S-2, S-7: the entry is unlinked; a running callback keeps its client.
    fn remove(&mut self, id: usize) -> i32 {
        if !self.clients[id].live {
            return WSRT_E_INVALIDARG;
        }
        self.clients[id].live = false;
        self.pending.push(Seen::Changed(WS_CHANGE_REMOVED, id));
        if self.clients[id].running {
            self.deliver();
            return WSRT_S_DEFERRED;
        }
        self.seen.push(Seen::Released(id));
        self.deliver();
        WSRT_S_OK
    }

    /// S-12 to S-16, S-27, and the rule against nesting.
    fn disconnect(&mut self, selection: Selection) -> i32 {
        let covers = |outer: &Selection| match (outer, selection) {
            (_, Selection::One(_)) | (Selection::One(_), _) => false,
            (Selection::All, _) => true,
            (outer, inner) => *outer == inner,
        };
        if self.fan_outs.iter().any(covers) {
            return WSRT_S_DEFERRED;
        }
        let chosen = |id: &usize| match selection {
            Selection::One(one) => *id == one,
            Selection::Workspace(workspace) => self.clients[*id].workspace == workspace,
            Selection::Name(name) => self.clients[*id].name == name,
            Selection::All => true,
        };
        let snapshot: Vec<usize> = self.live().into_iter().filter(chosen).collect();
        if snapshot.is_empty() && matches!(selection, Selection::One(_)) {
            return WSRT_E_INVALIDARG;
        }
        let (mut met, mut skipped, mut failure) = (0, 0, None);
        for id in snapshot {
            if !self.clients[id].live {
                continue;
            }
            if self.clients[id].running {
                skipped += 1;
                continue;
            }
            met += 1;
            self.fan_outs.push(selection);
            let code = self.tell(id);
            self.fan_outs.pop();
            if code < 0 && code != WSRT_RPC_E_DISCONNECTED {
                failure = failure.or(Some(code));
            }
        }
        failure.unwrap_or(if met == 0 && skipped > 0 { WSRT_S_FALSE } else { WSRT_S_OK })
    }

    /// Whoever holds no lock any more delivers: never before the client has answered.
    fn deliver(&mut self) {
        self.seen.append(&mut self.pending);
    }

    fn tell(&mut self, id: usize) -> i32 {
        self.clients[id].running = true;
        self.pending.push(Seen::Changed(WS_CHANGE_DISCONNECTING, id));
        self.seen.push(Seen::Told(id));
        let nested = match self.clients[id].manner {
            Manner::RemoveSelf | Manner::RemoveSelfAndFail => Some(self.remove(id)),
            Manner::RemoveOther(n) => self.nth(n).map(|other| self.remove(other)),
            Manner::Add(workspace) => Some(self.add(workspace, 0, Manner::Obey)),
            Manner::DisconnectWorkspace(workspace) => Some(self.disconnect(Selection::Workspace(workspace))),
            Manner::DisconnectName(name) => Some(self.disconnect(Selection::Name(name))),
            Manner::DisconnectAll => Some(self.disconnect(Selection::All)),
            Manner::DisconnectOther(n) => self.nth(n).map(|other| self.disconnect(Selection::One(other))),
            Manner::Obey | Manner::Fail(_) | Manner::Dead => None,
        };
        self.seen.extend(nested.map(Seen::Returned));
        let code = answer(self.clients[id].manner);
        self.clients[id].running = false;
        let lost = code == WSRT_RPC_E_DISCONNECTED && self.clients[id].live;
        self.clients[id].live &= !lost;
        if lost {
            self.pending.push(Seen::Changed(WS_CHANGE_LOST, id));
        }
        if !self.clients[id].live {
            self.seen.push(Seen::Released(id));
        }
        self.deliver();
        code
    }
}

fn answer(manner: Manner) -> i32 {
    match manner {
        Manner::Fail(which) => FAILURES[which as usize % FAILURES.len()],
        Manner::RemoveSelfAndFail => WSRT_E_FAIL,
        Manner::Dead => WSRT_RPC_E_DISCONNECTED,
        _ => WSRT_S_OK,
    }
}

/// The library, asked the same.
struct Real {
    runtime: *mut ws_runtime,
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    /// By number: the cookie, and whether it is still live as far as callers know.
    clients: Vec<(ws_cookie, bool)>,
    seen: Vec<Seen>,
}

/// What the library carries for a client; freed by its release.
struct Carried {
    real: *const Real,
    id: usize,
    workspace: u8,
    name: u8,
    manner: Manner,
}

fn workspace(n: u8) -> CString {
    CString::new(format!("workspace {n}")).expect("no NUL")
}

/// Name 0 is the empty one, which no selection reaches.
fn name(n: u8) -> CString {
    CString::new(if n == 0 { String::new() } else { format!("Näme {n}") }).expect("no NUL")
}

unsafe extern "C" fn get_id(user_data: *mut c_void, id: *mut wsrt_text) -> i32 {
    unsafe { wsrt_text_set(id, workspace((*user_data.cast::<Carried>()).workspace).as_ptr(), usize::MAX) }
}
unsafe extern "C" fn get_name(user_data: *mut c_void, text: *mut wsrt_text) -> i32 {
    unsafe { wsrt_text_set(text, name((*user_data.cast::<Carried>()).name).as_ptr(), usize::MAX) }
}
unsafe extern "C" fn release(user_data: *mut c_void) {
    let carried = unsafe { Box::from_raw(user_data.cast::<Carried>()) };
    unsafe { &*carried.real }.see(Seen::Released(carried.id));
}
unsafe extern "C" fn issue(user_data: *mut c_void, cookie: ws_cookie) -> i32 {
    let &Carried { real, id, manner, .. } = unsafe { &*user_data.cast::<Carried>() };
    let real = unsafe { &*real };
    assert_eq!(real.inner.borrow().clients[id].0, cookie, "the callback gets its own cookie");
    real.see(Seen::Told(id));
    let nested = match manner {
        Manner::RemoveSelf | Manner::RemoveSelfAndFail => Some(real.remove(id)),
        Manner::RemoveOther(n) => real.nth(n).map(|other| real.remove(other)),
        Manner::Add(workspace) => Some(real.add(workspace, 0, Manner::Obey)),
        Manner::DisconnectWorkspace(n) => Some(real.disconnect(Selection::Workspace(n))),
        Manner::DisconnectName(n) => Some(real.disconnect(Selection::Name(n))),
        Manner::DisconnectAll => Some(real.disconnect(Selection::All)),
        Manner::DisconnectOther(n) => real.nth(n).map(|other| real.disconnect(Selection::One(other))),
        Manner::Obey | Manner::Fail(_) | Manner::Dead => None,
    };
    nested.map(Seen::Returned).into_iter().for_each(|seen| real.see(seen));
    answer(manner)
}
unsafe extern "C" fn changed(user_data: *mut c_void, change: u32, info: *const ws_resource_info) {
    let (real, info) = unsafe { (&*user_data.cast::<Real>(), &*info) };
    let mut inner = real.inner.borrow_mut();
    if change == WS_CHANGE_ADDED {
        assert_eq!(inner.clients.last(), Some(&(info.cookie, true)), "*cookie was written before");
    }
    let id = inner.clients.iter().rposition(|client| client.0 == info.cookie).expect("a known cookie");
    if matches!(change, WS_CHANGE_REMOVED | WS_CHANGE_LOST) {
        inner.clients[id].1 = false;
    }
    inner.seen.push(Seen::Changed(change, id));
}

impl Real {
    fn see(&self, seen: Seen) {
        self.inner.borrow_mut().seen.push(seen);
    }

    fn nth(&self, n: usize) -> Option<usize> {
        let inner = self.inner.borrow();
        let live: Vec<usize> = (0..inner.clients.len()).filter(|&id| inner.clients[id].1).collect();
        (!live.is_empty()).then(|| live[n % live.len()])
    }

    fn cookie(&self, id: usize) -> ws_cookie {
        self.inner.borrow().clients[id].0
    }

    fn add(&self, workspace: u8, name: u8, manner: Manner) -> i32 {
        let id = self.inner.borrow().clients.len();
        let carried = Box::into_raw(Box::new(Carried { real: self, id, workspace, name, manner }));
        let table = ws_client {
            cb_size: size_of::<ws_client>() as u32,
            flags: 0,
            user_data: carried.cast(),
            get_resource_id: Some(get_id),
            get_resource_display_name: Some(get_name),
            issue_disconnect: Some(issue),
            release: Some(release),
            get_server: None,
            start_program: None,
        };
        let out = {
            let mut inner = self.inner.borrow_mut();
            inner.clients.push((0, true));
            &raw mut inner.clients[id].0
        };
        unsafe { ws_add_resource(self.runtime, &table, out) }
    }

    fn remove(&self, id: usize) -> i32 {
        let code = unsafe { ws_remove_resource(self.runtime, self.cookie(id)) };
        self.inner.borrow_mut().clients[id].1 = false;
        code
    }

    fn disconnect(&self, selection: Selection) -> i32 {
        unsafe {
            match selection {
                Selection::One(id) => ws_disconnect_resource(self.runtime, self.cookie(id)),
                Selection::Workspace(n) => ws_disconnect_workspace(self.runtime, workspace(n).as_ptr()),
                Selection::Name(n) => ws_disconnect_workspace_by_friendly_name(self.runtime, name(n).as_ptr()),
                Selection::All => {
                    let all = ws_disconnect {
                        cb_size: size_of::<ws_disconnect>() as u32,
                        flags: WS_DISCONNECT_ALL,
                        cookie: 0,
                        deadline_ms: 0,
                        workspace_id: null(),
                        friendly_name: null(),
                    };
                    ws_disconnect_ex(self.runtime, &all, None, null_mut())
                }
            }
        }
    }

    /// Number, workspace and name of all that the runtime lists, in its order.
    fn list(&self) -> Vec<(usize, CString, CString)> {
        unsafe extern "C" fn visit(user_data: *mut c_void, info: *const ws_resource_info) -> i32 {
            let (list, info) = unsafe { (&mut *user_data.cast::<Vec<(ws_cookie, CString, CString)>>(), &*info) };
            let text = |at| unsafe { CStr::from_ptr(at) }.to_owned();
            list.push((info.cookie, text(info.workspace_id), text(info.display_name)));
            WSRT_S_OK
        }
        let mut list: Vec<(ws_cookie, CString, CString)> = Vec::new();
        let code = unsafe { ws_enum_resources(self.runtime, Some(visit), (&raw mut list).cast()) };
        assert_eq!(code, WSRT_S_OK);
        let inner = self.inner.borrow();
        let number = |cookie| inner.clients.iter().rposition(|client| client.0 == cookie).expect("a known cookie");
        list.into_iter().map(|(cookie, workspace, name)| (number(cookie), workspace, name)).collect()
    }
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        3 => Just(Manner::Obey),
        2 => Just(Manner::RemoveSelf),
        1 => Just(Manner::RemoveSelfAndFail),
        1 => (0u8..3).prop_map(Manner::Fail),
        1 => Just(Manner::Dead),
        1 => (0usize..8).prop_map(Manner::RemoveOther),
        1 => (0u8..3).prop_map(Manner::Add),
        1 => (0u8..3).prop_map(Manner::DisconnectWorkspace),
        1 => (1u8..3).prop_map(Manner::DisconnectName),
        1 => Just(Manner::DisconnectAll),
        1 => (0usize..8).prop_map(Manner::DisconnectOther),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => (0u8..3, 0u8..3, manner()).prop_map(|(workspace, name, manner)| Call::Add(workspace, name, manner)),
        2 => (0usize..8).prop_map(Call::Remove),
        1 => (0usize..8).prop_map(Call::RemoveGone),
        1 => (0usize..8).prop_map(Call::Disconnect),
        1 => (0usize..8).prop_map(Call::DisconnectGone),
        2 => (0u8..4).prop_map(Call::Workspace),
        1 => (1u8..4).prop_map(Call::Name),
        1 => Just(Call::All),
    ]
}

fn play(calls: &[Call]) -> Result<(), TestCaseError> {
    let mut runtime = null_mut();
    assert_eq!(unsafe { ws_runtime_create(null(), &mut runtime) }, WSRT_S_OK);
    let (real, mut model) = (Real { runtime, inner: RefCell::default() }, Model::default());
    let observer = ws_observer {
        cb_size: size_of::<ws_observer>() as u32,
        flags: 0,
        user_data: (&raw const real).cast_mut().cast(),
        changed: Some(changed),
        link_changed: None,
        release: None,
    };
    assert_eq!(unsafe { ws_subscribe(runtime, &observer, &mut 0) }, WSRT_S_OK);
    for &call in calls {
        let gone = |n: usize| {
            let gone: Vec<usize> = (0..model.clients.len()).filter(|&id| !model.clients[id].live).collect();
            (!gone.is_empty()).then(|| gone[n % gone.len()])
        };
        let codes = match call {
            Call::Add(workspace, name, manner) => {
                Some((model.add(workspace, name, manner), real.add(workspace, name, manner)))
            }
            Call::Remove(n) => model.nth(n).map(|id| (model.remove(id), real.remove(id))),
            Call::RemoveGone(n) => gone(n).map(|id| (model.remove(id), real.remove(id))),
            Call::Disconnect(n) => {
                model.nth(n).map(|id| (model.disconnect(Selection::One(id)), real.disconnect(Selection::One(id))))
            }
            Call::DisconnectGone(n) => {
                gone(n).map(|id| (model.disconnect(Selection::One(id)), real.disconnect(Selection::One(id))))
            }
            Call::Workspace(n) => {
                Some((model.disconnect(Selection::Workspace(n)), real.disconnect(Selection::Workspace(n))))
            }
            Call::Name(n) => Some((model.disconnect(Selection::Name(n)), real.disconnect(Selection::Name(n)))),
            Call::All => Some((model.disconnect(Selection::All), real.disconnect(Selection::All))),
        };
        if let Some((expected, code)) = codes {
            prop_assert_eq!(code, expected, "{:?}: 0x{:08X} instead of 0x{:08X}", call, code, expected);
        }
        prop_assert_eq!(&real.inner.borrow().seen, &model.seen, "{:?}", call);
        let expected: Vec<_> = model
            .live()
            .into_iter()
            .map(|id| (id, workspace(model.clients[id].workspace), name(model.clients[id].name)))
            .collect();
        prop_assert_eq!(real.list(), expected, "{:?}", call);
    }
    let left = model.live().len();
    let before = real.inner.borrow().seen.len();
    prop_assert_eq!(unsafe { ws_runtime_destroy(runtime) }, WSRT_S_OK);
    let seen = real.inner.borrow().seen[before..].to_vec();
    prop_assert!(seen.iter().all(|seen| matches!(seen, Seen::Released(_))), "S-41: released, not told");
    prop_assert_eq!(seen.len(), left);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_registry_does_what_the_model_does(calls in prop::collection::vec(call(), 1..40)) {
        play(&calls)?;
    }
}

/// Nine clients that each disconnect the workspace again: nine calls, not 986,409.
#[test]
fn s27_nesting_is_not_factorial() {
    let mut calls = vec![Call::Add(0, 0, Manner::DisconnectWorkspace(0)); 9];
    calls.push(Call::Workspace(0));
    play(&calls).expect("as the model");
}
