#!/usr/bin/env python3
"""Writes PACKAGES/dustproof-VERSION.dist-info, by which pip and importlib.metadata know an installed package.

    write_dist_info.py PACKAGES VERSION
"""
import base64
import hashlib
import pathlib
import sys

METADATA = """\
Metadata-Version: 2.1
Name: dustproof
Version: {version}
Summary: How a home robot drives, and what it tells the cloud: simulator and privacy test harness
Requires-Python: >=3.11,<3.12
Requires-Dist: numpy
"""
PYTEST_PLUGIN = "[pytest11]\ndustproof = dustproof.pytest_plugin\n"


def record_line(path, packages):
    digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
    return f"{path.relative_to(packages).as_posix()},sha256={digest},{path.stat().st_size}"


def main():
    packages, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    package, info = packages / "dustproof", packages / f"dustproof-{version}.dist-info"
    for old in packages.glob("dustproof-*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    info.mkdir()
    files = {"METADATA": METADATA.format(version=version), "INSTALLER": "cmake\n"}
    if (package / "pytest_plugin.py").exists():
        files["entry_points.txt"] = PYTEST_PLUGIN
    for name, text in files.items():
        (info / name).write_text(text)
    installed = sorted(f for folder in (package, info) for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
    lines = [record_line(file, packages) for file in installed] + [f"{info.name}/RECORD,,"]
    (info / "RECORD").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
