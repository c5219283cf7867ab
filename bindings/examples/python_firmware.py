"""A robot in thirty lines of Python: it drives until it bumps, backs off, and turns by chance. Stepped, and watched from outside.

    python3 bindings/examples/python_firmware.py OUT
    dustproof run scenarios/first_run.yaml --firmware bindings/examples/python_firmware.py:Wanderer --kind process
"""
import pathlib
import random
import sys

import numpy as np

import dustproof

FIRST_RUN = pathlib.Path(__file__).parents[2] / "scenarios/first_run.yaml"


class Wanderer(dustproof.Firmware):
    def on_start(self) -> None:
        self.drive(left_m_s=-0.2, right_m_s=-0.2)  # Out of the dock, which it faces.
        self.sleep(2)
        self.turn()

    def on_bumper(self, left: bool, right: bool) -> None:
        if left or right:
            self.drive(left_m_s=-0.15, right_m_s=-0.15)
            self.sleep(0.7)
            self.turn()

    def turn(self) -> None:
        self.drive(left_m_s=0.15, right_m_s=-0.15)
        self.sleep(random.uniform(0.8, 2.5))  # The run's own chance: the same each time.
        self.drive(left_m_s=0.25, right_m_s=0.25)


def main(out: str) -> None:
    with dustproof.Simulation(FIRST_RUN, "all_denied", firmware=Wanderer, out=out) as simulation:
        way = []
        while simulation.time_s < 60:
            simulation.step(0.1)
            way.append((simulation.pose.x, simulation.pose.y))
        driven_m = np.hypot(*np.diff(np.array(way), axis=0).T).sum()
        print(f"{driven_m:.1f} m in {simulation.time_s:.0f} s, {len(list(simulation.contacts))} bumps")


if __name__ == "__main__":
    main(sys.argv[1])
