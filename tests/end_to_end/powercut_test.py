"""Power cuts: the honest firmware comes through, unsafe ones are caught, and a failure is met again by its command."""
import json
import pathlib
import shlex
import signal
import subprocess
import unittest

from process import BINARY, FIRST_RUN, ROOT, ProcessTest

# Pairing, the first consents, the begin of a cleaning; the session is opened anew after the outage.
SCENARIO = """kind: scenario
format_version: 1
home: {root}/scenarios/homes/studio.yaml
robot: robot.yaml
policy: {root}/scenarios/policies/jt_innovation.yaml
duration: {duration}
cloud_host: iot.jt-innovation.example
network:
  outages:
    - {{at: 80s, duration: 25s, what: internet}}
parties:
  - {{key: vendor_cloud_cn, organisation: JT-Innovation, role: first_party, region: CN, hosts: [iot.jt-innovation.example]}}
consent_configurations:
  all_denied: {{others: denied, answers: {{C_POLICY: granted}}}}
  map_withdrawn:
    run_by_default: false
    others: granted
    changes: [{{at: 70s, consent: C_MAP_UPLOAD, state: withdrawn}}]
script:
  - {{at: 5s, do: pair}}
  - {{at: 40s, do: clean}}
"""


def children_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []


class PowerCutTest(ProcessTest):
    def cut(self, *words, expect=None):
        done = self.call("powercut", *words, "--json")
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def scenario(self, duration="240s", flash="", faults=""):
        robot = (ROOT / "robots/vacuum/robot.yaml").read_text()
        self.write("messages.yaml", (ROOT / "robots/vacuum/messages.yaml").read_text())
        # An odd count of blocks leaves the last one free for firmware that wants one of its own.
        self.write("robot.yaml", robot.replace("size_kib: 4096", "size_kib: 4100" + flash))
        return self.write("cuts.yaml", SCENARIO.format(root=ROOT, duration=duration) + faults)

    def whats(self, result):
        return {f["what"] for f in result["failures"]}

    def test_the_honest_firmware_comes_through(self):
        result = self.cut(self.scenario(), "--cuts", 40, expect=0)
        self.assertEqual((result["cuts"], result["failures"]), (40, []))
        self.assertGreater(result["flash_operations"], 4)
        judged = result["judged"]
        self.assertGreater(judged.pop("map"), 1)  # There is one in flash only late in this short run.
        for count in judged.values():
            self.assertGreater(count, 5, judged)

    def test_the_same_cuts_end_the_same_way(self):
        words = (self.scenario(), "--cuts", 12, "--firmware", "unsafe_settings_in_place")
        first, again = self.cut(*words), self.cut(*words, "--workers", 1)
        first.pop("wall_s"), again.pop("wall_s")
        self.assertEqual(first, again)

    def test_settings_written_in_place_are_caught_and_the_command_repeats_it(self):
        result = self.cut(self.scenario(), "--every-write", "--firmware", "unsafe_settings_in_place", expect=1)
        lost = [f for f in result["failures"] if f["what"].startswith("credentials:")]
        self.assertTrue(lost, result["failures"])
        self.assertIn("credentials: it opens its setup hotspot again, although it was paired", self.whats(result))
        self.assertRegex(lost[0]["operation"], "^(before|during|after) (program|erase)")
        words = shlex.split(lost[0]["command"])
        self.assertEqual(words[0], "dustproof")
        again = self.cut(*words[2:], expect=1)
        self.assertEqual(again["cuts"], 1)
        self.assertIn(lost[0], again["failures"])

    def test_a_consent_that_a_cut_widens_is_caught(self):
        result = self.cut(self.scenario(), "--every-write", "--firmware", "unsafe_consents_in_place", expect=1)
        self.assertIn("consents: robot_id went to vendor_cloud_cn while C_DEVID was denied", self.whats(result))

    def test_a_withdrawal_that_flash_does_not_keep_is_caught(self):
        words = (self.scenario(), "--consent", "map_withdrawn", "--cuts", 60)
        self.assertEqual(self.cut(*words, expect=0)["failures"], [])
        result = self.cut(*words, "--firmware", "unsafe_withdrawals_in_one_bit", expect=1)
        self.assertTrue(any("home_map went to vendor_cloud_cn while C_MAP_UPLOAD was withdrawn; its cloud" in what
                            for what in self.whats(result)), result["failures"])

    def test_a_queue_that_outlives_the_consent_is_caught(self):
        result = self.cut(self.scenario(), "--consent", "map_withdrawn", "--cuts", 16, "--firmware",
                          "unsafe_queue_in_flash", expect=1)
        self.assertIn("consents: home_map went to vendor_cloud_cn while C_MAP_UPLOAD was withdrawn", self.whats(result))

    def test_a_map_that_a_cut_tears_is_caught(self):
        words = (self.scenario(duration="370s"), "--every-write")
        self.assertEqual(self.cut(*words, expect=0)["failures"], [])
        result = self.cut(*words, "--firmware", "unsafe_map_in_place", expect=1)
        self.assertEqual(self.whats(result), {"map: lost, although it had one before and after the write"})

    def test_a_robot_that_stays_where_it_is_is_caught(self):
        result = self.cut(self.scenario(), "--cuts", 16, "--firmware", "unsafe_stays_where_it_is", expect=1)
        self.assertEqual(self.whats(result), {"it was under way (cleaning), and neither goes on nor docks"})

    def test_firmware_that_dies_at_its_second_boot_is_caught(self):
        library = self.build_firmware("""
            const dp_flash_v1* flash = dp_hal_query(DP_FLASH, 1);
            const dp_clock_v1* clock = dp_hal_query(DP_CLOCK, 1);
            unsigned char mark;
            flash->read(0, &mark, 1);
            if (mark != 0xFF) *(volatile int*)0 = 1;
            flash->program(0, "a", 1);
            for (;;) clock->sleep_us(1000000);
            """)
        result = self.cut(self.scenario(duration="20s"), "--random", "--cuts", 3, "--firmware", library, expect=1)
        self.assertEqual(result["cuts"], 3)
        for failure in result["failures"]:
            self.assertRegex(failure["what"], "the firmware dies after the boot: .*memory.*task main.*in run")

    def test_firmware_that_dies_without_a_cut_is_a_failure_too(self):
        library = self.build_firmware("system(\"true\");")
        result = self.cut(self.scenario(duration="20s"), "--firmware", library, expect=1)
        self.assertEqual((result["cuts"], len(result["failures"])), (0, 1))
        self.assertIn("the firmware dies without any cut: firmware called", result["failures"][0]["what"])
        self.assertRegex(result["failures"][0]["command"], "^dustproof run .*cuts.yaml")

    # It was left so close to a table's legs that no floor seemed open around it, and gave up.
    def test_a_robot_that_boots_in_a_tight_place_frees_itself(self):
        text = FIRST_RUN.read_text()
        for near, far in (("home: homes", "scenarios/homes"), ("policy: policies", "scenarios/policies"), ("robot: ../robots", "robots")):
            text = text.replace(near, f"{near.split()[0]} {ROOT / far}")
        scenario = self.write("tight.yaml", text + "faults:\n  - {at: 80.97s, do: power_cut, duration: 237ms}\n")
        run = self.run_json(scenario, "--consent", "map_withdrawn", "--until", "150s", expect=0)[0]
        self.assertGreater(run["metrics"]["moving_s"], 90)

    def test_the_honest_firmware_comes_through_on_a_worn_and_faulty_chip(self):
        flash = """
  erase_cycles_max: 1000
  erase_cycles_at_start: 1000
  worn_failure: 0.2
  faults: {bit_error_rate: 0.0000001, read_disturb_reads: 20, lost_write_probability: 0.02}"""
        result = self.cut(self.scenario(flash=flash), "--cuts", 30, expect=0)
        self.assertEqual(result["failures"], [])

    def test_the_scenario_cuts_the_power_in_plain_sight(self):
        faults = """faults:
  - {at: 50s, do: power_cut, duration: 3s}
  - {on: cloud.session_opened, count: 3, after: 200ms, do: brownout}
"""
        plain = self.run_json(self.scenario(duration="75s"), "--out", "plain")[0]
        with_faults = self.run_json(self.scenario(duration="75s", faults=faults), "--out", "faults")[0]
        self.assertNotEqual(plain["hash"], with_faults["hash"])
        done = self.call("diff", plain["recording"], with_faults["recording"])
        self.assertIn("power_cut", done.stdout)

    def test_bad_words_are_refused(self):
        self.assertEqual(self.call("powercut", FIRST_RUN, "--consent", "map_withdrwan").returncode, 2)
        done = self.call("powercut", FIRST_RUN, "--until", "20s", "--cuts", 5, "--cut", 6)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--cut: the plan has cuts 1 to 5, got 6", done.stderr)
        for words in (("--every-write", "--random"), ("--cuts", 0), ("--cuts", "many"), ("--workers", 65), ("--seed", -1),
                      ("--until", "soon"), ("--cut", 0)):
            done = self.call("powercut", FIRST_RUN, *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(words[0], done.stderr)
        (self.folder / "kept").mkdir()
        self.write("kept/cut-1.mcap", "")
        done = self.call("powercut", FIRST_RUN, "--cuts", 1, "--out", "kept")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--out: 'kept' is not empty", done.stderr)
        self.assertEqual(self.call("powercut", "nowhere.yaml").returncode, 2)
        done = self.call("powercut", FIRST_RUN, "--every-write", "--until", "1s")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--every-write: this run has no flash operation", done.stderr)
        self.assertEqual(self.call("powercut", FIRST_RUN, "--firmware", "thirty_lines", "--until", "1ms").returncode, 2)

    def test_an_interrupt_ends_it_with_what_was_found(self):
        cutting = subprocess.Popen([str(BINARY), "powercut", str(FIRST_RUN), "--cuts", "100000", "--json"], cwd=self.folder,
                                   text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(cutting.kill)
        while not self.branches_of(cutting.pid):
            self.assertIsNone(cutting.poll())
        cutting.send_signal(signal.SIGINT)
        out, err = cutting.communicate(timeout=300)
        self.assertEqual(cutting.returncode, 3)
        result = json.loads(out)
        self.assertEqual(result["failures"], [])
        self.assertLess(result["cuts"], 100000)
        self.assertIn("interrupted", err)

    def branches_of(self, pid):
        return [grandchild for child in children_of(pid) for grandchild in children_of(child)]


if __name__ == "__main__":
    unittest.main()
