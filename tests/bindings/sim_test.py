"""A world stepped from Python: commands and readings cross, the same calls give the same numbers, and a closed world is an error."""
import gc
import threading

import dustproof
import numpy as np
import pytest
from dustproof import sim


@pytest.fixture
def studio(root):
    return root / "scenarios/homes/studio.yaml"


def drive_about(home, seed, step_s=0.5):
    with sim.World(home, seed=seed) as world:
        world.drive(left_m_s=-0.2, right_m_s=-0.15)
        for _ in range(round(3 / step_s)):
            world.step(step_s)
        return world.pose, world.scan().range_m.copy(), world.ticks, world.state_hash


def test_the_same_calls_give_the_same_numbers_whatever_the_step(studio):
    first, again, finer, other = (drive_about(studio, *how) for how in ((1,), (1,), (1, 0.01), (2,)))
    for a, b in ((first, again), (first, finer)):
        assert a[0] == b[0] and (a[1] == b[1]).all() and a[2:] == b[2:]
    assert (first[1] != other[1]).any(), "noise comes from the seed"


def test_it_drives_as_told(studio, root):
    robot = dustproof.load_robot(root / "robots/vacuum/robot.yaml")
    with sim.World(dustproof.load_home(studio), robot, seed=3) as world:
        start = world.pose
        assert world.docked and world.time_s == 0 and world.scan() is None
        world.drive(left_m_s=-0.2, right_m_s=-0.2)
        world.step(2.5)
        assert world.time_s == 2.5 and not world.docked
        moved = np.hypot(world.pose.x - start.x, world.pose.y - start.y)
        assert 0.4 < moved < 0.5 and world.distance_m == pytest.approx(moved, rel=0.02)
        assert world.wheel_speed_m_s == pytest.approx((-0.2, -0.2), abs=0.01)
        assert world.battery.charge_pct > 80 and not world.battery.charging
        assert world.accel_m_s2[2] == pytest.approx(9.81, abs=0.5) and world.cliff == (False,) * 4
        world.drive(left_m_s=0, right_m_s=0)
        world.step(1)
        assert world.wheel_speed_m_s == pytest.approx((0, 0), abs=1e-3)


def test_a_wall_is_felt_and_hands_may_carry_it(studio):
    with sim.World(studio) as world:
        world.put_down(dustproof.plan.Pose2(2.0, 2.0, 0.0))
        assert (world.pose.x, world.pose.y) == pytest.approx((2.0, 2.0), abs=1e-6)
        world.drive(left_m_s=0.3, right_m_s=0.3)
        pressed = False
        for _ in range(300):
            world.step(0.1)
            pressed = pressed or any(world.bumper)
        assert pressed and world.collisions > 0


def test_a_robot_of_the_user_s_own_has_its_figures(studio, root):
    robot = dustproof.load_robot(root / "robots/vacuum/robot.yaml")
    robot.lidar.beams_per_turn = 90
    robot.lidar.noise_m = robot.lidar.noise_share = robot.lidar.angle_noise_rad = 0.0
    with sim.World(studio, robot) as world:
        world.step(3)
        assert world.scan().range_m.shape == world.scan().angle_rad.shape == (90,)
    robot.drive.track_width_m = 0.9
    with pytest.raises(dustproof.ScenarioError, match="track_width_m must be below the hull's diameter"):
        sim.World(studio, robot)


def test_what_outlives_its_world_doesn_t_crash(studio):
    world = sim.World(studio)
    world.step(3)
    turn = world.scan()
    ranges, before = turn.range_m, turn.range_m.copy()
    world.step(3)
    assert (ranges == before).all() and world.scan().sequence > turn.sequence, "a turn is never changed"
    world.close()
    world.close()
    del turn
    gc.collect()
    churn = [np.full(1 << 12, 7.0) for _ in range(200)]  # What was freed would be overwritten.
    assert (ranges == before).all() and len(churn) == 200 and world.closed
    for use in (lambda: world.pose, lambda: world.scan(), lambda: world.step(1), lambda: world.drive(left_m_s=0, right_m_s=0),
                lambda: world.state_hash):
        with pytest.raises(ValueError, match="this world is closed; make a new one"):
            use()
    with pytest.raises(ValueError, match="read-only"):
        ranges[0] = 1


def test_nonsense_is_refused(studio, tmp_path):
    with sim.World(studio) as world:
        for bad in (-1, float("nan"), float("inf"), 1e9):
            with pytest.raises(ValueError, match="duration_s must lie between 0 and 60 days"):
                world.step(bad)
        with pytest.raises(ValueError, match="wheel speeds must be finite"):
            world.drive(left_m_s=float("nan"), right_m_s=0)
        with pytest.raises(ValueError, match="a pose must be finite"):
            world.put_down(dustproof.plan.Pose2(float("inf"), 0, 0))
    with pytest.raises(dustproof.ScenarioError, match="none.yaml: no such file"):
        sim.World(tmp_path / "none.yaml")
    with pytest.raises(ValueError, match="seed must be a whole number from 0 to 18446744073709551615, got -1"):
        sim.World(studio, seed=-1)
    home = dustproof.load_home(studio)
    home.rooms.clear()
    with pytest.raises(dustproof.ScenarioError) as caught:
        sim.World(home)
    assert str(caught.value) == f"{studio}: rooms: must have at least 1 items, got 0", "there is no line to point at"


def test_other_threads_run_while_it_steps_and_none_comes_in(studio):
    with sim.World(studio) as world:
        counted, done, refused = [0], threading.Event(), []

        def count():
            while not done.is_set():
                counted[0] += 1
                try:
                    world.time_s
                except RuntimeError as error:
                    refused.append(str(error))

        thread = threading.Thread(target=count)
        world.drive(left_m_s=-0.1, right_m_s=0.1)
        thread.start()
        while not refused:
            try:
                world.step(2)
            except RuntimeError:  # The other one was in.
                pass
        done.set()
        thread.join()
        assert counted[0] > 0 and refused[0] == "another thread is in this world: step it from one"
