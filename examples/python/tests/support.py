"""What several tests share."""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import subprocess
import sys
import threading
import time
import unittest
from typing import Any, Callable

import wsrt
from wsrt import _callbacks

# What waits for ever is shown and ends: a thread of Python could not do that while another one keeps the GIL.
faulthandler.dump_traceback_later(300, exit=True)


class Records(logging.Handler):
    def __init__(self, to: list[logging.LogRecord]) -> None:
        super().__init__()
        self.emit = to.append  # type: ignore[assignment]


class Case(unittest.TestCase):
    """A test after which nothing is registered, and nothing has been logged that the test does not expect."""

    def setUp(self) -> None:
        self.unseen: list[tuple[str, BaseException]] = []
        wsrt.set_exception_hook(lambda where, raised: self.unseen.append((where, raised)))
        self.addCleanup(wsrt.set_exception_hook, None)
        self.logged: list[logging.LogRecord] = []
        handler = Records(self.logged)
        logger = logging.getLogger("wsrt")
        logger.addHandler(handler)
        logger.propagate = False
        self.addCleanup(logger.removeHandler, handler)
        self.addCleanup(self.nothing_is_left)

    def nothing_is_left(self) -> None:
        # Released by the last that leaves a callback, which may be a thread of the library.
        wait_for(lambda: not _callbacks.table)
        self.assertEqual(_callbacks.active, [])

    def refused(self, code: int, call: Callable[..., object], *arguments: Any, **named: Any) -> wsrt.Error:
        with self.assertRaises(wsrt.Error) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.code, code)
        return caught.exception


def obey(_: int) -> None:
    """An issue_disconnect that answers with success."""


def ignore(*_: object) -> None:
    """An observer or a log that does nothing."""


def complain(runtime: wsrt.Runtime) -> None:
    """Has the library log something: a client refuses."""
    with runtime.add("complain", lambda _: wsrt.E_ABORT) as one:
        try:
            one.disconnect()
        except wsrt.Error:
            pass


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("waited in vain")
        time.sleep(0.002)


class Collecting:
    """Collects garbage all the time, on a thread of its own."""

    def __enter__(self) -> Collecting:
        self.stop = False
        self.rounds = 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self) -> None:
        while not self.stop:
            gc.collect()
            self.rounds += 1
            time.sleep(0)

    def __exit__(self, *_: object) -> None:
        self.stop = True
        self.thread.join()


def program(source: str, seconds: float = 60, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python program with the package and the library of this one; it must end by itself."""
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", source],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
    )
