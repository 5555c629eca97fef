"""Measures one stage at sizes that grow: a new server each time, whose users all call at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarking.client import Refused
from benchmarking.figures import median, percentile
from benchmarking.growth.probe import Figures
from benchmarking.growth.series import Growth, Linear
from benchmarking.traces import Traces
from support import engine, host_processes

from scaling.fleet import Fleet, Volley
from scaling.stages import Site, Stage
from scaling.usage import Peak, Usage, free_bytes, machine_seconds, tree_seconds

# Sandboxes that are started one by one when all others are there.
MORE = 3
# How often those are asked to call again whose call has failed.
TRIES = 5
# How much of the free memory of this machine is used.
SHARE = 0.8
PATIENCE = 120


@dataclass(frozen=True)
class Effort:
    rest: float = 30.0
    """Seconds at rest, in which processor time is counted; with several signs of life of each sandbox."""
    calls: int = 50
    """Calls of one user, one after the other."""
    volleys: int = 3
    """How often all users call at once."""


def measure(stage: Stage, steps: Sequence[int], effort: Effort, traces: Traces) -> list[Growth]:
    """A table of the starts, one of the time at rest, and one of the recovery where channels can be cut."""
    starts, rest, recovery = tables = Figures(), Figures(), Figures()
    notes: list[str] = []
    measured = []
    for step in steps:
        if step * stage.need > free_bytes() * SHARE:
            notes.append(f"this machine has no memory for {step:,}")
            break
        users = [traces.user() for _ in range(step + MORE)]
        first, others = users[:-MORE], users[-MORE:]
        with stage.open(traces.mark, users, len(users)) as site:
            notes += _start(stage, site, first, starts)
            _rest(stage, site, first, effort, rest)
            one_more = median(site.fleet.call_in_turn(others))
            starts.milliseconds("one more start among them, median", one_more)
            if site.interruption is not None:
                notes += _recover(site, users, recovery)
            _end(site.fleet, traces.mark, rest)
        traces.settle(*users)
        measured.append(step)
    titles = ("all start at once", "at rest", "all are cut off and start again at once")
    return [
        Growth(
            f"{stage.key}-{title}", f"{stage.title}: {title}", "sandboxes", tuple(measured), lines, notes=tuple(notes)
        )
        for title, lines, notes in zip(titles, [table.lines() for table in tables], [(*stage.notes, *notes), (), ()])
        if lines
    ]


def _start(stage: Stage, site: Site, users: Sequence[str], figures: Figures) -> Iterator[str]:
    fleet, count = site.fleet, len(users)
    server = fleet.server.pid
    used, busy, around = tree_seconds(server), machine_seconds(), site.surroundings()
    with Peak(server) as peak:
        starts = fleet.call_at_once(users)
        _wait_for_rest(fleet, len(starts.seconds))
    used, busy, around = tree_seconds(server) - used, machine_seconds() - busy, site.surroundings() - around
    figures.add("starts in a second", "", starts.rate)
    figures.add("a start, median", "s", median(starts.seconds) if starts.seconds else None)
    figures.add("a start, 95 of 100", "s", percentile(starts.seconds, 95) if starts.seconds else None)
    figures.add("until all have started", "s", starts.duration, Linear())
    figures.add("failed starts", "", starts.failed)
    figures.milliseconds(f"processor time of a start, exec-mcp and {stage.program}", used / count)
    figures.milliseconds(f"processor time of a start, {stage.surroundings}", around / count)
    figures.milliseconds("processor time of a start, whole machine", busy / count)
    _add_peak(stage.program, peak, figures)
    yield from _complaints("a start", starts, count)
    _call_until_all_answer(fleet, users, starts)


def _rest(stage: Stage, site: Site, users: Sequence[str], effort: Effort, figures: Figures) -> None:
    fleet, server = site.fleet, site.fleet.server.pid
    _wait_for_rest(fleet, len(users))
    before = tree_seconds(server)
    time.sleep(effort.rest)
    share = (tree_seconds(server) - before) / effort.rest
    own, clients = Usage.of(server), [Usage.of(process) for process in fleet.clients()]
    one = Usage.mean(clients)
    figures.megabytes("memory of exec-mcp, resident", own.resident, Linear())
    figures.megabytes("memory of exec-mcp, private", own.private, Linear())
    figures.add("descriptors of exec-mcp", "", own.descriptors, Linear())
    figures.add("threads of exec-mcp", "", own.threads, Linear())
    figures.megabytes(f"memory of a {stage.client}, resident", one.resident)
    figures.megabytes(f"memory of a {stage.client}, private", one.private)
    figures.add(f"descriptors of a {stage.client}", "", one.descriptors)
    figures.add(f"threads of a {stage.client}", "", one.threads)
    together = own.proportional + sum(client.proportional for client in clients)
    figures.megabytes("memory of exec-mcp and all of these", together, Linear())
    figures.add("processor time of these, of one processor", "%", 100 * share)
    for name, size in site.sandboxes(users).items():
        figures.megabytes(f"memory of {name}", size)
    figures.milliseconds("a call, median", median(fleet.call_in_turn(users[:1] * effort.calls)))
    volleys = [fleet.call_at_once(users) for _ in range(effort.volleys)]
    if any(volley.failed for volley in volleys):
        raise Refused(str([volley.failures for volley in volleys]))
    figures.add("calls in a second, one of each user at once", "", median([volley.rate for volley in volleys]))


def _recover(site: Site, users: Sequence[str], figures: Figures) -> Iterator[str]:
    fleet, count = site.fleet, len(users)
    with Peak(fleet.server.pid) as peak:
        with site.interruption():
            started = time.monotonic()
            _wait_until(fleet.is_cut_off, "the end of what held the sandboxes")
            noticed = time.monotonic() - started
        again = fleet.call_at_once(users)
        rounds = _call_until_all_answer(fleet, users, again)
        figures.add("until all ends are noticed", "s", noticed)
        figures.add("then, until all have been answered", "s", time.monotonic() - started - noticed, Linear())
        figures.add("an answer, median", "s", median(again.seconds) if again.seconds else None)
        figures.add("failed calls", "", again.failed)
        figures.add("rounds of calls until all were answered", "", rounds)
        _wait_for_rest(fleet, count)
    _add_peak("kubectl", peak, figures)
    yield from _complaints("a call after the restart", again, count)


def _end(fleet: Fleet, mark: str, figures: Figures) -> None:
    started = time.monotonic()
    fleet.server.close()
    figures.add("until exec-mcp has ended", "s", time.monotonic() - started)
    _wait_until(lambda: not host_processes.marked(mark), "the end of all processes of the server")
    figures.add("until all of its processes have ended", "s", time.monotonic() - started)


def _add_peak(program: str, peak: Peak, figures: Figures) -> None:
    figures.add(f"processes of {program} at once, at most", "", peak.children)
    figures.add("descriptors of exec-mcp, at most", "", peak.descriptors)
    figures.megabytes(f"own memory of exec-mcp and {program}, at most", peak.memory)


def _complaints(what: str, volley: Volley, count: int) -> Iterator[str]:
    for text, times in volley.failures.most_common(3):
        yield f"of {count:,}, {what} failed {times} times: {text}"


def _call_until_all_answer(fleet: Fleet, users: Sequence[str], volley: Volley) -> int:
    """Has everybody call again until nobody's call fails. Returns the number of rounds, with the first."""
    for rounds in range(1, TRIES):
        if not volley.failed:
            return rounds
        volley = fleet.call_at_once(users)
    if volley.failed:
        raise Refused(f"{volley.failed} calls still fail: {volley.failures.most_common(1)}")
    return TRIES


def _wait_for_rest(fleet: Fleet, count: int) -> None:
    _wait_until(lambda: fleet.is_at_rest(count), f"a server at rest with {count} sandboxes")


def _wait_until(condition: object, what: str) -> None:
    if engine.poll(condition, PATIENCE) is None:
        raise Refused(f"waited in vain for {what}")
