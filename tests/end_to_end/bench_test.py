"""Boards of a bench. They are processes here: a reset starts one, and it comes to its run by itself."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree as ElementTree

from process import BINARY, FIRST_RUN, ProcessTest

FIRMWARE = BINARY.parents[1] / "lib/firmware/vacuum"
LIMIT_S = 120

START = ('setsid env DUSTPROOF_LINK=$DUSTPROOF_LINK $DUSTPROOF_FIRMWARE >/dev/null 2>&1 </dev/null & echo $! > $DUSTPROOF_BOARD.pid')


class BenchTest(ProcessTest):
    def write_bench(self, *boards, more=""):
        """Each board: its name and lines of YAML."""
        text = f"kind: bench\nformat_version: 1\nstate: state\n{more}boards:\n"
        for name, lines in boards:
            text += f"  - name: {name}\n    link: ipc://{self.folder}/{name}.link\n"
            text += "".join(f"    {line}\n" for line in lines)
        (self.folder / "bench.yaml").write_text(text)

    def bench(self, *words):
        return self.call("bench", *words)

    def run_bench(self, *words):
        done = self.bench("run", FIRST_RUN, "--consent", "policy_refused", "--until", "3s", "--firmware", FIRMWARE, "--json", "--out", "out", *words)
        return done, json.loads(done.stdout) if done.stdout.startswith("[") else []

    def board(self, *lines):
        return [f"labels: [small]\n    reset: {{run: '{START}'}}", *lines]

    def test_four_boards_run_at_once(self):
        self.write_bench(*((name, self.board("probe: {run: 'true'}", "factory_reset: {run: 'grep -q wifi_password $DUSTPROOF_SECRETS_FILE'}"))
                           for name in ("a", "b", "c", "d")))
        done, rows = self.run_bench("--label", "small", "--all", "--repeat", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted((row["board"], row["repetition"]) for row in rows), [(b, i) for b in "abcd" for i in (1, 2)])
        self.assertTrue(all(row["factory_state"] for row in rows))
        run = json.loads((self.folder / "out/a-1/report.json").read_text())[0]
        self.assertEqual((run["board"], run["firmware_kind"], run["end"]), ("a", "board", "duration"))
        self.assertTrue((self.folder / "out/d-2/policy_refused.mcap").exists())
        suite = ElementTree.parse(self.folder / "out/junit.xml").find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("errors")), ("8", "0"))
        self.assertNotIn("held", self.bench("list").stdout)

    def test_a_board_as_it_was_found_says_so(self):
        self.write_bench(("a", self.board()))
        done, rows = self.run_bench()
        self.assertEqual(done.returncode, 0, done.stderr)
        run = json.loads((self.folder / "out/a/report.json").read_text())[0]
        self.assertTrue(any("not put into factory state" in str(warning) for warning in run["warnings"]))

    def test_another_build_is_refused_and_the_right_one_recorded(self):
        self.write_bench(("a", self.board("build: r42", "build_id: {run: 'echo r41'}")))
        done, rows = self.run_bench()
        self.assertEqual(done.returncode, 3)
        self.assertIn("runs build 'r41', and not 'r42'", rows[0]["message"])
        self.assertEqual(ElementTree.parse(self.folder / "out/junit.xml").find("testsuite").get("errors"), "1")
        self.bench("check")
        self.write_bench(("a", self.board("build_id: {run: \"readelf -n $DUSTPROOF_FIRMWARE | sed -n 's/ *Build ID: //p'\"}")))
        done = self.bench("run", FIRST_RUN, "--consent", "policy_refused", "--until", "3s", "--firmware", FIRMWARE, "--json", "--out", "again")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)[0]["build_id"]), 40)

    def test_a_board_that_failed_its_probe_is_refused_until_it_passes(self):
        self.write_bench(("a", self.board("probe: {run: 'test -e well'}")))
        done, rows = self.run_bench()
        self.assertEqual(done.returncode, 3)
        self.assertIn("probe", rows[0]["message"])
        self.assertIn("not well", self.bench("list").stdout)
        (self.folder / "well").touch()
        done = self.bench("run", FIRST_RUN, "--out", "second", "--json")
        self.assertEqual(done.returncode, 3)
        self.assertIn("bench check", json.loads(done.stdout)[0]["message"])
        self.assertEqual(self.bench("check", "a").returncode, 0)
        self.assertNotIn("not well", self.bench("list").stdout)

    def test_a_check_says_in_json_what_it_found(self):
        self.write_bench(("a", self.board("probe: {run: 'true'}")), ("b", self.board("probe: {run: 'echo no answer; exit 4'}")), ("c", self.board()))
        begin = int(time.time())
        done = self.bench("check", "--json")
        self.assertEqual(done.returncode, 3)
        rows = json.loads(done.stdout)
        self.assertEqual([(row["name"], row["well"], row["probed"], row["unchecked"]) for row in rows], [("a", True, True, ""), ("b", False, True, ""), ("c", True, False, "")])
        self.assertEqual([bool(row["problem"]) for row in rows], [False, True, False])
        self.assertRegex(rows[1]["problem"], r"exit code 4, its last words: no answer$")
        self.assertTrue(all(begin <= row["checked_unix_s"] <= time.time() + 1 for row in rows), rows)
        done = self.bench("check", "a", "--json")
        self.assertEqual((done.returncode, [row["name"] for row in json.loads(done.stdout)]), (0, ["a"]))

    def test_a_check_of_a_held_board_says_in_json_why_there_is_none(self):
        self.write_bench(("a", ["reset: {run: 'true'}", "boot_timeout: 10min"]))
        holder = subprocess.Popen(list(map(str, [BINARY, "bench", "run", FIRST_RUN, "--consent", "policy_refused", "--firmware", FIRMWARE, "--out", "held"])),
                                  cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        limit = time.monotonic() + LIMIT_S
        while "held by" not in self.bench("list").stdout and time.monotonic() < limit:
            time.sleep(0.05)
        done = self.bench("check", "--json")
        row, = json.loads(done.stdout)
        self.assertEqual((done.returncode, row["checked_unix_s"]), (3, None))
        self.assertIn("a is held by", row["unchecked"])

    def test_a_recovery_is_tried_once(self):
        self.write_bench(("a", self.board("probe: {run: 'test -e well'}", "recover: {run: 'touch well'}")))
        self.assertEqual(self.run_bench()[0].returncode, 0)

    def test_a_command_that_hangs_is_ended(self):
        self.write_bench(("a", self.board("flash: {run: 'sleep 1000 & sleep 1000', timeout: 300ms}")))
        done, rows = self.run_bench()
        self.assertEqual(done.returncode, 3)
        self.assertIn("was not done within 300ms", rows[0]["message"].replace(" ms", "ms"))

    def test_a_board_that_does_not_come_is_the_benchs_fault(self):
        self.write_bench(("a", ["reset: {run: 'true'}", "boot_timeout: 1s"]))
        done, rows = self.run_bench()
        self.assertEqual(done.returncode, 3)
        self.assertIn("no board came to", rows[0]["message"])
        self.assertEqual(ElementTree.parse(self.folder / "out/junit.xml").find("testsuite").get("errors"), "1")

    def test_a_reset_that_fails_ends_the_wait_at_once(self):
        self.write_bench(("a", ["reset: {run: 'echo no relay; exit 5'}", "boot_timeout: 10min"]))
        done, rows = self.run_bench()
        self.assertEqual(done.returncode, 3)
        self.assertIn("exit code 5, its last words: no relay", rows[0]["message"])

    def test_locks_are_kept_given_back_and_taken_over(self):
        self.write_bench(("a", self.board()), ("b", self.board()))
        self.assertEqual(self.bench("lock", "a", "--reason", "soldering").returncode, 0)
        listed = self.bench("list")
        self.assertIn("soldering", listed.stdout, listed.stderr)
        self.assertEqual(self.bench("lock", "a").returncode, 3)
        done, rows = self.run_bench("--board", "a")
        self.assertEqual(done.returncode, 3)
        self.assertIn("soldering", rows[0]["message"])
        self.assertEqual(self.bench("unlock", "a").returncode, 0)
        self.assertEqual(self.bench("unlock", "a").returncode, 2)

    def test_a_dead_owners_board_is_free_and_a_live_ones_is_waited_for(self):
        self.write_bench(("a", ["reset: {run: 'true'}", "boot_timeout: 10min"]))
        words = [BINARY, "bench", "run", FIRST_RUN, "--consent", "policy_refused", "--firmware", FIRMWARE, "--out", "held"]
        holder = subprocess.Popen(list(map(str, words)), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.kill)
        limit = time.monotonic() + LIMIT_S
        while "held by" not in self.bench("list").stdout and time.monotonic() < limit:
            time.sleep(0.05)
        done, rows = self.run_bench("--wait", "300ms")
        self.assertIn("no board came free", rows[0]["message"])
        self.write_bench(("a", self.board()))
        holder.kill()
        holder.wait()
        done = self.bench("run", FIRST_RUN, "--consent", "policy_refused", "--until", "3s", "--firmware", FIRMWARE, "--out", "second")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("which has died", done.stderr)

    def test_never_two_at_once(self):
        take = "mkdir taken && sleep 0.2 && rmdir taken"
        self.write_bench(("a", self.board(f"flash: {{run: '{take}'}}")))
        def start(i):
            return subprocess.Popen(list(map(str, [BINARY, "bench", "run", FIRST_RUN, "--consent", "policy_refused", "--until", "2s", "--firmware", FIRMWARE,
                                                   "--wait", "2min", "--out", f"out{i}"])), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        runs = [start(i) for i in range(3)]
        for run in runs:
            _, errors = run.communicate(timeout=LIMIT_S)
            self.assertEqual(run.returncode, 0, errors)

    def test_the_benchs_own_tool_reserves_and_gives_back(self):
        self.write_bench(("a", self.board("acquire: {run: 'mkdir reserved'}", "release: {run: 'rmdir reserved'}", "probe: {run: 'test -d reserved'}")),
                         more="provider: command\n")
        self.assertEqual(self.run_bench()[0].returncode, 0)
        self.assertFalse((self.folder / "reserved").exists())

    def test_the_console_is_recorded_and_judged(self):
        self.write_bench(("a", self.board("factory_reset: {run: 'cp $DUSTPROOF_SECRETS_FILE secrets.json'}",
                                          "console: {command: 'sleep 0.5; tr -d \" \" < secrets.json; exec sleep 1000'}")))
        done, rows = self.run_bench()
        run = json.loads((self.folder / "out/a/report.json").read_text())[0]
        self.assertEqual(run["end"], "duration", done.stderr)
        password = json.loads((self.folder / "secrets.json").read_text())["wifi_password"][0]
        found = [f for f in run["findings"] if f["category"] == "wifi_password"]
        self.assertTrue(any("uart" in str(f) for f in found), run["findings"])
        self.assertGreater(len(password), 8)

    def test_a_console_that_ends_leaves_nothing_passed(self):
        self.write_bench(("a", self.board("console: {command: 'echo hello'}")))
        self.run_bench()
        run = json.loads((self.folder / "out/a/report.json").read_text())[0]
        self.assertNotIn("pass", {v["verdict"] for v in run["verdicts"]})

    def test_each_consent_configuration_meets_a_board_as_new(self):
        self.write_bench(("a", self.board("factory_reset: {run: 'echo reset >> resets'}")))
        done = self.bench("run", FIRST_RUN, "--until", "1s", "--json", "--out", "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        runs = json.loads((self.folder / "out/a/report.json").read_text())
        self.assertGreater(len(runs), 1)
        self.assertEqual((self.folder / "resets").read_text().count("reset"), len(runs))

    def test_no_two_runs_plant_the_same(self):
        self.write_bench(*((name, self.board("factory_reset: {run: 'cksum < $DUSTPROOF_SECRETS_FILE >> sums'}")) for name in ("a", "b")))
        done, _ = self.run_bench("--all", "--label", "small", "--repeat", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        sums = (self.folder / "sums").read_text().splitlines()
        self.assertEqual((len(sums), len(set(sums))), (4, 4))

    def test_a_command_that_outlives_its_owner_keeps_the_board(self):
        self.write_bench(("a", self.board("flash: {run: 'echo begin >> order; sh -c \"sleep 1; echo end >> order\"'}")))
        words = list(map(str, [BINARY, "bench", "run", FIRST_RUN, "--consent", "policy_refused", "--until", "1s", "--firmware", FIRMWARE, "--out"]))
        owner = subprocess.Popen([*words, "first"], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.monotonic() + LIMIT_S
        while not (self.folder / "order").exists() and time.monotonic() < limit:
            time.sleep(0.02)
        owner.kill()
        owner.wait()
        done = self.call("bench", "run", *words[3:], "second", "--wait", "1min")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.folder / "order").read_text().split(), ["begin", "end", "begin", "end"])

    def test_a_board_that_others_hold_is_left_alone(self):
        self.write_bench(("a", ["reset: {run: 'true'}", "boot_timeout: 10min", "probe: {run: 'touch probed'}", "power_off: {run: 'touch off'}"]))
        words = [BINARY, "bench", "run", FIRST_RUN, "--consent", "policy_refused", "--firmware", FIRMWARE, "--out", "held"]
        holder = subprocess.Popen(list(map(str, words)), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(holder.kill)
        limit = time.monotonic() + LIMIT_S
        while not (self.folder / "held/a/policy_refused.mcap").exists() and time.monotonic() < limit:
            time.sleep(0.05)
        (self.folder / "probed").unlink()
        self.assertEqual(self.bench("power", "a", "off").returncode, 3)
        self.assertEqual(self.bench("check", "a").returncode, 3)
        self.assertFalse((self.folder / "probed").exists() or (self.folder / "off").exists())
        self.assertEqual(self.bench("power", "a", "off", "--force").returncode, 0)
        holder.send_signal(signal.SIGINT)
        self.assertEqual(holder.wait(LIMIT_S), 3)
        holder.stderr.close()

    def test_ctrl_c_ends_a_wait_and_a_command(self):
        self.write_bench(("a", self.board("flash: {run: 'touch flashing; sleep 1000', timeout: 1h}")), ("b", self.board()))
        self.bench("lock", "b")
        for board, sign in (("a", "flashing"), ("b", "out-b")):
            run = subprocess.Popen(list(map(str, [BINARY, "bench", "run", FIRST_RUN, "--board", board, "--wait", "1h", "--out", f"out-{board}"])), cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(run.kill)
            limit = time.monotonic() + LIMIT_S
            while not (self.folder / sign).exists() and time.monotonic() < limit:
                time.sleep(0.02)
            run.send_signal(signal.SIGINT)
            self.assertEqual(run.wait(LIMIT_S), 3)

    def test_a_serial_device_that_is_not_plugged_in_is_no_well_board(self):
        (self.folder / "bench.yaml").write_text("kind: bench\nformat_version: 1\nstate: state\nboards:\n  - {name: a, link: 'serial:usb=NO-SUCH-1@9600'}\n"
                                                "  - {name: b, link: 'ipc:///x', console: {udev_path: no-such-place}}\n")
        done = self.bench("check")
        self.assertEqual(done.returncode, 3)
        self.assertIn("a  no serial device with the USB serial number 'NO-SUCH-1'", done.stdout)
        self.assertRegex(done.stdout, r"b  \S*bench.yaml:6:\d+: no serial device at 'no-such-place'")

    def test_power(self):
        self.write_bench(("a", ["power_on: {run: 'touch on'}", "power_off: {run: 'rm on'}"]))
        self.assertEqual(self.bench("power", "a", "on").returncode, 0)
        self.assertTrue((self.folder / "on").exists())
        self.assertEqual(self.bench("power", "a", "cycle").returncode, 0)
        self.assertEqual(self.bench("power", "a", "off").returncode, 0)
        self.assertFalse((self.folder / "on").exists())

    def test_mistakes_are_all_told_with_their_lines(self):
        (self.folder / "bench.yaml").write_text("kind: bench\nformat_version: 1\nboards:\n  - {name: 'a b', link: http://x, powr_on: {run: x}}\n"
                                                "  - {name: c, link: ipc:///x, console: {}}\n  - {name: c, link: ipc:///x}\n")
        done = self.bench("list")
        self.assertEqual(done.returncode, 2)
        for told in ("bench.yaml:4", "letters, digits", "ipc:///PATH", "did you mean 'power_on'", "exactly one of device", "two boards are named 'c'"):
            self.assertIn(told, done.stderr)
        (self.folder / "bench.yaml").write_text("kind: bench\nformat_version: 1\nboards:\n  - {name: b, link: ipc:///x}\n  - {name: c, link: ipc:///x}\n")
        self.assertIn("two boards have the link ipc:///x", self.bench("list").stderr)
        self.write_bench(("a", self.board()))
        self.assertIn("knows no board 'z'", self.run_bench("--board", "z")[0].stderr)
        self.assertIn("no board has all of these labels: big", self.run_bench("--label", "big")[0].stderr)


if __name__ == "__main__":
    unittest.main()
