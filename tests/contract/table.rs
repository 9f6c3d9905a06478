//! The rows: one call each, with what must come of it and what must not.

use crate::support;
use crate::world::World;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char};
use std::mem::size_of;
use std::ptr::null;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// What the table has to hold for one parameter: the kinds of bad values.
const HANDLE: &[&str] = &["NULL", "stale", "wrong kind", "garbage"];
const STRUCT: &[&str] = &["NULL", "cb_size", "tail", "flags"];
const STRING: &[&str] = &["UTF-8", "too long"];
const NUMBER: &[&str] = &["unknown"];
const POINTER: &[&str] = &["NULL"];
const POOL: &[&str] = &["NULL", "stale", "wrong kind", "garbage", "closed"];
const ROOM: &[&str] = &["NULL", "cb_size", "longer", "old figures"];
const NOTHING: &[&str] = &["0"];
const RESOURCE: &[&str] = &["0", "not theirs"];
const TIME: &[&str] = &["not allowed", "earlier"];

/// The kinds of bad values that a parameter of that type must be tried with.
pub fn required(name: &str, kind: &str) -> &'static [&'static str] {
    match kind {
        "struct ws_runtime *" | "struct wsrt_text *" => HANDLE,
        "struct dispenser *" => POOL,
        "struct dispenser_options *" | "struct dispenser_stats *" | "struct dispenser_resource_info *" => ROOM,
        "dispenser_resid" => RESOURCE,
        "dispenser_restypid" | "dispenser_instid" | "dispenser_transid" => NOTHING,
        "uint64_t" => TIME,
        "const struct wsrt_guid *" => &[],
        _ if kind.starts_with("const struct ") => STRUCT,
        "const char *" => STRING,
        "ws_cookie" | "uint32_t" => NUMBER,
        "void *" | "size_t" | "wsrt_hresult" | "int32_t" => &[],
        _ if kind.ends_with("**") || kind.ends_with("*") || kind.ends_with("_visitor") => POINTER,
        _ => panic!("{name}: what is bad about a {kind}?"),
    }
}

/// The table, and what it has covered.
pub struct Table {
    pub world: World,
    pub header: String,
    pub covered: BTreeSet<(String, String, &'static str)>,
}

impl Table {
    /// One row: the call, and what must come of it.
    pub fn row(
        &mut self,
        export: &str,
        parameter: &str,
        bad: &'static str,
        expected: i32,
        call: impl FnOnce(&World) -> i32,
    ) {
        self.covered.insert((export.into(), parameter.into(), bad));
        let row = format!("{export}, {parameter}: {bad}");
        let before = self.world.standing();
        assert_eq!(last_error(), (WSRT_S_OK, String::new()), "{row}: a success clears");
        let code = call(&self.world);
        assert_eq!(code, expected, "{row}: 0x{code:08X} instead of 0x{expected:08X}");
        let (last, text) = last_error();
        if export.starts_with("wsrt_") || code >= 0 {
            assert_eq!((last, &*text), (WSRT_S_OK, ""), "{row}: nothing to say");
        } else {
            assert_eq!(last, code, "{row}");
            let why = text.strip_prefix(&format!("{export}: "));
            let why = why.unwrap_or_else(|| panic!("{row}: {text:?} names the function"));
            assert!(why.contains(parameter), "{row}: {text:?} names the argument");
        }
        let (doc, _) = support::documentation(&self.header, export);
        let name = CODES.iter().find(|known| known.value == code).expect("a known code").name;
        assert!(support::documented_codes(&doc).iter().any(|known| known == name), "{row}: {name} is not documented");
        assert_eq!(self.world.standing(), before, "{row}: changes nothing, calls nothing, releases nothing");
    }

    pub fn runtime(&mut self, export: &str, on_null: i32, call: impl Fn(*mut ws_runtime) -> i32) {
        let World { runtime, stale, text, ref pools, .. } = self.world;
        let foreign = [text as usize, pools.pool as usize];
        self.handle(export, "runtime", on_null, runtime as usize, &[stale as usize], &foreign, |at| call(at as _));
    }

    pub fn dispenser(&mut self, export: &str, on_null: i32, call: impl Fn(*mut dispenser) -> i32) {
        let World { runtime, text, ref pools, .. } = self.world;
        let foreign = [text as usize, runtime as usize];
        let gone = [pools.destroyed as usize, pools.replaced as usize];
        self.handle(export, "dispenser", on_null, pools.pool as usize, &gone, &foreign, |at| call(at as _));
    }

    /// A handle of each kind that is not one. `valid` is one, and what is a bit away from it is not.
    #[allow(clippy::too_many_arguments, reason = "each is a kind of bad value")]
    fn handle(
        &mut self,
        export: &str,
        parameter: &str,
        on_null: i32,
        valid: usize,
        stale: &[usize],
        foreign: &[usize],
        call: impl Fn(usize) -> i32,
    ) {
        self.row(export, parameter, "NULL", on_null, |_| call(0));
        for &stale in stale {
            self.row(export, parameter, "stale", WSRT_E_HANDLE, |_| call(stale));
        }
        for &foreign in foreign {
            self.row(export, parameter, "wrong kind", WSRT_E_HANDLE, |_| call(foreign));
        }
        let here = &raw const self.header as usize;
        let near = [1, 2, 16, 1 << 24, 1 << 63].map(|bit| valid ^ bit);
        let mut random = 0x9E37_79B9_7F4A_7C15usize;
        let scattered = std::iter::repeat_with(|| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        });
        for garbage in [1, 8, usize::MAX, here].into_iter().chain(near).chain(scattered.take(200)) {
            self.row(export, parameter, "garbage", WSRT_E_HANDLE, |_| call(garbage));
        }
    }

    /// `valid` is copied into a block that is filled up with zeroes.
    pub fn table<T: Copy>(
        &mut self,
        export: &str,
        parameter: &str,
        valid: T,
        null_code: i32,
        call: impl Fn(*const T) -> i32,
    ) {
        self.row(export, parameter, "NULL", null_code, |_| call(null()));
        let mut block = vec![0u64; 512];
        let at: *mut T = block.as_mut_ptr().cast();
        let size = size_of::<T>() as u32;
        let set = |cb_size: u32| unsafe {
            at.write(valid);
            at.cast::<u32>().write(cb_size);
        };
        for bad in [0, 1, 7, size - 1, 1025, 4096, u32::MAX] {
            set(bad);
            self.row(export, parameter, "cb_size", WSRT_E_INVALIDARG, |_| call(at));
        }
        for longer in [size + 1, size + 8, 1024] {
            set(longer);
            unsafe { at.cast::<u8>().add(longer as usize - 1).write(1) };
            self.row(export, parameter, "tail", WSRT_E_INVALIDARG, |_| call(at));
            unsafe { at.cast::<u8>().add(longer as usize - 1).write(0) };
        }
        for flag in [1 << 31, 1 << 8] {
            set(size);
            unsafe { at.cast::<u32>().add(1).write(flag) };
            self.row(export, parameter, "flags", WSRT_E_INVALIDARG, |_| call(at));
        }
    }

    pub fn string(&mut self, export: &str, parameter: &str, is_key: bool, call: impl Fn(*const c_char) -> i32) {
        for bad in [&b"\xFF\0"[..], b"abc\xC0\xAF\0", b"\xED\xA0\x80\0", b"\xE2\x82\0"] {
            self.row(export, parameter, "UTF-8", WSRT_E_INVALIDARG, |_| call(bad.as_ptr().cast()));
        }
        let long = CString::new(vec![b'x'; 4097]).expect("no NUL inside");
        self.row(export, parameter, "too long", WSRT_E_INVALIDARG, |_| call(long.as_ptr()));
        if is_key {
            self.row(export, parameter, "NULL", WSRT_E_INVALIDARG, |_| call(null()));
            self.row(export, parameter, "empty", WSRT_E_INVALIDARG, |_| call(c"".as_ptr()));
        }
        let longest = CString::new(vec![b'x'; 4096]).expect("no NUL inside");
        self.row(export, parameter, "the longest", WSRT_S_OK, |_| call(longest.as_ptr()));
    }
}

pub fn last_error() -> (i32, String) {
    let (mut code, mut needed) = (0, 0);
    let mut text = vec![0u8; 1024];
    let got = unsafe { wsrt_last_error(&mut code, text.as_mut_ptr().cast(), text.len(), &mut needed) };
    assert_eq!(got, WSRT_S_OK);
    let text = CStr::from_bytes_until_nul(&text).expect("a NUL");
    assert_eq!(needed, text.count_bytes() + 1, "needed counts the NUL");
    (code, text.to_str().expect("UTF-8").to_owned())
}

/// Runs a call with room for a number, which a failure must leave 0.
pub fn zeroing(call: impl FnOnce(*mut u32) -> i32) -> i32 {
    let mut number = 0xDEAD_BEEF;
    let code = call(&mut number);
    assert!(code >= 0 || number == 0, "the out parameter is zeroed on failure");
    code
}
