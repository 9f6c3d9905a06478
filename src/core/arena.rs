//! Numbered storage that grows and shrinks by chunks, so that no growth moves more than one chunk's entries.
//!
//! May not: order its entries or tell a reused number from an old one; the owner keeps chains and serials for that.

use slab::Slab;
use std::ops::{Index, IndexMut};

/// "No entry", where a number is stored.
pub(crate) const NONE: u32 = u32::MAX;

const BITS: u32 = 10;
const CHUNK: usize = 1 << BITS;

#[derive(Debug)]
pub(crate) struct Arena<T> {
    chunks: Vec<Slab<T>>,
    /// Chunks with room, each once; the last is filled first.
    roomy: Vec<u32>,
}

impl<T> Arena<T> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new(), roomy: Vec::new() }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let chunk = match self.roomy.last() {
            Some(&chunk) => chunk,
            None => {
                let chunk = self.chunks.len() as u32;
                // The first chunk grows as it fills: most owners stay small.
                let room = if chunk == 0 { 0 } else { CHUNK };
                self.chunks.push(Slab::with_capacity(room));
                self.roomy.push(chunk);
                chunk
            }
        };
        let slab = &mut self.chunks[chunk as usize];
        let slot = slab.insert(value) as u32;
        if slab.len() == CHUNK {
            self.roomy.pop();
        }
        chunk << BITS | slot
    }

    pub(crate) fn remove(&mut self, at: u32) -> T {
        let (chunk, slot) = split(at);
        let slab = &mut self.chunks[chunk];
        let was_full = slab.len() == CHUNK;
        let value = slab.remove(slot);
        let emptied = slab.is_empty();
        if was_full {
            self.shrink_next();
            self.roomy.push(chunk as u32);
        }
        // The chunk to be filled next keeps its memory: add and remove by turns must not allocate.
        if emptied && self.roomy.last() != Some(&(chunk as u32)) {
            self.chunks[chunk] = Slab::new();
        }
        value
    }

    /// Gives back the memory of the chunk that was to be filled next, if it is empty.
    fn shrink_next(&mut self) {
        if let Some(&next) = self.roomy.last() {
            let slab = &mut self.chunks[next as usize];
            if slab.is_empty() {
                *slab = Slab::new();
            }
        }
    }

    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        let (chunk, slot) = split(at);
        self.chunks.get(chunk)?.get(slot)
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;

    fn index(&self, at: u32) -> &T {
        let (chunk, slot) = split(at);
        &self.chunks[chunk][slot]
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        let (chunk, slot) = split(at);
        &mut self.chunks[chunk][slot]
    }
}

const fn split(at: u32) -> (usize, usize) {
    ((at >> BITS) as usize, at as usize & (CHUNK - 1))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_valid_while_chunks_come_and_go() {
        let mut arena = Arena::new();
        let at: Vec<u32> = (0..5000u32).map(|n| arena.insert(n)).collect();
        for (n, &at) in at.iter().enumerate().filter(|(n, _)| n % 3 != 0) {
            assert_eq!(arena.remove(at), n as u32);
        }
        for (n, &at) in at.iter().enumerate() {
            assert_eq!(arena.get(at).copied(), (n % 3 == 0).then_some(n as u32));
        }
        let again: Vec<u32> = (0..3000u32).map(|n| arena.insert(n)).collect();
        assert!(again.iter().all(|at| at >> BITS < 5), "freed room is used before a new chunk");
    }

    #[test]
    fn emptied_chunks_give_their_memory_back() {
        let mut arena = Arena::new();
        let at: Vec<u32> = (0..10 * CHUNK).map(|n| arena.insert(n)).collect();
        at.into_iter().for_each(|at| _ = arena.remove(at));
        let kept: usize = arena.chunks.iter().map(Slab::capacity).sum();
        assert!(kept <= CHUNK, "{kept} slots kept by an empty arena");
    }
}
