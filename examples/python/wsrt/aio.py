"""For programs on asyncio.

A disconnect waits for clients, so it belongs on a thread of its own:

    await asyncio.to_thread(runtime.disconnect_workspace, "office")

The loop goes on meanwhile, and clients may live on it: on_loop() makes a callback of a coroutine function.
"""

from __future__ import annotations

import asyncio
from typing import Callable, Coroutine, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def on_loop(
    function: Callable[_P, Coroutine[object, object, _R]], loop: asyncio.AbstractEventLoop | None = None
) -> Callable[_P, _R]:
    """A callback that runs a coroutine function on a loop (None: the running one) and waits for its result.

    For resource_id, display_name and issue_disconnect. What the coroutine raises is what the callback raises. On the
    loop's own thread the callback raises RuntimeError, as the loop would wait for itself: call what makes callbacks by
    asyncio.to_thread().
    """
    home = loop or asyncio.get_running_loop()

    def callback(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is home:
            raise RuntimeError("a callback for the loop came on the loop's thread: use asyncio.to_thread()")
        return asyncio.run_coroutine_threadsafe(function(*args, **kwargs), home).result()

    return callback
