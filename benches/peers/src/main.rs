//! The bare part of add and remove, an entry put into a container and taken out, as other crates do it.
//!
//! May not: do more than that. There is no cookie, no workspace, no string, no call through a C ABI here.

use dashmap::DashMap;
use slab::Slab;
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Instant;

const REPETITIONS: usize = 400;
const PAIRS: u32 = 500;
const SIZES: [(u32, &str); 4] = [(0, "0"), (1_000, "1 k"), (100_000, "100 k"), (1_000_000, "1 M")];

/// What a registry needs at least of a client: whom to call, with what.
#[derive(Clone, Copy)]
struct Entry {
    _issue_disconnect: extern "C" fn(usize, u32) -> i32,
    _user_data: usize,
}

extern "C" fn obey(_user_data: usize, _cookie: u32) -> i32 {
    0
}

fn entry(n: u32) -> Entry {
    Entry { _issue_disconnect: obey, _user_data: n as usize }
}

trait Registry {
    fn add(&mut self, entry: Entry) -> u32;
    fn remove(&mut self, cookie: u32);
}

struct Slabs(Mutex<Slab<Entry>>);

impl Registry for Slabs {
    fn add(&mut self, entry: Entry) -> u32 {
        // Through a shared reference: `get_mut` would leave the lock out.
        let this = &*self;
        this.0.lock().expect("never poisoned").insert(entry) as u32
    }

    fn remove(&mut self, cookie: u32) {
        let this = &*self;
        black_box(this.0.lock().expect("never poisoned").remove(cookie as usize));
    }
}

struct Dashes {
    map: DashMap<u32, Entry>,
    next: u32,
}

impl Registry for Dashes {
    fn add(&mut self, entry: Entry) -> u32 {
        self.next += 1;
        self.map.insert(self.next, entry);
        self.next
    }

    fn remove(&mut self, cookie: u32) {
        black_box(self.map.remove(&cookie));
    }
}

fn add_and_remove(registry: &mut impl Registry) {
    for n in 0..PAIRS {
        let cookie = registry.add(black_box(entry(n)));
        registry.remove(black_box(cookie));
    }
}

fn replace_any(registry: &mut impl Registry, cookies: &mut [u32], random: &mut u64) {
    for n in 0..PAIRS {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        let one = (((*random >> 32) * cookies.len() as u64) >> 32) as usize;
        registry.remove(cookies[one]);
        cookies[one] = registry.add(black_box(entry(n)));
    }
}

fn cas_pairs() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    for _ in 0..2_000 {
        let _ = WORD.compare_exchange(0, 1, SeqCst, SeqCst);
        let _ = WORD.compare_exchange(1, 0, SeqCst, SeqCst);
    }
}

fn time_of(body: impl FnOnce(), operations: u32) -> f64 {
    let begin = Instant::now();
    body();
    begin.elapsed().as_nanos() as f64 / f64::from(operations)
}

fn figure_of(mut ns: Vec<f64>) -> (f64, f64) {
    ns.sort_by(f64::total_cmp);
    (ns[0], ns[ns.len() / 2])
}

fn measure(row: &str, mut body: impl FnMut()) {
    let (mut ns, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        floor.push(time_of(cas_pairs, 2_000));
        ns.push(time_of(&mut body, PAIRS));
    }
    let ((least, median), (low, mid)) = (figure_of(ns), figure_of(floor));
    let (ratio, middle) = (least / low, median / mid);
    println!("| {row} | {least:.1} / {median:.1} | {ratio:.1} / {middle:.1} | {low:.1} / {mid:.1} |");
}

fn rows<R: Registry>(name: &str, make: impl Fn() -> R) {
    for (live, size) in SIZES {
        let mut registry = make();
        let mut cookies: Vec<u32> = (0..live).map(|n| registry.add(entry(n))).collect();
        measure(&format!("{name}: insert + remove, {size} live"), || add_and_remove(&mut registry));
        if live > 0 {
            let mut random = 0x9E37_79B9_7F4A_7C15;
            let row = format!("{name}: remove any + insert, {size} live");
            measure(&row, || replace_any(&mut registry, &mut cookies, &mut random));
        }
    }
}

fn main() {
    // With one thread only, glibc's allocator is cheaper than it is in a program with threads.
    std::thread::spawn(|| {
        loop {
            std::thread::park()
        }
    });
    println!("the bare part in other crates, from Rust; ns, min / median\n");
    println!("| what | ns | x floor | floor |\n|---|---:|---:|---:|");
    rows("Mutex<Slab>", || Slabs(Mutex::new(Slab::new())));
    rows("DashMap", || Dashes { map: DashMap::new(), next: 0 });
}
