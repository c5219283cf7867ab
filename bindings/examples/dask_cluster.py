"""A matrix on a Dask cluster of one machine: a scheduler and two workers on its loopback. It takes python3-distributed.

    python3 bindings/examples/dask_cluster.py OUT
"""
# mypy: disallow-untyped-calls=False
import pathlib
import sys

import distributed

import dustproof

FIRST_RUN = pathlib.Path(__file__).parents[2] / "scenarios/first_run.yaml"


def main(out: str) -> None:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        cells = dustproof.run_matrix(FIRST_RUN, "pairwise", "1-2", scheduler=address, until=30, out=out)
    print(f"{len(cells)} cells, {len(cells.failures)} kinds of failure")
    print(cells.passes("wifi_password"))


if __name__ == "__main__":
    main(sys.argv[1])
