"""Questions that take more than one run: what depends on a secret, what still leaves after a withdrawal, what a failure takes."""
from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union

from .errors import Diagnostic, EnvironmentFailure, ScenarioError
from .program import _as_file, _as_path, _ending, _execute
from .scenario import Scenario

__all__ = ["Change", "Leak", "PartyChange", "Shrunk", "Withdrawal", "counterfactual", "shrink", "withdraw"]

_Path = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True, slots=True)
class PartyChange:
    """What one party was told otherwise."""

    party: str
    messages: int
    """That left the robot for it in the unchanged run."""
    differing: int
    """Of these not the same in the changed one."""
    only_in_changed: int
    verdict: str
    """pass, fail, undetermined, or inherent: the sender's own address. "" for a change of home, which is not judged by messages."""
    reason: str
    clause: str
    only_by_comparison: bool
    """No matcher found it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came of changing one thing."""

    change: str
    leaks: bool
    parties: tuple[PartyChange, ...]

    def __bool__(self) -> bool:
        """Whether nothing reaches who may not have it."""
        return not self.leaks

    def __str__(self) -> str:
        told = "; ".join(f"{p.party} {p.differing + p.only_in_changed} messages, {p.verdict or 'not judged'}{f' ({p.clause})' if p.clause else ''}" for p in self.parties)
        return f"{self.change}: {told or 'no message depends on it'}"


def counterfactual(recording: _Path, changes: Sequence[str] = ("all",), *, home: _Path = "", draws: int = 1, firmware: _Path = "",
                   out: _Path = "") -> dict[str, Change]:
    """Makes a run again with one secret changed and nothing else, for each of `changes`, as `dustproof counterfactual` does.

    :param changes: Categories of planted values, groups of them (wifi, id, account, location, all), or home.
    :param home: The other home of the change home.
    :param draws: How many other values each secret is given.
    :param out: Folder for the results, new or empty; "" makes a fresh one under runs/.
    :returns: By what was changed.
    :raises ScenarioError: Bad input, such as a recording that can't be made again.
    """
    words = ["counterfactual", _as_path(recording), "--change=" + ",".join(changes), f"--draws={draws}", "--json"]
    words += [f"--{name}={os.fspath(value)}" for name, value in {"home": home, "firmware": firmware, "out": out}.items() if value]
    return {row["change"]: _change(row) for row in _answer(words)["changes"]}


def _change(row: dict[str, Any]) -> Change:
    parties = tuple(PartyChange(p["party"], p["messages"], p["differing"], p["only_in_changed"], p.get("verdict", ""), p.get("reason", ""),
                                p.get("clause", ""), p.get("only_by_comparison", False)) for p in row["parties"])
    return Change(row["change"], row["state"] == "fail", parties)


@dataclass(frozen=True, slots=True)
class Leak:
    """What left after a withdrawal, and may not."""

    after_s: float
    """Since the withdrawal."""
    category: str
    party: str
    clause: str
    byte_count: int
    sequence: int
    """The emission in the recording of its run, from 1."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A consent that was withdrawn at one instant of a run."""

    at_s: float
    consent: str
    state: str
    """pass, fail or undone."""
    leaks: tuple[Leak, ...]
    """The first such byte first."""
    command: str
    """Repeats its run."""

    def __bool__(self) -> bool:
        """Whether nothing left that may not."""
        return self.state == "pass"


def withdraw(scenario: _Path | Scenario, consents: Sequence[str] = (), *, consent: str = "", every: float | None = None, instants: int | None = None,
             window: float = 60, bisect: bool = False, seed: int | None = None, firmware: _Path = "", workers: int = 0,
             out: _Path = "") -> tuple[Withdrawal, ...]:
    """Withdraws consents at many instants of a run, as `dustproof withdraw` does.

    :param consents: What is withdrawn, each in branches of its own; none: all that are granted but the policy itself.
    :param consent: The configuration that is lived until then; "" the one that grants most.
    :param every: An instant each so many seconds; or `instants`, so many in all.
    :param window: How long each branch goes on, in simulated seconds.
    :param bisect: Looks for the earliest instant that leaks: it is then among the answers.
    :raises ScenarioError: Bad input.
    """
    with tempfile.TemporaryDirectory(prefix="dustproof-") as scratch:
        words = ["withdraw", _as_file(scenario, scratch, "scenario.yaml"), "--json", f"--window={window:.9f}s"]
        flags = {"withdraw": ",".join(consents), "consent": consent, "every": "" if every is None else f"{every:.9f}s", "instants": str(instants or ""),
                 "seed": "" if seed is None else str(seed), "firmware": os.fspath(firmware), "workers": str(workers or ""), "out": os.fspath(out)}
        words += [f"--{name}={value}" for name, value in flags.items() if value] + (["--bisect"] if bisect else [])
        tree = _answer(words)
    rows = {(row["consent"], row["at_s"]): row for row in tree["withdrawals"] + tree["earliest"]}
    return tuple(_withdrawal(rows[key]) for key in sorted(rows))


def _withdrawal(row: dict[str, Any]) -> Withdrawal:
    leaks = tuple(Leak(f["after_s"], f["category"], f["party"], f["clause"], f["byte_count"], f["sequence"]) for f in row["leaks"])
    return Withdrawal(row["at_s"], row["consent"], row["state"], leaks, row["command"])


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A scenario that was reduced to the least that still fails."""

    file: str
    home_file: str
    """Of its home, where that was changed; "" where the scenario names the one that it had."""
    consent: str
    failure: str
    runs: int


def shrink(scenario: _Path | Scenario, out: _Path, *, consent: str = "", failure: str = "", firmware: _Path = "", seed: int | None = None,
           tries: int = 400) -> Shrunk:
    """Reduces a failing scenario to the least that still fails in the same way, as `dustproof shrink` does.

    :param out: The file to write, new.
    :param consent: The configuration; "" the first that fails.
    :param failure: A part of the failure's sentence, where several things fail.
    :param tries: Runs at most.
    :raises ScenarioError: Bad input, such as a scenario that doesn't fail.
    """
    with tempfile.TemporaryDirectory(prefix="dustproof-") as scratch:
        words = ["shrink", _as_file(scenario, scratch, "scenario.yaml"), "--json", f"--tries={tries}", "--out=" + os.fspath(out)]
        flags = {"consent": consent, "failure": failure, "firmware": os.fspath(firmware), "seed": "" if seed is None else str(seed)}
        tree = _answer(words + [f"--{name}={value}" for name, value in flags.items() if value])
    return Shrunk(tree["file"], tree["home_file"], tree["consent"], tree["failure"], tree["runs"])


def _answer(words: Sequence[str]) -> dict[str, Any]:
    """The JSON that a command prints."""
    code, output, said = _execute(words, lambda event: None)
    text = "\n".join(said) or _ending(code)
    if code not in (0, 1):
        raise (ScenarioError if code == 2 else EnvironmentFailure)([Diagnostic(file="", line=0, column=0, field="", message=text)])
    tree: dict[str, Any] = json.loads(output)
    return tree
