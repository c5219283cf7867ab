"""Every header of hil/hal alone: strict C11 and C++17, without a warning, by gcc and by clang."""
import pathlib
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
HEADERS = sorted(path.relative_to(ROOT) for path in (ROOT / "hil/hal").glob("*.h"))
STRICT = ("-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsyntax-only")
COMPILERS = {"gcc": ("gcc", "g++"), "clang": ("clang-14", "clang++-14")}


class HeadersAloneTest(unittest.TestCase):
    def compile_with(self, family):
        c, cxx = COMPILERS[family]
        if shutil.which(cxx) is None:
            self.skipTest(f"{cxx} is not installed (packages.txt names it)")
        self.assertGreater(len(HEADERS), 5)
        for header in HEADERS:
            for command in ((c, "-std=c11", "-xc"), (cxx, "-std=c++17", "-xc++")):
                # From another folder: a header finds its neighbours by their full name.
                done = subprocess.run([*command, *STRICT, f"-I{ROOT}", "-"], input=f'#include "{header}"\n', cwd="/",
                                      text=True, capture_output=True)
                self.assertEqual(done.returncode, 0, f"{header} by {' '.join(command)}:\n{done.stderr}")

    def test_gcc(self):
        self.compile_with("gcc")

    def test_clang(self):
        self.compile_with("clang")


if __name__ == "__main__":
    unittest.main()
