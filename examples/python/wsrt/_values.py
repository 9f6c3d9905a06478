"""What the library shows, as values of Python; and what Python gives, as the library takes it."""

from __future__ import annotations

import uuid
from operator import index
from typing import NamedTuple

from . import _layout
from ._codes import Code, Outcome, State

_NO_GUID = bytes(16)


class Resource(NamedTuple):
    """A registration as it was at one moment."""

    cookie: int
    """Names the registration."""
    state: State
    process_id: int
    """The process that it lives in."""
    last_result: Code
    """What issue_disconnect answered last; S_OK before that."""
    age_ms: int
    """Since it was registered."""
    state_age_ms: int
    """Since it has this state."""
    correlation_id: uuid.UUID | None
    """What it was registered with."""
    workspace_id: str
    display_name: str


class Report(NamedTuple):
    """What became of one client in a disconnect."""

    cookie: int
    """Names the registration; it may be gone."""
    outcome: Outcome
    process_id: int
    """The process that it lives in."""
    result: Code
    """What issue_disconnect answered; S_OK where it did not."""
    elapsed_us: int
    """How long it took, or was waited for."""
    workspace_id: str
    display_name: str
    exception: BaseException | None
    """What issue_disconnect raised, if it did."""


def resource_at(address: int) -> Resource:
    info = _layout.ResourceInfo.from_address(address)
    guid = bytes(info.correlation_id)
    return Resource(
        info.cookie,
        State(info.state),
        info.process_id,
        Code(info.last_result),
        info.age_ms,
        info.state_age_ms,
        None if guid == _NO_GUID else uuid.UUID(bytes_le=guid),
        info.workspace_id.decode(),
        info.display_name.decode(),
    )


def report_at(address: int, raised: dict[int, BaseException]) -> Report:
    report = _layout.DisconnectReport.from_address(address)
    return Report(
        report.cookie,
        Outcome(report.outcome),
        report.process_id,
        Code(report.result),
        report.elapsed_us,
        report.workspace_id.decode(),
        report.display_name.decode(),
        raised.get(report.cookie),
    )


def text(what: str, value: str) -> bytes:
    """A string for the library, which sees it up to its first NUL and would take what follows for absent."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    encoded = value.encode()
    if b"\0" in encoded:
        raise ValueError(f"{what} has a NUL inside")
    return encoded


def u32(what: str, value: int) -> int:
    """A number for the library: without argtypes ctypes would cut it to 32 bits and say nothing."""
    if isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not bool")
    number = index(value)
    if not 0 <= number <= 0xFFFF_FFFF:
        raise ValueError(f"{what} must have 32 bits: {number}")
    return number


def word(what: str, value: int) -> int:
    """A number for the library that has 64 bits there."""
    if isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not bool")
    number = index(value)
    if not 0 <= number <= 0xFFFF_FFFF_FFFF_FFFF:
        raise ValueError(f"{what} must have 64 bits: {number}")
    return number


def function(what: str, value: object) -> None:
    if not callable(value):
        raise TypeError(f"{what} must be callable, not {type(value).__name__}")


def guid(value: uuid.UUID) -> _layout.Guid:
    if not isinstance(value, uuid.UUID):
        raise TypeError(f"correlation_id must be a uuid.UUID, not {type(value).__name__}")
    return _layout.Guid.from_buffer_copy(value.bytes_le)
