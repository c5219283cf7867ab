"""What a scenario file expects of its runs, brought up to what they did: `pytest --dustproof-update`."""
from __future__ import annotations

import copy
import math
import os
import pathlib
import shutil
from typing import Union

from . import _core
from .loading import load_scenario, parse_scenario
from .results import Run

_Value = Union[bool, float]

# How a missed expectation is told, by its key. What is not here (deadlines, verdicts) says what must not happen: no run changes that.
_SENTENCES = {
    "coverage_min": ("the coverage is not at least",),
    "ate_m_max": ("the trajectory's error is not at most",),
    "docked": ("the robot ended on its dock", "the robot did not end on its dock"),
    "cleaning_finished": ("the cleaning was finished", "the cleaning was not finished"),
}


class Expectations:
    """Those of one scenario file, with what its runs measured instead."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._expect = load_scenario(path).expect
        self._measured: dict[str, list[_Value]] = {}
        self._missed: list[str] = []

    def take(self, run: Run) -> tuple[str, ...]:
        """Notes what a run measured; returns the sentences about what it missed and no update can mend."""
        mended: list[str] = []
        for key, beginnings in _SENTENCES.items():
            value = _measured(key, run)
            if value is None or getattr(self._expect, key) is None:
                continue
            self._measured.setdefault(key, []).append(value)
            if missed := [sentence for sentence in run.failed_expectations if sentence.startswith(beginnings)]:
                mended += missed
                self._missed += [] if key in self._missed else [key]
        return tuple(sentence for sentence in run.failed_expectations if sentence not in mended)

    def write(self) -> tuple[list[str], list[str]]:
        """Writes what was missed into the file: only those values change. Returns sentences: what was changed, and what was not."""
        changed: list[str] = []
        left: list[str] = []
        text = self.path.read_bytes().decode("utf-8")
        for key in self._missed:
            values = self._measured[key]
            if isinstance(values[0], bool) and len(set(values)) > 1:
                left.append(f"{self.path}: expect.{key}: true of some runs and false of others; left as it is")
                continue
            replaced = _replaced(text, self.path, key, min(values) if key == "coverage_min" else max(values))
            if replaced is None:
                left.append(f"{self.path}: expect.{key}: changing it would change something else; left as it is")
                continue
            text, told = replaced
            changed.append(told)
        if changed:
            _write(self.path, text)
        return changed, left


def _measured(key: str, run: Run) -> _Value | None:
    """What the run did, rounded to the side on which it holds; None where it can't be told."""
    if key == "coverage_min":
        return math.floor(run.metrics.coverage * 1000) / 1000
    if key == "ate_m_max":
        return None if run.metrics.ate_m is None else math.ceil(run.metrics.ate_m * 1000) / 1000
    return run.usefulness[key].verdict == "pass" if key in run.usefulness else None


def _replaced(text: str, path: pathlib.Path, key: str, value: _Value) -> tuple[str, str] | None:
    """The text with that value instead, and a sentence; None where anything else would change as well."""
    found = _core.find_scalar(text, ["expect", key])
    if found is None:
        return None
    line, column, before = found
    after = str(value).lower() if isinstance(value, bool) else f"{value:.3f}".rstrip("0").rstrip(".")
    lines = text.split("\n")
    if lines[line - 1][column - 1:column - 1 + len(before)] != before:
        return None
    lines[line - 1] = lines[line - 1][:column - 1] + after + lines[line - 1][column - 1 + len(before):]
    new_text = "\n".join(lines)
    wanted = copy.deepcopy(parse_scenario(text, str(path)))
    setattr(wanted.expect, key, value)
    if parse_scenario(new_text, str(path)) != wanted:
        return None
    return new_text, f"{path}:{line}: expect.{key}: {before} is {after} now"


def _write(path: pathlib.Path, text: str) -> None:
    """Whoever reads the file meanwhile sees the old one or the new one."""
    path = path.resolve()
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(text.encode("utf-8"))
    shutil.copymode(path, part)
    os.replace(part, path)
