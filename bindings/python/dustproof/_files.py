"""What each kind of configuration file does beside holding values; the generated classes inherit it."""
from __future__ import annotations

import os
from typing import ClassVar

from . import _core
from ._config import ConfigFile
from .errors import Diagnostic, ScenarioError


class HomeFile(ConfigFile):
    __slots__ = ()
    _kind: ClassVar[str] = "home"


class RobotFile(ConfigFile):
    __slots__ = ()
    _kind: ClassVar[str] = "robot"


class PolicyFile(ConfigFile):
    __slots__ = ()
    _kind: ClassVar[str] = "policy"


class ScenarioFile(ConfigFile):
    __slots__ = ()
    _kind: ClassVar[str] = "scenario"
    _paths: ClassVar[tuple[str, ...]] = ("home", "robot", "policy", "firmware", "trust.ca_certificate", "trust.ca_key",
                                         "trust.device_certificate", "trust.device_key")
    home: str
    robot: str
    policy: str

    def _is_path(self, attribute: str, value: str) -> bool:
        return attribute != "firmware" or "/" in value or value.endswith(".so") or value.partition(":")[0].endswith(".py")

    def validate(self) -> None:
        """Checks this scenario, and the home, robot and policy that it names. Its firmware is looked for when it is run.

        :raises ScenarioError: with every problem; where it is in this object, its lines and columns are 0.
        """
        problems: list[Diagnostic] = []
        try:
            self._check()
        except ScenarioError as error:
            problems += error.diagnostics
        folder = os.path.dirname(self.path)
        radius_m: dict[str, float] = {}
        for kind, name in (("robot", self.robot), ("policy", self.policy)):
            try:
                path = os.path.join(folder, name)
                tree = _core.read_config(kind, _core.read_text_file(path), path)
                if kind == "robot" and "radius_m" in tree.get("body", {}):
                    radius_m["robot_radius_m"] = tree["body"]["radius_m"]
            except ScenarioError as error:
                problems += error.diagnostics
        try:
            _core.plan_json(os.path.join(folder, self.home), **radius_m)
        except ScenarioError as error:
            problems += error.diagnostics
        if problems:
            raise ScenarioError(problems)
