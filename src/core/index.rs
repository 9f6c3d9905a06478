//! A look-up from a hash to entry numbers that grows and shrinks one bucket at a time, and costs one cache miss.
//!
//! Linear hashing: buckets are split in turn, one with each insertion that makes the table too full, and joined again
//! in the reverse order. A flat table would move every entry in one go when it grows, under the registry's lock.
//! May not: know what the numbers mean; the caller brings hash and equality.

use super::arena::{Arena, NONE};

/// One cache line of entries.
const SLOTS: usize = 7;

/// More entries than this per bucket: a bucket is split. Fewer than `FEW`: two are joined.
const MANY: usize = 4;
const FEW: usize = 2;

const BITS: u32 = 10;
const CHUNK: usize = 1 << BITS;

/// Up to `SLOTS` entries that share an address, and the way to more of them.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    hashes: [u32; SLOTS],
    entries: [u32; SLOTS],
    len: u32,
    overflow: u32,
}

const EMPTY: Bucket = Bucket { hashes: [0; SLOTS], entries: [NONE; SLOTS], len: 0, overflow: NONE };

/// Where a bucket lies: its address, or its number among the overflow buckets.
#[derive(Debug, Clone, Copy)]
enum Place {
    Address(u32),
    Overflow(u32),
}

#[derive(Debug)]
pub(crate) struct Index {
    /// By address; in chunks, so that growth moves nothing.
    chunks: Vec<Vec<Bucket>>,
    overflow: Arena<Bucket>,
    /// How many addresses there are.
    buckets: u32,
    len: usize,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self { chunks: vec![vec![EMPTY]], overflow: Arena::new(), buckets: 1, len: 0 }
    }

    pub(crate) fn find(&self, hash: u64, mut equal: impl FnMut(u32) -> bool) -> Option<u32> {
        let hash = fold(hash);
        let mut place = Place::Address(self.address(hash));
        loop {
            let bucket = self.bucket(place);
            for slot in 0..bucket.len as usize {
                if bucket.hashes[slot] == hash && equal(bucket.entries[slot]) {
                    return Some(bucket.entries[slot]);
                }
            }
            place = bucket.next()?;
        }
    }

    /// Adds a number that is not there yet.
    pub(crate) fn insert(&mut self, hash: u64, entry: u32) {
        self.put(fold(hash), entry);
        self.len += 1;
        if self.len > self.buckets as usize * MANY {
            self.split();
        }
    }

    pub(crate) fn remove(&mut self, hash: u64, entry: u32) {
        let hash = fold(hash);
        let mut place = Place::Address(self.address(hash));
        loop {
            let bucket = self.bucket(place);
            if let Some(slot) = bucket.entries[..bucket.len as usize].iter().position(|&other| other == entry) {
                self.take(self.address(hash), place, slot);
                break;
            }
            match bucket.next() {
                Some(next) => place = next,
                None => return,
            }
        }
        self.len -= 1;
        if self.buckets > 1 && self.len < self.buckets as usize * FEW {
            self.join();
        }
    }

    /// The address of a hash: by as many low bits as there are buckets for.
    fn address(&self, hash: u32) -> u32 {
        let bits = self.buckets.next_power_of_two().trailing_zeros();
        let address = hash & ((1 << bits) - 1);
        // Not split yet: its entries are still with the bucket that it will be split from.
        if address < self.buckets { address } else { address & !(1 << (bits - 1)) }
    }

    fn put(&mut self, hash: u32, entry: u32) {
        let mut place = Place::Address(self.address(hash));
        loop {
            let bucket = self.bucket_mut(place);
            if (bucket.len as usize) < SLOTS {
                bucket.push(hash, entry);
                return;
            }
            place = match bucket.next() {
                Some(next) => next,
                None => {
                    let more = self.overflow.insert(EMPTY);
                    self.bucket_mut(place).overflow = more;
                    Place::Overflow(more)
                }
            };
        }
    }

    /// Takes an entry out; the last of its address fills the hole.
    fn take(&mut self, address: u32, hole: Place, slot: usize) {
        let (mut before, mut last) = (None, Place::Address(address));
        while let Some(next) = self.bucket(last).next() {
            (before, last) = (Some(last), next);
        }
        let bucket = self.bucket_mut(last);
        bucket.len -= 1;
        let (end, empty) = (bucket.len as usize, bucket.len == 0);
        let (hash, entry) = (bucket.hashes[end], bucket.entries[end]);
        let filled = self.bucket_mut(hole);
        (filled.hashes[slot], filled.entries[slot]) = (hash, entry);
        if let (true, Place::Overflow(at), Some(before)) = (empty, last, before) {
            self.bucket_mut(before).overflow = NONE;
            self.overflow.remove(at);
        }
    }

    /// Adds the next bucket and gives it what is its own.
    fn split(&mut self) {
        if self.chunks[self.chunks.len() - 1].len() == CHUNK {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let last = self.chunks.len() - 1;
        self.chunks[last].push(EMPTY);
        let new = self.buckets;
        self.buckets += 1;
        // The one that it splits from: the same address without its highest bit.
        self.scatter(new & !(1 << new.ilog2()));
    }

    /// Takes the last bucket away; what was in it goes where it came from.
    fn join(&mut self) {
        let last = self.buckets - 1;
        let entries = self.drain(last);
        let chunk = self.chunks.len() - 1;
        self.chunks[chunk].pop();
        if self.chunks[chunk].is_empty() && chunk > 0 {
            self.chunks.pop();
        }
        self.buckets = last;
        entries.into_iter().for_each(|(hash, entry)| self.put(hash, entry));
    }

    fn scatter(&mut self, address: u32) {
        let entries = self.drain(address);
        entries.into_iter().for_each(|(hash, entry)| self.put(hash, entry));
    }

    fn drain(&mut self, address: u32) -> Vec<(u32, u32)> {
        let mut entries = Vec::with_capacity(2 * SLOTS);
        let mut bucket = std::mem::replace(self.bucket_mut(Place::Address(address)), EMPTY);
        loop {
            let len = bucket.len as usize;
            entries.extend(bucket.hashes.into_iter().zip(bucket.entries).take(len));
            if bucket.overflow == NONE {
                return entries;
            }
            bucket = self.overflow.remove(bucket.overflow);
        }
    }

    fn bucket(&self, place: Place) -> &Bucket {
        match place {
            Place::Address(at) => &self.chunks[(at >> BITS) as usize][at as usize & (CHUNK - 1)],
            Place::Overflow(at) => &self.overflow[at],
        }
    }

    fn bucket_mut(&mut self, place: Place) -> &mut Bucket {
        match place {
            Place::Address(at) => &mut self.chunks[(at >> BITS) as usize][at as usize & (CHUNK - 1)],
            Place::Overflow(at) => &mut self.overflow[at],
        }
    }
}

impl Bucket {
    fn push(&mut self, hash: u32, entry: u32) {
        let len = self.len as usize;
        (self.hashes[len], self.entries[len]) = (hash, entry);
        self.len += 1;
    }

    fn next(&self) -> Option<Place> {
        (self.overflow != NONE).then_some(Place::Overflow(self.overflow))
    }
}

/// 2^23 entries need no more bits than this.
const fn fold(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    fn longest(index: &Index) -> usize {
        let length = |at| std::iter::successors(Some(Place::Address(at)), |&p| index.bucket(p).next()).count();
        (0..index.buckets).map(length).max().unwrap_or_default()
    }

    #[test]
    fn finds_all_and_only_what_is_there() {
        let hasher = foldhash::fast::FixedState::default();
        let hash = |n: u32| hasher.hash_one(n);
        let mut index = Index::new();
        (0..50_000).for_each(|n| index.insert(hash(n), n));
        assert!(longest(&index) <= 4, "a step stays small");
        (0..50_000).step_by(2).for_each(|n| index.remove(hash(n), n));
        for n in 0..60_000 {
            let there = n % 2 == 1 && n < 50_000;
            assert_eq!(index.find(hash(n), |at| at == n), there.then_some(n));
        }
        (1..50_000).step_by(2).for_each(|n| index.remove(hash(n), n));
        assert_eq!((index.buckets, index.len), (1, 0), "an empty index gives its memory back");
    }

    #[test]
    fn survives_hashes_that_are_all_alike() {
        let mut index = Index::new();
        (0..2_000).for_each(|n| index.insert(7, n));
        assert!((0..2_000).all(|n| index.find(7, |at| at == n) == Some(n)));
        (0..2_000).for_each(|n| index.remove(7, n));
        assert_eq!((index.buckets, index.len), (1, 0));
    }
}
