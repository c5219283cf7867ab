"""Starts the binary as a user would, in a folder of the test's own."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("DUSTPROOF", ROOT / "build/release/bin/dustproof"))
FIRST_RUN = ROOT / "scenarios/first_run.yaml"
LEAKS = ROOT / "tests/end_to_end/scenarios/leaks.yaml"


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dustproof-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def call(self, *words, timeout=600, **options):
        return subprocess.run([str(BINARY), *map(str, words)], cwd=self.folder, text=True, capture_output=True,
                              timeout=timeout, **options)

    def run_json(self, *words, expect=None):
        """`dustproof run … --json` as a list of runs; checks the exit code where `expect` names one."""
        done = self.call("run", *words, "--json")
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr)
        return json.loads(done.stdout)

    def build_firmware(self, body, name="dies", before="", hal_version="DP_HAL_VERSION"):
        """A shared object whose `main` executes `body`; `before` stands in front of it, for further functions."""
        source = self.write(f"{name}.c", f"""
            #include <math.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include <time.h>
            #include "hil/hal/dp_hal.h"
            {before}
            static void run(void) {{ {body} }}
            const dp_firmware_t dp_firmware = {{{hal_version}, "{name}", "1", run}};
            """)
        library = self.folder / f"{name}.so"
        subprocess.run(["gcc", "-g", "-shared", "-fPIC", "-D_GNU_SOURCE", "-I", str(ROOT), "-o", str(library), str(source),
                        "-lm"], check=True)
        return library

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


class WaitingRunTest(ProcessTest):
    """Runs that wait for a firmware to come, and what it says meanwhile."""
    LIMIT_S = 90  # For what takes a moment, on any machine.

    def start_run(self, *words, until="2s"):
        self.errors = open(self.folder / "errors", "w+")
        self.addCleanup(self.errors.close)
        run = subprocess.Popen([BINARY, "run", FIRST_RUN, "--json", "--until", until, "--consent", "policy_refused", "--out", "out", *map(str, words)],
                               cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=self.errors)
        self.addCleanup(run.kill)
        return run

    def said(self):
        return (self.folder / "errors").read_text()

    def wait_for(self, pattern):
        limit = time.monotonic() + self.LIMIT_S
        while time.monotonic() < limit:
            if found := re.search(pattern, self.said(), re.M):
                return found
            time.sleep(0.02)
        self.fail(f"nothing like {pattern!r} in: {self.said()}")

    def end(self, run):
        out, _ = run.communicate(timeout=self.LIMIT_S)
        return run.returncode, json.loads(out)[0]


def verdicts(run, reading="strict", **wanted):
    """The run's verdict rows of one reading in which every named field has the value given."""
    return [v for v in run["verdicts"] if v["reading"] == reading and all(v[k] == w for k, w in wanted.items())]
