"""Configuration as Python objects: what the files say arrives, edits are checked, and what is written means the same."""
import copy
import pathlib
import pickle

import dustproof
import pytest
from dustproof import scenario as sc

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRST_RUN = ROOT / "scenarios/first_run.yaml"
KINDS = {"scenario": (dustproof.load_scenario, dustproof.parse_scenario), "home": (dustproof.load_home, dustproof.parse_home),
         "robot": (dustproof.load_robot, dustproof.parse_robot), "policy": (dustproof.load_policy, dustproof.parse_policy)}
FILES = [(kind, path) for top in ("scenarios", "robots", "tests/end_to_end/scenarios")
         for path in sorted((ROOT / top).rglob("*.yaml")) for kind in KINDS if f"\nkind: {kind}\n" in "\n" + path.read_text()]

# Every type of field, and every one of them away from its default.
ODD = """kind: scenario
format_version: 1
name: odd
description: "colons: and 'quotes', \\"both\\", – and\\ttabs # here\\u0085\\u2028\\n"
home: h.yaml
robot: r.yaml
policy: p.yaml
duration: 1h0.000000001s
seed: 9007199254740993
cloud_host: a.example
network: {latency: 300ms, loss_probability: 0.1, outages: [{at: 1ns}, {at: 2s, what: wifi}]}
parties: [{key: k, organisation: "yes", region: "null", hosts: [a.example, "b, c"]}]
consents: [C_POLICY, C_X]
consent_configurations:
  one: {answers: {C_POLICY: granted}, changes: [{at: 5s, consent: C_X, state: denied}]}
faults: [{on: flash_erase, do: flash_bit_errors, value: 1e-7}]
end: {when_docked_after_cleaning: false}
expect: {docked: false}
"""


def problems_of(call):
    with pytest.raises(dustproof.ScenarioError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("kind, path", FILES, ids=lambda value: getattr(value, "name", value))
def test_a_file_reads_writes_and_reads_as_the_same(kind, path):
    load, parse = KINDS[kind]
    first = load(path)
    again = parse(first.to_yaml(), str(path))
    assert again == first
    first.validate()


def test_every_kind_of_file_is_among_those():
    assert {kind for kind, _ in FILES} == set(KINDS)


def test_every_type_of_field_survives():
    odd = dustproof.parse_scenario(ODD)
    assert (odd.duration_s, odd.seed, odd.expect.docked, odd.faults[0].value) == (3600.000000001, 9007199254740993, False, 1e-7)
    assert odd.network.latency_s == 0.3 and odd.network.outages[0].at_s == 1e-9
    assert odd.parties[0].organisation == "yes" and odd.parties[0].hosts == ["a.example", "b, c"]
    assert odd.description == "colons: and 'quotes', \"both\", – and\ttabs # here\x85\u2028\n"
    assert odd.consents == ["C_POLICY", "C_X"] and odd.expect.coverage_min is None
    assert dustproof.parse_scenario(odd.to_yaml()) == odd


def test_defaults_are_those_of_the_file_s_schema():
    plain = dustproof.load_scenario(FIRST_RUN)
    assert plain.duration_s == 1200 and plain.consents[0] == "C_POLICY" and plain.network.latency_s == 0.025
    assert dustproof.load_robot(ROOT / "robots/vacuum/robot.yaml").lidar.position_m[2] == 0.085
    assert "consents:" not in plain.to_yaml(), "what is as by default isn't written"


def test_an_edit_is_checked_by_the_file_s_rules_all_at_once():
    edited = dustproof.load_scenario(FIRST_RUN)
    edited.network.loss_probability = 3
    edited.seed = "7"
    edited.consent_configurations["extra"] = sc.ConsentConfiguration(answers={"C_MAP": "granted"})
    edited.script.append(sc.ScriptStep(at_s=-1, do="dance"))
    edited.policy = "policies/none.yaml"
    error = problems_of(edited.validate)
    assert {d.field for d in error.diagnostics} >= {"seed", "network.loss_probability", "script[3].at", "script[3].do"}
    assert {(d.line, d.column) for d in error.diagnostics} == {(0, 0)}, "there is no file to point into"
    text = str(error)
    assert f"{FIRST_RUN}: network.loss_probability: must be at most 0.5, got 3" in text
    assert "policies/none.yaml: no such file; check the path" in text
    assert len(text.splitlines()) == len(error.diagnostics)
    with pytest.raises(AttributeError):
        edited.duraton_s = 5


def test_bad_input_says_what_the_command_line_says():
    error = problems_of(lambda: dustproof.parse_scenario(ODD.replace("seed: 9007199254740993", "sed: 1"), "my.yaml"))
    assert str(error) == "my.yaml:9:1: sed: unknown key; did you mean 'seed'?"
    assert error.diagnostics[0] == dustproof.Diagnostic("my.yaml", 9, 1, "sed", "unknown key; did you mean 'seed'?")
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics
    for path, message in (("none.yaml", "none.yaml: no such file; check the path"), ("/", "/: is a folder")):
        assert message in str(problems_of(lambda path=path: dustproof.load_scenario(path)))
    assert "kind: must be one of home" in str(problems_of(lambda: dustproof.load_home(FIRST_RUN)))
    assert isinstance(error, dustproof.DustproofError) and not isinstance(error, dustproof.EnvironmentFailure)


def test_a_value_that_no_file_can_hold_is_named():
    scenario = dustproof.parse_scenario(ODD)
    scenario.description = object()
    with pytest.raises(TypeError, match="a configuration file can't hold <object"):
        scenario.to_yaml()


def test_objects_are_plain_values(tmp_path):
    scenario = dustproof.load_scenario(FIRST_RUN)
    other = copy.deepcopy(scenario)
    other.network.outages.clear()
    assert len(scenario.network.outages) == 1 and other != scenario
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_what_is_saved_elsewhere_still_names_the_same_files(tmp_path):
    scenario = dustproof.load_scenario(FIRST_RUN)
    scenario.trust.ca_certificate = "certificates/ca.pem"
    scenario.trust.ca_key = "/etc/ca.key"
    scenario.save(tmp_path / "moved.yaml")
    again = dustproof.load_scenario(tmp_path / "moved.yaml")
    again.validate()
    assert (tmp_path / again.robot).resolve() == ROOT / "robots/vacuum/robot.yaml"
    assert (tmp_path / again.trust.ca_certificate).resolve() == ROOT / "scenarios/certificates/ca.pem"
    assert again.trust.ca_key == "/etc/ca.key" and again.firmware == "vacuum"


def test_a_home_becomes_geometry(tmp_path):
    home = dustproof.load_home(ROOT / "scenarios/homes/studio.yaml")
    plan = dustproof.load_plan(ROOT / "scenarios/homes/studio.yaml")
    assert [room.name for room in plan.rooms] == [room.name for room in home.rooms]
    assert len(plan.furniture) == len(home.furniture) and plan.furniture[0].X_WF.x == home.furniture[0].at[0]
    home.save(tmp_path / "again.yaml")
    assert dustproof.load_plan(tmp_path / "again.yaml") == plan
    home.furniture[0].at = (99.0, 99.0)
    assert "furniture[0]" in str(problems_of(home.validate))
