//! One resource: the state machine, and the word that a slot keeps its state in.
//!
//! Everybody changes a slot by exchanging its whole word, so a change that was decided on an old view fails. May not:
//! know who changes it or why.

use super::seat::Seat;
use crate::sync::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Where a resource is. The names of the four inventory states and of the three tracked ones are those of the
/// specification; TP(T) and a doomed EI(T) or EU(T) are one, `Awaiting`. The rest are callbacks in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// No resource.
    Vacant,
    /// Free, not enlisted: anyone's.
    Ui,
    /// Free, enlisted: only for objects of its transaction.
    Ei,
    /// In use, not enlisted.
    Uu,
    /// In use, enlisted.
    Eu,
    /// Tracked, not enlisted.
    Tu,
    /// Tracked, enlisted.
    Te,
    /// Given up; destroyed when its transaction ends.
    Awaiting,
    Creating,
    /// Being rated, or the best so far.
    RatingUi,
    RatingEi,
    Enlisting,
    ResettingUu,
    ResettingEu,
    /// Being enlisted in order to be tracked.
    Tracking,
    Destroying,
}

/// What can happen to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Create,
    Created,
    Offer,
    PutBack,
    Take,
    Enlist,
    Enlisted,
    Declined,
    /// The enlistment failed, and the resource is free of it (D-11).
    Cleared,
    Free,
    Stock,
    /// The reset failed: still its user's (D-19).
    Keep,
    TransactionEnded,
    GiveUp,
    Expire,
    Close,
    Track,
    Forget,
    /// Taken out of a callback's hands, to be destroyed.
    Discard,
    /// The destruction failed, and its asker is told: as before (D-23).
    Revive(Before),
}

/// What a resource was before it was to be destroyed on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Ui,
    Uu,
}

impl State {
    /// The table: what a step makes of a state; `None` where it cannot be taken. Rows are those of the specification;
    /// row 4 needs a stock that is asked for, 9, 19 and 20 are choices of whoever takes the step.
    #[rustfmt::skip]
    #[inline]
    pub(crate) const fn after(self, step: Step) -> Option<Self> {
        use State::*;
        Some(match (step, self) {
            (Step::Create, Vacant) => Creating,
            (Step::Created, Creating) => Uu,                                            // row 1
            (Step::Take, Ui | RatingUi) => Uu,                                          // row 5
            (Step::Take, RatingEi) => Eu,                                               // row 8
            (Step::Offer, Ui) => RatingUi,
            (Step::Offer, Ei) => RatingEi,
            (Step::PutBack, RatingUi) => Ui,
            (Step::PutBack, RatingEi) => Ei,
            (Step::Enlist, Creating | RatingUi) => Enlisting,
            (Step::Enlisted, Enlisting) => Eu,                                          // rows 2, 6
            (Step::Declined, Enlisting) => Uu,                                          // rows 3, 7
            (Step::Cleared, Enlisting) => Ui,

            (Step::Free, Uu) => ResettingUu,
            (Step::Free, Eu) => ResettingEu,
            (Step::Stock, ResettingUu) => Ui,                                           // rows 10, 19
            (Step::Stock, ResettingEu) => Ei,                                           // rows 11, 19
            (Step::Keep, ResettingUu) => Uu,
            (Step::Keep, ResettingEu) => Eu,

            (Step::TransactionEnded, Ei) => Ui,                                         // row 12
            (Step::TransactionEnded, Eu) => Uu,                                         // row 13
            (Step::TransactionEnded, Te) => Tu,                                         // row 28
            (Step::TransactionEnded, Awaiting) => Destroying,                           // rows 18, 27
            (Step::TransactionEnded, RatingEi) => RatingUi,
            (Step::TransactionEnded, ResettingEu) => ResettingUu,

            (Step::Expire, Ui) => Destroying,                                           // row 14
            (Step::GiveUp, Ui | Uu) => Destroying,                                      // row 17
            (Step::GiveUp, Ei | Eu) => Awaiting,                                        // row 18
            (Step::GiveUp, ResettingUu) => Destroying,
            (Step::GiveUp, ResettingEu | RatingEi) => Awaiting,
            (Step::Close, Ui | Ei | Awaiting) => Destroying,                            // row 15
            (Step::Close, Uu | Eu | Tu | Te) => Vacant,                                 // row 16

            (Step::Track, Vacant) => Tracking,
            (Step::Declined, Tracking) => Tu,                                           // rows 21, 23
            (Step::Enlisted, Tracking) => Te,                                           // row 22
            (Step::GiveUp, Tu) => Destroying,                                           // row 24
            (Step::Forget, Tu | Te) => Vacant,                                          // row 25
            (Step::GiveUp, Te) => Awaiting,                                             // row 26

            (Step::Discard, Creating | RatingUi | RatingEi | Enlisting | ResettingUu | ResettingEu) => Destroying,
            (Step::Revive(Before::Ui), Destroying) => Ui,
            (Step::Revive(Before::Uu), Destroying) => Uu,
            _ => return None,
        })
    }

    /// Whether a callback has the resource.
    pub(crate) const fn is_in_callback(self) -> bool {
        use State::*;
        matches!(self, Creating | RatingUi | RatingEi | Enlisting | ResettingUu | ResettingEu | Tracking | Destroying)
    }

    pub(crate) const fn is_in_use(self) -> bool {
        matches!(self, Self::Uu | Self::Eu)
    }

    const fn from_bits(bits: u64) -> Self {
        use State::*;
        const ALL: [State; 16] = [
            Vacant,
            Ui,
            Ei,
            Uu,
            Eu,
            Tu,
            Te,
            Awaiting,
            Creating,
            RatingUi,
            RatingEi,
            Enlisting,
            ResettingUu,
            ResettingEu,
            Tracking,
            Destroying,
        ];
        ALL[(bits & 15) as usize]
    }
}

/// State, generation and marks of a slot: from the top 20 bits of the dispenser's life, 38 that count what the slot has
/// held and been given out for, 2 marks, 4 of the state.
///
/// The life makes a change fail that a thread decided on for an earlier dispenser in the same memory; the count makes
/// it fail if the resource has been through other hands meanwhile, and tells how often it was in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(u64);

const STATE: u64 = 15;
const COUNT: u64 = COUNTS << COUNT_AT;
const COUNTS: u64 = (1 << 38) - 1;
const COUNT_AT: u32 = 6;
const LIFE_AT: u32 = 44;

impl Word {
    /// Destroy it when its callback returns.
    pub(crate) const DOOMED: u64 = 1 << 4;
    /// Its callback took too long; whoever made it has to clean up.
    pub(crate) const WRITTEN_OFF: u64 = 1 << 5;

    #[inline]
    pub(crate) const fn state(self) -> State {
        State::from_bits(self.0)
    }

    #[inline]
    pub(crate) const fn is_of(self, life: u64) -> bool {
        self.0 >> LIFE_AT == tag(life)
    }

    /// Whether it is in exactly that state, unmarked, in that life of the dispenser.
    #[inline]
    pub(crate) const fn is(self, state: State, life: u64) -> bool {
        self.0 & !COUNT == tag(life) << LIFE_AT | state as u64
    }

    const fn count(self) -> u64 {
        self.0 >> COUNT_AT & COUNTS
    }

    pub(crate) const fn has(self, mark: u64) -> bool {
        self.0 & mark != 0
    }

    pub(crate) const fn marked(self, mark: u64) -> Self {
        Self(self.0 | mark)
    }

    pub(crate) const fn unmarked(self) -> Self {
        Self(self.0 & !(Self::DOOMED | Self::WRITTEN_OFF))
    }

    /// The word as far as time is counted for it: a transaction that ends starts no clock anew (D-15).
    fn timed(self) -> Self {
        self.after(Step::TransactionEnded).filter(|_| self.state() != State::Awaiting).unwrap_or(self)
    }

    #[inline]
    pub(crate) const fn with(self, state: State) -> Self {
        Self(self.0 & !STATE | state as u64)
    }

    /// What a step alone makes of it.
    pub(crate) fn after(self, step: Step) -> Option<Self> {
        self.state().after(step).map(|state| self.with(state))
    }

    /// As `with`, and from now on another use.
    #[inline]
    pub(crate) const fn anew(self, state: State) -> Self {
        let count = self.0.wrapping_add(1 << COUNT_AT) & COUNT;
        Self(self.0 & !(COUNT | STATE) | count | state as u64)
    }

    /// As `anew`, in another life of the dispenser.
    pub(crate) const fn reborn(self, state: State, life: u64) -> Self {
        let next = self.unmarked().anew(state);
        Self(next.0 & !(u64::MAX << LIFE_AT) | tag(life) << LIFE_AT)
    }
}

/// The part of a life that is in a word: lives are odd.
#[inline]
const fn tag(life: u64) -> u64 {
    life >> 1 & 0xF_FFFF
}

/// A place for a resource. Everything but the word may be written only by who has the resource in a state that the others
/// leave alone, a callback's, and says nothing to others until they have found the word unchanged. `thread` and `stamp`
/// alone are written by who has just taken the resource, whatever has become of it since: they are for people, and for an
/// order that need not be exact then.
///
/// Two cache lines, for processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Slot {
    word: AtomicU64,
    pub(crate) resid: AtomicUsize,
    pub(crate) restypid: AtomicUsize,
    pub(crate) instid: AtomicUsize,
    pub(crate) thread: AtomicU64,
    /// Order of what was done with resources; see `Seat::stamp`.
    pub(crate) stamp: AtomicU64,
    /// Counts callbacks, so that a sweep can tell one that lasts from another like it.
    pub(crate) callbacks: AtomicU32,

    pub(crate) secs_free_before_destroy: AtomicI32,
    /// The transaction record, while enlisted; and the number that the caller knows it by.
    pub(crate) record: AtomicU64,
    pub(crate) transid: AtomicUsize,
    pub(crate) created_ms: AtomicU64,
    /// Order of creation.
    pub(crate) created: AtomicU64,
    /// Uses up to the word's count of then. Written under the dispenser's lock.
    uses: AtomicU64,
    uses_at: AtomicU64,
    /// What the last sweep saw, and since when it has seen it. Written under the dispenser's lock.
    pub(crate) seen: AtomicU64,
    pub(crate) seen_callbacks: AtomicU32,
    /// Order in which objects were given resources.
    pub(crate) allocated: AtomicU32,
    pub(crate) seen_since_ms: AtomicU64,
}

impl Slot {
    #[inline]
    pub(crate) fn word(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    /// Exchanges the word; `Err` with what is there if that is not `from`.
    #[inline]
    pub(crate) fn exchange(&self, from: Word, to: Word) -> Result<(), Word> {
        let swap = self.word.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Acquire);
        swap.map(drop).map_err(Word)
    }

    /// For a slot that nobody else can change: a vacant one, under the dispenser's lock.
    pub(crate) fn set(&self, to: Word) {
        self.word.store(to.0, Ordering::Release);
    }

    /// Makes a vacant slot ready for another resource.
    pub(crate) fn prepare(&self, created: u64, now_ms: u64) {
        for number in [&self.restypid, &self.instid, &self.transid] {
            number.store(0, Ordering::Relaxed);
        }
        for number in [&self.thread, &self.uses, &self.record] {
            number.store(0, Ordering::Relaxed);
        }
        self.secs_free_before_destroy.store(-1, Ordering::Relaxed);
        self.created.store(created, Ordering::Relaxed);
        self.created_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Starts a resource's life in a vacant slot; under the dispenser's lock.
    pub(crate) fn begin(&self, state: State, life: u64) {
        let word = self.word().reborn(state, life);
        self.uses_at.store(word.count(), Ordering::Relaxed);
        self.set(word);
    }

    /// How often the resource has been in use.
    pub(crate) fn uses(&self, word: Word) -> u64 {
        let since = word.count().wrapping_sub(self.uses_at.load(Ordering::Relaxed)) & COUNTS;
        self.uses.load(Ordering::Relaxed) + since
    }

    /// Keeps the uses apart before the word's count comes round; under the dispenser's lock.
    pub(crate) fn keep_uses(&self, word: Word) {
        self.uses.store(self.uses(word), Ordering::Relaxed);
        self.uses_at.store(word.count(), Ordering::Relaxed);
    }

    /// Notes who took it, for people and for the order of the next search.
    #[inline]
    pub(crate) fn note_user<D>(&self, seat: &Seat<D>) {
        self.thread.store(seat.thread(), Ordering::Relaxed);
        self.note_time(seat);
    }

    #[inline]
    pub(crate) fn note_time<D>(&self, seat: &Seat<D>) {
        self.stamp.store(seat.stamp(self.stamp.load(Ordering::Relaxed)), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn count_callback(&self) {
        let next = self.callbacks.load(Ordering::Relaxed).wrapping_add(1) & !RESTS;
        self.callbacks.store(next, Ordering::Relaxed);
    }

    /// Between its own callbacks: reserved, while others are rated.
    pub(crate) fn rest(&self) {
        self.callbacks.store(self.callbacks.load(Ordering::Relaxed) | RESTS, Ordering::Relaxed);
    }

    /// Whether a callback has it at this moment.
    pub(crate) fn is_in_callback(&self, word: Word) -> bool {
        word.state().is_in_callback() && self.callbacks.load(Ordering::Relaxed) & RESTS == 0
    }

    /// How long the slot has been as it is, as sweeps saw it; a sweep, under the dispenser's lock, starts the clock for
    /// what is new to it.
    pub(crate) fn age_at(&self, word: Word, now_ms: u64) -> u64 {
        if !self.is_as_seen(word) {
            self.seen.store(word.timed().0, Ordering::Relaxed);
            self.seen_callbacks.store(self.callbacks.load(Ordering::Relaxed), Ordering::Relaxed);
            self.seen_since_ms.store(now_ms, Ordering::Relaxed);
        }
        now_ms.saturating_sub(self.seen_since_ms.load(Ordering::Relaxed))
    }

    /// As `age_at`, without starting a clock.
    pub(crate) fn known_age(&self, word: Word, now_ms: u64) -> u64 {
        let since = self.seen_since_ms.load(Ordering::Relaxed);
        if self.is_as_seen(word) { now_ms.saturating_sub(since) } else { 0 }
    }

    /// Callbacks count where one might be overdue: to be rated and refused is no use (D-16).
    fn is_as_seen(&self, word: Word) -> bool {
        let same_callback = || self.seen_callbacks.load(Ordering::Relaxed) == self.callbacks.load(Ordering::Relaxed);
        self.seen.load(Ordering::Relaxed) == word.timed().0 && (!word.state().is_in_callback() || same_callback())
    }
}

/// Set in the count of callbacks while none of them runs.
const RESTS: u32 = 1 << 31;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_no_larger_than_it_must_be() {
        assert_eq!(size_of::<Slot>(), 128);
    }

    #[test]
    fn a_word_keeps_its_parts_apart() {
        let word = Word(0).reborn(State::Creating, 0x1F_FFFF);
        assert!(word.is(State::Creating, 0x1F_FFFF) && !word.is(State::Creating, 0x1F_FFFD));
        let mut counted = word;
        for _ in 0..3 {
            counted = counted.anew(State::Uu);
        }
        assert_ne!(counted, word.with(State::Uu));
        assert!(counted.is(State::Uu, 0x1F_FFFF));
        assert!(!counted.marked(Word::DOOMED).is(State::Uu, 0x1F_FFFF));
        let full = Word(COUNT).anew(State::Ui);
        assert_eq!(full, Word(State::Ui as u64), "the count wraps within its bits");
    }

    #[test]
    fn every_state_survives_its_bits() {
        for bits in 0..16 {
            assert_eq!(State::from_bits(bits) as u64, bits);
        }
    }
}
