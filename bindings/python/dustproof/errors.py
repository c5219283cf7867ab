"""What is raised: somebody's input is wrong, or the machine is."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Diagnostic", "DustproofError", "EnvironmentFailure", "FirmwareDied", "ScenarioError"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, for people: place, field, rule, value, way out. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        place = self.file
        if self.line > 0:
            place += f":{self.line}"
            if self.column > 0:
                place += f":{self.column}"
        return "".join(f"{part}: " for part in (place, self.field) if part) + self.message


class DustproofError(Exception):
    """Why something could not be had. `str()` is what the command line prints: one line for each problem."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(str(diagnostic) for diagnostic in self.diagnostics)


class ScenarioError(DustproofError):
    """Somebody's input is wrong: a file, a name, a value. Every problem found, not just the first."""


class EnvironmentFailure(DustproofError):
    """The machine is at fault: a file that can't be written, a board that isn't there, a run that died."""


class FirmwareDied(DustproofError):
    """The firmware of a simulation died: what, when in simulated time, and where."""
