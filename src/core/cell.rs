//! Type-stable homes of objects that callers name by handle.
//!
//! A cell is never freed, so a stale handle always leads to a cell; its life, odd while an object lives there and
//! raised at each start and end, tells whether it is still the caller's. An object that a stale thread can reach
//! between the look-up and its own lock is given the life too and checks it again under that lock.

use crate::sync::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct Cell<T> {
    life: AtomicU64,
    object: T,
}

impl<T> Cell<T> {
    pub(crate) fn new(object: T) -> Self {
        Self { life: AtomicU64::new(0), object }
    }

    /// The object, whoever lives there; for the owner of the vacant cell.
    pub(crate) fn object(&self) -> &T {
        &self.object
    }

    /// The life that the next object here will have.
    pub(crate) fn next_life(&self) -> u64 {
        self.life.load(Ordering::Relaxed) + 1
    }

    /// Makes the object findable. The caller owns the vacant cell and has prepared the object for `next_life`.
    pub(crate) fn open(&self, life: u64) {
        self.life.store(life, Ordering::Release);
    }

    pub(crate) fn get(&self, life: u64) -> Option<&T> {
        (life % 2 == 1 && self.life.load(Ordering::Acquire) == life).then_some(&self.object)
    }

    /// Ends a life; true for exactly one of those who try.
    pub(crate) fn close(&self, life: u64) -> bool {
        life % 2 == 1 && self.life.compare_exchange(life, life + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}
