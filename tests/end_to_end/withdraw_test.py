"""Withdrawals at many instants: an honest robot stops in time, a queue that is sent later is found, to the tenth of a second."""
import json
import shlex
import unittest

from process import ROOT, ProcessTest

SCENARIO = """kind: scenario
format_version: 1
home: {root}/scenarios/homes/studio.yaml
robot: {root}/robots/vacuum/robot.yaml
policy: {root}/scenarios/policies/jt_innovation.yaml
duration: 20min
cloud_host: iot.jt-innovation.example
network:
  outages:
    - {{at: 60s, duration: 40s, what: internet}}
parties:
  - {{key: vendor_cloud_cn, organisation: JT-Innovation, role: first_party, region: CN, hosts: [iot.jt-innovation.example]}}
consents: [C_POLICY, C_MAP_UPLOAD, C_IMPROVE]
consent_configurations:
  denied: {{others: denied, answers: {{C_POLICY: granted}}}}
  granted: {{others: granted}}
script:
  - {{at: 2s, do: pair}}
  - {{at: 25s, do: clean}}
"""
# Its queue outlives a withdrawal: what could not be sent in the outage goes out after it.
LEAKY = "leak_queue_after_withdrawal"


class WithdrawTest(ProcessTest):
    def setUp(self):
        super().setUp()
        self.flat = self.write("flat.yaml", SCENARIO.format(root=ROOT))

    def withdraw(self, *words, expect):
        done = self.call("withdraw", self.flat, *words, "--json")
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_the_honest_robot_stops_in_time(self):
        result = self.withdraw("--instants", 4, "--to", "95s", "--window", "15s", "--out", "w", expect=0)
        self.assertEqual(result["configuration"], "granted")  # The one that grants most.
        self.assertEqual([w["consent"] for w in result["withdrawals"]], ["C_MAP_UPLOAD"] * 4 + ["C_IMPROVE"] * 4)
        self.assertEqual([round(w["at_s"], 3) for w in result["withdrawals"]][:4], [11.875, 35.625, 59.375, 83.125])
        self.assertEqual({w["state"] for w in result["withdrawals"]}, {"pass"})

    def test_a_queue_that_is_sent_later_is_found_at_its_first_instant(self):
        words = ["--withdraw", "C_MAP_UPLOAD", "--firmware", LEAKY, "--from", "55s", "--to", "100s", "--every", "5s", "--window", "60s", "--out", "w"]
        result = self.withdraw(*words, "--bisect", "--resolution", "100ms", expect=1)
        leaking = [w["at_s"] for w in result["withdrawals"] if w["state"] == "fail"]
        self.assertTrue(leaking)
        self.assertNotIn(60, leaking)
        first = result["earliest"][0]
        self.assertLessEqual(first["at_s"], leaking[0])
        self.assertGreater(first["at_s"], leaking[0] - 5)
        leak = first["leaks"][0]
        self.assertGreater(leak["after_s"], 0)
        self.assertGreater(first["at_s"] + leak["after_s"], 100)  # Nothing leaves before the line is back.
        self.assertAlmostEqual(first["at_s"] * 10, round(first["at_s"] * 10))
        self.assertLessEqual(leak["after_s"], 60)
        again = self.call(*shlex.split(first["command"])[1:])  # Meets it again.
        self.assertEqual(again.returncode, 1)

    def test_a_branch_has_the_bits_of_its_whole_run(self):
        self.withdraw("--withdraw", "C_IMPROVE", "--instants", 3, "--to", "60s", "--window", "10s", "--out", "w", expect=0)
        for path in sorted((self.folder / "w/cells").iterdir()):
            cell = json.loads(path.read_text())
            until = "20s" if "10s" in cell["name"] else "40s" if "30s" in cell["name"] else "1min"
            whole = self.run_json(self.flat, "--answers", cell["answers"], "--until", until, expect=0)[0]
            self.assertEqual(whole["hash"], cell["outcome"]["hash"], cell["name"])

    def test_mistakes_are_told(self):
        def refused(*words):
            done = self.call("withdraw", self.flat, *words)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            return done.stderr
        self.assertIn("no consent 'C_IMPRVE'; did you mean 'C_IMPROVE'?", refused("--withdraw", "C_IMPRVE"))
        self.assertIn("--every: must be a time as 5s above zero, got '0s'", refused("--every", "0s"))
        self.assertIn("exclude one another", refused("--every", "5s", "--instants", 3))
        self.assertIn("no consent is granted at any instant", refused("--consent", "denied"))
        self.assertIn("has no configuration 'grantd'; did you mean 'granted'?", refused("--consent", "grantd"))


if __name__ == "__main__":
    unittest.main()
