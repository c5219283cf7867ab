"""Starts the binary as a user would, in a folder of the test's own."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
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


def verdicts(run, reading="strict", **wanted):
    """The run's verdict rows of one reading in which every named field has the value given."""
    return [v for v in run["verdicts"] if v["reading"] == reading and all(v[k] == w for k, w in wanted.items())]
