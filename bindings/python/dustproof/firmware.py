"""Firmware written in Python, for quick experiments.

    class Bouncer(dustproof.Firmware):
        def on_start(self):
            self.drive(left_m_s=0.2, right_m_s=0.2)

        def on_bumper(self, left, right):
            if left or right:
                self.drive(left_m_s=-0.15, right_m_s=0.1)

`dustproof run SCENARIO --firmware bouncer.py` runs it, and so do `dustproof.run(…, firmware=Bouncer)` and
`dustproof.Simulation(…, firmware=Bouncer)`: always in a process of its own, in lockstep and the same each time. There Python's
clocks, `random`, `socket`, `ssl` and `http.client` are the run's. An exception that leaves a handler ends the run, with its
traceback.
"""
from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

try:  # Built into the program that hosts firmware, and nowhere else.
    _hal: Any = importlib.import_module("_dustproof_hal")
except ImportError:
    _hal = None

__all__ = ["Battery", "Connection", "Dock", "Firmware", "Imu", "Odometry", "Scan", "WifiNetwork"]

_HOLD_US = 50_000  # A command of the wheels is good for 200 ms.
_WAIT_US = 2**63
_LEVELS = {"debug": 10, "info": 20, "warn": 30, "error": 40}
_BUTTONS = ("clean", "home", "reset")


@dataclass(frozen=True, slots=True)
class Scan:
    """One turn of the lidar, frame L; arrays of one entry a beam. Beams are taken one after another while the robot moves."""

    time_s: float
    """Of the first beam."""
    period_s: float
    sequence: int
    angle_rad: "NDArray[numpy.float32]"
    """Counter-clockwise from x, -pi to pi."""
    range_m: "NDArray[numpy.float64]"
    """0 = no valid return."""
    quality: "NDArray[numpy.uint8]"
    offset_s: "NDArray[numpy.float64]"
    """Time of each beam after the first."""


@dataclass(frozen=True, slots=True)
class Odometry:
    """The wheels' encoders: 16 bits that wrap around."""

    time_s: float
    left_ticks: int
    right_ticks: int
    wheel_drop_left: bool
    wheel_drop_right: bool


@dataclass(frozen=True, slots=True)
class Imu:
    time_s: float
    gyro_rad_s: tuple[float, float, float]
    accel_m_s2: tuple[float, float, float]
    """Specific force: +9.81 on z at rest."""


@dataclass(frozen=True, slots=True)
class Dock:
    """What the dock's beacon and the charging contacts say."""

    time_s: float
    contact: bool
    beacon_seen: bool
    bearing_rad: float
    beacon_left: bool
    beacon_right: bool


@dataclass(frozen=True, slots=True)
class Battery:
    time_s: float
    voltage_V: float
    current_A: float
    """Positive while charging."""
    charge_pct: float
    temperature_C: float
    charging: bool


@dataclass(frozen=True, slots=True)
class WifiNetwork:
    ssid: str
    rssi_dbm: int
    channel: int
    encrypted: bool


class Connection:
    """A TCP connection of the robot's. Errors are those of Python's sockets: TimeoutError, ConnectionResetError, OSError."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def send(self, data: bytes, *, timeout_s: float = 10.0) -> None:
        """Waits until all is on its way."""
        _hal.send(self._open(), data, _us(timeout_s))

    def recv(self, bytes_max: int = 65536, *, timeout_s: float = 10.0) -> bytes:
        """Waits for data; empty where the peer has closed."""
        received: bytes = _hal.receive(self._open(), bytes_max, _us(timeout_s))
        return received

    def close(self) -> None:
        """Once is enough."""
        if self._handle is not None:
            _hal.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            raise ValueError("this connection is closed")
        return self._handle


class Firmware:
    """What a robot does. Derive from it and write the handlers you need; they are called one at a time, a hundred times a simulated
    second at most, and while one waits (`sleep`, the network) none is.

    Only a run makes objects of it.
    """

    tick_s = 0.1
    """Between two calls of `on_tick`, in seconds."""

    def __init__(self) -> None:
        if _hal is None:
            raise RuntimeError("a run makes objects of a firmware, in a process of its own; give the class to dustproof.run or "
                               "dustproof.Simulation, or its file to `dustproof run --firmware`")
        self._wheels: tuple[float, float] | None = None
        self._held_us = 0

    # Handlers.

    def on_start(self) -> None:
        """Once, after power-on."""

    def on_lidar(self, scan: Scan) -> None:
        """Each turn of the lidar, which spins where this is written."""

    def on_odometry(self, odometry: Odometry) -> None:
        """100 Hz."""

    def on_imu(self, imu: Imu) -> None:
        """100 Hz."""

    def on_bumper(self, left: bool, right: bool) -> None:
        """A side is pressed or let go."""

    def on_cliff(self, left: bool, front_left: bool, front_right: bool, right: bool) -> None:
        """A sensor begins or ceases to see no floor."""

    def on_button(self, button: str, held_s: float) -> None:
        """clean, home or reset was pressed and let go."""

    def on_dock(self, dock: Dock) -> None:
        """20 Hz."""

    def on_battery(self, battery: Battery) -> None:
        """1 Hz."""

    def on_tick(self) -> None:
        """Each `tick_s`."""

    # What it does.

    @property
    def time_s(self) -> float:
        """Since power-on."""
        now_us: int = _hal.now_us()
        return now_us / 1e6

    def drive(self, *, left_m_s: float, right_m_s: float) -> None:
        """Commands the wheels, within what the robot can do. Holds until the next call; while a handler waits for the network,
        the drive lets go after 200 ms."""
        self._wheels = (left_m_s, right_m_s)
        self._hold(at_once=True)

    def clean(self, *, main_brush: float = 0.0, side_brush: float = 0.0, fan: float = 0.0) -> None:
        """Cleaning motors, each 0 (off) to 1. They stay as set."""
        _hal.clean(main_brush, side_brush, fan)

    def sleep(self, duration_s: float) -> None:
        """Waits; the wheels go on as commanded."""
        end_us = _hal.now_us() + _us(duration_s)
        while (left_us := end_us - _hal.now_us()) > 0:
            _hal.sleep_us(min(left_us, _HOLD_US))
            self._hold()

    def log(self, text: str, level: str = "info") -> None:
        """A line in the robot's log: debug, info, warn or error."""
        if level not in _LEVELS:
            raise ValueError(f"a level is {', '.join(_LEVELS)}, got '{level}'")
        _hal.log(_LEVELS[level], text)

    def say_state(self, word: str) -> None:
        """Tells the harness what the firmware does: "cleaning", "cleaning_finished", "docked", …"""
        _hal.say_state(word)

    def say_pose(self, x_m: float, y_m: float, yaw_rad: float) -> None:
        """Tells the harness where the firmware believes to be, in its own map."""
        _hal.say_pose(x_m, y_m, yaw_rad)

    def say_data_ready(self, category: str) -> None:
        """Tells the harness that personal data of a category of the policy's, such as home_map, came to exist on the robot."""
        _hal.say_data_ready(category)

    @property
    def robot_id(self) -> str:
        """Serial number. Personal data."""
        robot_id: str = _hal.robot_id()
        return robot_id

    @property
    def trust_anchor_pem(self) -> str:
        """The authority that cloud servers are verified against: `ssl.create_default_context(cadata=self.trust_anchor_pem)`."""
        pem: str = _hal.trust_anchor_pem()
        return pem

    @property
    def ticks_per_m(self) -> float:
        """Of the wheels' encoders."""
        ticks: float = _hal.odometry_info()[0]
        return ticks

    @property
    def track_width_m(self) -> float:
        """Between the wheels."""
        width: float = _hal.odometry_info()[1]
        return width

    # The network.

    def scan_wifi(self) -> list[WifiNetwork]:
        """Networks in range. Takes about two seconds."""
        return [WifiNetwork(*network) for network in _hal.scan_wifi()]

    def join_wifi(self, ssid: str, password: str, *, timeout_s: float = 20.0) -> None:
        """Joins a network and gets an address. From then on Python's own sockets work too.

        :raises OSError: ConnectionRefusedError for a wrong password, TimeoutError, or OSError for no such network.
        """
        _hal.join_wifi(ssid, password, _us(timeout_s))

    def leave_wifi(self) -> None:
        _hal.leave_wifi()

    def connect(self, host: str, port: int, *, timeout_s: float = 10.0) -> Connection:
        """A TCP connection to a name or address. :raises OSError: as Python's sockets do."""
        return Connection(_hal.connect(host, port, _us(timeout_s)))

    def send_udp(self, host: str, port: int, data: bytes, *, timeout_s: float = 10.0) -> None:
        """One datagram to a name or address, at most 1472 bytes."""
        _hal.send_datagram(host, port, data, _us(timeout_s))

    # The loop.

    def _hold(self, at_once: bool = False) -> None:
        if self._wheels is None or (not at_once and _hal.now_us() - self._held_us < _HOLD_US):
            return
        self._held_us = _hal.now_us()
        _hal.drive(*self._wheels)

    def _wants(self, handler: str) -> bool:
        return getattr(type(self), handler) is not getattr(Firmware, handler)

    def _run(self) -> None:
        if self._wants("on_lidar"):
            _hal.enable_lidar(True)
        self.on_start()
        news: list[Callable[[], None]] = [make() for handler, make in (
            ("on_imu", self._imu_news), ("on_bumper", self._bumper_news), ("on_cliff", self._cliff_news),
            ("on_lidar", self._lidar_news), ("on_button", self._button_news), ("on_dock", self._dock_news),
            ("on_battery", self._battery_news), ("on_tick", self._tick_news)) if self._wants(handler)]
        while True:
            time_us, left, right, drop_left, drop_right = _hal.read_odometry(_WAIT_US)
            self._hold()
            self.on_odometry(Odometry(time_us / 1e6, left, right, drop_left, drop_right))
            for look in news:
                look()

    # Each makes what looks for something new, and calls its handler.

    def _imu_news(self) -> Callable[[], None]:
        def look() -> None:
            while (sample := _hal.read_imu()) is not None:
                time_us, gyro, accel = sample
                self.on_imu(Imu(time_us / 1e6, (gyro[0], gyro[1], gyro[2]), (accel[0], accel[1], accel[2])))
        return look

    def _bumper_news(self) -> Callable[[], None]:
        return self._changes(slice(0, 2), (False,) * 2, self.on_bumper)

    def _cliff_news(self) -> Callable[[], None]:
        return self._changes(slice(2, 6), (False,) * 4, self.on_cliff)

    def _changes(self, part: slice, last: tuple[bool, ...], tell: Callable[..., None]) -> Callable[[], None]:
        def look() -> None:
            nonlocal last
            hazard = _hal.hazard()
            if hazard is not None and hazard[part] != last:
                last = hazard[part]
                tell(*last)
        return look

    def _lidar_news(self) -> Callable[[], None]:
        import numpy

        def look() -> None:
            while (turn := _hal.read_lidar(0)) is not None:
                start_us, period_us, sequence, angle, range_mm, quality, offset_us = turn
                self.on_lidar(Scan(start_us / 1e6, period_us / 1e6, sequence, numpy.frombuffer(angle, numpy.float32),
                                   numpy.frombuffer(range_mm, numpy.uint16) / 1000.0, numpy.frombuffer(quality, numpy.uint8),
                                   numpy.frombuffer(offset_us, numpy.uint32) / 1e6))
        return look

    def _button_news(self) -> Callable[[], None]:
        def look() -> None:
            while (press := _hal.read_button()) is not None:
                self.on_button(_BUTTONS[press[0]], press[1] / 1000.0)
        return look

    def _dock_news(self) -> Callable[[], None]:
        return self._newest(_hal.dock, lambda s: self.on_dock(Dock(s[0] / 1e6, *s[1:])))

    def _battery_news(self) -> Callable[[], None]:
        return self._newest(_hal.battery, lambda s: self.on_battery(Battery(s[0] / 1e6, *s[1:])))

    def _newest(self, read: Callable[[], Any], tell: Callable[[Any], None]) -> Callable[[], None]:
        last_us = -1

        def look() -> None:
            nonlocal last_us
            sample = read()
            if sample is not None and sample[0] != last_us:
                last_us = sample[0]
                tell(sample)
        return look

    def _tick_news(self) -> Callable[[], None]:
        next_us = _hal.now_us()

        def look() -> None:
            nonlocal next_us
            now_us = _hal.now_us()
            if now_us >= next_us:
                next_us = now_us - (now_us - next_us) % _us(self.tick_s) + _us(self.tick_s)
                self.on_tick()
        return look


def firmware_path(firmware: str | os.PathLike[str] | type[Firmware]) -> str:
    """What the command line takes: a path or name as it is, a class as `FILE.py:CLASS`.

    :raises ValueError: for a class that a process of its own could not find again: it has no file, or is inside of a function.
    """
    if not isinstance(firmware, type):
        return os.fspath(firmware)
    if not issubclass(firmware, Firmware):
        raise TypeError(f"{firmware.__name__} is not derived from dustproof.Firmware")
    try:
        file = inspect.getsourcefile(firmware)
    except TypeError:
        file = None
    if file is None or not os.path.isfile(file) or not file.endswith(".py") or not firmware.__qualname__.isidentifier():
        raise ValueError(f"the firmware {firmware.__qualname__} must stand at the top level of a .py file: its process reads it there")
    return f"{os.path.abspath(file)}:{firmware.__name__}"


def _us(seconds: float) -> int:
    if not 0 <= seconds <= 1e9:
        raise ValueError(f"a time must be 0 or more seconds, got {seconds}")
    return round(seconds * 1e6)


def _host(path: str, class_name: str) -> None:
    """The inside of a firmware's process: runs the class of a file, until the run ends it."""
    sys.path.insert(0, os.path.dirname(path))
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    _choose(module, path, class_name)()._run()


def _choose(module: Any, path: str, class_name: str) -> type[Firmware]:
    mine = {key: value for key, value in vars(module).items() if isinstance(value, type) and issubclass(value, Firmware)
            and value.__module__ == module.__name__}
    if class_name:
        if class_name not in mine:
            raise NameError(f"{path} has no class {class_name} derived from dustproof.Firmware")
        return mine[class_name]
    if len(mine) != 1:
        there = f"has {', '.join(mine)}" if mine else "has none"
        raise NameError(f"{path} must have one class derived from dustproof.Firmware, and {there}; name one as {path}:CLASS")
    return next(iter(mine.values()))
