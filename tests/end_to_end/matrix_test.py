"""A matrix: branches are true, the same table however it came about, and nothing lost or run twice."""
import json
import os
import resource
import signal
import socket
import subprocess
import time
import unittest
import xml.etree.ElementTree as ElementTree

from process import BINARY, ROOT, ProcessTest

SCENARIO = """kind: scenario
format_version: 1
home: {root}/scenarios/homes/studio.yaml
robot: {root}/robots/vacuum/robot.yaml
policy: {root}/scenarios/policies/jt_innovation.yaml
firmware: {firmware}
duration: 20min
cloud_host: iot.jt-innovation.example
parties:
  - {{key: vendor_cloud_cn, organisation: JT-Innovation, role: first_party, region: CN, hosts: [iot.jt-innovation.example]}}
consents: [C_POLICY, C_MAP_UPLOAD, C_IMPROVE]
consent_configurations:
  denied: {{others: denied, answers: {{C_POLICY: granted}}}}
  map_late:
    others: denied
    answers: {{C_POLICY: granted}}
    changes: [{{at: 33s, consent: C_MAP_UPLOAD, state: granted}}]
  map_late_and_back:
    others: denied
    answers: {{C_POLICY: granted}}
    changes: [{{at: 33s, consent: C_MAP_UPLOAD, state: granted}}, {{at: 44444ms, consent: C_MAP_UPLOAD, state: withdrawn}}]
  improve_late:
    others: denied
    answers: {{C_POLICY: granted}}
    changes: [{{at: 33s, consent: C_IMPROVE, state: granted}}]
  granted: {{others: granted}}
script:
  - {{at: 2s, do: pair}}
  - {{at: 25s, do: clean}}
"""


DASK = subprocess.run(["/usr/bin/python3", "-c", "import distributed"], stderr=subprocess.DEVNULL).returncode == 0
UNTIL = ["--until", "50s"]  # What a run that was ended by a person did not come to is excused.


class MatrixTest(ProcessTest):
    def scenario(self, firmware="vacuum"):
        return self.write("flat.yaml", SCENARIO.format(root=ROOT, firmware=firmware))

    def matrix(self, *words, expect=0):
        done = self.call("matrix", *words, *UNTIL)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def cells(self, folder):
        return json.loads((self.folder / folder / "matrix.json").read_text())["matrix"]

    def test_branches_have_the_bits_of_whole_runs_and_their_verdicts(self):
        flat = self.scenario()
        self.matrix(flat, "--workers", 1, "--keep", "all", "--out", "m")
        for cell in self.cells("m"):
            out = f"whole-{cell['consent']}"
            whole = self.run_json(flat, "--answers", cell["answers"], "--consent", cell["consent"], "--out", out, *UNTIL, expect=0)[0]
            self.assertEqual(whole["hash"], cell["outcome"]["hash"], cell["cell"])
            same = self.call("diff", f"m/{cell['recording']}", f"{out}/{cell['consent']}.mcap")
            self.assertEqual(same.returncode, 0, same.stdout)
            self.assertIn("the same:", same.stdout)
        self.assertEqual(len({c["outcome"]["hash"] for c in self.cells("m")}), 5)  # None of them by accident.

    def test_a_kept_recording_is_replayed(self):
        self.matrix(self.scenario(), "--workers", 2, "--keep", "all", "--out", "m")
        again = self.call("replay", "m/recordings/flat.map_late_and_back.seed1.mcap")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)

    def test_the_table_is_the_same_however_it_came_about(self):
        flat = self.scenario()
        words = [flat, "--seeds", "4-5"]
        self.matrix(*words, "--workers", 1, "--out", "one")
        self.matrix(*words, "--workers", 2, "--out", "two")
        table = (self.folder / "one/matrix.json").read_bytes()
        self.assertEqual((self.folder / "two/matrix.json").read_bytes(), table)
        self.assertIn(b"seed5", table)
        for kill_at in (1, 4, 7):
            self.kill_after(kill_at, words)
        before = {p.name: p.stat().st_mtime_ns for p in (self.folder / "three/cells").iterdir()}
        self.assertGreaterEqual(len(before), 7)
        self.matrix(*words, "--workers", 2, "--out", "three", "--resume")
        self.assertEqual((self.folder / "three/matrix.json").read_bytes(), table)
        for name, when in before.items():  # Whoever was done was not run again.
            self.assertEqual((self.folder / "three/cells" / name).stat().st_mtime_ns, when, name)

    def kill_after(self, cells, words):
        """Kills a matrix, its coordinator alone, once so many cells are there."""
        resume = ["--resume"] if (self.folder / "three").exists() else []
        child = subprocess.Popen([str(BINARY), "matrix", *map(str, words), *UNTIL, "--workers", "2", "--out", "three", *resume],
                                 cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        results = self.folder / "three/cells"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and child.poll() is None:
            if results.exists() and sum(p.suffix == ".json" for p in results.iterdir()) >= cells:
                break
            time.sleep(0.01)
        child.kill()
        child.wait()

    def test_a_worker_that_is_killed_is_replaced(self):
        child = subprocess.Popen([str(BINARY), "matrix", str(self.scenario()), *UNTIL, "--workers", "1", "--out", "m"],
                                 cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertTrue(self.kill_first_worker(child.pid))
        out, err = child.communicate(timeout=300)
        self.assertEqual(child.returncode, 0, out + err)
        self.assertIn("are tried again", err)
        self.assertIn("5 cells: 5 pass", out)

    def kill_first_worker(self, pid):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for child in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split():
                if (self.folder / "m/work").exists() and any((self.folder / "m/work").glob("*.mcap")):
                    os.kill(int(child), signal.SIGKILL)
                    return True
            time.sleep(0.01)
        return False

    def cluster(self, workers):
        """A Dask scheduler on this machine's loopback, and workers of one thread each; its address."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        address = f"127.0.0.1:{port}"
        log = open(self.folder / "dask.log", "w")
        self.addCleanup(log.close)

        def start(*words):
            child = subprocess.Popen(["/usr/bin/python3", "-m", *words], cwd=self.folder, stdout=log, stderr=log)
            self.addCleanup(lambda: (child.kill(), child.wait()))
            return child
        scheduler = start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")
        for _ in range(workers):
            start("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        deadline = time.monotonic() + 60
        while (self.folder / "dask.log").read_text().count("Registered to") < workers and time.monotonic() < deadline:
            time.sleep(0.05)
        return address, scheduler

    @unittest.skipUnless(DASK, "needs python3-distributed")
    def test_a_cluster_gives_the_same_table(self):
        flat = self.scenario()
        address, scheduler = self.cluster(2)
        self.matrix(flat, "--scheduler", address, "--out", "cluster")
        self.matrix(flat, "--workers", 1, "--out", "one")
        self.assertEqual((self.folder / "cluster/matrix.json").read_bytes(), (self.folder / "one/matrix.json").read_bytes())

    @unittest.skipUnless(DASK, "needs python3-distributed")
    def test_a_cluster_that_is_not_there_is_told(self):
        done = self.matrix(self.scenario(), "--scheduler", "127.0.0.1:9", "--out", "m", expect=3)
        self.assertIn("--scheduler: no Dask scheduler answers at 127.0.0.1:9", done.stderr)
        self.assertFalse((self.folder / "m").exists())

    def test_firmware_that_dies_is_a_result_of_its_cells(self):
        dies = self.build_firmware("""
            const dp_clock_v1* clock = dp_hal_query("clock", 1);
            clock->sleep_us(30000000);
            abort();""")
        done = self.matrix(self.scenario(firmware=dies), "--workers", 2, "--out", "m", expect=1)
        self.assertIn("5 cells: 0 pass, 5 fail", done.stdout)
        self.assertIn("the firmware died", done.stdout)
        self.assertEqual([c["outcome"]["end"] for c in self.cells("m")], ["firmware_died"] * 5)
        self.assertEqual(len(list((self.folder / "m/recordings").iterdir())), 1)  # One for each way to fail.
        suite = ElementTree.parse(self.folder / "m/junit.xml").find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("5", "5", "0"))
        self.assertIn("the firmware died", suite.find("testcase/failure").get("message"))
        self.assertIn("again: dustproof run ", suite.find("testcase/failure").text)
        self.assertIn("in 5 of 5 cells, in every cell", (self.folder / "m/summary.md").read_text())

    HANGS = """
        const dp_clock_v1* clock = dp_hal_query("clock", 1);
        clock->sleep_us(40000000);
        for (volatile int i = 0;; ++i) {}"""

    # After its branches have parted: each of them computes for as long as the supervisor allows. Beside it a scenario whose firmware is well.
    def test_firmware_that_hangs_ends_its_cells_alone(self):
        hangs = self.write("hangs.yaml", SCENARIO.format(root=ROOT, firmware=self.build_firmware(self.HANGS, name="hangs")))
        few = self.consents("configurations:\n  no: C_POLICY=granted\n  yes: C_POLICY=granted,C_IMPROVE=granted\n")
        done = self.matrix(self.scenario(), hangs, "--consents", few, "--workers", 2, "--out", "m", expect=1)
        self.assertIn("4 cells: 2 pass, 2 fail, 0 infeasible, 0 undone", done.stdout)
        self.assertIn("the firmware died", done.stdout)
        for cell in self.cells("m"):
            ended = cell["outcome"]["end"]
            if cell["scenario"] == "flat":
                self.assertEqual((cell["state"], ended), ("pass", "duration"))
                continue
            self.assertEqual((cell["state"], ended), ("fail", "firmware_died"))
            self.assertAlmostEqual(cell["outcome"]["sim_s"], 40, delta=0.1)
            for part in ("an endless loop without a blocking HAL call?", "task: main", "last HAL call: clock.sleep_us"):
                self.assertIn(part, cell["outcome"]["diagnosis"])
        self.assertIn("the same", self.call("replay", "m/recordings/hangs.no.seed1.mcap", "--firmware", "hangs.so").stdout)

    def test_a_report_that_is_interrupted_leaves_the_former_one_whole(self):
        flat = self.scenario()
        self.matrix(flat, "--workers", 2, "--out", "m")
        reports = [self.folder / "m" / name for name in ("matrix.json", "matrix.html", "junit.xml", "summary.md")]
        before = [path.read_bytes() for path in reports]
        no_room = self.call("matrix", flat, *UNTIL, "--out", "m", "--resume", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)))
        self.assertEqual(no_room.returncode, 3, no_room.stderr)
        self.assertIn("matrix.json': File too large", no_room.stderr)
        self.assertEqual([path.read_bytes() for path in reports], before)
        for signum in (signal.SIGKILL, signal.SIGINT):
            for moment in range(10):
                self.stop_at_first_report(flat, signum, moment)
                self.assertEqual([path.read_bytes() for path in reports], before, (signum, moment))
        (self.folder / "m/matrix.html.1.part").write_text("of one that was killed")
        self.assertIn("5 cells: 5 pass", self.matrix(flat, "--out", "m", "--resume").stdout)
        self.assertEqual([path.read_bytes() for path in reports], before)
        self.assertFalse(list((self.folder / "m").rglob("*.part")))

    def stop_at_first_report(self, flat, signum, moment):
        """Goes on in a matrix that is done, which only writes its reports, and stops it when one of them is replaced or begun."""
        was = (self.folder / "m/matrix.json").stat().st_ino
        child = subprocess.Popen([str(BINARY), "matrix", str(flat), *UNTIL, "--out", "m", "--resume"], cwd=self.folder,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None:
            begun = (self.folder / "m/matrix.json").stat().st_ino != was or any((self.folder / "m").glob("*.part"))
            if begun:
                time.sleep(moment * 0.0002)
                child.send_signal(signum)
                break
        child.wait(60)

    def test_a_full_disk_leaves_cells_undone_and_says_so(self):
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        done = self.call("matrix", self.scenario(), *UNTIL, "--out", "m", preexec_fn=small_files)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertIn("5 cells are left; the same command with --out m --resume goes on", done.stderr)
        self.assertIn("5 cells: 5 pass", self.matrix(self.scenario(), "--out", "m", "--resume").stdout)

    def test_a_file_system_without_room_is_the_same(self):
        (self.folder / "small").mkdir()
        if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", self.folder / "small"], capture_output=True).returncode != 0:
            self.skipTest("no file system can be mounted here")
        # With room again the same folder goes on, to the end.
        script = ('mount -t tmpfs -o size=400k tmpfs small && "$@"; first=$?; ls small/m/cells >&2; mount -o remount,size=400m small; '
                  '"$@" --resume; second=$?; exit $((10 * first + second))')
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", BINARY, "matrix", self.scenario(), *UNTIL, "--out", "small/m"],
                              cwd=self.folder, text=True, capture_output=True, timeout=600)
        self.assertEqual(done.returncode, 30, done.stdout + done.stderr)
        self.assertIn("No space left on device", done.stderr)
        self.assertIn("cells are left; the same command with --out small/m --resume goes on", done.stderr)
        self.assertIn("5 cells: 5 pass", done.stdout)

    def test_two_matrices_in_one_folder_are_refused(self):
        flat = self.scenario()
        first = subprocess.Popen([str(BINARY), "matrix", str(flat), "--workers", "1", "--out", "m"], cwd=self.folder,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (self.folder / "m/cells").exists():
            time.sleep(0.01)
        second = self.matrix(flat, "--out", "m", "--resume", expect=3)
        self.assertIn("another matrix works in 'm'", second.stderr)
        first.send_signal(signal.SIGINT)
        self.assertEqual(first.wait(60), 3)
        self.assertFalse(list((self.folder / "m/recordings").glob("*")))  # Of cells that are not done nothing stays.

    def consents(self, text):
        return self.write("consents.yaml", "kind: consents\nformat_version: 1\n" + text)

    def test_mistakes_in_a_file_of_consents_are_told_at_their_line(self):
        flat = self.scenario()
        for text, told in (
                ("levels:\n  C_MAP_UPLOAD: granted\n  C_IMPROVE: maybe\n", "5:14: levels.C_IMPROVE: 'maybe' is none of unset, granted, denied, withdrawn"),
                ("levels:\n  C_MAP_UPLOAD: granted granted\n", "4:17: levels.C_MAP_UPLOAD: 'granted' stands there twice"),
                ("configurations:\n  a: C_POLICY=granted\n  ../b: C_POLICY=granted\n", "5:9: configurations.../b: a configuration's name names files"),
                ("configurations:\n  control: C_POLICY=granted\n", "4:12: configurations.control: is the name of the cell that shows the ways out"),
                ("levels: {C_IMPROVE: granted denied}\nconfigurations:\n  all-1: C_POLICY=granted\n", "5:10: configurations.all-1: is the name of a combination"),
                ("levels: {C_POLICY: denied, others: granted}\ncombine: pairwise\n", "4:10: combine: the policy's constraints between consents allow none of the"),
                ("levels: {others: granted denied unset}\ncombine: 7-wise\n", "4:10: combine: must be all, pairwise or 3-wise to 6-wise, got '7-wise'")):
            done = self.matrix(flat, "--consents", self.consents(text), "--out", "m", expect=2)
            self.assertIn(f"consents.yaml:{told}", done.stderr)
            self.assertFalse((self.folder / "m").exists(), text)

    def test_what_comes_too_late_is_said(self):
        late = self.consents("levels:\n  C_MAP_UPLOAD: granted withdrawn@3min\n  others: denied\n")
        done = self.matrix(self.scenario(), "--consents", late, "--dry-run")
        self.assertIn("consents.yaml:4:17: levels.C_MAP_UPLOAD: C_MAP_UPLOAD withdrawn at 3min: comes after the run's end at 50s: it never happens", done.stdout)

    # A change at the start was no time to the processes of the cells, which stopped.
    def test_a_change_at_the_very_start_is_a_change(self):
        flat = self.scenario()
        flat.write_text(flat.read_text().replace("at: 33s, consent: C_IMPROVE", "at: 0s, consent: C_IMPROVE"))
        self.assertIn("5 cells: 5 pass", self.matrix(flat, "--workers", 1, "--out", "m").stdout)
        cell = next(c for c in self.cells("m") if c["consent"] == "improve_late")
        whole = self.run_json(flat, "--answers", cell["answers"], "--consent", cell["consent"], "--out", "w", *UNTIL, expect=0)[0]
        self.assertEqual(whole["hash"], cell["outcome"]["hash"])

    def test_which_configurations_are_taken_is_said(self):
        flat = self.scenario()
        own = self.matrix(flat, "--dry-run").stdout
        self.assertIn("5 cells in", own)
        self.assertIn("the scenario's own configurations, since --consents names no others", own)
        process = self.matrix(flat, "--kind", "process", "--dry-run").stdout
        self.assertIn("4 cells in 4 groups", process)  # Two consents beside the policy's.
        self.assertIn("pairwise, since firmware of kind process can't be branched; --consents says otherwise", process)
        self.assertNotIn("since", self.matrix(flat, "--kind", "process", "--consents", "all", "--dry-run").stdout)
        flat.write_text(flat.read_text().replace("consents: [C_POLICY, C_MAP_UPLOAD, C_IMPROVE]\n", ""))
        unlisted = self.matrix(flat, "--kind", "process", "--dry-run").stdout
        self.assertIn("the scenario's own configurations, since it lists no consents to combine", unlisted)
        self.assertIn("5 cells in 5 groups", unlisted)

    def test_mistakes_are_told(self):
        flat = self.scenario()
        self.assertIn("--seeds: must be a seed or two with a dash", self.matrix(flat, "--seeds", "9-1", expect=2).stderr)
        self.assertIn("more than 10000 cells", self.matrix(flat, "--seeds", "1-9999", expect=2).stderr)
        self.assertIn("holds no matrix", self.matrix(flat, "--out", "nowhere", "--resume", expect=2).stderr)
        self.assertIn("no consent 'C_MPA_UPLOAD'; did you mean 'C_MAP_UPLOAD'?",
                      self.call("run", flat, "--answers", "C_MPA_UPLOAD=granted", "--out", "x").stderr)
        for answers, why in (("C_POLICY", "is not CONSENT=STATE"), ("C_POLICY=maybe", "none of unset, granted, denied, withdrawn"),
                             ("C_POLICY=granted/denied", "needs its time"), ("C_POLICY=granted/denied@soon", "is no time after the start"),
                             ("C_POLICY=granted,C_POLICY=denied", "twice")):
            self.assertIn(why, self.call("run", flat, "--answers", answers, "--out", "x").stderr)


if __name__ == "__main__":
    unittest.main()
