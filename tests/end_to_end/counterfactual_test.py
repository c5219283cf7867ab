"""A run again with one secret other: honest firmware says nothing otherwise; what no matcher can know shows all the same."""
import json
import shutil
import unittest

from process import ROOT, ProcessTest

SCENARIO = """kind: scenario
format_version: 1
home: {root}/scenarios/homes/studio.yaml
robot: {root}/robots/vacuum/robot.yaml
policy: {root}/scenarios/policies/jt_innovation.yaml
duration: 75s
cloud_host: iot.jt-innovation.example
parties:
  - {{key: vendor_cloud_cn, organisation: JT-Innovation, role: first_party, region: CN, hosts: [iot.jt-innovation.example]}}
consents: [C_POLICY, C_MAP_UPLOAD, C_DEVID, C_IMPROVE]
consent_configurations:
  denied: {{others: denied, answers: {{C_POLICY: granted}}}}
  granted: {{others: granted, run_by_default: false}}
script:
  - {{at: 2s, do: pair}}
  - {{at: 25s, do: clean}}
"""


class CounterfactualTest(ProcessTest):
    def setUp(self):
        super().setUp()
        self.flat = self.write("flat.yaml", SCENARIO.format(root=ROOT))

    def record(self, consent, *words, out="run"):
        done = self.call("run", self.flat, "--consent", consent, "--out", out, *words)
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        return self.folder / out / f"{consent}.mcap"

    def change(self, recording, *words, expect):
        done = self.call("counterfactual", recording, *words, "--out", "cf", "--json")
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        changes = json.loads(done.stdout)["changes"]
        return {change["change"]: change for change in changes}

    def test_of_the_honest_robot_nothing_depends_on_what_it_may_not_tell(self):
        changes = self.change(self.record("denied"), expect=0)
        self.assertGreaterEqual(len(changes), 16)
        self.assertEqual({change["state"] for change in changes.values()}, {"pass"})
        told = {(name, party["party"]): party["verdict"] for name, change in changes.items() for party in change["parties"]}
        # Its address is in what every station sends, and the access point's credentials are in its own flash.
        self.assertEqual({name for name, _ in told} - {"robot_mac", "wifi_ssid", "wifi_password"}, set(), told)
        self.assertEqual({verdict for (name, _), verdict in told.items() if name == "robot_mac"}, {"inherent"})

    def test_an_identifier_that_may_be_told_passes(self):
        changes = self.change(self.record("granted"), "--change", "id", expect=0)
        told = {party["party"]: party for party in changes["robot_mac"]["parties"]}
        self.assertEqual(told["vendor_cloud_cn"]["verdict"], "pass")
        self.assertGreater(told["vendor_cloud_cn"]["differing"], 0)

    def test_a_cipher_of_its_own_hides_nothing(self):
        recording = self.record("denied", "--firmware", "leak_password_in_own_cipher")
        audit = json.loads(self.call("audit", recording, "--json").stdout)[0]
        self.assertFalse([f for f in audit["findings"] if f["category"] == "wifi_password" and f["party"] == "vendor_cloud_cn"])
        changes = self.change(recording, "--change", "wifi", expect=1)
        self.assertEqual({name: change["state"] for name, change in changes.items()}, {"wifi_ssid": "pass", "wifi_password": "fail", "wifi_scan": "pass"})
        cloud = next(party for party in changes["wifi_password"]["parties"] if party["party"] == "vendor_cloud_cn")
        self.assertTrue(cloud["only_by_comparison"])
        self.assertEqual(cloud["verdict"], "fail")
        self.assertIn("finding", (self.folder / "cf/report.html").read_text())
        kinds = {d["kind"] for d in changes["wifi_password"]["runs"][0]["differences"] if d["party"] == "vendor_cloud_cn"}
        self.assertEqual(kinds, {"bytes"})
        # Both runs are there, and differ in nothing else that anybody drew.
        facts = self.call("diff", "cf/unchanged.mcap", "cf/wifi_password.mcap").stdout
        self.assertIn("wifi_password", facts)

    def test_the_time_at_which_nothing_is_said_tells_as_well(self):
        changes = self.change(self.record("denied", "--firmware", "leak_network_name_in_timing"), "--change", "wifi_ssid,wifi_password", "--draws", 3, expect=1)
        self.assertEqual(changes["wifi_password"]["state"], "pass")
        cloud = next(party for party in changes["wifi_ssid"]["parties"] if party["party"] == "vendor_cloud_cn")
        self.assertEqual((cloud["verdict"], cloud["only_by_comparison"]), ("fail", True))

    def test_another_home_is_compared_but_where_it_drives_is_no_leak_by_itself(self):
        recording = self.record("denied")
        changes = self.change(recording, "--change", "home", "--home", ROOT / "scenarios/homes/two_bedroom.yaml", expect=0)
        self.assertTrue((self.folder / "cf/home.mcap").exists())
        self.assertNotIn("verdict", json.dumps(changes["home"]["parties"]))
        shutil.rmtree(self.folder / "cf")
        changes = self.change(recording, "--change", "home", "--home", ROOT / "scenarios/homes/studio.yaml", expect=0)
        self.assertEqual(changes["home"]["runs"][0]["differences"], [])

    def test_a_run_with_a_change_is_repeated_with_it(self):
        self.change(self.record("denied"), "--change", "robot_mac", expect=0)
        done = self.call("replay", "cf/robot_mac.mcap")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.call("counterfactual", "cf/robot_mac.mcap", "--change", "robot_id")
        self.assertEqual(done.returncode, 2)
        self.assertIn("take the unchanged one", done.stderr)

    def test_says_what_can_be_changed(self):
        recording = self.record("denied", "--until", "5s")
        for words, said in ((["--change", "wifi_pasword"], "did you mean 'wifi_password'?"), (["--change", "home"], "--home FILE"),
                            (["--change", "id", "--home", "x.yaml"], "not asked for"), (["--change", "home", "--home", "nowhere.yaml"], "nowhere.yaml")):
            done = self.call("counterfactual", recording, *words, "--out", "bad")
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
