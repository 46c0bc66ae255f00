"""One replica: the queue, the batch and the steps of `BatchScheduler`, with a clock that costs tell.

What it leaves out: interactive requests, prompts that texts of one request share, and clients that go away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from .cost import IDLE, CostModel, Step
from .profile import Guesses


@dataclass(frozen=True)
class Limits:
    """The server's defaults: see docs/operations.md."""

    live_texts: int = 64  # --max-batch-requests
    positions: int = 32768 - 32768 // 8  # --max-batch-tokens, without what is kept for interactive requests
    texts: int = 512  # --max-concurrent-requests
    step_tokens: int = 256
    guessing_texts: int = 8  # with more live texts nothing is guessed
    step_guesses: int = 16


@dataclass(eq=False)
class Text:
    """One text: what it needs, and when."""

    arrival: float
    prompt_tokens: int
    rationale_tokens: int
    identity: int | None = None  # equal texts have the same; None where no other is equal
    end: float | None = None


@dataclass(eq=False)
class Row:
    """A live text."""

    text: Text
    pending: int  # tokens known and not yet run
    position: int  # positions in its cache
    unwritten: int
    drafts_a_step: float
    accepted_a_step: float
    drafts: float = 0.0  # what is left of a step's share, below 1
    accepted: float = 0.0
    guessed: int = 0  # tokens that this step runs ahead


@dataclass(eq=False)
class Replica:
    """Runs one step after another while it has texts.

    `start` begins a step and `finish` ends it; between them `step_end` is when it will be over. Texts that come
    meanwhile join with the next step.
    """

    cost: CostModel
    prefix_tokens: int
    guesses: tuple[Guesses, ...] = ()
    limits: Limits = Limits()
    generator: Random = field(default_factory=lambda: Random(0))
    pace: Sequence[float] = ()  # of each second, what steps take over what they cost; the last one goes on
    step_end: float | None = None
    busy_seconds: float = 0.0
    idle_since: float = float("-inf")

    def __post_init__(self) -> None:
        self.waiting: deque[Text] = deque()
        self.live: list[Row] = []
        self.work: list[tuple[Row, int]] = []
        self.positions = 0

    @property
    def count(self) -> int:
        """Texts that are live or wait."""
        return len(self.live) + len(self.waiting)

    def submit(self, texts: list[Text], now: float) -> bool:
        """Takes all of the texts, or none where the queue is full (429)."""
        if self.count + len(texts) > self.limits.texts:
            return False
        self.waiting.extend(texts)
        if self.step_end is None:
            self.start(now, woken=now - self.idle_since > IDLE)
        return True

    def start(self, now: float, woken: bool = False) -> None:
        """Admits what fits, and begins a step, if there is anything to do."""
        joined = self.admit()
        budget = self.limits.step_tokens
        self.work = []
        sampled = attended = 0
        # Those that write come first, then prompts; oldest first in both.
        for row in sorted(self.live, key=lambda row: row.pending > 1):
            if budget == 0:
                break
            count = min(row.pending, budget)
            budget -= count
            attended += count * row.position + count * (count + 1) // 2
            if count == row.pending and row.unwritten:
                sampled += 1
            self.work.append((row, count))
        if not self.work:
            self.step_end, self.idle_since = None, now
            return
        guessed, more = self.guess(min(budget, self.limits.step_guesses))
        step = Step(self.limits.step_tokens - budget + guessed, sampled + guessed, attended + more, woken, joined)
        seconds = self.cost.seconds(step)
        if self.pace:
            seconds *= self.pace[min(int(now), len(self.pace) - 1)]
        self.busy_seconds += seconds
        self.step_end = now + seconds

    def admit(self) -> int:
        before = len(self.live)
        while self.waiting and len(self.live) < self.limits.live_texts:
            text = self.waiting[0]
            needed = text.prompt_tokens + text.rationale_tokens
            if self.live and self.positions + needed > self.limits.positions:
                break
            self.waiting.popleft()
            self.positions += needed
            self.live.append(self.row(text))
        return len(self.live) - before

    def row(self, text: Text) -> Row:
        drafts = accepted = 0.0
        if self.guesses and text.rationale_tokens:
            alike = self.generator.choice(self.guesses_of_length(text.rationale_tokens))
            drafts, accepted = alike.drafted / alike.steps, alike.accepted / alike.steps
        return Row(
            text, text.prompt_tokens - self.prefix_tokens, self.prefix_tokens, text.rationale_tokens, drafts, accepted
        )

    def guesses_of_length(self, tokens: int) -> list[Guesses]:
        """Those of texts whose rationale was about as long: the longer it is, the more it repeats itself."""
        nearest = min(abs(each.written - tokens) for each in self.guesses)
        return [each for each in self.guesses if abs(each.written - tokens) == nearest]

    def guess(self, budget: int) -> tuple[int, int]:
        """Gives rows that write the guesses of this step; how many tokens, and how many positions they look at."""
        total = attended = 0
        if not self.guesses or len(self.live) > self.limits.guessing_texts:
            return 0, 0
        for row, count in self.work:
            if count == 1 and row.unwritten:
                row.drafts += row.drafts_a_step
                row.accepted += row.accepted_a_step
                row.guessed = min(int(row.drafts), row.unwritten, budget - total)
                row.drafts -= int(row.drafts)
                total += row.guessed
                attended += row.guessed * (row.position + 1)
        return total, attended

    def finish(self) -> list[Text]:
        """Ends the step and begins the next; the texts that are done."""
        assert self.step_end is not None
        done = []
        for row, count in self.work:
            row.position += count
            row.pending -= count
            if row.pending == 0 and not self.writes_on(row):
                row.text.end = self.step_end
                self.positions -= row.text.prompt_tokens + row.text.rationale_tokens
                done.append(row.text)
        if done:
            self.live = [row for row in self.live if row.text.end is None]
        self.start(self.step_end)
        return done

    def writes_on(self, row: Row) -> bool:
        """Writes a token, and before it those that were guessed; whether one is left to be run."""
        accepted = min(int(row.accepted), row.guessed)
        row.accepted -= accepted
        row.guessed = 0
        row.position += accepted
        row.unwritten -= accepted
        if row.unwritten == 0:
            return False
        row.unwritten -= 1
        row.pending = 1
        return True
