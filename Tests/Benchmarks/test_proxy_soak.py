"""What proxy_soak.py takes for a fault, with a fake proxy that answers every request the same way."""

import asyncio
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from http_load import Client  # noqa: E402
from proxy_clients import KILL_WINDOW_SECONDS, Clients, Outcome  # noqa: E402
from proxy_soak import Soak  # noqa: E402
from swap_clients import Goldens  # noqa: E402

DONE = b"event: token\ndata: {}\n\nevent: done\ndata: []\n\n"
CUT = b"event: token\ndata: {}\n\n"


def response(status: int, body: bytes, headers: str = "x-request-id: 1\r\n", length: "int | None" = None) -> bytes:
    head = f"HTTP/1.1 {status} Fake\r\n{headers}Content-Length: {len(body) if length is None else length}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


class ClientTests(unittest.TestCase):
    def outcome(self, answer: bytes, kind: str, killed: "float | None" = None) -> Outcome:
        """What one kind of client makes of a proxy that gives this answer for a fraction of a second."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()

        async def run() -> Outcome:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            address = server.sockets[0].getsockname()[:2]
            clients = Clients(address, Goldens(4), ["a"], 1, time.monotonic() + 0.1)
            if killed is not None:
                clients.outcome.kills.append(time.monotonic() + killed)
            if kind == "ask":
                await clients.ask(Client(address), "ask", "/embed", {}, 200)
            else:
                await getattr(clients, kind)(0)
            server.close()
            return clients.outcome

        return asyncio.run(run())

    def test_what_is_expected_is_no_fault(self) -> None:
        good = {"ask": response(200, b"[]"), "explain": response(200, b"[1]"), "stream": response(200, DONE)}
        for kind, answer in good.items():
            with self.subTest(kind=kind):
                outcome = self.outcome(answer, kind)
                self.assertEqual(outcome.errors, {})
                self.assertGreater(outcome.answers[kind], 0)

    def test_every_other_answer_is_a_fault(self) -> None:
        for kind, answer, fault in (
            ("ask", response(503, b"{}"), "ask: 503 instead of 200"),
            ("ask", response(200, b"[]", headers=""), "ask: an answer without x-request-id"),
            ("ask", response(200, b"[]", length=9), "ask: IncompleteReadError"),
            ("ask", b"", "ask: IncompleteReadError"),
            ("explain", response(200, b"[]"), "explain: an answer without a rationale"),
            ("refused", response(200, b"[]"), "refused: 200 instead of 400"),
            ("stream", response(200, CUT), "stream: 200, at its end"),
            ("stream", response(503, DONE), "stream: 503, at its end"),
            ("stream", response(200, CUT, length=99), "stream: IncompleteReadError"),
        ):
            with self.subTest(kind=kind, fault=fault):
                self.assertTrue(any(error.startswith(fault) for error in self.outcome(answer, kind).errors))

    def test_a_stream_may_break_off_at_the_moment_of_a_kill_and_not_later(self) -> None:
        broken = response(200, CUT, length=99)
        # A kill that is still to come lies within every stream of this test, one of long ago in none.
        outcome = self.outcome(broken, "stream", killed=10)
        self.assertEqual(outcome.errors, {})
        self.assertGreater(outcome.cut_streams, 0)
        outcome = self.outcome(broken, "stream", killed=-2 * KILL_WINDOW_SECONDS)
        self.assertEqual(outcome.cut_streams, 0)
        self.assertGreater(sum(outcome.errors.values()), 0)


class JudgementTests(unittest.TestCase):
    def judged(self, outcome: Outcome, requests: str) -> "set[str]":
        soak = Soak.__new__(Soak)
        soak.clients = Clients(("127.0.0.1", 1), Goldens(4), ["a"], 1, 0)
        soak.clients.outcome = outcome
        soak.statistics = [{"svname": "replica-1", "stot": requests}]
        soak.judge()
        return set(outcome.errors)

    def test_a_run_in_which_nothing_happened_has_failed(self) -> None:
        faults = self.judged(Outcome(), "0")
        for fault in ("no kill", "no active", "no stop", "kind stream", "both checkpoints", "replica-1 had no request"):
            self.assertTrue(any(fault in error for error in faults), fault)

    def test_wrong_vectors_count_as_faults_and_else_there_are_none(self) -> None:
        outcome = Outcome(events=["kill", "b active", "stop"])
        outcome.answers.update(explain=1, stream=1, refused=1, gone=1)
        outcome.embeds.served.update(a=1, b=1)
        self.assertEqual(self.judged(outcome, "7"), set())
        outcome.embeds.errors["a vector that is not that of a"] = 2
        self.assertEqual(self.judged(outcome, "7"), {"embed: a vector that is not that of a"})


if __name__ == "__main__":
    unittest.main()
