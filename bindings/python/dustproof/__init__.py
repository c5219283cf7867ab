"""Dustproof: how a home robot drives, and what it tells the cloud.

    import dustproof
    scenario = dustproof.load_scenario("scenarios/first_run.yaml")

Names, units and frames are those of the files and of the C++ code; quantities end in their unit, durations in `_s`.
"""
from __future__ import annotations

from .errors import Diagnostic, DustproofError, EnvironmentFailure, ScenarioError
from .home import Home
from .loading import (load_home, load_policy, load_robot, load_scenario, parse_home, parse_policy, parse_robot,
                      parse_scenario)
from .plan import FloorPlan, load_plan
from .policy import Policy
from .robot import Robot
from .scenario import Scenario

__all__ = [
    "Diagnostic", "DustproofError", "EnvironmentFailure", "FloorPlan", "Home", "Policy", "Robot", "Scenario", "ScenarioError",
    "load_home", "load_plan", "load_policy", "load_robot", "load_scenario", "parse_home", "parse_policy", "parse_robot",
    "parse_scenario",
]
