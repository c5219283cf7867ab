"""What is generated is as the C++ code has it, and strict type checking passes over the package and the examples."""
import pathlib
import shutil
import subprocess
import sys

import dustproof
import pytest

needs_mypy = pytest.mark.skipif(not shutil.which("mypy", path="/usr/bin"), reason="needs Debian's mypy")
HINT = "ninja -C build/release stubs writes it anew"


def generate(root, script, *words):
    subprocess.run([sys.executable, "-B", root / "bindings" / script, *map(str, words)], check=True)


def test_the_classes_of_files_are_those_of_the_schemas(root, tmp_path):
    generate(root, "generate_config.py", dustproof._core.__file__, tmp_path)
    for kind in ("scenario", "home", "robot", "policy"):
        committed = root / f"bindings/python/dustproof/{kind}.py"
        assert committed.read_text() == (tmp_path / f"{kind}.py").read_text(), HINT


@needs_mypy
def test_the_stub_is_that_of_the_module(root, tmp_path):
    generate(root, "generate_stubs.py", pathlib.Path(dustproof.__file__).parents[1], tmp_path / "_core.pyi")
    assert (root / "bindings/python/dustproof/_core.pyi").read_text() == (tmp_path / "_core.pyi").read_text(), HINT


@needs_mypy
def test_strict_checking_passes(root, tmp_path):
    package = pathlib.Path(dustproof.__file__).parent
    examples = sorted((root / "bindings/examples").glob("*.py"))
    done = subprocess.run(["/usr/bin/mypy", "--strict", f"--cache-dir={tmp_path}", package, *examples], capture_output=True, text=True,
                          env={"MYPYPATH": str(package.parent), "PATH": "/usr/bin:/bin"}, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (package / "py.typed").exists()
