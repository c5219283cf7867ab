"""Reading configuration files, checked by every rule: each raises `ScenarioError` with all problems of a file."""
from __future__ import annotations

import os

from ._config import load
from .home import Home
from .policy import Policy
from .robot import Robot
from .scenario import Scenario

__all__ = ["load_home", "load_policy", "load_robot", "load_scenario", "parse_home", "parse_policy", "parse_robot",
           "parse_scenario"]


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Reads a scenario. What it names (home, robot, policy) is read by `Scenario.validate` and by `run`."""
    return load(Scenario, path)


def parse_scenario(text: str, file_name: str = "scenario.yaml") -> Scenario:
    """The same from text. `file_name` stands in messages, and paths inside are relative to it."""
    return Scenario._parse(text, file_name)


def load_home(path: str | os.PathLike[str], *, robot_radius_m: float = 0.17) -> Home:
    """Reads a home (`kind: home`) that has room for a robot of that radius. `load_plan` also reads map_server maps."""
    return load(Home, path, robot_radius_m=robot_radius_m)


def parse_home(text: str, file_name: str = "home.yaml", *, robot_radius_m: float = 0.17) -> Home:
    """The same from text. `file_name` stands in messages."""
    return Home._parse(text, file_name, robot_radius_m=robot_radius_m)


def load_robot(path: str | os.PathLike[str]) -> Robot:
    """Reads a robot. `messages.yaml` beside it, which declares what it sends, is read by `run`."""
    return load(Robot, path)


def parse_robot(text: str, file_name: str = "robot.yaml") -> Robot:
    """The same from text. `file_name` stands in messages."""
    return Robot._parse(text, file_name)


def load_policy(path: str | os.PathLike[str]) -> Policy:
    """Reads a policy: categories, parties, consents and rules, each with a citation and what it rests on."""
    return load(Policy, path)


def parse_policy(text: str, file_name: str = "policy.yaml") -> Policy:
    """The same from text. `file_name` stands in messages."""
    return Policy._parse(text, file_name)
