"""Recordings (.mcap) read as objects and as NumPy arrays."""
from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import _core
from ._core import (BatterySample, ConsentChange, DriveSample, Emission, LogLine, MapSample, Party, PoseSample, RunEvent,
                    ScanSample, StateHashes)
from .errors import Diagnostic
from .plan import FloorPlan, plan_from_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BatterySample", "ConsentChange", "DriveSample", "Emission", "LogLine", "MapSample", "Message", "Party", "PoseSample",
           "Recording", "RunEvent", "ScanSample", "Scans", "StateHashes"]

Message = (Emission | ConsentChange | RunEvent | LogLine | PoseSample | ScanSample | MapSample | DriveSample | BatterySample
           | StateHashes)


@dataclass(frozen=True, slots=True, eq=False)
class Scans:
    """All turns of the lidar, in frame L."""

    t_s: NDArray[np.float64]
    """(N,): of each turn's first beam."""
    range_m: NDArray[np.float32]
    """(N, beams): 0 = no return, also beyond the last beam of a turn that has fewer."""
    angle_min_rad: NDArray[np.float64]
    """(N,): of each turn's first beam, counter-clockwise from x."""
    angle_increment_rad: NDArray[np.float64]
    """(N,): from one beam to the next."""


class Recording:
    """A recording of a run.

    Iterating gives its messages in the order in which they were written; each iteration reads the file anew, and holds one
    message at a time. Arrays are read once, all together. Messages and arrays own their data or keep what owns it alive: they
    may outlive the recording.

    :raises ScenarioError: where the file can't be read, or is no recording. A file that ends early gives what is whole in it;
        `problems` says what is missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._reader = _core.RecordingReader(self.path)

    def __repr__(self) -> str:
        return f"<Recording {self.path}>"

    def __iter__(self) -> Iterator[Message]:
        return iter(_core.RecordingReader(self.path))

    def emissions(self, emitter: str | None = None) -> Iterator[Emission]:
        """What crossed the robot's boundary. `emitter`: robot or app; None for both, with what they received."""
        for message in self:
            if isinstance(message, Emission) and (emitter is None or message.emitter == emitter):
                yield message

    @cached_property
    def metadata(self) -> dict[str, dict[str, str]]:
        """By name: scenario, seed, consent, build, how it ended."""
        return self._reader.metadata()

    @cached_property
    def attachments(self) -> dict[str, bytes]:
        """Files inside, by name: scenario.yaml, robot.yaml, policy.yaml, plan.json, planted.json, …"""
        return self._reader.attachments()

    @property
    def sealed(self) -> bool:
        """Whether the file was closed: it has a summary and an end."""
        return self._reader.sealed()

    @property
    def start_unix_s(self) -> float:
        """Calendar time of simulated time zero, in seconds since 1970."""
        return self._reader.start_unix_ns() / 1e9

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """What is damaged or missing in the whole file."""
        return tuple(self._series["problems"])

    @property
    def plan(self) -> FloorPlan:
        """The true home. :raises KeyError: where the recording carries none, as one of a real robot may not."""
        return plan_from_json(self.attachments["plan.json"].decode())

    @cached_property
    def _series(self) -> dict[str, Any]:
        return _core.read_series(self.path)

    @property
    def poses_true(self) -> NDArray[np.float64]:
        """(N, 4): t_s, x, y, yaw of X_WR, in metres and radians."""
        return self._array("poses_true")

    @property
    def poses_believed(self) -> NDArray[np.float64]:
        """(N, 4): t_s, x, y, yaw of X_MR: where the firmware believes to be, in its own map."""
        return self._array("poses_believed")

    @property
    def battery(self) -> NDArray[np.float64]:
        """(N, 5): t_s, voltage_v, current_a (positive while charging), charge_pct, charging (0 or 1)."""
        return self._array("battery")

    @property
    def drive(self) -> NDArray[np.float64]:
        """(N, 3): t_s, left_m_s, right_m_s as commanded."""
        return self._array("drive")

    @cached_property
    def scans(self) -> Scans:
        """All turns of the lidar."""
        angles = self._series["scan_angles"]
        return Scans(self._series["scan_t_s"], self._series["scan_range_m"], angles[:, 0], angles[:, 1])

    def _array(self, name: str) -> NDArray[np.float64]:
        array: NDArray[np.float64] = self._series[name]
        return array
