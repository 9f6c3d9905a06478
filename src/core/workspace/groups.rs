//! Registrations that share a string: a workspace's, or a display name's. The string is kept once.
//!
//! Comparison is exact, byte by byte (S-11). May not: outlive its members; an empty group is freed.

use super::registry::List;
use crate::core::arena::Arena;
use crate::core::index::Index;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;

#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: Box<str>,
    pub(super) members: List,
}

#[derive(Debug)]
pub(super) struct Groups {
    groups: Arena<Group>,
    index: Index,
    hasher: RandomState,
}

impl Groups {
    pub(super) fn new() -> Self {
        Self { groups: Arena::new(), index: Index::new(), hasher: RandomState::default() }
    }

    pub(super) fn find(&self, key: &str) -> Option<u32> {
        self.find_hashed(self.hasher.hash_one(key), key)
    }

    /// The group of that key, made if there is none.
    pub(super) fn find_or_make(&mut self, key: &str) -> u32 {
        let hash = self.hasher.hash_one(key);
        if let Some(group) = self.find_hashed(hash, key) {
            return group;
        }
        let group = self.groups.insert(Group { key: key.into(), members: List::new() });
        self.index.insert(hash, group);
        group
    }

    pub(super) fn free(&mut self, group: u32) {
        let Group { key, .. } = self.groups.remove(group);
        self.index.remove(self.hasher.hash_one(&*key), group);
    }

    pub(super) fn get(&self, group: u32) -> &Group {
        &self.groups[group]
    }

    pub(super) fn members_mut(&mut self, group: u32) -> &mut List {
        &mut self.groups[group].members
    }

    fn find_hashed(&self, hash: u64, key: &str) -> Option<u32> {
        self.index.find(hash, |at| &*self.groups[at].key == key)
    }
}
