"""Firmware in Python that goes wrong, for tests."""
import dustproof


class Upset(dustproof.Firmware):
    def on_tick(self):
        if self.time_s > 2:
            self.look_at_map(1)

    def look_at_map(self, deeper):
        if deeper:
            self.look_at_map(deeper - 1)
        raise ValueError('the "map" is\nupside down')


class Leaving(dustproof.Firmware):
    def on_tick(self):
        if self.time_s > 1:
            raise SystemExit
