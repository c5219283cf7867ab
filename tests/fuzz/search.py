#!/usr/bin/python3
"""Runs one fuzz target: its corpus, then what libFuzzer makes of it. Says how to meet a finding again.

search.py TARGET --inputs N     as the tests do: a fixed seed and count, the same inputs each time
search.py TARGET --seconds S    on and on; what brings new coverage is kept in build/fuzz/corpus/TARGET
"""
import argparse
import ctypes
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/fuzz"
ADDR_NO_RANDOMIZE = 0x0040000  # <sys/personality.h>


def fix_addresses():
    """libFuzzer's choices hang on addresses. Where the system doesn't let us fix them, the inputs differ a little each time."""
    ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)


def arguments_of(options, found):
    limits = ["-max_len=4096", "-timeout=60", "-rss_limit_mb=2500", "-print_final_stats=0", f"-artifact_prefix={found}/"]
    corpus = ROOT / "tests/fuzz/corpus" / options.target
    if options.seconds is None:
        return limits + ["-seed=1", f"-runs={options.inputs}", "-seed_inputs=" + ",".join(str(f) for f in sorted(corpus.iterdir()))]
    kept = BUILD / "corpus" / options.target
    kept.mkdir(parents=True, exist_ok=True)
    return limits + [f"-max_total_time={options.seconds}", str(kept), str(corpus)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("--inputs", type=int, default=10000)
    parser.add_argument("--seconds", type=int)
    options = parser.parse_args()
    found = BUILD / "found" / options.target
    found.mkdir(parents=True, exist_ok=True)
    binary = BUILD / "bin" / f"fuzz_{options.target}"
    done = subprocess.run([binary, *arguments_of(options, found)], preexec_fn=fix_addresses, capture_output=True, text=True,
                          errors="replace")
    last = [line for line in done.stderr.splitlines() if re.match(r"#\d+\s", line)][-1:]
    if done.returncode == 0:
        print(f"{options.target}: {''.join(last)}")
        return 0
    print(re.sub(r"(?m)^#\d+\s.*\n|^\s*NEW_FUNC.*\n", "", done.stderr))
    for path in re.findall(r"Test unit written to (\S+)", done.stderr):
        print(f"{options.target}: found {path}\nrepeat with: {binary} {path}\nthen: tests/fuzz/README.md, \"A finding\"")
    return 1


sys.exit(main())
