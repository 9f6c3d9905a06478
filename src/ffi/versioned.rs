//! Transparent structs from outside: read by their own cb_size, so that either side may be the older.

use super::boundary::Failure;
use std::mem::{MaybeUninit, size_of};

/// The most that a struct may claim to be.
const MOST: usize = 1024;

/// A struct that a caller passes in.
///
/// # Safety
/// `repr(C)`, begins with `u32 cb_size, u32 flags`, has no padding, and every bit pattern, also all zero, is valid.
pub(super) unsafe trait Versioned: Copy {
    /// Size as first published.
    const FIRST: usize;
    /// The flags that mean something.
    const FLAGS: u32;
}

/// Copies a struct in. The part that the caller does not know is zero; what we do not know must be.
pub(super) unsafe fn read<T: Versioned>(at: *const T, argument: &str) -> Result<T, Failure> {
    if at.is_null() {
        return Err(Failure::null(argument));
    }
    let bytes = at.cast::<u8>();
    // SAFETY: every such struct begins with cb_size; the caller vouches for that many bytes.
    let size = unsafe { bytes.cast::<u32>().read_unaligned() } as usize;
    if !(T::FIRST..=MOST).contains(&size) {
        let why = format!("cb_size is {size}, it must be {} to {MOST}; the _INIT macro sets it", T::FIRST);
        return Err(Failure::argument(argument, &why));
    }
    let mut value = MaybeUninit::<T>::zeroed();
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are there on both sides, and every bit pattern is a T.
    let value = unsafe {
        bytes.copy_to_nonoverlapping(value.as_mut_ptr().cast(), known);
        value.assume_init()
    };
    // SAFETY: the caller vouches for `size` bytes.
    let tail = unsafe { std::slice::from_raw_parts(bytes.add(known), size - known) };
    if tail.iter().any(|&byte| byte != 0) {
        return Err(Failure::argument(argument, "has fields that this version does not know"));
    }
    // SAFETY: flags is the second word of every such struct.
    let flags = unsafe { (&raw const value).cast::<u32>().add(1).read() };
    if flags & !T::FLAGS != 0 {
        let why = format!("flags 0x{:08X} are unknown", flags & !T::FLAGS);
        return Err(Failure::argument(argument, &why));
    }
    Ok(value)
}

/// How much room a caller says there is for a struct.
unsafe fn room<T: Versioned>(at: *mut T, argument: &str) -> Result<usize, Failure> {
    // SAFETY: not NULL, says the caller; every such struct begins with cb_size.
    let room = unsafe { at.cast::<u32>().read_unaligned() } as usize;
    if (T::FIRST..=MOST).contains(&room) {
        return Ok(room);
    }
    let why = format!("cb_size is {room}, it must be {} to {MOST}; the _INIT macro sets it", T::FIRST);
    Err(Failure::argument(argument, &why))
}

/// Zeroes a struct of a caller, but for cb_size.
pub(super) unsafe fn clear<T: Versioned>(at: *mut T, argument: &str) -> Result<(), Failure> {
    // SAFETY: the same duty as ours; `room` bytes are there, of which cb_size are the first.
    unsafe {
        let room = room(at, argument)?;
        at.cast::<u8>().add(size_of::<u32>()).write_bytes(0, room - size_of::<u32>());
    }
    Ok(())
}

/// Copies a struct out to a caller who says in cb_size how much room there is: what fits is written, and cb_size says
/// how much is known.
pub(super) unsafe fn write<T: Versioned>(at: *mut T, mut value: T, argument: &str) -> Result<(), Failure> {
    // SAFETY: the same duty as ours.
    let room = unsafe { room(at, argument)? };
    let known = room.min(size_of::<T>());
    // SAFETY: cb_size is the first word of every such struct; `room` bytes are there.
    unsafe {
        (&raw mut value).cast::<u32>().write(known as u32);
        (&raw const value).cast::<u8>().copy_to_nonoverlapping(at.cast(), known);
        at.cast::<u8>().add(known).write_bytes(0, room - known);
    }
    Ok(())
}
