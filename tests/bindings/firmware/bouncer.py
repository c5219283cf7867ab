"""Firmware in Python for tests."""
import dustproof


class Bouncer(dustproof.Firmware):
    """Off the dock, then straight on; away from what it hits."""

    def on_start(self):
        self.turns = 0
        self.drive(left_m_s=-0.2, right_m_s=-0.2)
        self.sleep(2.0)
        self.drive(left_m_s=0.15, right_m_s=-0.15)
        self.sleep(2.4)
        self.say_state("cleaning")
        self.drive(left_m_s=0.25, right_m_s=0.25)

    def on_lidar(self, scan):
        self.turns += 1
        if self.turns == 1:
            self.log(f"{len(scan.range_m)} beams, {scan.range_m.max():.3f} m, {scan.angle_rad.dtype}")

    def on_bumper(self, left, right):
        self.log(f"bumper {left} {right}")
        if left or right:
            self.drive(left_m_s=-0.15, right_m_s=-0.1)
            self.sleep(1.0)
            self.drive(left_m_s=0.2, right_m_s=0.1)
