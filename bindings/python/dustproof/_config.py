"""Configuration as objects: dataclasses in the shape of the files, read and checked by the C++ structs, written as YAML."""
from __future__ import annotations

import copy
import math
import numbers
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, TypeVar

from . import _core
from .errors import Diagnostic, ScenarioError

C = TypeVar("C", bound="Config")
F = TypeVar("F", bound="ConfigFile")

_PLAIN = re.compile(r"[./]*[A-Za-z_][A-Za-z0-9_./-]*")
_TO_ESCAPE = re.compile('[\x00-\x1f"\\\\\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]')
_NOT_PLAIN = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_WIDTH = 120


def entry(key: str, of: type["Config"] | None = None, *, duration: bool = False, dictionary: bool = False) -> dict[str, Any]:
    """Metadata of a dataclass field: its key in the file; the class of a map, of a list's items or a dictionary's values."""
    return {"key": key, "of": of, "duration": duration, "dictionary": dictionary}


class Config:
    """A map of a configuration file. Attributes are the file's keys; a duration `at` is `at_s`, in seconds."""

    __slots__ = ()

    @classmethod
    def _from_tree(cls: type[C], tree: Mapping[str, Any]) -> C:
        values: dict[str, Any] = {}
        for field in fields(cls):
            key, of = field.metadata.get("key"), field.metadata.get("of")
            if key is None or key not in tree or tree[key] is None:
                continue
            values[field.name] = tree[key] if of is None else _nested(of, tree[key], field)
        return cls(**values)

    def _entries(self) -> list[tuple[str, Any]]:
        """Keys and values to write: what differs from its default, and what has none."""
        entries: list[tuple[str, Any]] = []
        for field in fields(self):
            if "key" not in field.metadata:
                continue
            value = getattr(self, field.name)
            if value is None or value == _default(field):
                continue
            if isinstance(value, Config) and not value._entries() and field.default_factory is not MISSING:
                continue
            if field.metadata["duration"]:
                value = _Verbatim(duration_text(value))
            entries.append((field.metadata["key"], value))
        return entries


class ConfigFile(Config):
    """A whole configuration file."""

    __slots__ = ()
    _kind: ClassVar[str]
    _format_version: ClassVar[int] = 1
    #: Attributes that are paths relative to the file, as dotted names.
    _paths: ClassVar[tuple[str, ...]] = ()
    path: str

    @classmethod
    def _parse(cls: type[F], text: bytes | str, file_name: str, **options: float) -> F:
        file = cls._from_tree(_core.read_config(cls._kind, text, file_name, **options))
        file.path = file_name
        return file

    def validate(self) -> None:
        """Checks this object by every rule that its file is checked by.

        :raises ScenarioError: with every problem; its `field` says where. Lines and columns are 0: there is no file.
        """
        self._check()

    def _check(self, **options: float) -> None:
        try:
            _core.read_config(self._kind, self.to_yaml(), self.path, **options)
        except ScenarioError as error:
            raise in_terms_of(self, self.path, error) from None

    def to_yaml(self) -> str:
        """As a file's text: what differs from its default. Comments of a file that this was read from are not kept."""
        lines = [f"kind: {self._kind}", f"format_version: {self._format_version}"]
        return "\n".join(lines + _map_lines(self._entries(), "")) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a file that means the same as this object; paths inside it are written relative to where it stands.

        From then on `self.path` is that file.
        """
        self._move_to(os.fspath(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.to_yaml())

    def _move_to(self, path: str, *, absolute: bool = False) -> None:
        old, new = (os.path.dirname(os.path.abspath(p)) if p else os.getcwd() for p in (self.path, path))
        for name in self._paths:
            *parents, last = name.split(".")
            holder: Any = self
            for parent in parents:
                holder = getattr(holder, parent)
            value = getattr(holder, last)
            if not value or os.path.isabs(value) or not self._is_path(last, value):
                continue
            full = os.path.normpath(os.path.join(old, value))
            setattr(holder, last, full if absolute else os.path.relpath(full, new))
        self.path = path  # type: ignore[misc]  # The generated classes have a slot for it.

    def _is_path(self, attribute: str, value: str) -> bool:
        return True

    def _copy_at(self: F, path: str) -> F:
        """A copy that stands elsewhere: its paths are absolute."""
        moved = copy.deepcopy(self)
        moved._move_to(path, absolute=True)
        return moved


def in_terms_of(given: ConfigFile, file: str, error: ScenarioError) -> ScenarioError:
    """The error in the words of an object, not of the text `file` that was made of it and nobody wrote."""
    return ScenarioError(Diagnostic(given.path, 0, 0, d.field, d.message) if d.file == file else d for d in error.diagnostics)


def load(cls: type[F], path: str | os.PathLike[str], **options: float) -> F:
    """Reads a file of that class. :raises ScenarioError: with every problem of the file."""
    name = os.fspath(path)
    return cls._parse(_core.read_text_file(name), name, **options)


def duration_text(seconds: float) -> str:
    """As configuration files have it, to the nanosecond. What is no duration is written so that checking it says so."""
    if isinstance(seconds, numbers.Real) and math.isfinite(seconds) and 0 <= seconds < 9e9:
        return _core.format_duration(round(float(seconds) * 1e9))
    return _scalar(str(seconds))


def _nested(of: type[Config], tree: Any, field: Field[Any]) -> Any:
    if isinstance(tree, list):
        return [of._from_tree(item) for item in tree]
    if field.metadata["dictionary"]:
        return {key: of._from_tree(item) for key, item in tree.items()}
    return of._from_tree(tree)


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    return MISSING


class _Verbatim(str):
    """Text that needs no quotes."""


def _scalar(value: Any) -> str:
    if isinstance(value, _Verbatim):
        return str(value)
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN
        return value if is_plain else '"' + _TO_ESCAPE.sub(_escaped, value) + '"'
    if isinstance(value, bool) or type(value).__name__ == "bool_":  # NumPy's is no bool.
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    raise TypeError(f"a configuration file can't hold {value!r}")


def _escaped(match: re.Match[str]) -> str:
    """Of a character that quoted YAML can't hold as it is."""
    character = match.group()
    return "\\" + character if character in '"\\' else f"\\u{ord(character):04x}"


def _flow(value: Any) -> str:
    """On one line."""
    if isinstance(value, (Config, Mapping)):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in _items(value)) + "}"
    if _is_list(value):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _items(value: Config | Mapping[str, Any]) -> list[tuple[str, Any]]:
    return value._entries() if isinstance(value, Config) else list(value.items())


def _map_lines(entries: list[tuple[str, Any]], indent: str) -> list[str]:
    lines: list[str] = []
    for key, value in entries:
        start = f"{indent}{_scalar(key)}:"
        is_map = isinstance(value, (Config, Mapping))
        short = f"{start} {_flow(value)}"
        nested = is_map or (_is_list(value) and any(isinstance(item, Config) for item in value))
        if not (is_map or _is_list(value)) or len(value if not isinstance(value, Config) else value._entries()) == 0:
            lines.append(short)
        elif not nested and len(short) <= _WIDTH:
            lines.append(short)
        elif is_map:
            lines += [start, *_map_lines(_items(value), indent + "  ")]
        else:
            lines += [start, *_list_lines(value, indent + "  ")]
    return lines


def _list_lines(items: Sequence[Any], indent: str) -> list[str]:
    lines: list[str] = []
    for item in items:
        short = f"{indent}- {_flow(item)}"
        if len(short) <= _WIDTH or not isinstance(item, Config) or not item._entries():
            lines.append(short)
        else:
            first, *rest = _map_lines(item._entries(), indent + "  ")
            lines += [f"{indent}- {first.lstrip()}", *rest]
    return lines
