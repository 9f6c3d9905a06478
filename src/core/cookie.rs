//! Cookies: the 32-bit numbers by which callers name registrations, and the way from a cookie to its entry.
//!
//! Cookies count up, so a map by leading bits keeps neighbours together: a look-up at a million live entries costs
//! what it costs at ten. May not: know what an entry is.

use super::arena::{Arena, NONE};

const BITS: u32 = 8;
const FANOUT: usize = 1 << BITS;
const LEVELS: u32 = 32 / BITS;

#[derive(Debug)]
struct Node {
    children: Box<[u32; FANOUT]>,
    used: u32,
}

#[derive(Debug)]
pub(crate) struct Cookies {
    nodes: Arena<Node>,
    root: u32,
    /// The newest cookie (0 before the first). Its leaf keeps its memory: add and remove by turns must not allocate.
    newest: u32,
    next: u32,
}

impl Cookies {
    /// Starts counting at `first`.
    pub(crate) fn new(first: u32) -> Self {
        Self { nodes: Arena::new(), root: NONE, newest: 0, next: first }
    }

    /// Issues the next free cookie, never 0, and binds it to `entry`.
    pub(crate) fn issue(&mut self, entry: u32) -> u32 {
        let mut cookie = self.next;
        while cookie == 0 || self.get(cookie).is_some() {
            cookie = cookie.wrapping_add(1);
        }
        self.next = cookie.wrapping_add(1);
        self.bind(cookie, entry);
        cookie
    }

    pub(crate) fn get(&self, cookie: u32) -> Option<u32> {
        let mut at = self.root;
        for level in (0..LEVELS).rev() {
            if at == NONE {
                return None;
            }
            at = self.nodes[at].children[digit(cookie, level)];
        }
        (at != NONE).then_some(at)
    }

    pub(crate) fn remove(&mut self, cookie: u32) -> Option<u32> {
        let entry = self.get(cookie)?;
        let path = self.path(cookie);
        let leaf = path[0];
        self.nodes[leaf].children[digit(cookie, 0)] = NONE;
        self.nodes[leaf].used -= 1;
        if !same_leaf(cookie, self.newest) {
            self.prune(cookie, path);
        }
        Some(entry)
    }

    fn bind(&mut self, cookie: u32, entry: u32) {
        if self.root == NONE {
            self.root = self.grow();
        }
        let mut at = self.root;
        for level in (1..LEVELS).rev() {
            let digit = digit(cookie, level);
            let mut child = self.nodes[at].children[digit];
            if child == NONE {
                child = self.grow();
                self.nodes[at].children[digit] = child;
                self.nodes[at].used += 1;
            }
            at = child;
        }
        self.nodes[at].children[digit(cookie, 0)] = entry;
        self.nodes[at].used += 1;
        let cooled = std::mem::replace(&mut self.newest, cookie);
        if cooled != 0 && !same_leaf(cooled, cookie) {
            self.prune(cooled, self.path(cooled));
        }
    }

    fn grow(&mut self) -> u32 {
        self.nodes.insert(Node { children: Box::new([NONE; FANOUT]), used: 0 })
    }

    /// The nodes on the way to a cookie whose leaf exists, leaf first.
    fn path(&self, cookie: u32) -> [u32; LEVELS as usize] {
        let mut path = [NONE; LEVELS as usize];
        let mut at = self.root;
        for level in (0..LEVELS).rev() {
            path[level as usize] = at;
            if level > 0 {
                at = self.nodes[at].children[digit(cookie, level)];
            }
        }
        path
    }

    /// Frees the emptied nodes on a path, leaf first; the root stays.
    fn prune(&mut self, cookie: u32, path: [u32; LEVELS as usize]) {
        for level in 0..LEVELS - 1 {
            if self.nodes[path[level as usize]].used > 0 {
                return;
            }
            self.nodes.remove(path[level as usize]);
            let parent = &mut self.nodes[path[level as usize + 1]];
            parent.children[digit(cookie, level + 1)] = NONE;
            parent.used -= 1;
        }
    }
}

const fn same_leaf(a: u32, b: u32) -> bool {
    a >> BITS == b >> BITS
}

const fn digit(cookie: u32, level: u32) -> usize {
    (cookie >> (level * BITS)) as usize & (FANOUT - 1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn nodes(cookies: &Cookies) -> usize {
        (0..200_000).filter(|&at| cookies.nodes.get(at).is_some()).count()
    }

    #[test]
    fn s3_counts_up_and_never_issues_zero_or_a_live_cookie() {
        let mut cookies = Cookies::new(u32::MAX - 1);
        assert_eq!(cookies.issue(10), u32::MAX - 1);
        assert_eq!(cookies.issue(11), u32::MAX);
        assert_eq!(cookies.issue(12), 1, "0 is no cookie");
        cookies.next = u32::MAX - 1;
        assert_eq!(cookies.issue(13), 2, "live cookies are skipped after the wrap");
        assert_eq!(cookies.get(u32::MAX), Some(11));
        assert_eq!(cookies.remove(u32::MAX), Some(11));
        assert_eq!(cookies.remove(u32::MAX), None);
    }

    #[test]
    fn memory_follows_what_is_live() {
        let mut cookies = Cookies::new(0xFFFF_0000);
        for entry in 0..300_000 {
            let cookie = cookies.issue(entry);
            assert_eq!(cookies.remove(cookie), Some(entry));
        }
        assert!(nodes(&cookies) <= 7, "{} nodes for nothing live", nodes(&cookies));
        let live: Vec<u32> = (0..300_000).map(|entry| cookies.issue(entry)).collect();
        for (entry, &cookie) in live.iter().enumerate() {
            assert_eq!(cookies.get(cookie), Some(entry as u32));
        }
        live.iter().rev().for_each(|&cookie| _ = cookies.remove(cookie));
        assert!(nodes(&cookies) <= 4, "{} nodes for nothing live", nodes(&cookies));
    }
}
