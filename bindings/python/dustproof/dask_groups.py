"""Hands the groups of a matrix to the workers of a Dask cluster, for `dustproof matrix --scheduler HOST:PORT`.

Reads a line `GROUP PATH` on standard input for each group to start and answers with JSON lines: `{"slots": N}` first, then
`{"group": G, "line": TEXT}` for what a group says and `{"group": G, "end": EXIT_CODE}` at its end. The workers need the
program and the folders at the same paths. What a group is, and what becomes of one that fails, is not this program's matter.
"""

# mypy: disallow-untyped-calls=False
from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import distributed

CONNECT_S = 10
TOPIC = "dustproof"


def work_on_group(program: str, path: str, group: int) -> int:
    """On a worker: one process for the group, whose lines go to whoever handed it out."""
    with subprocess.Popen([program, "--matrix-group", path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            distributed.get_worker().log_event(TOPIC, {"group": group, "line": line.rstrip("\n")})
    return process.returncode


class HandOut:
    """Says what it hears, one line at a time."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._started = 0
        self.done = False

    def say(self, news: dict[str, Any]) -> None:
        with self._lock:
            print(json.dumps(news), flush=True)

    def watch(self, client: distributed.Client, scheduler: str) -> None:
        """Ends this program once the cluster is gone: Dask has tried to come back by then."""
        while client.status not in ("closed", "closing"):
            time.sleep(1)
        if not self.done:
            self.say({"lost": f"the Dask scheduler at {scheduler} was lost; --resume goes on"})
            os._exit(3)

    def start(self, client: distributed.Client, group: int, path: str) -> None:
        self._started += 1
        future = client.submit(work_on_group, self._program, path, group, key=f"dustproof-{group}-{self._started}-{path}", pure=False)
        future.add_done_callback(lambda done: self.end(group, done))
        futures[group] = future

    def end(self, group: int, future: distributed.Future) -> None:
        if future.status == "cancelled":
            return  # With the cluster, or since nobody waits for it any more.
        code = future.result() if future.status == "finished" else 3
        if future.status != "finished":
            self.say({"group": group, "line": json.dumps({"problem": f"its worker in the cluster was lost ({future.status})"})})
        self.say({"group": group, "end": code})


futures: dict[int, distributed.Future] = {}  # Held, so that the cluster keeps working on them.


def main(scheduler: str, program: str) -> int:
    hand_out = HandOut(program)
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        hand_out.say({"lost": f"no Dask scheduler answers at {scheduler}: {error}"})
        return 3
    client.subscribe_topic(TOPIC, lambda event: hand_out.say(event[1]))
    hand_out.say({"slots": sum(client.nthreads().values())})
    threading.Thread(target=hand_out.watch, args=(client, scheduler), daemon=True).start()
    for line in sys.stdin:
        group, path = line.rstrip("\n").split(" ", 1)
        hand_out.start(client, int(group), path)
    hand_out.done = True
    for future in futures.values():
        future.cancel()
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
