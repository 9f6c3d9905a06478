//! The data of one runtime, as it is under the runtime's lock: entries, their three chains, walks along a chain.
//!
//! Every step here is short and bounded; whoever has many entries to visit takes a walk and lets the lock go between
//! steps. May not: lock, wait, or call foreign code.

use super::groups::Groups;
use super::{Answer, Client, Details, Info, Standing};
use crate::core::arena::{Arena, NONE};
use crate::core::cookie::Cookies;
use slab::Slab;

/// At most so many registrations live in one runtime.
pub(crate) const MOST: u32 = 1 << 23;

/// The order of entries in a chain is always that of registration (S-12).
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    head: u32,
    tail: u32,
}

impl List {
    pub(super) const fn new() -> Self {
        Self { head: NONE, tail: NONE }
    }
}

/// The chains that an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    All,
    Workspace(u32),
    Name(u32),
}

impl Chain {
    const fn lane(self) -> usize {
        match self {
            Self::All => 0,
            Self::Workspace(_) => 1,
            Self::Name(_) => 2,
        }
    }
}

pub(super) struct Entry<C: Client> {
    client: Option<C>,
    /// Rises with every registration of a runtime and never wraps, unlike the cookie.
    pub(super) serial: u64,
    /// The next entry, by lane.
    next: [u32; 3],
    pub(super) cookie: u32,
    last_result: i32,
    pub(super) standing: Standing,
    /// An `issue_disconnect` is running.
    pub(super) telling: bool,
    /// The previous entry, by lane.
    previous: [u32; 3],
    workspace: u32,
    name: u32,
    added_ms: u64,
    standing_ms: u64,
    details: Option<Box<Details>>,
}

/// A position in a chain that survives the removal of any entry.
#[derive(Debug)]
struct Walk {
    lane: usize,
    next: u32,
    /// Entries registered later are not visited.
    end: u64,
}

pub(super) struct Registry<C: Client> {
    entries: Arena<Entry<C>>,
    cookies: Cookies,
    live: u32,
    next_serial: u64,
    all: List,
    workspaces: Groups,
    names: Groups,
    walks: Slab<Walk>,
}

/// Names one registration, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) at: u32,
    pub(super) serial: u64,
}

impl<C: Client> Registry<C> {
    pub(super) fn new(first_cookie: u32) -> Self {
        Self {
            entries: Arena::new(),
            cookies: Cookies::new(first_cookie),
            live: 0,
            next_serial: 0,
            all: List::new(),
            workspaces: Groups::new(),
            names: Groups::new(),
            walks: Slab::new(),
        }
    }

    /// Links a new registration. `issued` sees the cookie before anybody else can.
    pub(super) fn add(
        &mut self,
        client: C,
        (workspace, name): (&str, &str),
        details: Option<Box<Details>>,
        now_ms: u64,
        issued: impl FnOnce(u32),
    ) -> Key {
        let workspace = self.workspaces.find_or_make(workspace);
        let name = match name {
            "" => NONE,
            name => self.names.find_or_make(name),
        };
        let serial = self.next_serial;
        self.next_serial += 1;
        let at = self.entries.insert(Entry {
            serial,
            client: Some(client),
            next: [NONE; 3],
            previous: [NONE; 3],
            workspace,
            name,
            cookie: 0,
            standing: Standing::Connected,
            telling: false,
            last_result: 0,
            added_ms: now_ms,
            standing_ms: now_ms,
            details,
        });
        let cookie = self.cookies.issue(at);
        issued(cookie);
        self.entries[at].cookie = cookie;
        for chain in self.chains(at) {
            self.append(chain, at);
        }
        self.live += 1;
        Key { at, serial }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.live >= MOST
    }

    pub(super) fn find(&self, cookie: u32) -> Option<Key> {
        let at = self.cookies.get(cookie)?;
        Some(Key { at, serial: self.entries[at].serial })
    }

    pub(super) fn get(&self, key: Key) -> Option<&Entry<C>> {
        self.entries.get(key.at).filter(|e| e.serial == key.serial)
    }

    /// Takes the cookie away: the registration is gone for every caller, though a callback may still run.
    pub(super) fn retire(&mut self, key: Key, now_ms: u64) {
        self.cookies.remove(self.entries[key.at].cookie);
        self.stand(key, Standing::Leaving, now_ms);
        self.live -= 1;
    }

    pub(super) fn begin_telling(&mut self, key: Key, now_ms: u64) {
        self.entries[key.at].telling = true;
        self.stand(key, Standing::Disconnecting, now_ms);
    }

    pub(super) fn end_telling(&mut self, key: Key, answer: Answer) {
        let entry = &mut self.entries[key.at];
        entry.telling = false;
        entry.last_result = answer.code();
    }

    /// Takes a retired entry out of every chain; the caller drops the client, which runs foreign code.
    pub(super) fn unlink(&mut self, key: Key) -> Option<C> {
        for chain in self.chains(key.at) {
            self.detach(chain, key.at);
        }
        let entry = self.entries.remove(key.at);
        for (groups, group) in [(&mut self.workspaces, entry.workspace), (&mut self.names, entry.name)] {
            if group != NONE && groups.get(group).members.head == NONE {
                groups.free(group);
            }
        }
        entry.client
    }

    /// Takes the client of a retired entry that stays listed until its release has run.
    pub(super) fn disown(&mut self, key: Key) -> Option<C> {
        self.entries[key.at].client.take()
    }

    /// What may be called of an entry that has not been released.
    pub(super) fn calls(&self, key: Key) -> Option<C::Calls> {
        self.entries[key.at].client.as_ref().map(C::calls)
    }

    pub(super) fn workspace_chain(&self, id: &str) -> Option<Chain> {
        self.workspaces.find(id).map(Chain::Workspace)
    }

    pub(super) fn name_chain(&self, name: &str) -> Option<Chain> {
        self.names.find(name).map(Chain::Name)
    }

    /// The serial of the next registration.
    pub(super) const fn next_serial(&self) -> u64 {
        self.next_serial
    }

    /// Starts a walk over what is registered now. Ended by `end_walk`.
    pub(super) fn begin_walk(&mut self, chain: Chain) -> usize {
        self.walks.insert(Walk { lane: chain.lane(), next: self.list(chain).head, end: self.next_serial })
    }

    /// The next entry of a walk. It may be retired: whoever walks decides what that means.
    pub(super) fn step(&mut self, walk: usize) -> Option<Key> {
        let Walk { lane, next, end } = self.walks[walk];
        let entry = self.entries.get(next).filter(|entry| entry.serial < end)?;
        let key = Key { at: next, serial: entry.serial };
        self.walks[walk].next = entry.next[lane];
        Some(key)
    }

    /// Whether a walk has not come to its end.
    pub(super) fn has_more(&self, walk: usize) -> bool {
        let Walk { next, end, .. } = self.walks[walk];
        self.entries.get(next).is_some_and(|entry| entry.serial < end)
    }

    pub(super) fn end_walk(&mut self, walk: usize) {
        self.walks.remove(walk);
    }

    pub(super) fn workspace_of(&self, key: Key) -> &str {
        &self.workspaces.get(self.entries[key.at].workspace).key
    }

    pub(super) fn name_of(&self, key: Key) -> &str {
        match self.entries[key.at].name {
            NONE => "",
            name => &self.names.get(name).key,
        }
    }

    pub(super) fn details_of(&self, key: Key) -> Option<&Details> {
        self.entries[key.at].details.as_deref()
    }

    pub(super) fn info(&self, key: Key, now_ms: u64) -> Info {
        let entry = &self.entries[key.at];
        Info {
            cookie: entry.cookie,
            standing: entry.standing,
            last_result: entry.last_result,
            age_ms: now_ms.saturating_sub(entry.added_ms),
            standing_age_ms: now_ms.saturating_sub(entry.standing_ms),
            correlation_id: self.details_of(key).map_or([0; 16], |d| d.correlation_id),
            workspace: self.workspace_of(key).into(),
            name: self.name_of(key).into(),
        }
    }

    fn stand(&mut self, key: Key, standing: Standing, now_ms: u64) {
        let entry = &mut self.entries[key.at];
        if entry.standing != standing {
            entry.standing = standing;
            entry.standing_ms = now_ms;
        }
    }

    fn chains(&self, at: u32) -> impl Iterator<Item = Chain> + use<C> {
        let entry = &self.entries[at];
        let name = (entry.name != NONE).then_some(Chain::Name(entry.name));
        [Chain::All, Chain::Workspace(entry.workspace)].into_iter().chain(name)
    }

    fn list(&self, chain: Chain) -> List {
        match chain {
            Chain::All => self.all,
            Chain::Workspace(group) => self.workspaces.get(group).members,
            Chain::Name(group) => self.names.get(group).members,
        }
    }

    fn list_mut(&mut self, chain: Chain) -> &mut List {
        match chain {
            Chain::All => &mut self.all,
            Chain::Workspace(group) => self.workspaces.members_mut(group),
            Chain::Name(group) => self.names.members_mut(group),
        }
    }

    fn append(&mut self, chain: Chain, at: u32) {
        let lane = chain.lane();
        let list = self.list_mut(chain);
        let previous = std::mem::replace(&mut list.tail, at);
        if previous == NONE {
            list.head = at;
        } else {
            self.entries[previous].next[lane] = at;
        }
        self.entries[at].previous[lane] = previous;
    }

    fn detach(&mut self, chain: Chain, at: u32) {
        let lane = chain.lane();
        let (previous, next) = (self.entries[at].previous[lane], self.entries[at].next[lane]);
        self.move_walks(lane, at, next);
        match previous {
            NONE => self.list_mut(chain).head = next,
            previous => self.entries[previous].next[lane] = next,
        }
        match next {
            NONE => self.list_mut(chain).tail = previous,
            next => self.entries[next].previous[lane] = previous,
        }
    }

    /// Leads the walks whose next entry is going to the one after it. Walks are few: one per fan-out under way.
    fn move_walks(&mut self, lane: usize, from: u32, to: u32) {
        for (_, walk) in &mut self.walks {
            if walk.lane == lane && walk.next == from {
                walk.next = to;
            }
        }
    }
}
