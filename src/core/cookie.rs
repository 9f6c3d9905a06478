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
    /// The newest cookie (0 before the first). Its leaf keeps its memory, for add and remove by turns must not allocate,
    /// and is found without a way down.
    newest: u32,
    newest_leaf: u32,
    next: u32,
}

impl Cookies {
    /// Starts counting at `first`.
    pub(crate) fn new(first: u32) -> Self {
        Self { nodes: Arena::new(), root: NONE, newest: 0, newest_leaf: NONE, next: first }
    }

    /// Issues the next free cookie, never 0, and binds it to `entry`.
    pub(crate) fn issue(&mut self, entry: u32) -> u32 {
        let mut cookie = self.next;
        while cookie == 0 || self.get(cookie).is_some() {
            cookie = self.after(cookie);
        }
        self.next = cookie.wrapping_add(1);
        self.bind(cookie, entry);
        cookie
    }

    pub(crate) fn get(&self, cookie: u32) -> Option<u32> {
        let leaf = if self.is_newest(cookie) { self.newest_leaf } else { self.path(cookie)[0] };
        let entry = self.nodes.get(leaf)?.children[digit(cookie, 0)];
        (entry != NONE).then_some(entry)
    }

    pub(crate) fn remove(&mut self, cookie: u32) -> Option<u32> {
        let entry = self.get(cookie)?;
        if self.is_newest(cookie) {
            self.clear(self.newest_leaf, cookie);
        } else {
            let path = self.path(cookie);
            self.clear(path[0], cookie);
            self.prune(cookie, path);
        }
        Some(entry)
    }

    /// The next candidate: full leaves are passed over whole.
    fn after(&self, cookie: u32) -> u32 {
        let leaf = self.nodes.get(self.path(cookie)[0]);
        let full = leaf.is_some_and(|leaf| leaf.used as usize == FANOUT);
        if full { (cookie | (FANOUT as u32 - 1)).wrapping_add(1) } else { cookie.wrapping_add(1) }
    }

    /// Whether a cookie is in the leaf of the newest.
    fn is_newest(&self, cookie: u32) -> bool {
        self.newest != 0 && cookie >> BITS == self.newest >> BITS
    }

    fn clear(&mut self, leaf: u32, cookie: u32) {
        let leaf = &mut self.nodes[leaf];
        leaf.children[digit(cookie, 0)] = NONE;
        leaf.used -= 1;
    }

    fn bind(&mut self, cookie: u32, entry: u32) {
        if !self.is_newest(cookie) {
            let leaf = self.way_to(cookie);
            let cooled = std::mem::replace(&mut self.newest, cookie);
            self.newest_leaf = leaf;
            if cooled != 0 {
                self.prune(cooled, self.path(cooled));
            }
        }
        self.newest = cookie;
        let leaf = &mut self.nodes[self.newest_leaf];
        leaf.children[digit(cookie, 0)] = entry;
        leaf.used += 1;
    }

    /// The leaf of a cookie, made with all that leads to it where it is missing.
    fn way_to(&mut self, cookie: u32) -> u32 {
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
        at
    }

    fn grow(&mut self) -> u32 {
        self.nodes.insert(Node { children: Box::new([NONE; FANOUT]), used: 0 })
    }

    /// The nodes on the way to a cookie, leaf first; `NONE` where there is none.
    fn path(&self, cookie: u32) -> [u32; LEVELS as usize] {
        let mut path = [NONE; LEVELS as usize];
        let mut at = self.root;
        for level in (0..LEVELS).rev() {
            path[level as usize] = at;
            match self.nodes.get(at) {
                Some(node) => at = node.children[digit(cookie, level)],
                None => break,
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
