"""pytest runs scenarios: `pytest scenarios/` has an item for each consent configuration and seed, and fixtures run more.

    def test_the_map_stays_at_home(run):
        assert run("scenarios/first_run.yaml", consent="all_denied").passes("home_map", party="vendor_cloud_cn")

Recordings and reports of what passes are removed; those of failures stay, and the summary names them.
"""
from __future__ import annotations

import os
import pathlib
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .errors import DustproofError, ScenarioError
from .expectations import Expectations
from .loading import load_scenario
from .matrix import MatrixCheck, MatrixResult, PlannedCell, plan_matrix, run_matrix
from .program import run as run_scenario
from .results import Check, Run, RunResult, Verdict

_KIND = re.compile(r"^kind:\s*scenario\s*(#.*)?$", re.MULTILINE)
_HEAD_BYTES = 4096  # Of a file: whoever is a scenario says so in its first lines.
_READINGS = ("strict", "literal", "lenient")
_SHOWN = 12


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dustproof")
    group.addoption("--dustproof-seeds", metavar="A-B", default="", help="one seed or a range for every scenario; default its own")
    group.addoption("--dustproof-reading", choices=_READINGS, default="strict", help="the reading of the policy that decides")
    group.addoption("--dustproof-until", metavar="SECONDS", type=float, default=None, help="ends every run at this simulated time")
    group.addoption("--dustproof-firmware", metavar="FIRMWARE", default="", help="name or path, instead of the scenarios'")
    group.addoption("--dustproof-consents", metavar="HOW", default="",
                    help="an item for each configuration of a matrix's plan: all, pairwise, 3-wise to 6-wise, or a file of kind consents")
    group.addoption("--dustproof-update", action="store_true",
                    help="writes what runs measured over what their scenario files expect and they missed")
    group.addoption("--dustproof-out", metavar="FOLDER", default=".dustproof", help="where recordings of failures are kept")


_UPDATES = pytest.StashKey[dict[pathlib.Path, Expectations]]()
_TOLD = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    shared = os.environ.get("PYTEST_XDIST_WORKER") or getattr(config.option, "numprocesses", None)
    if config.getoption("--dustproof-update") and shared:
        raise pytest.UsageError("--dustproof-update: one process has to see all runs of a file; leave -n out")
    updates: dict[pathlib.Path, Expectations] = {}
    told: list[str] = []
    config.stash[_UPDATES] = updates
    config.stash[_TOLD] = told


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the updates, once all runs of a file are known."""
    for expectations in session.config.stash[_UPDATES].values():
        changed, left = expectations.write()
        session.config.stash[_TOLD] += changed + left
        if left:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if told := config.stash[_TOLD]:
        terminalreporter.section("dustproof: expectations")
        for sentence in told:
            terminalreporter.write_line(sentence)


def pytest_collect_file(file_path: pathlib.Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    with open(file_path, encoding="utf-8", errors="replace") as file:
        if not _KIND.search(file.read(_HEAD_BYTES)):
            return None
    scenario: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return scenario


def _seeds(config: pytest.Config, own: int) -> list[int]:
    text: str = config.getoption("--dustproof-seeds")
    if not text:
        return [own]
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if not match or int(match[2] or match[1]) < int(match[1]):
        raise pytest.UsageError(f"--dustproof-seeds: must be a seed or two with a dash between, as 1-20; got '{text}'")
    return list(range(int(match[1]), int(match[2] or match[1]) + 1))


class ScenarioFile(pytest.File):
    """One scenario, an item for each configuration, by default those that it runs by default, and each seed."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            scenario = load_scenario(self.path)
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        if self.config.getoption("--dustproof-consents"):
            yield from self._planned(scenario.seed)
            return
        for name, configuration in scenario.consent_configurations.items():
            if not configuration.run_by_default:
                continue
            for seed in _seeds(self.config, scenario.seed):
                yield ScenarioItem.from_parent(self, name=f"{name}[seed{seed}]", consent=name, seed=seed)


    def _planned(self, own_seed: int) -> Iterator[pytest.Item]:
        option = self.config.getoption
        seeds = _seeds(self.config, own_seed)
        try:
            cells = plan_matrix(self.path, option("--dustproof-consents"), f"{seeds[0]}-{seeds[-1]}", until=option("--dustproof-until"))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        for cell in cells:
            yield ScenarioItem.from_parent(self, name=f"{cell.consent}[seed{cell.seed}]", consent=cell.consent, seed=cell.seed, cell=cell)


class ScenarioFailure(Exception):
    """A run that failed; its text is what people see."""


class ScenarioItem(pytest.Item):
    """One run, judged."""

    def __init__(self, *, consent: str, seed: int, cell: PlannedCell | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell  # Of a matrix's plan, where it is from one.
        self.consent = consent
        self.seed = seed

    def runtest(self) -> None:
        option = self.config.getoption
        if self.cell and self.cell.infeasible:
            pytest.skip(f"can't come about: {self.cell.infeasible}")
        folder = _fresh(self.config, f"{self.path.stem}.{self.consent}.seed{self.seed}")
        result = run_scenario(self.path, self.consent, self.seed, option("--dustproof-firmware"), until=option("--dustproof-until"), out=folder,
                              answers=self.cell.answers if self.cell else "")
        missed = result[0].failed_expectations
        if option("--dustproof-update"):
            updates = self.config.stash[_UPDATES]
            if self.path not in updates:
                updates[self.path] = Expectations(self.path)
            missed = updates[self.path].take(result[0])
        problems = _problems(result[0], option("--dustproof-reading"), missed)
        if problems:
            raise ScenarioFailure("\n".join([*problems, f"recording: {result[0].recording}", f"report: {result.report_html}", f"again: {result[0].again}"]))
        shutil.rmtree(folder, ignore_errors=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (ScenarioFailure, DustproofError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[pathlib.Path, int, str]:
        return self.path, 0, f"{self.path.name}: {self.consent}, seed {self.seed}"


def _problems(run: Run, reading: str, missed: tuple[str, ...]) -> list[str]:
    """A few lines for each thing that is wrong: no bytes that were sent, only where they are. `missed`: of the scenario's expectations."""
    problems = []
    for verdict in run.verdicts:
        if verdict.verdict != "fail" or verdict.reading != reading:
            continue
        problems.append(_failed(run, verdict))
    more = len(problems) - _SHOWN
    problems = problems[:_SHOWN] + ([f"and {more} more failed verdicts"] if more > 0 else [])
    problems += [f"expected: {sentence}" for sentence in missed]
    problems += [f"not useful: {name}: {check.detail}" for name, check in run.usefulness.items() if check.verdict == "fail"]
    if run.end == "firmware_died":
        problems.append(run.diagnosis)
    return problems


def _failed(run: Run, verdict: Verdict) -> str:
    governed = f" while {verdict.consent} is {verdict.phase}" if verdict.consent else ""
    lines = [f"fail: {verdict.category} to {verdict.party} ({verdict.purpose}){governed}: {verdict.reason}", f"  {verdict.rule} ({verdict.basis}): {verdict.clause}"]
    return "\n".join(lines + [f"  {finding}" for finding in run.evidence(verdict)[:3]])


def _fresh(config: pytest.Config, name: str) -> pathlib.Path:
    """A new folder, also where several processes share the tests."""
    base = pathlib.Path(config.getoption("--dustproof-out")).absolute()
    safe = re.sub(r"[^\w.-]", "_", name)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    for number in range(1, 100_000):
        folder = base / "-".join(filter(None, (safe, worker, str(number) if number > 1 else "")))
        if not folder.exists():
            return folder
    raise ScenarioFailure(f"{base} is full of earlier results; remove them, or name a folder with --dustproof-out")


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Iterator[Callable[..., RunResult]]:
    """`dustproof.run`, whose results lie in a folder of the test's own: kept where the test fails."""
    folders = _folders(request.node)

    def run_here(*args: Any, **kwargs: Any) -> RunResult:
        folders.append(pathlib.Path(kwargs.setdefault("out", _fresh(request.config, f"{request.node.name}.{len(folders) + 1}"))))
        return run_scenario(*args, **kwargs)

    yield run_here
    _tidy(request)


@pytest.fixture
def matrix(request: pytest.FixtureRequest) -> Iterator[Callable[..., MatrixResult]]:
    """`dustproof.run_matrix`, in the same way."""
    folders = _folders(request.node)

    def matrix_here(*args: Any, **kwargs: Any) -> MatrixResult:
        folders.append(pathlib.Path(kwargs.setdefault("out", _fresh(request.config, f"{request.node.name}.matrix{len(folders) + 1}"))))
        return run_matrix(*args, **kwargs)

    yield matrix_here
    _tidy(request)


@pytest.fixture
def simulation(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`dustproof.Simulation`, closed with the test and kept in the same way."""
    from .simulation import Simulation
    folders = _folders(request.node)
    simulations: list[Any] = []

    def simulate(*args: Any, **kwargs: Any) -> Any:
        folders.append(pathlib.Path(kwargs.setdefault("out", _fresh(request.config, f"{request.node.name}.simulation{len(folders) + 1}"))))
        simulations.append(Simulation(*args, **kwargs))
        return simulations[-1]

    yield simulate
    for one in simulations:
        one.close()
    _tidy(request)


def _folders(node: Any) -> list[pathlib.Path]:
    """Where results of a test lie, by whatever fixture."""
    if not hasattr(node, "dustproof_folders"):
        node.dustproof_folders = []
    folders: list[pathlib.Path] = node.dustproof_folders
    return folders


def _tidy(request: pytest.FixtureRequest) -> None:
    if getattr(request.node, "dustproof_failed", False):
        return
    for folder in _folders(request.node):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Notes who failed, and says in full what a check that did not hold has to say: an assertion cuts it short."""
    outcome: Any = yield
    report = outcome.get_result()
    if call.when != "call" or not report.failed or call.excinfo is None:
        return
    setattr(item, "dustproof_failed", True)
    if folders := _folders(item):
        report.sections.append(("dustproof", "kept: " + ", ".join(map(str, folders))))
    for entry in call.excinfo.traceback:
        for value in entry.frame.f_locals.values():
            if isinstance(value, (Check, MatrixCheck)) and not value:
                section = ("dustproof", str(value))
                if section not in report.sections:
                    report.sections.append(section)
