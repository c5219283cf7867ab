"""A home as plain geometry, as the simulation sees it: metres and radians of the frame W, the floor at z = 0."""
from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from . import _core

__all__ = ["Block", "Doorway", "FloorPlan", "Furniture", "Pose2", "Room", "Wall", "load_plan"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Pose2:
    """A pose in the plane: metres, and radians counter-clockwise from x."""

    x: float
    y: float
    yaw: float


@dataclass(frozen=True, slots=True)
class Room:
    """Between the centre lines of its walls; corners counter-clockwise."""

    name: str
    floor: str
    polygon: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """Straight, its centre line from `a` to `b`; it runs on by half its thickness past both ends."""

    a: Point
    b: Point
    thickness_m: float
    height_m: float
    reflectivity: float


@dataclass(frozen=True, slots=True)
class Doorway:
    """A gap in the wall that `at` lies on."""

    at: Point
    width_m: float


@dataclass(frozen=True, slots=True)
class Furniture:
    """F: the middle of its footprint, x along its length."""

    name: str
    shape: str
    X_WF: Pose2
    length_m: float
    width_m: float
    height_m: float
    bottom_m: float
    leg_m: float
    reflectivity: float


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of wall from an imported map. B: its middle."""

    X_WB: Pose2
    length_m: float
    width_m: float
    height_m: float
    reflectivity: float


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """A home's geometry. `X_WD` is the dock; `X_WStart` where the robot starts, on its dock where None."""

    name: str
    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]
    doorways: tuple[Doorway, ...]
    furniture: tuple[Furniture, ...]
    blocks: tuple[Block, ...]
    X_WD: Pose2
    X_WStart: Pose2 | None = None


def load_plan(path: str | os.PathLike[str], *, robot_radius_m: float = 0.17) -> FloorPlan:
    """Reads a home (`kind: home`) or a ROS map_server map, and gives its geometry.

    :raises ScenarioError: with every problem, also where it is no home for a robot of that radius.
    """
    return plan_from_json(_core.plan_json(os.fspath(path), robot_radius_m))


def plan_from_json(text: str) -> FloorPlan:
    """A plan as recordings carry it (`plan.json`)."""
    tree = json.loads(text)

    def posed(cls: type[Any], name: str, item: dict[str, Any]) -> Any:
        return cls(**{name: Pose2(*item["pose"])}, **{k: v for k, v in item.items() if k != "pose"})

    return FloorPlan(
        name=tree["name"],
        rooms=tuple(Room(r["name"], r["floor"], tuple(_point(p) for p in r["polygon"])) for r in tree["rooms"]),
        walls=tuple(Wall(_point(w["a"]), _point(w["b"]), w["thickness_m"], w["height_m"], w["reflectivity"]) for w in tree["walls"]),
        doorways=tuple(Doorway(_point(d["at"]), d["width_m"]) for d in tree["doorways"]),
        furniture=tuple(posed(Furniture, "X_WF", f) for f in tree["furniture"]),
        blocks=tuple(posed(Block, "X_WB", b) for b in tree["blocks"]),
        X_WD=Pose2(*tree["dock"]),
        X_WStart=Pose2(*tree["start"]) if tree.get("start") else None)


def _point(values: list[float]) -> Point:
    return values[0], values[1]
