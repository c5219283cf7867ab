"""A whole run, firmware and cloud and all, taken forward step by step. It runs in a process of its own.

    with dustproof.Simulation("scenarios/first_run.yaml", consent="all_granted") as simulation:
        simulation.until(300)
        simulation.set_consent("C_MAP_UPLOAD", "withdrawn")
        while simulation.time_s < 330:
            simulation.step(0.01)
            for emission in simulation.emissions:
                print(emission)
"""
from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from . import _core
from ._core import Contact, ConsentChange, Emission, LogLine, RunEvent, StepScan
from .firmware import Firmware, firmware_path
from .home import Home
from .plan import Pose2
from .program import _as_file, executable
from .scenario import Scenario
from .sim import Battery

__all__ = ["Contact", "Outcome", "Simulation", "StepScan"]

_Path = str | os.PathLike[str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. What it says of privacy is judged from its recording: `dustproof.audit`."""

    end: str
    """finished, duration, interrupted (by who stepped it), firmware_ended, firmware_died, run_died."""
    hash: str
    """Of the run's state; empty where it died."""
    seed: int
    sim_s: float
    events_run: int
    wall_s: float
    diagnosis: str
    recording: str
    """Path of the recording (.mcap), which `Recording` reads and `audit` judges."""


class Simulation:
    """A run under one consent configuration. Stepped from one thread at a time; other threads of Python run meanwhile.

    :param scenario: A scenario: a path, or a `Scenario`.
    :param consent: A consent configuration of it by name; "" takes the first that it runs by default.
    :param seed: Of everything random, instead of the scenario's.
    :param firmware: A name, a path, or a class derived from `Firmware`, instead of the scenario's.
    :param kind: library or process, instead of the scenario's.
    :param home: A home or a map_server map, instead of the scenario's.
    :param until: Ends the run at this simulated time at the latest, in seconds.
    :param out: Folder for the recording, new or empty; "" makes a fresh one under runs/.
    :raises ScenarioError: Bad input; `diagnostics` has every problem.
    :raises EnvironmentFailure: The machine is at fault.

    The recording and its hash are those of `dustproof.run` with the same arguments, as long as nobody meddles. What the user or
    fate is told to do (`set_consent`, `press`, `perform`, `inject_fault`) happens at `time_s`, with the next step. Firmware that
    dies makes the step raise `FirmwareDied`; `finish` then still returns the outcome. Ctrl-C ends the run, sealed.

    The state can be read after the end too: it stays as it was last.
    """

    def __init__(self, scenario: _Path | Scenario, consent: str = "", seed: int | None = None,
                 firmware: _Path | type[Firmware] = "", *, kind: str = "", home: _Path | Home = "", until: float | None = None,
                 out: _Path = "") -> None:
        self._happened: list[object] = []
        self._outcome: Outcome | None = None
        program = executable()
        with tempfile.TemporaryDirectory(prefix="dustproof-") as scratch:
            scenario_file = _as_file(scenario, scratch, "scenario.yaml")
            home_file = _as_file(home, scratch, "home.yaml") if home else ""
            name = scenario.name if isinstance(scenario, Scenario) else pathlib.Path(scenario_file).stem
            folder = _core.make_result_folder(os.fspath(out), name or "scenario")
            self.recording = os.path.join(os.path.abspath(folder), (consent or "simulation") + ".mcap")
            """Path of the recording, complete once the run is finished."""
            self._core = _core.StepClient(program, scenario_file, self.recording, consent, seed, firmware_path(firmware), kind,
                                          home_file, until)

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the run, where it is not finished, and seals its recording. Once is enough."""
        self._core.close()

    def finish(self) -> Outcome:
        """Seals the recording and says how the run ended. Again, it says the same. What follows, changes nothing."""
        if self._outcome is None:
            end, state_hash, seed, sim_s, events_run, wall_s, diagnosis = self._core.finish()
            self._take()
            self._outcome = Outcome(end, state_hash, seed, round(sim_s, 9), events_run, wall_s, diagnosis, self.recording)
        return self._outcome

    # Time.

    def step(self, duration_s: float = 0.01) -> None:
        """Lets so much simulated time pass, or less where the run ends (`end`)."""
        self._core.step(duration_s)

    def until(self, time_s: float) -> None:
        """Lets simulated time pass until `time_s`, or the run's end."""
        self._core.until(time_s)

    def until_sample(self, kind: str, limit_s: float = 86400.0) -> None:
        """Lets simulated time pass until there is a new sample of a kind, or until `limit_s`: lidar, odometry, imu, hazard, dock or
        battery."""
        self._core.until_sample(kind, limit_s)

    @property
    def time_s(self) -> float:
        """Simulated time since the run began."""
        return self._core.time_s

    @property
    def end(self) -> str | None:
        """Why the run is over, see `Outcome.end`; None before."""
        return self._outcome.end if self._outcome else self._core.end

    # What the user and fate do.

    def set_consent(self, consent: str, state: str) -> None:
        """The user makes up their mind: on the app's consent screen where it is still to come, else in its settings.

        :param state: granted, denied or withdrawn.
        """
        self._core.set_consent(consent, state)

    def press(self, button: str) -> None:
        """Somebody presses clean or home, or holds reset."""
        self._core.press(button)

    def perform(self, action: str, value: str = "") -> None:
        """A `do` of a scenario's script, with its `value`: the user pairs, cleans, docks, … in the app."""
        self._core.perform(action, value)

    def inject_fault(self, action: str, *, duration_s: float | None = None, value: float = 0) -> None:
        """A `do` of a scenario's faults, with its `duration` and `value`: power_cut, brownout, battery_charge, flash_…"""
        self._core.inject_fault(action, duration_s, value)

    # What the robot is and sees.

    @property
    def pose(self) -> Pose2:
        """Where the robot truly is: X_WR."""
        return Pose2(*self._core.pose)

    @property
    def wheel_speed_m_s(self) -> tuple[float, float]:
        """As the wheels truly turn: left, right."""
        return self._core.wheel_speed_m_s

    @property
    def commanded_m_s(self) -> tuple[float, float]:
        """What the firmware commands: left, right; 0 where the last command was PWM or has gone stale."""
        return self._core.commanded_m_s

    @property
    def scan(self) -> StepScan | None:
        """The newest turn of the lidar, as read-only views of memory that the run writes, without a copy; None before the first.

        They show what is newest, `sequence` tells which; `.copy()` keeps a turn. They stay valid after `close`.
        """
        return self._core.scan

    @property
    def ticks(self) -> tuple[int, int]:
        """Of the wheels' encoders, 16 bits that wrap around: left, right."""
        return self._core.ticks

    @property
    def gyro_rad_s(self) -> tuple[float, float, float]:
        """Of the IMU, about x, y, z."""
        return self._core.gyro_rad_s

    @property
    def accel_m_s2(self) -> tuple[float, float, float]:
        """Of the IMU: specific force, +9.81 on z at rest."""
        return self._core.accel_m_s2

    @property
    def bumper(self) -> tuple[bool, bool]:
        """Left and right: pressed."""
        return self._core.bumper

    @property
    def cliff(self) -> tuple[bool, bool, bool, bool]:
        """Left, front left, front right, right: no floor there."""
        return self._core.cliff

    @property
    def battery(self) -> Battery:
        """The gauge's newest reading."""
        return Battery(*self._core.battery)

    @property
    def docked(self) -> bool:
        """Whether its charging contacts touch the dock's."""
        return self._core.docked

    @property
    def powered(self) -> bool:
        """Whether the robot's computer has its supply."""
        return self._core.powered

    @property
    def activity(self) -> str:
        """What the firmware says it does."""
        return self._core.activity

    @property
    def collisions(self) -> int:
        """How often the bumper was pressed."""
        return self._core.collisions

    # What has happened since it was last asked for, as it happened.

    @property
    def emissions(self) -> Iterator[Emission]:
        """Bytes that crossed the robot's boundary, since last asked for."""
        return self._since(Emission)

    @property
    def consent_changes(self) -> Iterator[ConsentChange]:
        """What the user answered, since last asked for."""
        return self._since(ConsentChange)

    @property
    def events(self) -> Iterator[RunEvent]:
        """The run's timeline, since last asked for."""
        return self._since(RunEvent)

    @property
    def log(self) -> Iterator[LogLine]:
        """Lines of the firmware's log, since last asked for."""
        return self._since(LogLine)

    @property
    def contacts(self) -> Iterator[Contact]:
        """Each time that the hull began to touch something, since last asked for."""
        return self._since(Contact)

    def _take(self) -> None:
        if not self._core.closed:
            self._happened += self._core.take_happenings()

    def _since(self, kind: type[_T]) -> Iterator[_T]:
        self._take()
        mine = [one for one in self._happened if isinstance(one, kind)]
        self._happened = [one for one in self._happened if not isinstance(one, kind)]
        return iter(mine)
