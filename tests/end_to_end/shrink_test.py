"""A failing scenario comes down to what it takes; scenarios are drawn at random, run and shrunk."""
import json
import unittest

from process import ROOT, ProcessTest

BASE = """kind: scenario
format_version: 1
home: {root}/scenarios/homes/studio.yaml
robot: {root}/robots/vacuum/robot.yaml
policy: {root}/scenarios/policies/jt_innovation.yaml
duration: {duration}
seed: 9
cloud_host: iot.jt-innovation.example
network: {{latency: 30ms, jitter: 3ms, outages: [{{at: 26s, duration: 2s, what: wifi}}, {{at: 40s, duration: 1.5s}}]}}
parties:
  - {{key: vendor_cloud_cn, organisation: JT-Innovation, role: first_party, region: CN, hosts: [iot.jt-innovation.example]}}
  - {{key: bugly, organisation: Tencent, role: sdk_vendor, region: CN, hosts: [android.bugly.example]}}
consents: [C_POLICY, C_MAP_UPLOAD, C_IMPROVE]
consent_configurations:
  granted: {{others: granted}}
  denied: {{others: denied, answers: {{C_POLICY: granted}}, changes: [{{at: 31s, consent: C_MAP_UPLOAD, state: granted}}]}}
script: [{{at: 3.25s, do: pair}}, {{at: 24s, do: clean}}, {{at: 33s, do: locate}}]
faults: [{{at: 44s, do: battery_charge, value: 0.7}}]
"""


class ShrinkTest(ProcessTest):
    def shrink(self, *words, expect=1):
        done = self.call("shrink", *words)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return json.loads(done.stdout) if "--json" in words else done.stderr

    def test_a_leak_comes_down_to_what_it_takes(self):
        self.write("base.yaml", BASE.format(root=ROOT, duration="50s"))
        least = self.shrink("base.yaml", "--firmware", "leak_wifi_password_in_status", "--failure", "wifi_password", "--out", "least.yaml", "--json")
        self.assertIn("wifi_password to vendor_cloud_cn", least["failure"])
        after = least["after"]
        self.assertEqual((after["faults"], after["outages"], after["script"], after["rooms"], after["furniture"]), (0, 0, 1, 1, 0), after)
        self.assertLess(after["duration_s"], 20)
        self.assertLess(after["settings"], least["before"]["settings"] / 2)
        # What was written fails in the same way, from wherever it is run, and lies beside its home.
        runs = self.run_json("least.yaml", expect=1)
        self.assertEqual(len(runs), 1)
        self.assertTrue((self.folder / "least.home.yaml").exists())
        self.assertIn("# What is left of base.yaml", (self.folder / "least.yaml").read_text())
        # It is the least: shrunk again, nothing goes.
        again = self.shrink("least.yaml", "--failure", "wifi_password", "--out", "again.yaml", "--json")
        self.assertEqual(again["after"]["settings"], again["before"]["settings"])

    def test_a_crash_keeps_what_makes_it(self):
        # Dies at the third boot: that takes two power cuts, and nothing else.
        crashing = self.build_firmware("""
            const dp_flash_v1* flash = dp_hal_query(DP_FLASH, 1);
            const dp_clock_v1* clock = dp_hal_query(DP_CLOCK, 1);
            unsigned char boots = 0xff;
            flash->read(0, &boots, 1);
            if (boots == 0xfc) abort();
            boots = (unsigned char)(boots << 1);
            flash->program(0, &boots, 1);
            for (;;) clock->sleep_us(1000000);
            """, name="counts")
        text = BASE.format(root=ROOT, duration="50s")
        cuts = ", ".join(f"{{at: {at}s, do: power_cut, duration: 1s}}" for at in (8.5, 13, 21, 29.75))
        self.write("base.yaml", text.replace("faults: [", f"faults: [{cuts}, "))
        least = self.shrink("base.yaml", "--firmware", crashing, "--failure", "died", "--out", "least.yaml", "--json")
        after = least["after"]
        self.assertEqual((after["faults"], after["outages"], after["script"], after["rooms"], after["furniture"]), (2, 0, 0, 1, 0), after)
        self.assertLessEqual(after["duration_s"], 33)

    def test_what_was_never_asked_for_does_not_count_as_missed(self):
        text = BASE.format(root=ROOT, duration="50s") + "expect: {cleaning_finished: true}\n"
        self.write("base.yaml", text)
        least = self.shrink("base.yaml", "--consent", "granted", "--failure", "cleaning_finished", "--out", "least.yaml", "--tries", 12, "--json")
        self.assertEqual(least["after"]["script"], 3)
        self.assertEqual(least["after"]["duration_s"], 50)
        self.assertTrue(least["used_up"] or least["runs"] < 12)

    def test_says_where_there_is_nothing_to_shrink(self):
        self.write("base.yaml", BASE.format(root=ROOT, duration="8s").replace("at: 24s", "at: 7s"))
        self.assertIn("nothing fails with 'home_map'", self.shrink("base.yaml", "--failure", "home_map", expect=2))
        self.assertIn("did you mean 'granted'?", self.shrink("base.yaml", "--consent", "grantet", expect=2))
        self.assertIn("cannot write into the folder", self.shrink("base.yaml", "--out", "no/such/least.yaml", expect=3))
        self.write("there.yaml", "")
        self.assertIn("nothing is overwritten", self.shrink("base.yaml", "--out", "there.yaml", expect=2))
        self.write("broken.yaml", "kind: scenario\nformat_version: 1\nhoem: x\n")
        self.assertIn("broken.yaml:3", self.shrink("broken.yaml", expect=2))


class RandomTest(ProcessTest):
    def test_the_same_seeds_draw_and_find_the_same(self):
        self.write("base.yaml", BASE.format(root=ROOT, duration="40s"))
        for out in ("a", "b"):
            done = self.call("random", "base.yaml", "--count", 3, "--first-seed", 5, "--firmware", "leak_wifi_password_in_status", "--tries", 25, "--out", out)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("wifi_password to vendor_cloud_cn", done.stdout)
        drawn = [{path.name: path.read_text() for path in sorted((self.folder / out).glob("scenarios/*.yaml")) + sorted((self.folder / out).glob("shrunk-*.yaml"))}
                 for out in ("a", "b")]
        self.assertGreaterEqual(len(drawn[0]), 8)  # Three scenarios with their homes, and at least one that was shrunk.
        self.assertEqual({name: text.replace("a/scenarios", "b/scenarios") for name, text in drawn[0].items()}, drawn[1])
        matrices = [(self.folder / out / "matrix/matrix.json").read_text() if (self.folder / out / "matrix/matrix.json").exists() else "" for out in ("a", "b")]
        self.assertEqual(matrices[0].replace("a/", "b/"), matrices[1])

    def test_the_honest_robot_comes_through(self):
        self.write("base.yaml", BASE.format(root=ROOT, duration="60s"))
        done = self.call("random", "base.yaml", "--count", 6, "--out", "r")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("6 cells: 6 pass", done.stdout)


if __name__ == "__main__":
    unittest.main()
