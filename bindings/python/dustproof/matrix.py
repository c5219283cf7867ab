"""Many consent configurations and seeds at once: `dustproof matrix` from Python."""
from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from .errors import Diagnostic, EnvironmentFailure, ScenarioError
from .program import _as_file, _as_path, _execute, _failure, _ending
from .scenario import Scenario

_Path = Union[str, "os.PathLike[str]"]
_READINGS = ("strict", "literal", "lenient")
_WORDS = {"P": "pass", "F": "fail", "U": "undetermined", "N": "not_exercised"}
_ORDER = ("fail", "undetermined", "pass", "not_exercised")


@dataclass(frozen=True)
class Cell:
    """One run of a matrix."""

    name: str
    scenario: str
    seed: int
    consent: str
    answers: str
    """The consent configuration in one line, as `dustproof run --answers` takes it."""
    state: str
    """pass, fail, infeasible or undone."""
    command: str
    """Repeats its run."""
    recording: str
    """Path of its recording; "" where it was not kept."""
    hash: str
    verdicts: tuple[tuple[str, str, str, str], ...] = field(repr=False)
    """Emitter, category, party, and a letter for each reading: P pass, F fail, U undetermined, N not exercised."""

    def verdict(self, category: str, party: str | None = None, *, reading: str = "strict") -> str:
        """The worst of a category: fail, undetermined, pass, not_exercised. `party`: of one receiver only."""
        at = _READINGS.index(reading)
        words = {_WORDS[letters[at]] for _, c, p, letters in self.verdicts if c == category and party in (None, p)}
        return next((word for word in _ORDER if word in words), "not_exercised")


@dataclass(frozen=True)
class KindOfFailure:
    """What fails alike in some cells."""

    signature: str
    when: str
    """What these cells have in common and no other has, e.g. "where C_DEVID denied"; "" where nothing simple is."""
    cells: tuple[str, ...]
    command: str
    """Repeats the first one."""


@dataclass(frozen=True, repr=False)
class MatrixCheck:
    """Whether a category passes in every cell that was asked about. Its text says where not."""

    question: str
    counts: dict[str, int]
    worst: Cell | None

    def __bool__(self) -> bool:
        return set(self.counts) == {"pass"}

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in self.counts.items())
        again = f"\n  {self.worst.name}\n  again: {self.worst.command}" if self.worst and not self else ""
        return f"{self.question}: {counts or 'no cell'}{again}"

    __repr__ = __str__


class MatrixResult(Sequence[Cell]):
    """The cells of a matrix, in its order."""

    def __init__(self, tree: dict[str, Any], folder: str) -> None:
        self.folder = folder
        self.failures = tuple(KindOfFailure(f["signature"], f["when"], tuple(f["cells"]), f["command"]) for f in tree["failures"])
        self.cells = tuple(_cell(row, folder) for row in tree["matrix"])

    def __getitem__(self, index: Any) -> Any:
        return self.cells[index]

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)

    def __repr__(self) -> str:
        states = [cell.state for cell in self.cells]
        return f"<matrix of {len(self)} cells: {states.count('pass')} pass, {states.count('fail')} fail, in {self.folder}>"

    @property
    def failed(self) -> bool:
        """Whether some cell fails."""
        return any(cell.state == "fail" for cell in self.cells)

    def passes(self, category: str, party: str | None = None, *, reading: str = "strict", answers: str = "") -> MatrixCheck:
        """Whether a category passes in every cell that was run; `answers`: in those alone whose configuration holds it, as
        "C_MAP_UPLOAD=denied"."""
        wanted = set(filter(None, answers.split(",")))
        chosen = [cell for cell in self.cells if cell.hash and wanted <= set(cell.answers.split(","))]
        verdicts = {cell.name: cell.verdict(category, party, reading=reading) for cell in chosen}
        counts = {word: count for word in _ORDER if (count := list(verdicts.values()).count(word))}
        worst = next((cell for word in _ORDER for cell in chosen if verdicts[cell.name] == word), None)
        return MatrixCheck(f"{category} to {party or 'anybody'} ({reading}{', ' + answers if answers else ''})", counts, worst)


def _cell(row: dict[str, Any], folder: str) -> Cell:
    recording = os.path.join(folder, row["recording"]) if row.get("recording") else ""
    verdicts = tuple((v["emitter"], v["category"], v["party"], v["verdicts"]) for v in row.get("verdicts", []))
    return Cell(row["cell"], row["scenario"], row["seed"], row["consent"], row["answers"], row["state"], row["command"], recording,
                row.get("outcome", {}).get("hash", ""), verdicts)


@dataclass(frozen=True)
class PlannedCell:
    """A run that a matrix would make."""

    scenario: str
    seed: int
    consent: str
    answers: str
    """The consent configuration in one line, as `dustproof.run(answers=…)` takes it."""
    infeasible: str
    """Which of the policy's constraints forbids it; "" where none does."""


def plan_matrix(scenarios: _Path | Sequence[_Path], consents: _Path = "", seeds: str = "", *, until: float | None = None) -> tuple[PlannedCell, ...]:
    """The cells that `run_matrix` would run.

    :raises ScenarioError: Bad input.
    """
    given: Sequence[_Path] = [scenarios] if isinstance(scenarios, (str, os.PathLike)) else scenarios
    flags = {"consents": os.fspath(consents), "seeds": seeds, "until": "" if until is None else f"{until:.9f}s"}
    words = ["matrix", *(_as_path(one) for one in given), "--dry-run", "--json", *(f"--{name}={value}" for name, value in flags.items() if value)]
    code, output, said = _execute(words, lambda event: None)
    if code != 0:
        raise _refusal(code, said)
    return tuple(PlannedCell(row["scenario"], row["seed"], row["consent"], row["answers"], row["infeasible"]) for row in json.loads(output)["cells"])


def run_matrix(scenarios: _Path | Scenario | Sequence[_Path], consents: _Path = "", seeds: str = "", *, workers: int = 0,
               scheduler: str = "", firmware: _Path = "", until: float | None = None, out: _Path = "", resume: bool = False) -> MatrixResult:
    """Runs scenarios under many consent configurations and seeds, as `dustproof matrix` does.

    :param consents: all, pairwise, 3-wise …, a file of kind consents; "" takes the scenario's own, pairwise where firmware is a program of its own.
    :param seeds: "7" or "1-20"; "" takes the scenario's.
    :param workers: Groups at a time; 0: one a core. `scheduler`: HOST:PORT of a Dask scheduler instead.
    :param until: Ends each run at this simulated time, in seconds.
    :param out: Folder for the results, new or empty; with `resume` the one to go on in; "" makes a fresh one under runs/.
    :raises ScenarioError: Bad input. `EnvironmentFailure`: cells were left undone.
    """
    with tempfile.TemporaryDirectory(prefix="dustproof-") as scratch:
        given: Sequence[_Path | Scenario] = [scenarios] if isinstance(scenarios, (str, os.PathLike, Scenario)) else scenarios
        words = ["matrix", *(_as_file(one, scratch, f"scenario-{number}.yaml") for number, one in enumerate(given)), "--json"]
        if not out:
            os.makedirs("runs", exist_ok=True)
            out = tempfile.mkdtemp(prefix="matrix-", dir="runs")
        flags = {"consents": os.fspath(consents), "seeds": seeds, "workers": str(workers) if workers else "", "scheduler": scheduler,
                 "firmware": os.fspath(firmware), "until": "" if until is None else f"{until:.9f}s", "out": os.fspath(out)}
        words += [f"--{name}={value}" for name, value in flags.items() if value] + (["--resume"] if resume else [])
        code, output, said = _execute(words, lambda event: None)
    try:
        tree = json.loads(output)
    except ValueError:
        raise _refusal(code, said) from None
    if code not in (0, 1):
        raise _failure("\n".join(said) or _ending(code))
    return MatrixResult(tree, os.path.abspath(out))


def _refusal(code: int, said: Sequence[str]) -> Exception:
    text = "\n".join(said) or _ending(code)
    return (ScenarioError if code == 2 else EnvironmentFailure)([Diagnostic(file="", line=0, column=0, field="", message=text)])
