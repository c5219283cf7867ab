#!/usr/bin/env python3
"""Reads every #include of the code and holds it against layers.txt; also: only one folder includes each foreign engine, and no two
headers define a type of the same name: the linker would make one of their functions, and give an object the other's destructor."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{")
TYPE = re.compile(r"^(?:class|struct|union|enum class|enum) (\w+)\b(?!.*;)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Headers of libraries that must stay behind our types, and the one folder that may see them.
GUARDED = {"bullet": "sim/physics", "btBullet": "sim/physics", "embree3": "sim/raycast", "yaml-cpp": "sim/config",
           "boost/asio": "hil/live"}


def read_layers():
    layers = {}
    for line in (ROOT / "tests/layering/layers.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            folder, allowed = line.split(":")
            layers[folder.strip()] = set(allowed.split())
    return layers


def folder_of(path, folders):
    """The longest listed folder that `path` lies in, or None."""
    inside = [f for f in folders if path == f or path.startswith(f + "/")]
    return max(inside, key=len, default=None)


def types_in(text):
    """(line, name) of every type that a header of ours defines at namespace scope: there it begins its line."""
    namespace = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := NAMESPACE.match(line):
            namespace = match.group(1)
        elif match := TYPE.match(line):
            yield number, f"{namespace}::{match.group(1)}"


def doubled_types(headers):
    first = {}
    for file in headers:
        name = file.relative_to(ROOT).as_posix()
        for number, full_name in types_in(file.read_text(errors="replace")):
            other = first.setdefault(full_name, name)
            if other != name:
                yield f"{name}:{number}: {full_name} is also defined in {other}; rename one, or give it a namespace"


def problems():
    layers = read_layers()
    files = [f for top in ("sim", "hil", "robots", "bindings") for f in sorted((ROOT / top).rglob("*"))
             if f.suffix in (".h", ".cc", ".c", ".hpp")]
    yield from doubled_types(f for f in files if f.suffix == ".h")
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        own = folder_of(name, layers)
        if own is None:
            yield f"{name}: lies in no folder of tests/layering/layers.txt; add its folder there"
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match.group(2)
            for start, keeper in GUARDED.items():
                if included.startswith(start) and own != keeper:
                    yield f"{name}:{number}: includes <{included}>, which only {keeper} may"
            target = folder_of(included, layers)
            if target and target != own and target not in layers[own] and "*" not in layers[own]:
                yield f"{name}:{number}: {own} includes {target} ({included}), which layers.txt doesn't allow"
            if target and target != own and "/internal/" in included:
                yield f"{name}:{number}: includes a private header of {target} ({included})"


found = list(problems())
print("\n".join(found) if found else "layering: every include is allowed, every type is one")
sys.exit(1 if found else 0)
