"""The small firmwares that we ship, each as its kind would be written elsewhere: they run, and do what they are for."""
import json
import unittest

from process import FIRST_RUN, ProcessTest, verdicts


class SmallFirmwareTest(ProcessTest):
    def run_one(self, firmware, consent, until):
        runs = self.run_json(FIRST_RUN, "--firmware", firmware, "--consent", consent, "--until", until)
        self.assertEqual(len(runs), 1)
        self.assertEqual(runs[0].get("end", "duration"), "duration", runs[0])
        return runs[0]

    def test_they_are_listed(self):
        names = self.call("list", "firmware").stdout.split()
        for name in ("bouncer", "eight_tasks", "thirty_lines"):
            self.assertIn(name, names)

    def test_thirty_lines_drive(self):
        run = self.run_one("thirty_lines", "policy_refused", "3min")
        self.assertGreater(run["metrics"]["coverage"], 0.05)

    def test_eight_tasks_drive_and_keep_off_walls(self):
        run = self.run_one("eight_tasks", "policy_refused", "3min")
        self.assertGreater(run["metrics"]["coverage"], 0.05)

    def test_the_bouncer_pairs_obeys_and_tells_nothing_else(self):
        run = self.run_one("bouncer", "all_denied", "10min")
        for name in ("session_up", "commands_acknowledged"):
            self.assertEqual(run["usefulness"][name]["verdict"], "pass", name)
        self.assertEqual(verdicts(run, verdict="fail"), [])
        self.assertGreater(run["metrics"]["coverage"], 0.2)

    def test_the_bouncer_comes_through_power_cuts(self):
        done = self.call("powercut", FIRST_RUN, "--firmware", "bouncer", "--until", "2min", "--cuts", 60, "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertGreater(json.loads(done.stdout)["judged"]["goes_on_or_docks"], 3)


if __name__ == "__main__":
    unittest.main()
