"""What every method does with the library, and what is refused before it."""

from __future__ import annotations

import uuid
from typing import Any

import wsrt
from wsrt import Change, Outcome, State

from .support import Case, ignore, obey


class Calls(Case):
    def test_everything_once(self) -> None:
        told: list[int] = []
        released: list[str] = []
        changes: list[tuple[Change, str]] = []
        session = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
        with wsrt.Runtime(embedded=True) as runtime:
            with runtime.subscribe(lambda change, of: changes.append((change, of.display_name))) as subscription:
                self.assertGreater(subscription.number, 0)
                one = runtime.add(
                    lambda: "büro",
                    told.append,
                    display_name="Post",
                    release=lambda: released.append("one"),
                    correlation_id=session,
                    event_log_upload_address="https://example.org/log",
                )
                two = runtime.add("büro", told.append, display_name=lambda: "Tabellen")
                first, second = runtime.resources()
                self.assertEqual((first.cookie, first.workspace_id, first.display_name), (one.cookie, "büro", "Post"))
                self.assertEqual((first.correlation_id, second.correlation_id), (session, None))
                self.assertEqual((first.state, first.last_result), (State.CONNECTED, wsrt.S_OK))
                self.assertEqual(runtime.disconnect_workspace_by_friendly_name("Tabellen"), wsrt.S_OK)
                self.assertEqual(runtime.disconnect_resource(one.cookie), wsrt.S_OK)
                self.assertEqual(one.disconnect(), wsrt.S_OK)
                self.assertEqual(runtime.disconnect_workspace("büro"), wsrt.S_OK)
                for selection in ({"cookie": two.cookie}, {"friendly_name": "Tabellen"}):
                    (report,) = runtime.disconnect(**selection)  # type: ignore[arg-type]
                    self.assertEqual((report.cookie, report.outcome), (two.cookie, Outcome.OBEYED))
                self.assertEqual(len(runtime.disconnect(everyone=True)), 2)
                self.assertEqual(len(runtime.disconnect(workspace_id="büro", deadline_ms=wsrt.INFINITE)), 2)
                self.assertEqual(told.count(one.cookie), 5)
                self.assertEqual(told.count(two.cookie), 6)
                self.assertEqual(one.close(), wsrt.S_OK)
                self.assertEqual(released, ["one"])
                self.assertEqual(runtime.remove(two.cookie), wsrt.S_OK)
                self.assertEqual(two.close(wait=False), wsrt.S_OK)
            self.assertEqual(changes[:2], [(Change.ADDED, "Post"), (Change.ADDED, "Tabellen")])
            self.assertEqual(changes[-2:], [(Change.REMOVED, "Post"), (Change.REMOVED, "Tabellen")])
        self.assertEqual(self.unseen, [])

    def test_a_visitor_stops_by_false(self) -> None:
        with wsrt.Runtime() as runtime:
            held = [runtime.add("w", obey) for _ in range(3)]
            seen: list[int] = []

            def first(of: wsrt.Resource) -> bool:
                seen.append(of.cookie)
                return False

            self.assertEqual(runtime.visit(first), wsrt.S_FALSE)
            self.assertEqual(seen, [held[0].cookie])

    def test_errors_say_what_the_library_says(self) -> None:
        runtime = wsrt.Runtime()
        error = self.refused(wsrt.E_INVALIDARG, runtime.disconnect_workspace, "")
        self.assertEqual(error.text, "ws_disconnect_workspace: workspace_id: is NULL or empty")
        self.assertEqual(error.name, "WSRT_E_INVALIDARG")
        self.assertIn("0x80070057", str(error))
        self.refused(wsrt.E_INVALIDARG, runtime.remove, 1)
        self.refused(wsrt.E_INVALIDARG, runtime.disconnect)
        self.refused(wsrt.E_INVALIDARG, runtime.disconnect, everyone=True, workspace_id="w")
        runtime.close()
        self.refused(wsrt.E_HANDLE, runtime.destroy)
        self.refused(wsrt.E_HANDLE, runtime.resources)
        self.refused(wsrt.E_HANDLE, runtime.add, "w", obey)
        self.refused(wsrt.E_HANDLE, runtime.subscribe, ignore)

    def test_codes(self) -> None:
        self.assertEqual(wsrt.Code(-2147024891), wsrt.E_ACCESSDENIED)
        self.assertEqual(wsrt.Code(0x80070005), wsrt.E_ACCESSDENIED)
        self.assertEqual(repr(wsrt.S_DEFERRED), "<WSRT_S_DEFERRED 0x00040200>")
        self.assertEqual(wsrt.Code(-5).name, "unknown")
        self.assertEqual(State(77).name, "UNKNOWN_77")
        for wide in (1 << 32, -(1 << 31) - 1):
            with self.assertRaises(ValueError):
                wsrt.Code(wide)


class Border(Case):
    """What the library would misread, or read past, never reaches it."""

    def test_wrong_types(self) -> None:
        with wsrt.Runtime() as runtime:
            anything: Any = runtime
            calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
                (anything.add, (b"w", obey), {}),
                (anything.add, (None, obey), {}),
                (anything.add, ("w", None), {}),
                (anything.add, ("w", obey), {"display_name": 5}),
                (anything.add, ("w", obey), {"release": 5}),
                (anything.add, ("w", obey), {"correlation_id": "x"}),
                (anything.add, ("w", obey), {"event_log_upload_address": b"x"}),
                (anything.remove, ("1",), {}),
                (anything.remove, (1.0,), {}),
                (anything.disconnect_resource, (None,), {}),
                (anything.disconnect_resource, (True,), {}),
                (anything.disconnect_workspace, (b"w",), {}),
                (anything.disconnect_workspace, (None,), {}),
                (anything.disconnect_workspace_by_friendly_name, (5,), {}),
                (anything.disconnect, (), {"cookie": "1"}),
                (anything.disconnect, (), {"workspace_id": None}),
                (anything.visit, (None,), {}),
                (anything.subscribe, ("f",), {}),
                (anything.subscribe, (id,), {"release": 5}),
                (wsrt.Runtime, (), {"disconnect_threads": "2"}),
                (wsrt.log, ("f",), {}),
                (wsrt.set_exception_hook, ("f",), {}),
            ]
            for call, arguments, named in calls:
                with self.subTest(call=call.__name__, arguments=arguments, named=named):
                    with self.assertRaises(TypeError):
                        call(*arguments, **named)
            self.assertEqual(runtime.resources(), [])

    def test_values_out_of_range(self) -> None:
        with wsrt.Runtime() as runtime:
            for cookie in (-1, 1 << 32, 1 << 64):
                with self.assertRaises(ValueError):
                    runtime.remove(cookie)
                with self.assertRaises(ValueError):
                    runtime.disconnect_resource(cookie)
            for wide in (-1, 1 << 32):
                with self.assertRaises(ValueError):
                    wsrt.Runtime(drain_timeout_ms=wide)
            for bad in ("a\0b", "\0", "\ud800"):
                with self.assertRaises(ValueError):
                    runtime.disconnect_workspace(bad)
                with self.assertRaises(ValueError):
                    runtime.add(bad, obey)
                with self.assertRaises(ValueError):
                    runtime.add("w", obey, display_name=bad)
                # From a callable it is the callback that fails.
                self.assertIsInstance(self.refused(wsrt.E_FAIL, runtime.add, lambda: bad, obey).__cause__, ValueError)
            self.assertEqual(runtime.resources(), [])

    def test_too_long(self) -> None:
        longest, too_long = "é" * 2048, "é" * 2048 + "x"
        with wsrt.Runtime() as runtime:
            with runtime.add(longest, obey):
                self.assertEqual(runtime.disconnect_workspace(longest), wsrt.S_OK)
            self.refused(wsrt.E_INVALIDARG, runtime.disconnect_workspace, too_long)
            self.refused(wsrt.E_INVALIDARG, runtime.add, too_long, obey)
            self.refused(wsrt.E_INVALIDARG, runtime.add, lambda: too_long, obey)
            self.refused(wsrt.E_INVALIDARG, runtime.add, "w", obey, event_log_upload_address=too_long)
