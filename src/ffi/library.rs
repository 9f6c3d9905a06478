//! The functions that speak of the library itself: versions, names of codes, the last error.

use super::boundary::{guard_quietly, zero};
use super::codes::{WSRT_ABI_VERSION, name_of};
use super::{text, thread};
use std::ffi::c_char;

/// A result: negative is failure. Laid out as an HRESULT; print it as 0x%08X.
pub type wsrt_hresult = i32;

/// Tells the version of the library.
///
/// @return "major.minor.patch", a static string, never NULL
/// @par Ownership
/// The library's; valid for ever.
/// @par Threads
/// Any.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wsrt_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Tells the version of the interface that the library offers.
///
/// A program built against WSRT_ABI_VERSION can use a library whose high half is the same and whose low half is not
/// smaller.
///
/// @return as WSRT_ABI_VERSION
/// @par Ownership
/// Nothing is owned.
/// @par Threads
/// Any.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wsrt_abi_version() -> u32 {
    WSRT_ABI_VERSION
}

/// Tells the name of a result code.
///
/// @param hr  in: any number
/// @return its name, such as "WSRT_E_HANDLE", or "unknown"; a static string, never NULL
/// @par Ownership
/// The library's; valid for ever.
/// @par Threads
/// Any.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wsrt_hresult_name(hr: wsrt_hresult) -> *const c_char {
    name_of(hr).as_ptr()
}

/// Tells why the last call of this thread failed.
///
/// Every failing call sets it, every succeeding one clears it, wsrt_* functions leave it alone. Calls made inside a
/// callback do not disturb that of the call which made the callback. Call twice to learn the size first. *code and
/// *needed are written whatever this returns.
///
/// @param[out] code      the code that the call returned, WSRT_S_OK if it succeeded; may be NULL
/// @param[out] buffer    room for the text; may be NULL if capacity is 0
/// @param      capacity  in: its size in bytes
/// @param[out] needed    the size of the text in bytes with its NUL; may be NULL
/// @retval WSRT_S_OK          the text is there, UTF-8; it names the function and the argument or callback
/// @retval WSRT_E_MORE_DATA   the buffer is too small; it holds the empty string
/// @retval WSRT_E_POINTER     buffer is NULL and capacity is not 0
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// The caller keeps the buffer.
/// @par Threads
/// Any; each thread has its own last error.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wsrt_last_error(
    code: *mut wsrt_hresult,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> wsrt_hresult {
    guard_quietly("wsrt_last_error", || {
        let (last, words) = thread::last_error().unwrap_or_default();
        // SAFETY: the caller passes room for each, or NULL.
        unsafe {
            zero(code);
            zero(needed);
            if !code.is_null() {
                code.write(last);
            }
            text::write_out(&words, buffer, capacity, needed)
        }
    })
}
