"""A home with a robot in it, stepped and steered in this process: no firmware, no network, no cloud.

    with dustproof.sim.World("scenarios/homes/studio.yaml", seed=1) as world:
        world.drive(left_m_s=-0.2, right_m_s=-0.2)  # Backwards, off the dock.
        world.step(2.0)
        print(world.pose, world.scan().range_m.min())

The same home, robot, seed and calls give the same numbers. Where they are to be the same on CPUs with and without FMA, start Python
under GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2_Usable,-AVX2, as `dustproof run` starts itself.
"""
from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType

from . import _core
from ._config import ConfigFile, in_terms_of
from ._core import LidarTurn
from .errors import ScenarioError
from .home import Home
from .plan import Pose2
from .robot import Robot

__all__ = ["Battery", "LidarTurn", "World"]


@dataclass(frozen=True, slots=True)
class Battery:
    """What the battery's gauge says, once a second."""

    voltage_V: float
    current_A: float
    """Positive while charging."""
    charge_pct: float
    temperature_C: float
    charging: bool


class World:
    """A home and a robot. Used from one thread at a time; `step` lets other threads of Python run.

    :param home: A home or a map_server map: a path, or a `Home`.
    :param robot: A robot: a path, or a `Robot`; None for the figures of the vacuum.
    :param seed: Of every sensor's noise.
    :param lidar: Whether the lidar turns from the start.
    :raises ScenarioError: with every problem of home or robot.
    :raises ValueError: for a seed that is none.

    After `close` everything but `closed` raises ValueError. Turns of the lidar and their arrays may outlive the world.
    """

    def __init__(self, home: str | os.PathLike[str] | Home, robot: str | os.PathLike[str] | Robot | None = None, *, seed: int = 1,
                 lidar: bool = True) -> None:
        home_file, home_text = (home.path, home.to_yaml()) if isinstance(home, Home) else (os.fspath(home), None)
        robot_file: str = ""
        robot_text: str | bytes | None = None
        if isinstance(robot, Robot):
            robot_file, robot_text = robot.path, robot.to_yaml()
        elif robot is not None:
            robot_file = os.fspath(robot)
            robot_text = _core.read_text_file(robot_file)
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed must be a whole number from 0 to 18446744073709551615, got {seed}")
        try:
            self._core = _core.SteppedWorld(home_file, home_text, robot_file, robot_text, seed, lidar)
        except ScenarioError as error:
            for given in (home, robot):
                if isinstance(given, ConfigFile):
                    error = in_terms_of(given, given.path, error)
            raise error from None

    def __enter__(self) -> World:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Frees the world. Once is enough."""
        self._core.close()

    @property
    def closed(self) -> bool:
        return self._core.closed

    def drive(self, *, left_m_s: float, right_m_s: float) -> None:
        """Commands the wheels, within what the robot can do; holds until the next call."""
        self._core.drive(left_m_s, right_m_s)

    def step(self, duration_s: float) -> None:
        """Lets so much simulated time pass."""
        self._core.step(duration_s)

    def put_down(self, pose: Pose2) -> None:
        """Carries the robot to `pose` (X_WR), where it stands at rest."""
        self._core.put_down(pose.x, pose.y, pose.yaw)

    @property
    def time_s(self) -> float:
        """Simulated time since the world was made."""
        return self._core.time_s()

    @property
    def pose(self) -> Pose2:
        """Where the robot truly is: X_WR."""
        return Pose2(*self._core.pose())

    def scan(self) -> LidarTurn | None:
        """The newest complete turn of the lidar, as its arrays without a copy; None before the first."""
        return self._core.scan()

    @property
    def bumper(self) -> tuple[bool, bool]:
        """Left and right: pressed."""
        return self._core.bumper()

    @property
    def cliff(self) -> tuple[bool, bool, bool, bool]:
        """Left, front left, front right, right: no floor there."""
        return self._core.cliff()

    @property
    def ticks(self) -> tuple[int, int]:
        """Of the wheels' encoders, 16 bits that wrap around: left, right."""
        return self._core.ticks()

    @property
    def gyro_rad_s(self) -> tuple[float, float, float]:
        """Of the IMU, about x, y, z."""
        return self._core.gyro_rad_s()

    @property
    def accel_m_s2(self) -> tuple[float, float, float]:
        """Of the IMU: specific force, +9.81 on z at rest."""
        return self._core.accel_m_s2()

    @property
    def battery(self) -> Battery:
        """The gauge's newest reading."""
        return Battery(*self._core.battery())

    @property
    def wheel_speed_m_s(self) -> tuple[float, float]:
        """As the wheels truly turn: left, right."""
        return self._core.wheel_speed_m_s()

    @property
    def docked(self) -> bool:
        """Whether its charging contacts touch the dock's."""
        return self._core.docked()

    @property
    def collisions(self) -> int:
        """How often the bumper was pressed."""
        return self._core.collisions()

    @property
    def distance_m(self) -> float:
        """Driven so far."""
        return self._core.distance_m()

    @property
    def state_hash(self) -> int:
        """Of everything that moves: equal for equal histories."""
        return self._core.state_hash()
