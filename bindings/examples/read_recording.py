"""What a recording holds: where the robot was and believed to be, and how much it told whom.

    python3 bindings/examples/read_recording.py runs/first_run-001/all_denied.mcap
"""
import sys
from collections import Counter

import numpy as np

import dustproof


def main(path: str) -> None:
    recording = dustproof.Recording(path)
    poses = recording.poses_true
    driven_m = np.hypot(*np.diff(poses[:, 1:3], axis=0).T).sum()
    print(f"{recording.metadata['run']['scenario']}: {poses[-1, 0]:.0f} s, {driven_m:.1f} m driven, "
          f"{len(recording.scans.t_s)} turns of the lidar")

    ranges = recording.scans.range_m
    print(f"nearest return {ranges[ranges > 0].min():.2f} m, farthest {ranges.max():.2f} m")

    sent: Counter[str] = Counter()
    for emission in recording.emissions("robot"):
        if emission.direction == "from_robot" and emission.kind in ("plaintext", "datagram", "broadcast", "dns"):
            sent[emission.party.host] += emission.payload.nbytes
    for host, size in sent.most_common():
        print(f"{size:8} bytes to {host}")


if __name__ == "__main__":
    main(sys.argv[1])
