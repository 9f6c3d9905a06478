//! Strings across the border: in from callers, in from callbacks through a sink, out to buffers.

use super::boundary::{Failure, guard_quietly};
use super::codes::{WSRT_E_MORE_DATA, WSRT_S_OK};
use super::handle::{Kind, Name, SLOTS, not_live};
use super::library::wsrt_hresult;
use super::{process, thread};
use std::cell::RefCell;
use std::ffi::{CString, c_char};

/// The most bytes of an id or a name.
pub(super) const MOST: usize = 4096;

/// Takes a string of a callback; a name that holds until that callback returns.
///
/// Set it with wsrt_text_set().
pub struct wsrt_text {
    _opaque: (),
}

/// A string of a caller, for a look: it may be gone as soon as foreign code has run. NULL is empty.
pub(super) unsafe fn string<'a>(at: *const c_char, argument: &str) -> Result<&'a str, Failure> {
    if at.is_null() {
        return Ok("");
    }
    // SAFETY: the caller vouches for a NUL-terminated string; no more than MOST + 1 bytes are looked at.
    let len = unsafe { libc::strnlen(at, MOST + 1) };
    // SAFETY: `len` bytes were just looked at.
    let bytes = unsafe { std::slice::from_raw_parts(at.cast::<u8>(), len) };
    checked(bytes, argument)
}

/// As `string`, for a key: empty would mean all (S-16).
pub(super) unsafe fn key<'a>(at: *const c_char, argument: &str) -> Result<&'a str, Failure> {
    // SAFETY: the same duty as ours.
    let key = unsafe { string(at, argument)? };
    if key.is_empty() { Err(Failure::argument(argument, "is NULL or empty")) } else { Ok(key) }
}

fn checked<'a>(bytes: &'a [u8], argument: &str) -> Result<&'a str, Failure> {
    if bytes.len() > MOST {
        let why = format!("is longer than {MOST} bytes");
        return Err(Failure::argument(argument, &why));
    }
    if bytes.contains(&0) {
        return Err(Failure::argument(argument, "has a NUL inside"));
    }
    std::str::from_utf8(bytes).map_err(|_| Failure::argument(argument, "is not UTF-8"))
}

/// A string of ours for a callback to read. None of ours has a NUL inside: `checked` saw to it.
pub(super) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// Copies a text out to a caller's buffer.
pub(super) unsafe fn write_out(
    text: &str,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> Result<i32, Failure> {
    let needs = text.len() + 1;
    if !needed.is_null() {
        // SAFETY: the caller passes room for a size_t, or NULL.
        unsafe { needed.write(needs) };
    }
    if buffer.is_null() && capacity > 0 {
        return Err(Failure::null("buffer"));
    }
    let fits = needs <= capacity;
    let shown = if fits { text } else { "" };
    if capacity > 0 {
        // SAFETY: the buffer has room for `capacity` bytes, which is enough for `shown` and its NUL.
        unsafe {
            shown.as_ptr().copy_to_nonoverlapping(buffer.cast(), shown.len());
            buffer.add(shown.len()).write(0);
        }
    }
    if fits { Ok(WSRT_S_OK) } else { Err(Failure::new(WSRT_E_MORE_DATA, "buffer: too small")) }
}

/// Where the text of one callback goes.
pub(super) struct Sink {
    life: u64,
    text: RefCell<String>,
    /// Why the last attempt to set it was refused.
    refused: RefCell<Option<String>>,
    /// The sink of the callback that this one is made in.
    pub(super) outer: *const Sink,
}

/// The part of a sink's name that tells threads apart. Threads may share one: a sink is looked for on its own thread.
fn slot() -> u32 {
    thread::number() & (SLOTS - 1)
}

/// What a callback that sets a text has left behind.
pub(super) struct Collected {
    pub(super) code: i32,
    pub(super) text: String,
    /// Why wsrt_text_set() refused what the callback tried last.
    pub(super) refused: Option<String>,
}

/// Runs a callback that sets a text.
pub(super) fn collect(callback: impl FnOnce(*mut wsrt_text) -> i32) -> Result<Collected, Failure> {
    let secret = process::secret_or_make()?;
    let slot = slot();
    let make = |life, outer| Sink { life, text: RefCell::default(), refused: RefCell::default(), outer };
    Ok(thread::with_sink(make, |sink| {
        let handle = Name { slot, life: sink.life }.encode(Kind::Text, secret);
        let code = callback(handle as usize as *mut wsrt_text);
        Collected { code, text: sink.text.take(), refused: sink.refused.take() }
    }))
}

/// Gives the library the string that a callback was asked for.
///
/// @param text  in: the name that the callback was given; holds until it returns, on its thread
/// @param utf8  in: the string, copied; NULL is the empty string; at most 4,096 bytes
/// @param len   in: its length in bytes; SIZE_MAX: up to its NUL
/// @retval WSRT_S_OK          taken; a second call replaces the first
/// @retval WSRT_E_HANDLE      text is not the name of a sink of a callback that this thread is in
/// @retval WSRT_E_INVALIDARG  utf8 is not UTF-8, has a NUL inside or is too long; what was set before stays
/// @retval WSRT_E_POINTER     utf8 is NULL and len is neither 0 nor SIZE_MAX
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// The caller keeps utf8.
/// @par Threads
/// The thread of the callback only.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// Made to be called inside a callback; nested callbacks each have their own sink.
/// @par Source
/// Ours; stands for the [out] BSTR of IWorkspaceClientExt::GetResourceId and GetResourceDisplayName (S-38).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wsrt_text_set(text: *mut wsrt_text, utf8: *const c_char, len: usize) -> wsrt_hresult {
    guard_quietly("wsrt_text_set", || {
        let slot = slot();
        let life = process::secret()
            .and_then(|secret| Name::decode(text as usize as u64, Kind::Text, secret))
            .filter(|name| name.slot == slot)
            .ok_or_else(|| not_live("text", Kind::Text))?
            .life;
        // SAFETY: the caller vouches for `len` bytes, or for a NUL-terminated string.
        let string = unsafe { sized(utf8, len) };
        let set = |sink: &Sink| match string {
            Ok(string) => {
                sink.text.replace(string.to_owned());
                sink.refused.take();
                Ok(WSRT_S_OK)
            }
            Err(failure) => {
                sink.refused.replace(Some(failure.text.clone()));
                Err(failure)
            }
        };
        thread::find_sink(|sink| sink.life == life, set).unwrap_or_else(|| Err(not_live("text", Kind::Text)))
    })
}

unsafe fn sized<'a>(at: *const c_char, len: usize) -> Result<&'a str, Failure> {
    match len {
        // SAFETY: up to its NUL, says the caller.
        usize::MAX => unsafe { string(at, "utf8") },
        0 => Ok(""),
        _ if at.is_null() => Err(Failure::null("utf8")),
        _ => {
            // SAFETY: the caller vouches for `len` bytes; no more than MOST + 1 are looked at.
            let bytes = unsafe { std::slice::from_raw_parts(at.cast::<u8>(), len.min(MOST + 1)) };
            checked(bytes, "utf8")
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A name has fewer bits for the thread than a long-lived process has threads.
    #[test]
    fn threads_beyond_the_bits_of_a_name_can_set_texts() {
        thread::skip_numbers(SLOTS - 2);
        for _ in 0..5 {
            let set = || {
                // SAFETY: a literal with its NUL.
                let call = |text| unsafe { wsrt_text_set(text, c"x".as_ptr(), usize::MAX) };
                collect(call).map(|Collected { code, text, .. }| (code, text)).map_err(|failure| failure.code)
            };
            assert_eq!(std::thread::spawn(set).join().expect("no panic"), Ok((WSRT_S_OK, "x".to_owned())));
        }
    }
}
