"""Dustproof: how a home robot drives, and what it tells the cloud.

    import dustproof
    scenario = dustproof.load_scenario("scenarios/first_run.yaml")

Names, units and frames are those of the files and of the C++ code; quantities end in their unit, durations in `_s`.
"""
from __future__ import annotations

from . import sim
from .errors import Diagnostic, DustproofError, EnvironmentFailure, FirmwareDied, ScenarioError
from .firmware import Firmware
from .home import Home
from .loading import (load_home, load_policy, load_robot, load_scenario, parse_home, parse_policy, parse_robot,
                      parse_scenario)
from .matrix import Cell, KindOfFailure, MatrixCheck, MatrixResult, PlannedCell, plan_matrix, run_matrix
from .plan import FloorPlan, load_plan
from .policy import Policy
from .program import Progress, audit, executable, run
from .questions import Change, Leak, PartyChange, Shrunk, Withdrawal, counterfactual, shrink, withdraw
from .recording import Recording, Scans
from .results import Check, Finding, Metrics, Run, RunResult, Verdict
from .robot import Robot
from .scenario import Scenario
from .simulation import Outcome, Simulation

__all__ = [
    "Cell", "Check", "Diagnostic", "DustproofError", "EnvironmentFailure", "Finding", "Firmware", "FirmwareDied", "FloorPlan",
    "Home", "Metrics", "Outcome", "Policy", "Progress", "Recording", "Robot", "Run", "RunResult", "Scans", "Scenario",
    "ScenarioError", "Simulation", "Verdict", "audit", "executable", "load_home", "load_plan", "load_policy", "load_robot",
    "load_scenario", "parse_home", "parse_policy", "parse_robot", "parse_scenario", "run", "run_matrix", "sim",
    "Change", "Leak", "PartyChange", "Shrunk", "Withdrawal", "counterfactual", "shrink", "withdraw",
    "KindOfFailure", "MatrixCheck", "MatrixResult", "PlannedCell", "plan_matrix",
]
