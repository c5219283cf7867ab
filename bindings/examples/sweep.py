"""How long a user waits until the robot takes an order, by how bad the home's network is.

    python3 bindings/examples/sweep.py FOLDER    # runs and wait.png go there

Each run is one of an edited scenario, with a seed of its own; its recording says when what was sent and acknowledged.
"""
import pathlib
import sys

import matplotlib.pyplot as plt  # type: ignore[import]  # Debian's has no types.
import numpy as np

import dustproof
from dustproof.recording import RunEvent

SCENARIO = pathlib.Path(__file__).parents[2] / "scenarios/first_run.yaml"
LOSSES = (0.0, 0.1, 0.2)
SEEDS = (1, 2)


def wait_s(recording: dustproof.Recording) -> float:
    """From the order to clean to its acknowledgement in the app; not a number where none came."""
    events = [message for message in recording if isinstance(message, RunEvent) and message.detail.endswith("clean")]
    times = {event.name: event.time_s for event in events if event.source == "app"}
    return times.get("command_acked", float("nan")) - times["command_sent"]


def main(folder: pathlib.Path) -> None:
    scenario = dustproof.load_scenario(SCENARIO)
    waits = np.empty((len(LOSSES), len(SEEDS)))
    for i, loss in enumerate(LOSSES):
        scenario.network.loss_probability = loss
        for j, seed in enumerate(SEEDS):
            run = dustproof.run(scenario, "all_granted", seed, until=60, out=folder / f"loss_{loss}_seed_{seed}")[0]
            waits[i, j] = wait_s(dustproof.Recording(run.recording))
        print(f"{loss:4.0%} of segments lost: {np.nanmean(waits[i]):.2f} s")
    plt.plot([100 * loss for loss in LOSSES], waits, "o")
    plt.xlabel("segments lost, %")
    plt.ylabel("from order to acknowledgement, s")
    plt.savefig(folder / "wait.png")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
