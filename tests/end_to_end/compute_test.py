"""Time that computing takes: a planner on a slow chip is late, and the run says so; without it nothing changes."""
import shutil
import subprocess
import unittest

from process import FIRST_RUN, ROOT, ProcessTest

ROBOT = ROOT / "robots/vacuum/robot.yaml"
LONG = ("--consent", "policy_refused", "--until", "4min")
SHORT = ("--consent", "policy_refused", "--until", "80s")


def after_turn(time):
    return f"compute: {{cores: 1, after: [{{task: slam, call: lidar.read, time: {time}}}]}}\n"


# A lidar turn comes every 200 ms.
DEADLINES = "deadlines: [{task: slam, within: 200ms}, {task: control, within: 20ms}]\n"


class ComputeTest(ProcessTest):
    def scenario(self, robot, expect=""):
        """The first run with more said of its robot, and of what is expected."""
        folder = self.folder / "robot"
        folder.mkdir(exist_ok=True)
        (folder / "robot.yaml").write_text(ROBOT.read_text() + robot)
        shutil.copy(ROBOT.with_name("messages.yaml"), folder)
        text = FIRST_RUN.read_text()
        for name in ("homes/", "policies/"):
            text = text.replace(f": {name}", f": {ROOT}/scenarios/{name}")
        text = text.replace("../robots/vacuum/robot.yaml", str(folder / "robot.yaml"))
        return self.write("first_run.yaml", text.replace("expect:\n", f"expect:\n{expect}"))

    def run_one(self, robot, *words, expect=""):
        return self.run_json(self.scenario(robot, expect), *words)[0]

    def test_a_slow_planner_drives_worse_and_misses_its_deadline(self):
        quick = self.run_one(after_turn("20ms") + DEADLINES, *LONG)
        slow = self.run_one(after_turn("1s") + DEADLINES, *LONG)
        self.assertEqual(slow["compute"], "1 core; slam after lidar.read 1s")
        on_time, late = quick["deadlines"][0], slow["deadlines"][0]
        self.assertEqual((on_time["task"], on_time["missed"]), ("slam", 0))
        self.assertAlmostEqual(on_time["worst_s"], 0.020)
        self.assertGreater(late["activations"], 200)
        self.assertGreaterEqual(late["missed"], late["activations"] - 1)  # The last may be under way.
        self.assertAlmostEqual(late["worst_s"], 1)
        self.assertLess(slow["metrics"]["coverage"], 0.8 * quick["metrics"]["coverage"])
        self.assertGreater(slow["metrics"]["ate_m"], 5 * quick["metrics"]["ate_m"])

    def test_a_busy_core_makes_another_task_late_and_a_second_core_helps(self):
        robot = ("compute: {{cores: {}, after: [{{task: slam, call: lidar.read, time: 300ms}}, "
                 "{{task: control, call: drive.set_velocity, time: 1ms}}]}}\n")
        one, two = (self.run_one(robot.format(cores) + DEADLINES, *SHORT)["deadlines"][1] for cores in (1, 2))
        self.assertEqual((one["task"], two["task"]), ("control", "control"))
        self.assertGreater(one["missed"], 50)
        self.assertGreater(one["worst_s"], 0.25)
        self.assertEqual(two["missed"], 0)

    def test_in_no_time_the_run_is_the_one_it_was(self):
        plain = self.run_one("", *SHORT)
        zero = self.run_one("compute: zero\n" + DEADLINES, *SHORT)
        self.assertEqual((zero["hash"], zero["compute"]), (plain["hash"], "zero"))
        self.assertEqual([d["missed"] for d in zero["deadlines"]], [0, 0])
        self.assertGreater(zero["deadlines"][1]["activations"], 1000)
        self.assertEqual(plain["deadlines"], [])

    def test_a_slow_run_repeats_itself(self):
        self.run_one(after_turn("300ms") + DEADLINES, *SHORT)
        done = self.call("replay", "runs/first_run-001/policy_refused.mcap")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("the same", done.stdout)

    def test_a_missed_deadline_that_was_expected_to_be_met_fails_the_run(self):
        scenario = self.scenario(after_turn("300ms") + DEADLINES, "  deadlines: met\n")
        done = self.call("run", scenario, *SHORT)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"policy_refused: deadlines missed: slam \d+ of \d+ \(worst 300 ms, may take 200\)\n")
        self.assertRegex(done.stdout, r"not as expected: the deadline of task slam was missed \d+ of \d+ times: "
                                      r"it may take 200 ms and took up to 300\n")
        page = (self.folder / "runs/first_run-001/report.html").read_text()
        self.assertIn('"compute":"1 core; slam after lidar.read 300ms"', page)

    def test_a_task_that_never_was_is_told(self):
        scenario = self.scenario("deadlines: [{task: slamm, within: 1s}]\n")
        done = self.call("run", scenario, "--consent", "policy_refused", "--until", "5s")
        self.assertIn("no task of the firmware was named 'slamm'", done.stdout)

    def test_a_call_that_the_hal_lacks_is_refused(self):
        scenario = self.scenario("compute: {after: [{task: slam, call: lidar.reed, time: 1ms}]}\n")
        for word in ("run", "validate"):
            done = self.call(word, scenario)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn("the HAL has no call 'lidar.reed'; did you mean 'lidar.read'?", done.stderr + done.stdout)

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    def test_the_debugger_stops_where_a_deadline_is_missed(self):
        done = self.call("run", self.scenario(after_turn("300ms") + DEADLINES), *SHORT, "--break-at",
                         "deadline_missed=slam", "--gdb-command", "dustproof tasks", stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\* +\d+  slam +running +lidar\.read")


if __name__ == "__main__":
    unittest.main()
