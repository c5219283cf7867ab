"""The executable `dustproof`: whatever includes firmware runs in a process of its own, which this module starts."""
from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ._config import in_terms_of
from .errors import Diagnostic, EnvironmentFailure, ScenarioError
from .firmware import Firmware, firmware_path
from .home import Home
from .policy import Policy
from .results import Run, RunResult, runs_from_json
from .scenario import Scenario

__all__ = ["Progress", "audit", "executable", "run"]

_BAD_INPUT, _ENVIRONMENT = 2, 3
_Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    consent: str
    sim_s: float
    duration_s: float
    """How long it will be at most, in simulated seconds."""
    activity: str


def executable() -> str:
    """The path of `dustproof`: what the environment variable DUSTPROOF names, else the one of this installation or build,
    else the first on PATH.

    :raises EnvironmentFailure: where there is none.
    """
    named = os.environ.get("DUSTPROOF", "")
    if named:
        if os.access(named, os.X_OK) and os.path.isfile(named):
            return named
        raise _failure(f"the environment variable DUSTPROOF names '{named}', which is no executable file")
    here = pathlib.Path(__file__).resolve().parent
    # BUILD/python/dustproof in a build, PREFIX/lib/python3/dist-packages/dustproof in an installation.
    for levels in (1, 3):
        candidate = here.parents[min(levels, len(here.parents) - 1)] / "bin" / "dustproof"
        if os.access(candidate, os.X_OK):
            return str(candidate)
    on_path = shutil.which("dustproof")
    if on_path:
        return on_path
    raise _failure(f"no executable 'dustproof' beside {here} or on PATH; name it in the environment variable DUSTPROOF, "
                   "e.g. DUSTPROOF=build/release/bin/dustproof")


def run(scenario: _Path | Scenario, consent: str = "", seed: int | None = None, firmware: _Path | type[Firmware] = "",
        home: _Path | Home = "", kind: str = "", until: float | None = None, out: _Path = "",
        on_progress: Callable[[Progress], None] | None = None, answers: str = "") -> RunResult:
    """Runs a scenario, a file or an object, and judges what the robot told whom, as `dustproof run` does.

    :param consent: One consent configuration by name; "" takes those that the scenario runs by default.
    :param seed: Of everything random, instead of the scenario's.
    :param firmware: A name, a path, or a class derived from `Firmware`, instead of the scenario's; a path is relative to the
        working folder.
    :param home: A home or a map_server map, instead of the scenario's.
    :param kind: library, process or board, instead of the scenario's.
    :param until: Ends the run at this simulated time, in seconds.
    :param out: Folder for recordings and reports, new or empty; "" makes a fresh one under runs/.
    :param answers: A consent configuration in one line instead of the scenario's, as a matrix prints it:
        "C_MAP_UPLOAD=granted/withdrawn@6min10s,C_POLICY=granted"; `consent` then only names it.
    :param on_progress: Called about once a simulated second; what it raises ends the run.
    :raises ScenarioError: Bad input; `diagnostics` has every problem.
    :raises EnvironmentFailure: The machine is at fault, or a run died by nobody's firmware.

    Findings raise nothing: they are in the result. Ctrl-C ends the run; what was recorded is sealed and judged, and stays.
    """
    with tempfile.TemporaryDirectory(prefix="dustproof-") as scratch:
        words = ["run", _as_file(scenario, scratch, "scenario.yaml"), "--json", "--progress"]
        flags: dict[str, str] = {"consent": consent, "firmware": firmware_path(firmware), "kind": kind, "out": os.fspath(out), "answers": answers,
                                 "home": _as_file(home, scratch, "home.yaml") if home else ""}
        flags["seed"] = "" if seed is None else str(seed)
        flags["until"] = "" if until is None else f"{until:.9f}s"
        words += [f"--{name}={value}" for name, value in flags.items() if value]
        folder: list[str] = []

        def on_event(event: dict[str, Any]) -> None:
            if event["event"] == "start":
                folder.append(event["folder"])
            elif event["event"] == "progress" and on_progress:
                on_progress(Progress(event["consent"], round(event["sim_s"], 9), round(event["duration_s"], 9),
                                     event["activity"]))

        try:
            runs = _judged(words, on_event)
        except ScenarioError as error:
            raise in_terms_of(scenario, words[1], error) if isinstance(scenario, Scenario) else error from None
    return RunResult(runs, os.path.abspath(folder[0]) if folder else "")


def audit(recording: _Path, policy: _Path | Policy = "", control: _Path = "") -> Run:
    """Judges a recording, as `dustproof audit` does.

    :param policy: The policy to judge by; "" takes the one that the recording carries.
    :param control: A recording with consent, to show which ways out exist.
    :raises ScenarioError: The recording or policy can't be read; `diagnostics` says why.
    """
    with tempfile.TemporaryDirectory(prefix="dustproof-") as scratch:
        words = ["audit", _as_path(recording), "--json"]
        if policy:
            words.append("--policy=" + _as_file(policy, scratch, "policy.yaml"))
        if control:
            words.append("--control=" + os.fspath(control))
        return _judged(words, lambda event: None)[0]


def _as_path(path: _Path) -> str:
    text = os.fspath(path)
    # What begins with a dash would be a flag.
    return os.path.join(".", text) if text.startswith("-") else text


def _as_file(given: _Path | Scenario | Home | Policy, folder: str, name: str) -> str:
    """A path as it is; an object as a file, whose relative paths still mean what they meant. What it is called stays."""
    if not isinstance(given, (Scenario, Home, Policy)):
        return _as_path(given)
    path = os.path.join(folder, name)
    moved = given._copy_at(path)
    if isinstance(moved, Scenario) and not moved.name:
        moved.name = pathlib.Path(given.path).stem or "scenario"
    try:
        moved._check()
    except ScenarioError as error:
        raise in_terms_of(given, path, error) from None
    pathlib.Path(path).write_text(moved.to_yaml(), encoding="utf-8")
    return path


def _judged(words: Sequence[str], on_event: Callable[[dict[str, Any]], None]) -> tuple[Run, ...]:
    """Runs the executable to its end, and reads what it printed."""
    code, output, said = _execute(words, on_event)
    try:
        tree = json.loads(output)
    except ValueError:
        raise _failure("\n".join(said) or _ending(code)) from None
    if isinstance(tree, dict):
        error = ScenarioError if tree["error"] == "bad_input" else EnvironmentFailure
        raise error(Diagnostic(**row) for row in tree["diagnostics"])
    if code == _ENVIRONMENT or code < 0:
        raise _failure("\n".join(said) or _ending(code))
    return runs_from_json(output)


def _execute(words: Sequence[str], on_event: Callable[[dict[str, Any]], None]) -> tuple[int, str, list[str]]:
    """The exit code, standard output, and the lines for people on standard error."""
    said: list[str] = []
    program = executable()
    # In a process group of its own: Ctrl-C at a terminal comes from us alone, once. Where we are killed, it ends by itself, since
    # nobody reads how it goes.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            process = subprocess.Popen([program, *words], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
                                       text=True, encoding="utf-8", errors="replace", process_group=0)
        except OSError as error:
            raise _failure(f"cannot start {program}: {error.strerror}") from None
        assert process.stderr is not None
        with process:
            try:
                for line in process.stderr:
                    if line.startswith('{"event":'):
                        event = json.loads(line)
                        said += _worth_saying(event)
                        on_event(event)
                    else:
                        said.append(line.rstrip("\n"))
                process.wait()
            except BaseException:
                _end(process)
                raise
        output.seek(0)
        return process.returncode, output.read(), said


def _worth_saying(event: dict[str, Any]) -> list[str]:
    """What an event tells of a run that went wrong."""
    if event["event"] == "run_end" and event["diagnosis"]:
        return [f"{event['consent']}: {event['diagnosis']}"]
    return [f"{event['consent']}: {event['text']}"] if event["event"] == "warning" else []


def _end(process: "subprocess.Popen[str]") -> None:
    """Asks the run to end, and waits until its recording is sealed and judged. A second Ctrl-C kills it.

    By SIGTERM, which does what SIGINT does: that is ignored by what a shell has put into the background.
    """
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        if process.stderr is not None:
            for _ in process.stderr:
                pass
        process.wait()
    except KeyboardInterrupt:
        process.kill()
        raise


def _ending(code: int) -> str:
    return f"dustproof ended by signal {-code}" if code < 0 else f"dustproof ended with {code} and said nothing"


def _failure(message: str) -> EnvironmentFailure:
    return EnvironmentFailure([Diagnostic("", 0, 0, "", message)])
