"""Finds libwsrt, loads it, and sees that it offers the interface that this package was written for."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

SONAME = "libwsrt.so.0"

# The WSRT_ABI_VERSION of the header that this package follows: another high half breaks, a higher low half only adds.
ABI_VERSION = 0x0000_0001


def _load() -> tuple[ctypes.CDLL, str]:
    named = os.environ.get("WSRT_LIBRARY")
    if named:
        # Whoever names a library means that one: no other is tried in its place.
        candidates = [(f"WSRT_LIBRARY={named}", named)]
    else:
        beside = Path(__file__).with_name(SONAME)
        candidates = [(str(beside), str(beside)), (f"{SONAME} as the loader finds it", SONAME)]
    tried = []
    for description, name in candidates:
        try:
            # CDLL, not PyDLL: a call that waits for callbacks must not hold the GIL that they need.
            return ctypes.CDLL(name), name
        except OSError as why:
            tried.append(f"\n  {description}: {why}")
    raise ImportError("libwsrt is not found; tried:" + "".join(tried), name="wsrt")


def _check(library: ctypes.CDLL, name: str) -> None:
    try:
        tell = library.wsrt_abi_version
    except AttributeError as why:
        raise ImportError(f"{name} is not libwsrt: {why}", name="wsrt", path=name) from None
    tell.restype = ctypes.c_uint32
    found = int(tell())
    if found >> 16 != ABI_VERSION >> 16 or found & 0xFFFF < ABI_VERSION & 0xFFFF:
        raise ImportError(
            f"{name} offers version {found >> 16}.{found & 0xFFFF} of the interface, and this package needs "
            f"{ABI_VERSION >> 16}.{ABI_VERSION & 0xFFFF} or a later {ABI_VERSION >> 16}.x",
            name="wsrt",
            path=name,
        )


# No function has argtypes: ctypes would convert each argument twice, which is a tenth of an add and remove (350 of
# 3,700 ns). So callers pass what ctypes takes as it is: bytes, None, ctypes objects, and plain ints only where C has 32
# bits.
lib, path = _load()
_check(lib, path)
lib.wsrt_version.restype = ctypes.c_char_p
lib.wsrt_hresult_name.restype = ctypes.c_char_p


def library_version() -> str:
    """The version of the library that was loaded, as "major.minor.patch". Any thread."""
    version: bytes = lib.wsrt_version()
    return version.decode()
