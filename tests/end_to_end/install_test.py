"""An installation elsewhere: firmware is built against it as its users build theirs, and run by it."""
import os
import pathlib
import shutil
import subprocess
import unittest

from process import BINARY, ProcessTest

BUILD = BINARY.parent.parent
CIRCLE_C = """
#include "hil/hal/dp_hal.h"
static void run(void) {
  const dp_clock_v1* hal_clock = dp_hal_query(DP_CLOCK, 1);
  const dp_drive_v1* drive = dp_hal_query(DP_DRIVE, 1);
  const dp_log_v1* log_port = dp_hal_query(DP_LOG, 1);
  log_port->write(DP_LOG_INFO, "going in circles");
  for (;;) {
    drive->set_velocity(-0.1f, -0.2f);
    hal_clock->sleep_us(50000);
  }
}
const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "circle", "2.1", run};
"""
# The same in C++, with a helper whose name is the harness's too.
CIRCLE_CC = """
#include <string>
#include <vector>
#include "hil/hal/dp_hal.h"
const char* zlibVersion() { return "mine"; }
namespace {
std::vector<std::string> lines = {"going in", "circles"};
void Run() {
  const auto* clock = static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1));
  const auto* log = static_cast<const dp_log_v1*>(dp_hal_query(DP_LOG, 1));
  for (const std::string& line : lines) log->write(DP_LOG_INFO, (line + zlibVersion()).c_str());
  for (;;) clock->sleep_us(1000000);
}
}  // namespace
extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "circle_cc", "2.1", Run};
"""
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(circles LANGUAGES C CXX)
find_package(Dustproof 0.1 REQUIRED)
dustproof_add_firmware(circle circle.c)
dustproof_add_firmware(circle_cc circle.cc)
file(WRITE ${CMAKE_BINARY_DIR}/program "${DUSTPROOF_EXECUTABLE}")
"""


class InstallTest(ProcessTest):
    def setUp(self):
        super().setUp()
        first = self.folder / "installed_here"
        self.tool("cmake", "--install", BUILD, "--prefix", first)
        # A package may be unpacked anywhere: nothing in it knows where it was made.
        self.prefix = self.folder / "prefix"
        shutil.move(first, self.prefix)
        self.program = self.prefix / "bin/dustproof"
        for name, text in (("circle.c", CIRCLE_C), ("circle.cc", CIRCLE_CC), ("CMakeLists.txt", PROJECT)):
            self.write(name, text)

    def tool(self, *words, **options):
        done = subprocess.run([str(w) for w in words], cwd=self.folder, text=True, capture_output=True, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def run_installed(self, firmware):
        scenario = self.prefix / "share/dustproof/scenarios/first_run.yaml"
        done = subprocess.run([str(self.program), "run", str(scenario), "--consent", "policy_refused", "--until", "20s",
                               "--firmware", str(firmware)], cwd=self.folder, text=True, capture_output=True)
        self.assertIn("duration after 20.0 simulated s", done.stderr, done.stderr)
        return done

    def test_a_cmake_project_elsewhere_builds_firmware_that_the_installation_runs(self):
        self.tool("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.tool("cmake", "--build", "build")
        self.assertEqual((self.folder / "build/program").read_text(), str(self.program))
        for name in ("circle", "circle_cc"):
            library = self.folder / f"build/{name}.so"
            symbols = self.tool("nm", "-D", "--defined-only", library).split()
            self.assertEqual(symbols[2::3], ["dp_firmware"], "a firmware exports itself and nothing else")
            self.run_installed(library)

    def test_pkg_config_is_enough(self):
        packages = next(self.prefix.rglob("dustproof-hal.pc")).parent
        environment = {**os.environ, "PKG_CONFIG_PATH": str(packages)}
        flags = self.tool("pkg-config", "--cflags", "dustproof-hal", env=environment).split()
        exports = self.tool("pkg-config", "--variable=exports", "dustproof-hal", env=environment).strip()
        self.tool("gcc", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", *flags,
                  f"-Wl,--version-script={exports}", "circle.c", "-o", "circle.so")
        self.run_installed("./circle.so")

    def test_the_installation_finds_what_it_brings(self):
        listed = {what: self.tool(self.program, "list", what).split() for what in ("firmware", "robots", "scenarios")}
        for name in ("bouncer", "eight_tasks", "thirty_lines", "vacuum"):
            self.assertIn(name, listed["firmware"])
        self.assertTrue(any(path.endswith("share/dustproof/scenarios/first_run.yaml") for path in listed["scenarios"]))
        self.assertTrue(any(path.endswith("vacuum/robot.yaml") for path in listed["robots"]))
        self.run_installed("thirty_lines")
        self.assertEqual(list(pathlib.Path(self.prefix / "include").rglob("*.cc")), [])

    def python(self, *words, **more):
        packages = self.prefix / "lib/python3/dist-packages"
        environment = {**{k: v for k, v in os.environ.items() if k != "DUSTPROOF"}, "PYTHONPATH": str(packages), **more}
        return self.tool("/usr/bin/python3", "-B", *words, env=environment)

    def test_the_python_package_is_a_distribution_that_finds_its_program(self):
        if not (self.prefix / "lib/python3/dist-packages/dustproof").exists():
            self.skipTest("built without the Python package")
        self.assertEqual(self.python("-m", "dustproof", "version"), "dustproof 0.1.0\n")
        self.assertEqual(self.python("-c", "import dustproof; print(dustproof.executable())").strip(), str(self.program))
        show = ("import importlib.metadata as m; d = m.distribution('dustproof'); print(d.version, d.read_text('INSTALLER').strip(), "
                "len(d.files), all(f.locate().is_file() for f in d.files), all(f.hash is None or "
                "f.read_binary() is not None for f in d.files), [e.value for e in d.entry_points if e.group == 'pytest11'])")
        version, installer, count, there, readable, plugin = self.python("-c", show).split(maxsplit=5)
        self.assertEqual((version, installer, there, readable), ("0.1.0", "cmake", "True", "True"))
        self.assertGreater(int(count), 10)
        has_plugin = (self.prefix / "lib/python3/dist-packages/dustproof/pytest_plugin.py").exists()
        self.assertEqual(plugin.strip(), "['dustproof.pytest_plugin']" if has_plugin else "[]")
        run = ("import dustproof, glob; r = dustproof.run(glob.glob('prefix/share/dustproof/scenarios/first_run.yaml')[0], 'policy_refused', "
               "until=5); print(r[0].end, r[0].sim_s)")
        self.assertEqual(self.python("-c", run), "duration 5.0\n")

    def test_pip_lists_the_python_package(self):
        if not pathlib.Path("/usr/bin/pip3").exists():
            self.skipTest("Debian's pip is not installed")
        self.assertRegex(self.python("-m", "pip", "list", "--disable-pip-version-check"), r"(?m)^dustproof +0\.1\.0$")


if __name__ == "__main__":
    unittest.main()
