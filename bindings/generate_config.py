#!/usr/bin/env python3
"""Writes the dataclasses of configuration files from the schemas of their C++ structs: one module a kind of file.

    generate_config.py CORE_MODULE FOLDER

What a kind of file does beside holding values stands in the classes here named as bases, in FOLDER/_files.py.
"""
import importlib.machinery
import importlib.util
import json
import keyword
import pathlib
import sys

# Where the key's singular is not what the thing is called.
NAMES = {
    ("home", "dock"): "Pose", ("home", "start"): "Pose", ("home", "furniture"): "Furniture",
    ("policy", "also_needs"): "WordByReading", ("policy", "effect"): "WordByReading",
    ("policy", "granted"): "ByReading", ("policy", "denied"): "ByReading", ("policy", "before_consent"): "BeforeConsentRule",
    ("policy", "clear_text"): "ClearTextRule",
    ("scenario", "script"): "ScriptStep", ("scenario", "trust"): "Trust", ("scenario", "changes"): "ConsentStep",
    ("robot", "after"): "ComputeCost", ("robot", "faults"): "FlashFaults",
}
DOCS = {"scenario": "A scenario file: home, robot, firmware, consents, script, faults and expectations of runs.",
        "home": "A home file: rooms, walls, doorways, furniture and the dock, in metres and degrees of the frame W.",
        "robot": "A robot file: the figures of its body, drive, sensors, battery and flash.",
        "policy": "A policy file: who may receive which personal data under which consent, in three readings."}
SCALARS = {"number": "float", "integer": "int", "bool": "bool", "text": "str", "duration": "float"}


def load_core(path):
    loader = importlib.machinery.ExtensionFileLoader("dustproof._core", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("dustproof._core", loader))
    loader.exec_module(module)
    return module


def class_name(kind, key):
    if (kind, key) in NAMES:
        return NAMES[kind, key]
    for ending, singular in (("ies", "y"), ("s", "")):
        if key.endswith(ending):
            key = key[:-len(ending)] + singular
            break
    return "".join(word.capitalize() for word in key.split("_"))


class Module:
    """The classes of one kind of file, inner ones first."""

    def __init__(self, kind):
        self.kind, self.classes = kind, {}

    def add(self, name, base, doc, schema):
        lines = [f"@dataclass(slots=True, kw_only=True)\nclass {name}({base}):\n    {quoted_doc(doc)}\n"]
        for field in schema["children"]:
            if field["key"] in ("kind", "format_version") and not field["default_json"]:
                continue
            lines.append(self.field(field))
        if base != "Config":
            lines.append('    path: str = field(default="", compare=False)\n    """Where it was read from; paths in it are '
                         'relative to that file. Not part of the file."""\n')
        text = "".join(lines)
        if self.classes.setdefault(name, text) != text and text.split('"""', 2)[2] != self.classes[name].split('"""', 2)[2]:
            raise SystemExit(f"{self.kind}: two different shapes would be called {name}; name one in NAMES")

    def field(self, field):
        key, kind = field["key"], field["type"]
        name = key + "_s" if kind == "duration" else key + "_" * keyword.iskeyword(key)
        of, annotation = self.type_of(field, field)
        default = json.loads(field["default_json"]) if field["default_json"] else None
        metadata = f'entry("{key}"' + (f", {of}" if of else "") + (", duration=True" if kind == "duration" else "")
        metadata += (", dictionary=True" if kind == "dictionary" and of else "") + ")"
        if field["required"]:
            start = ""
        elif kind in ("list", "dictionary"):
            empty = {"list": "list", "dictionary": "dict"}[kind]
            start = f"default_factory={f'lambda: {default!r}' if default else empty}, "
        elif kind == "map" and not field["optional"]:
            if any(child["required"] for child in field["children"]):
                raise SystemExit(f"{self.kind}: {key} may be absent, but has no defaults")
            start = f"default_factory={of}, "
        elif default is None or kind == "map":
            annotation += " | None"
            start = "default=None, "
        else:
            value = {"duration": lambda: seconds(default), "number": lambda: float(default),
                     "tuple": lambda: tuple(float(v) for v in default)}.get(kind, lambda: default)()
            start = f"default={value!r}, "
        doc = field["doc"] + (" In seconds." if kind == "duration" else "")
        return f"    {name}: {annotation} = field({start}metadata={metadata})\n" + (f"    {quoted_doc(doc)}\n" if doc else "")

    def type_of(self, node, owner):
        """The class of maps within, or "", and the annotation."""
        kind = node["type"]
        if kind in SCALARS:
            return "", SCALARS[kind]
        if kind == "choice":
            return "", "Literal[" + ", ".join(json.dumps(word) for word in node["choices"]) + "]"
        if kind == "tuple":
            return "", "tuple[" + ", ".join(["float"] * node["count"]) + "]"
        if kind == "map":
            name = class_name(self.kind, owner["key"])
            self.add(name, "Config", owner["doc"] or name + ".", node)
            return name, name
        of, item = self.type_of(node["children"][0], owner)
        return of, f"list[{item}]" if kind == "list" else f"dict[str, {item}]"

    def text(self):
        names = ", ".join(json.dumps(name) for name in sorted(self.classes))
        typing = "from typing import Literal\n" if any("Literal[" in text for text in self.classes.values()) else ""
        base = f"{self.kind.capitalize()}File"
        return (f'"""{DOCS[self.kind]}\n\nGenerated by bindings/generate_config.py from the C++ structs: don\'t edit."""\n'
                f"from __future__ import annotations\n\nfrom dataclasses import dataclass, field\n{typing}\n"
                f"from ._config import Config, entry\nfrom ._files import {base}\n\n__all__ = [{names}]\n\n\n"
                + "\n\n".join(self.classes.values()))


def quoted_doc(doc):
    return '"""' + doc.replace("\\", "\\\\") + '"""'


def seconds(text):
    """Of a duration as schemas print it."""
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
    total, number, unit = 0.0, "", ""
    for character in text + "0":
        if (character.isdigit() or character == ".") and unit:
            total, number, unit = total + float(number) * units[unit], "", ""
        if character.isdigit() or character == ".":
            number += character
        else:
            unit += character
    return round(total * 1e9) / 1e9


def main():
    core, folder = load_core(sys.argv[1]), pathlib.Path(sys.argv[2])
    for kind in DOCS:
        module = Module(kind)
        module.add(kind.capitalize(), f"{kind.capitalize()}File", DOCS[kind], core.config_schema(kind))
        (folder / f"{kind}.py").write_text(module.text())


if __name__ == "__main__":
    main()
