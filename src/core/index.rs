//! A look-up from a hash to entry numbers that never rehashes more than one bucket at a time.
//!
//! Extendible hashing: a directory of buckets, doubled when a bucket outgrows it. A flat table would move every entry
//! in one go when it grows, under the registry's lock; here a growth step touches at most `BUCKET` entries.
//! May not: know what the numbers mean; the caller brings hash and equality.

use hashbrown::HashTable;

const BUCKET: usize = 512;

/// The directory grows no further: room for 2^23 entries with good hashes, and no harm from bad ones.
const MOST_BITS: u32 = 18;

#[derive(Debug)]
struct Bucket {
    /// How many leading bits of the hash all its entries share.
    depth: u32,
    table: HashTable<u32>,
}

#[derive(Debug)]
pub(crate) struct Index {
    /// Leading bits of the hash that the directory tells apart.
    bits: u32,
    directory: Vec<u32>,
    buckets: Vec<Bucket>,
    len: usize,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self { bits: 0, directory: vec![0], buckets: vec![Bucket { depth: 0, table: HashTable::new() }], len: 0 }
    }

    pub(crate) fn find(&self, hash: u64, mut equal: impl FnMut(u32) -> bool) -> Option<u32> {
        let bucket = &self.buckets[self.bucket(hash)];
        bucket.table.find(hash, |&at| equal(at)).copied()
    }

    /// Adds a number that is not there yet. `rehash` tells the hash of a number added earlier.
    pub(crate) fn insert(&mut self, hash: u64, at: u32, rehash: impl Fn(u32) -> u64) {
        let mut bucket = self.bucket(hash);
        while self.buckets[bucket].table.len() >= BUCKET && self.buckets[bucket].depth < MOST_BITS {
            self.split(bucket, hash, &rehash);
            bucket = self.bucket(hash);
        }
        let table = &mut self.buckets[bucket].table;
        table.insert_unique(hash, at, |&at| rehash(at));
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, hash: u64, at: u32) {
        let bucket = self.bucket(hash);
        let found = self.buckets[bucket].table.find_entry(hash, |&other| other == at);
        if let Ok(entry) = found {
            entry.remove();
            self.len -= 1;
        }
        if self.len == 0 && self.buckets.len() > 1 {
            *self = Self::new();
        }
    }

    fn bucket(&self, hash: u64) -> usize {
        self.directory[self.slot(hash)] as usize
    }

    fn slot(&self, hash: u64) -> usize {
        // Two shifts: by 64 at once is not defined.
        (hash >> 1 >> (63 - self.bits)) as usize
    }

    fn split(&mut self, bucket: usize, hash: u64, rehash: impl Fn(u32) -> u64) {
        let depth = self.buckets[bucket].depth;
        if depth == self.bits {
            self.directory = self.directory.iter().flat_map(|&b| [b, b]).collect();
            self.bits += 1;
        }
        let mask = 1u64 << (63 - depth);
        let mut upper = HashTable::with_capacity(BUCKET);
        let lower = &mut self.buckets[bucket];
        lower.depth = depth + 1;
        for at in lower.table.extract_if(|&mut at| rehash(at) & mask != 0) {
            upper.insert_unique(rehash(at), at, |&at| rehash(at));
        }
        let new = self.buckets.len() as u32;
        self.buckets.push(Bucket { depth: depth + 1, table: upper });
        // The slots of the old bucket are neighbours; the upper half of them is the new one's.
        let width = 1usize << (self.bits - depth);
        let first = self.slot(hash) & !(width - 1);
        self.directory[first + width / 2..first + width].fill(new);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn finds_all_and_only_what_is_there() {
        let hasher = foldhash::fast::FixedState::default();
        let hash = |n: u32| hasher.hash_one(n);
        let mut index = Index::new();
        (0..50_000).for_each(|n| index.insert(hash(n), n, hash));
        (0..50_000).step_by(2).for_each(|n| index.remove(hash(n), n));
        for n in 0..60_000 {
            let there = n % 2 == 1 && n < 50_000;
            assert_eq!(index.find(hash(n), |at| at == n), there.then_some(n));
        }
        assert!(index.buckets.iter().all(|b| b.table.len() <= BUCKET), "a growth step stays small");
        (1..50_000).step_by(2).for_each(|n| index.remove(hash(n), n));
        assert_eq!(index.buckets.len(), 1, "an empty index gives its memory back");
    }

    #[test]
    fn survives_hashes_that_are_all_alike() {
        let mut index = Index::new();
        (0..2_000).for_each(|n| index.insert(7, n, |_| 7));
        assert!((0..2_000).all(|n| index.find(7, |at| at == n) == Some(n)));
    }
}
