"""Meeting a failure again in gdb: at a time, at an event, before the event in which the firmware died, and further back."""
import re
import shutil
import subprocess
import unittest

from process import FIRST_RUN, ProcessTest

# Three tasks: one sleeps deep in its own functions, one waits for mail, main dies at 3.25 s.
TASKS = """
    static const dp_clock_v1 *hal_clock;
    static const dp_task_v1 *tasks;
    static const dp_log_v1 *hal_log;
    static int mailbox;
    static void dig(int depth) { if (depth == 0) hal_clock->sleep_us(1000000000); else dig(depth - 1); }
    static void digger(void *unused) { dig(3); }
    static void reader(void *unused) { int mail; tasks->mailbox_receive(mailbox, &mail, DP_FOREVER); }
    static void step(int number) {
      char text[40];
      snprintf(text, sizeof text, "step %d", number);
      hal_log->write(DP_LOG_INFO, text);
      if (number == 12) *(volatile int *)16 = number;
    }
"""
MAIN = """
    hal_clock = dp_hal_query(DP_CLOCK, 1), tasks = dp_hal_query(DP_TASK, 1), hal_log = dp_hal_query(DP_LOG, 1);
    mailbox = tasks->mailbox_create(sizeof(int), 4);
    tasks->create("digger", digger, NULL, 65536);
    tasks->create("reader", reader, NULL, 65536);
    for (int number = 0;; ++number) { hal_clock->sleep_us(250000); step(number); }
"""


@unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
class DebuggerTest(ProcessTest):
    def setUp(self):
        super().setUp()
        self.firmware = self.build_firmware(MAIN, "steps", TASKS)

    def debug(self, *words, commands=(), expect=0):
        flags = [flag for command in commands for flag in ("--gdb-command", command)]
        done = self.call("run", FIRST_RUN, "--consent", "all_denied", "--firmware", self.firmware, "--until", "5s", *words,
                         *flags, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout

    def test_the_tasks_are_listed_and_unwound_where_they_wait(self):
        out = self.debug("--break-at", "2s", commands=["dustproof tasks", "dustproof bt digger", "dustproof bt reader",
                                                       "dustproof in digger frame function dig"])
        self.assertRegex(out, r"dustproof: 1\.\d+ simulated s, \d+ events run")
        for name, state, call in (("main", "waiting", "clock.sleep_us"), ("digger", "waiting", "clock.sleep_us"),
                                  ("reader", "waiting", "task.mailbox_receive")):
            self.assertRegex(out, rf"\d  {name} +{state} +{call} ")
        backtrace = out[out.index("task digger ("):]
        for depth in range(4):
            self.assertRegex(backtrace, rf"dig \(depth={depth}\) at .*steps\.c:\d+")
        self.assertRegex(backtrace, r"digger \(unused=0x0\) at .*steps\.c:\d+")
        self.assertRegex(out[out.index("task reader ("):], r"reader \(unused=0x0\) at .*steps\.c:\d+")
        self.assertIn("stopped after 1.", out)

    def test_it_stops_where_an_event_is_recorded(self):
        out = self.debug("--break-at", "firmware:boot", commands=["dustproof now"])
        self.assertIn("dustproof: 0.000000000 simulated s", out)

    def test_a_death_is_met_again_one_event_earlier_and_further_back(self):
        died = self.call("run", FIRST_RUN, "--consent", "all_denied", "--firmware", self.firmware, "--until", "5s")
        self.assertEqual(died.returncode, 1, died.stderr)
        out = self.debug("--break-at", "-1ev", expect=1, commands=[
            "break step", "continue", "print number", "continue", "backtrace 1", "dustproof now", "continue"])
        # Just before the last event nothing of it has run; then step 12 begins, and dies.
        self.assertRegex(out, r"dustproof: 3\.2\d+ simulated s")
        self.assertIn("$1 = 12", out)
        self.assertRegex(out, r"#0 .*step \(number=12\) at .*steps\.c:\d+")
        self.assertRegex(out, r"dustproof: 3\.250000000 simulated s, \d+ events run, task main")
        self.assertIn("firmware_died after 3.", out)
        events = int(re.search(r"firmware_died after [0-9.]+ simulated s and (\d+) events", out).group(1))

        # The same from the recording, and a reverse step from there.
        out = self.debug_replay("runs/first_run-001/all_denied.mcap", "--break-at", "-1ev", commands=[
            "dustproof now", "dustproof back 2", "dustproof now"])
        stops = [int(n) for n in re.findall(r"dustproof: [0-9.]+ simulated s, (\d+) events run", out)]
        self.assertEqual(stops, [events - 1, events - 3])
        self.assertIn("counting from the end of runs/first_run-001/all_denied.mcap, after", self.stderr)

    def test_a_run_under_the_debugger_has_the_hash_of_any_other(self):
        plain = self.run_json(FIRST_RUN, "--consent", "all_denied", "--until", "20s")[0]
        done = self.call("run", FIRST_RUN, "--consent", "all_denied", "--until", "20s", "--break-at", "10s", "--gdb-command",
                         "continue", stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("duration after 20.000000 simulated s", done.stdout)
        compared = self.call("diff", "runs/first_run-001/all_denied.mcap", "runs/first_run-002/all_denied.mcap", "--json")
        self.assertEqual(compared.returncode, 0, compared.stdout)
        self.assertRegex(plain["hash"], "^[0-9a-f]{16}$")

    def test_what_makes_no_sense_is_refused(self):
        for words, part in (((), "one run at a time"), (("--consent", "all_denied", "--break-at", "-1ev"), "there is none"),
                            (("--consent", "all_denied", "--break-at", "12 o'clock"), "wants a time")):
            done = self.call("run", FIRST_RUN, "--gdb", *words, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn(part, done.stderr)

    def debug_replay(self, recording, *words, commands):
        flags = [flag for command in commands for flag in ("--gdb-command", command)]
        done = self.call("replay", recording, "--firmware", self.firmware, *words, *flags, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.stderr = done.stderr
        return done.stdout


if __name__ == "__main__":
    unittest.main()
