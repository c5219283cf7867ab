"""What runs and audits say: frozen dataclasses, as `report.json` has them, and assertions that explain themselves."""
from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar, cast, overload

from . import _core

__all__ = ["Check", "Finding", "Metrics", "PartyBytes", "Run", "RunResult", "UsefulnessCheck", "Verdict"]

VerdictWord = Literal["pass", "fail", "undetermined", "not_exercised"]
ReadingWord = Literal["strict", "literal", "lenient"]
READINGS: tuple[ReadingWord, ...] = ("strict", "literal", "lenient")

# Worst first. Within a run a category passes once one of its ways out was exercised, and no other way broke a rule;
# over several runs each has to pass: a run in which nothing was exercised proves nothing for its consents.
_WORST_IN_RUN: tuple[VerdictWord, ...] = ("fail", "undetermined", "pass", "not_exercised")
_WORST_OF_RUNS: tuple[VerdictWord, ...] = ("fail", "undetermined", "not_exercised", "pass")
_SHOWN = 12

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One cell of the judgement."""

    emitter: str
    category: str
    party: str
    purpose: str
    phase: str
    """State of the governing consent: unset, granted, denied, withdrawn; always where none governs."""
    reading: ReadingWord
    verdict: VerdictWord
    basis: str
    """What the rule rests on: text, derived, standard, law, harness."""
    clause: str
    """Citation of the rule that decided."""
    evidence: tuple[str, ...]
    """Ids of findings."""
    reason: str
    rule: str
    consent: str
    """The governing consent, or empty."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence that a message carries personal data: where and how, never the data itself."""

    id: str
    time_s: float
    sequence: int
    """Number of the emission that holds the first byte; of `sequence_last` the last."""
    sequence_last: int
    first_byte: int
    """In the payload of emission `sequence`."""
    byte_count: int
    """Of undecoded bytes, over all emissions from first to last."""
    decoders: tuple[str, ...]
    """From the outside in."""
    method: str
    form: str
    category: str
    emitter: str
    party: str
    organisation: str
    role: str
    region: str
    host: str
    protocol: str
    encrypted: bool
    consents: str
    repeats: int
    """How many alike this one stands for."""
    p_value: float

    def __str__(self) -> str:
        # What no protocol is known of, such as radio names, has no protocol; what no name was asked for no host.
        how = f" by {self.protocol}" if self.protocol else ""
        host = f" ({self.host})" if self.host and self.host != self.party else ""
        last = f"-{self.sequence_last}" if self.sequence_last != self.sequence else ""
        more = f", and {self.repeats - 1} more alike" if self.repeats > 1 else ""
        through = f" through {', '.join(self.decoders)}" if self.decoders else ""
        return (f"{self.id}: {self.category} at {self.time_s:.3f} s{how} to {self.party}{host}: message {self.sequence}{last}, "
                f"bytes {self.first_byte} to {self.first_byte + self.byte_count - 1} ({self.byte_count} bytes){through}; "
                f"{self.form or self.method}{more}")


@dataclass(frozen=True, slots=True)
class UsefulnessCheck:
    """A thing that a product must do where consent is given, and whether it did."""

    name: str
    verdict: VerdictWord
    detail: str


@dataclass(frozen=True, slots=True)
class PartyBytes:
    """Where bytes went, and how much of them is understood."""

    party: str
    organisation: str
    region: str
    emitter: str
    bytes_out: int
    bytes_in: int
    bytes_schema: int
    bytes_protocol: int
    bytes_finding: int
    bytes_unexplained: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """How the robot drove. None where it could not be measured."""

    coverage: float
    time_to_90_s: float
    reachable_m2: float
    revisit_ratio: float
    rooms_entered: int
    rooms_reachable: int
    ate_m: float | None
    free_space_iou: float | None
    distance_m: float
    moving_s: float
    energy_wh: float
    charge_min_pct: float | None
    bumps: int


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a category passes. True only for *pass*: *undetermined* and *not exercised* are no pass.

    Its text says why: verdict, clause, the messages with party and place of the bytes, and the command that repeats the run.
    """

    verdict: VerdictWord
    question: str
    runs: tuple["Run", ...] = field(repr=False)
    rows: tuple[tuple["Run", Verdict], ...] = field(repr=False)
    """The cells that decided, with their runs."""

    def __bool__(self) -> bool:
        return self.verdict == "pass"

    def __str__(self) -> str:
        lines = [f"{self.question}: {self.verdict.replace('_', ' ')}"]
        for run, row in self.rows[:_SHOWN]:
            governed = f" while {row.consent} is {row.phase}" if row.consent else ""
            lines.append(f"  {run.consent}: {row.emitter} to {row.party}, {row.purpose}{governed}: "
                         f"{row.verdict.replace('_', ' ')}: {row.reason}")
            lines.append(f"    {row.rule} ({row.basis}): {row.clause}")
            lines += [f"    {finding}" for finding in run.evidence(row)]
        if not self.rows:
            lines.append("  no run has a verdict on it: nothing of the kind was there to be sent")
        if len(self.rows) > _SHOWN:
            lines.append(f"  and {len(self.rows) - _SHOWN} more")
        if not self:
            lines += [f"  again: {run.again}" for run in dict.fromkeys(run for run, _ in self.rows) or self.runs]
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Run:
    """One scenario under one consent configuration with one seed, run and judged."""

    scenario: str
    consent: str
    """Name of the consent configuration."""
    seed: int
    hash: str
    """Of the run's state at its end; empty where it died."""
    end: str
    """finished, duration, firmware_ended, firmware_died, interrupted, …"""
    diagnosis: str
    sim_s: float
    home: str
    robot: str
    firmware: str
    firmware_kind: str
    policy: str
    build: str
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    usefulness: Mapping[str, UsefulnessCheck]
    metrics: Metrics
    bytes_by_party: tuple[PartyBytes, ...]
    failed_expectations: tuple[str, ...]
    failed: bool
    """Findings against the policy in the strict reading, failed usefulness, a missed expectation, or firmware that died."""
    warnings: tuple[str, ...]
    recording: str
    """Path of the recording (.mcap), which `Recording` reads."""
    report_html: str
    """Path of the report; empty for an audit."""
    raw: Mapping[str, Any] = field(repr=False)
    """All of `report.json` for this run, with what has no attribute here: timing, deadlines, real time."""

    @property
    def again(self) -> str:
        """The command that makes this run once more from its recording, and compares."""
        return f"dustproof replay {shlex.quote(self.recording)}"

    def evidence(self, verdict: Verdict) -> tuple[Finding, ...]:
        """The findings that a verdict rests on."""
        return tuple(finding for finding in self.findings if finding.id in verdict.evidence)

    def passes(self, category: str, party: str | None = None, *, reading: ReadingWord = "strict", phase: str | None = None,
               emitter: str = "robot") -> Check:
        """Whether a category passes in this run; see `RunResult.passes`."""
        return _check((self,), category, party, reading, phase, emitter)


class RunResult(Sequence[Run]):
    """Runs of one scenario, one for each consent configuration, in the scenario's order."""

    def __init__(self, runs: Iterable[Run], folder: str = "") -> None:
        self._runs = tuple(runs)
        self.folder = folder
        """Where recordings and reports are; empty for an audit."""

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Run, ...]: ...
    def __getitem__(self, index: int | slice) -> Run | tuple[Run, ...]:
        return self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def __repr__(self) -> str:
        runs = ", ".join(f"{run.consent} {'failed' if run.failed else 'passed'}" for run in self._runs)
        return f"<RunResult {self._runs[0].scenario if self._runs else ''} seed {self._runs[0].seed if self._runs else ''}: {runs}>"

    @property
    def failed(self) -> bool:
        """Whether any run failed: `dustproof run` would exit with 1."""
        return any(run.failed for run in self._runs)

    @property
    def report_html(self) -> str:
        """Path of the report over all runs."""
        return self._runs[0].report_html if self._runs else ""

    def of(self, consent: str) -> Run:
        """The run under a consent configuration. :raises ValueError: with a suggestion, where there is none."""
        for run in self._runs:
            if run.consent == consent:
                return run
        raise _unknown("consent configuration", consent, [run.consent for run in self._runs])

    def passes(self, category: str, party: str | None = None, consent: str | None = None, *, reading: ReadingWord = "strict",
               phase: str | None = None, emitter: str = "robot") -> Check:
        """Whether personal data of a category went only where the policy allows it, and that was seen:

            assert result.passes("home_map", party="vendor_cloud_cn", consent="all_denied")

        Without `party` all parties count, without `consent` all runs (each has to pass), without `phase` all states of the
        governing consent. `reading` is the policy's: strict, literal or lenient.

        :raises ValueError: where no rule or run has such a name, with a suggestion.
        """
        runs = self._runs if consent is None else (self.of(consent),)
        return _check(runs, category, party, reading, phase, emitter)


def _check(runs: tuple[Run, ...], category: str, party: str | None, reading: ReadingWord, phase: str | None,
           emitter: str) -> Check:
    if not runs:
        raise ValueError("there is no run to ask")
    rows = [(run, row) for run in runs for row in run.verdicts]
    rows = _narrow("reading", reading, rows, list(READINGS))
    rows = _narrow("emitter", emitter, rows)
    rows = _narrow("category", category, rows)
    if party is not None:
        rows = _narrow("party", party, rows, _parties(runs))
    if phase is not None:
        rows = _narrow("phase", phase, rows, ["always", "unset", "granted", "denied", "withdrawn"])
    by_run = [_worst([row.verdict for owner, row in rows if owner is run], _WORST_IN_RUN) for run in runs]
    verdict = _worst(by_run, _WORST_OF_RUNS)
    # Of a run whose other ways pass, those that nothing exercised are no news.
    deciding = tuple((run, row) for run, row in rows if row.verdict == verdict and by_run[runs.index(run)] == verdict)
    question = category + (f" to {party}" if party else "") + (f" while {phase}" if phase else "") + f" ({reading} reading)"
    return Check(verdict, question, runs, deciding)


def _worst(verdicts: Sequence[VerdictWord], order: tuple[VerdictWord, ...]) -> VerdictWord:
    return min(verdicts, key=order.index, default="not_exercised")


def _narrow(what: str, wanted: str, rows: list[tuple[Run, Verdict]], known: list[str] | None = None) -> list[tuple[Run, Verdict]]:
    """The rows whose attribute `what` is `wanted`. No such rows are fine only where the name is known otherwise."""
    kept = [(run, row) for run, row in rows if getattr(row, what) == wanted]
    if not kept and wanted not in (known or []):
        raise _unknown(what, wanted, sorted({getattr(row, what) for _, row in rows} | set(known or [])))
    return kept


def _unknown(what: str, wanted: str, known: list[str]) -> ValueError:
    near = _core.suggest_word(wanted, known)
    way_out = f"; did you mean '{near}'?" if near else f"; there are {', '.join(known)}"
    return ValueError(f"no {what} '{wanted}'{way_out}")


def _parties(runs: tuple[Run, ...]) -> list[str]:
    """Those that bytes went to, or verdicts name: one of the policy's that a scenario leaves out is *not exercised*."""
    seen = {row.party for run in runs for row in run.verdicts} | {item.party for run in runs for item in run.bytes_by_party}
    return sorted(seen | {key for run in runs for key in run.raw.get("policy_parties", ())})


def runs_from_json(text: str) -> tuple[Run, ...]:
    """Of a `report.json`, or what `--json` prints."""
    return tuple(_run(tree) for tree in json.loads(text))


def _run(tree: Mapping[str, Any]) -> Run:
    findings = [{**f, "sequence": f["message"], "sequence_last": f["message_last"], "time_s": _seconds(f["time_s"])}
                for f in tree["findings"]]
    in_bytes = {"out": "bytes_out", "in": "bytes_in", "schema": "bytes_schema", "protocol": "bytes_protocol",
                "finding": "bytes_finding", "unexplained": "bytes_unexplained"}
    parts = {
        "verdicts": tuple(_read(Verdict, v) for v in tree["verdicts"]),
        "findings": tuple(_read(Finding, f) for f in findings),
        "usefulness": {name: UsefulnessCheck(name, c["verdict"], c["detail"]) for name, c in tree["usefulness"].items()},
        "metrics": _read(Metrics, tree["metrics"]),
        "bytes_by_party": tuple(_read(PartyBytes, {in_bytes.get(k, k): v for k, v in b.items()})
                                for b in tree["bytes_by_party"]),
        "sim_s": _seconds(tree["sim_s"]), "report_html": tree["report"], "raw": tree,
    }
    return _read(Run, {**tree, **parts})


def _read(cls: type[T], tree: Mapping[str, Any]) -> T:
    """Takes what the class knows; lists become tuples."""
    values = {f.name: tree[f.name] for f in fields(cast(Any, cls))}
    return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _seconds(value: float) -> float:
    """Whole nanoseconds: a time that was multiplied by 1e-9 is off by an ulp."""
    return round(value, 9)
