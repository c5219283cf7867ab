#include "tests/robots/vacuum/navigation/fake_hal.h"

#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>

#include "hil/hal/dp_hal.h"
#include "hil/shim/lockstep/internal/sanitizer.h"
#include "sim/core/hash.h"
#include "sim/core/random.h"

namespace vacuum::test {

namespace {

namespace ctx = boost::context;
using dustproof::internal::FinishSwitch;
using dustproof::internal::StartSwitch;

constexpr double kRadius_m = 0.17, kTrack_m = 0.233, kTicksPerM = 4464, kSpeedMax = 0.3,
                 kAccel = 0.9;
constexpr double kTick_s = 0.01;
constexpr int kSubsteps = 4, kBeams = 360;
constexpr double kTurn_s = 0.2, kLidarX = -0.03;
constexpr size_t kStackBytes = 512 * 1024;

struct Stop {};

double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

struct Task {
  std::string name;
  std::function<void()> entry;
  ctx::fiber fiber;  // Where to go on, while it waits.
  const void* stack_bottom = nullptr;
  void* fake_stack = nullptr;  // The sanitizer's, while it waits.
  std::function<bool()> ready;
  uint64_t wake_us = 0;
  bool finished = false;
};

struct Mailbox {
  size_t bytes, capacity;
  std::deque<std::vector<uint8_t>> messages;
};

struct FakeHal::Impl {
  const FakeWorld& world;
  FakeHalOptions options;
  Pose2 X_WD;  // Docked pose of R.
  dustproof::RandomStream noise;

  // Tasks.
  std::vector<std::unique_ptr<Task>> tasks;
  Task* current = nullptr;
  ctx::fiber scheduler;
  const void* scheduler_stack = nullptr;
  size_t scheduler_stack_bytes = 0;
  bool stopping = false;
  std::vector<Mailbox> mailboxes;
  double cpu_s = 0;

  // World.
  uint64_t now_us = 0;
  Pose2 X_WR;
  double wheel_m_s[2] = {}, wanted_m_s[2] = {}, ticks[2] = {};
  uint64_t command_us = 0;
  bool bumper[2] = {};
  uint64_t bumper_until_us[2] = {};
  double yaw_rate = 0, charge_pct = 90;
  bool lifted = false, lidar_on = false, brush = false;
  uint64_t lidar_from_us = 0;
  std::deque<dp_odometry_sample> odometry;
  std::deque<dp_imu_sample> imu;
  std::deque<dp_lidar_turn> turns;
  dp_odometry_sample odometry_latest{};
  dp_imu_sample imu_latest{};
  dp_hazard_sample hazard{};
  dp_dock_sample dock{};
  dp_lidar_turn turn{};
  int beam = 0;
  uint32_t sequence = 0;

  // Measures.
  std::vector<uint8_t> coverable;
  std::vector<uint16_t> visits;
  std::vector<double> seen_s;
  std::vector<std::string> states, data_ready;
  struct Belief {
    Pose2 truth, belief;
  };
  std::vector<Belief> beliefs;
  std::vector<Point2> track_W;
  double distance_m = 0;
  int bumps = 0;
  double fast_s = 0, slow_s = 0, turn_s = 0, still_s = 0;
  dustproof::Hasher hasher;
  struct BelievedMap {
    int width = 0, height = 0;
    double x = 0, y = 0;
    std::vector<int8_t> cells;
  } map;

  Impl(const FakeWorld& w, const Pose2& docked, const FakeHalOptions& o)
      : world(w),
        options(o),
        X_WD(docked),
        noise(dustproof::Seed(o.seed).Stream("fake")),
        X_WR(docked),
        charge_pct(o.charge_pct) {
    coverable = world.Coverable(X_WR.position(), kRadius_m);
    visits.assign(coverable.size(), 0);
    seen_s.assign(coverable.size(), -100);
  }

  void Block(std::function<bool()> ready, uint64_t wake_us) {
    Task* self = current;
    self->ready = std::move(ready);
    self->wake_us = wake_us;
    StartSwitch(&self->fake_stack, scheduler_stack, scheduler_stack_bytes);
    scheduler = std::move(scheduler).resume();
    FinishSwitch(self->fake_stack, &scheduler_stack, &scheduler_stack_bytes);
    if (stopping) throw Stop{};
  }

  void Create(std::string name, std::function<void()> entry) {
    auto task = std::make_unique<Task>();
    task->name = std::move(name);
    task->entry = std::move(entry);
    Task* raw = task.get();
    ctx::fixedsize_stack stacks(kStackBytes);
    const ctx::stack_context stack = stacks.allocate();
    task->stack_bottom = static_cast<std::byte*>(stack.sp) - stack.size;
    task->fiber = ctx::fiber(std::allocator_arg, ctx::preallocated(stack.sp, stack.size, stack),
                             stacks, [this, raw](ctx::fiber&& from) {
                               FinishSwitch(nullptr, &scheduler_stack, &scheduler_stack_bytes);
                               scheduler = std::move(from);
                               try {
                                 raw->entry();
                               } catch (const Stop&) {
                               }
                               raw->finished = true;
                               StartSwitch(nullptr, scheduler_stack, scheduler_stack_bytes);
                               return std::move(scheduler);
                             });
    task->ready = [] { return true; };
    tasks.push_back(std::move(task));
  }

  void RunTasks() {
    for (bool ran = true; ran;) {
      ran = false;
      for (size_t i = 0; i < tasks.size(); ++i) {
        Task& task = *tasks[i];
        if (task.finished || !(task.wake_us <= now_us || (task.ready && task.ready()))) continue;
        ran = true;
        ResumeTask(task);
      }
    }
  }

  void ResumeTask(Task& task) {
    task.wake_us = UINT64_MAX;
    current = &task;
    const double before = CpuSeconds();
    void* fake_stack = nullptr;
    StartSwitch(&fake_stack, task.stack_bottom, kStackBytes);
    ctx::fiber back = std::move(task.fiber).resume();
    FinishSwitch(fake_stack, nullptr, nullptr);
    cpu_s += CpuSeconds() - before;
    if (!task.finished) task.fiber = std::move(back);
    current = nullptr;
  }

  void Move(double dt) {
    if (now_us - command_us > 200'000) wanted_m_s[0] = wanted_m_s[1] = 0;
    for (int k = 0; k < 2; ++k) {
      const double step = kAccel * 1.5 * dt;
      wheel_m_s[k] += std::clamp(wanted_m_s[k] - wheel_m_s[k], -step, step);
    }
    if (lifted) return;
    constexpr double kWheelError[2] = {0.002, -0.001};
    double ground[2];
    for (int k = 0; k < 2; ++k) {
      ticks[k] += wheel_m_s[k] * dt * kTicksPerM;
      ground[k] = wheel_m_s[k] * (1 + kWheelError[k]) * (1 + options.slip * noise.Normal());
    }
    const double v = (ground[0] + ground[1]) / 2, w = (ground[1] - ground[0]) / kTrack_m;
    yaw_rate = w;
    const Pose2 before = X_WR;
    X_WR.yaw = WrapAngle(X_WR.yaw + w * dt);
    X_WR.x += v * dt * std::cos(X_WR.yaw - w * dt / 2);
    X_WR.y += v * dt * std::sin(X_WR.yaw - w * dt / 2);
    for (int round = 0; round < 3; ++round) {
      Point2 contact;
      if (!world.Touch(X_WR.position(), kRadius_m, &contact)) break;
      const Point2 out = X_WR.position() - contact;
      const double d = std::max(Norm(out), 1e-6);
      X_WR.x += out.x / d * (kRadius_m - d + 1e-5);
      X_WR.y += out.y / d * (kRadius_m - d + 1e-5);
      const Point2 p_R = X_WR.Inverse() * contact;
      const double angle = std::atan2(p_R.y, p_R.x);
      if (std::abs(angle) > 1.6) continue;
      for (int side = 0; side < 2; ++side) {
        if (std::abs(angle) > 0.2 && (side == 0) != (angle > 0)) continue;
        if (bumper_until_us[side] < now_us) ++bumps;
        bumper_until_us[side] = now_us + 60'000;
      }
    }
    distance_m += Distance(before.position(), X_WR.position());
  }

  void Beam(const Pose2& at, uint64_t time_us) {
    if (!lidar_on || time_us < lidar_from_us) return;
    if (beam == 0) {
      turn.start_us = time_us;
      turn.beam_count = kBeams;
      turn.period_us = static_cast<uint32_t>(kTurn_s * 1e6);
      turn.sequence = sequence++;
    }
    const double angle = WrapAngle(-2 * kPi * beam / kBeams);
    const Point2 from = at * Point2{kLidarX, 0};
    const double range = world.CastRay(from, at.yaw + angle + 0.002 * noise.Normal(), 8.0);
    const double noisy = range + options.range_noise_m * noise.Normal();
    turn.angle_rad[beam] = static_cast<float>(angle);
    turn.range_mm[beam] =
        range >= 8.0 || range < 0.15 ? 0 : static_cast<uint16_t>(std::lround(noisy * 1000));
    turn.quality[beam] = 200;
    turn.offset_us[beam] = static_cast<uint32_t>(time_us - turn.start_us);
    if (++beam == kBeams) {
      beam = 0;
      turns.push_back(turn);
      if (turns.size() > 4) turns.pop_front();
    }
  }

  void Tick() {
    const double sub = kTick_s / kSubsteps;
    for (int s = 0; s < kSubsteps; ++s) {
      const Pose2 before = X_WR;
      const uint64_t from_us = now_us;
      now_us += static_cast<uint64_t>(sub * 1e6 + 0.5);
      Move(sub);
      // 4.5 beams a substep: those whose instant falls in it.
      const double beam_us = kTurn_s * 1e6 / kBeams;
      for (auto n = static_cast<uint64_t>(std::ceil(from_us / beam_us)); n * beam_us < now_us;
           ++n) {
        const double k = (n * beam_us - from_us) / (now_us - from_us);
        const Pose2 at{before.x + k * (X_WR.x - before.x), before.y + k * (X_WR.y - before.y),
                       before.yaw + k * WrapAngle(X_WR.yaw - before.yaw)};
        Beam(at, static_cast<uint64_t>(n * beam_us));
      }
    }
    Sense();
    Record();
  }

  void Sense() {
    odometry_latest = {now_us, static_cast<uint16_t>(static_cast<int64_t>(std::floor(ticks[0]))),
                       static_cast<uint16_t>(static_cast<int64_t>(std::floor(ticks[1]))), lifted,
                       lifted};
    odometry.push_back(odometry_latest);
    if (odometry.size() > 64) odometry.pop_front();
    imu_latest = {now_us,
                  {0, 0,
                   static_cast<float>(yaw_rate + options.gyro_bias_rad_s +
                                      options.gyro_noise_rad_s * noise.Normal())},
                  {0, 0, 9.81f}};
    imu.push_back(imu_latest);
    if (imu.size() > 64) imu.pop_front();
    hazard = {};
    hazard.time_us = now_us;
    hazard.bumper_left = bumper_until_us[0] >= now_us;
    hazard.bumper_right = bumper_until_us[1] >= now_us;
    constexpr double kAngles[4] = {1.05, 0.26, -0.26, -1.05};
    for (int k = 0; k < 4; ++k) {
      const Point2 p = X_WR * Point2{0.15 * std::cos(kAngles[k]), 0.15 * std::sin(kAngles[k])};
      if (lifted || world.AtPoint(p) == FakeWorld::kDrop) hazard.cliff |= 1 << k;
    }
    if (now_us % 50'000 != 0) return;
    const Pose2 X_DR = X_WD.Inverse() * X_WR;  // x towards the dock, 0 when docked.
    dock = {};
    dock.time_us = now_us;
    dock.contact = X_DR.x > -0.015 && std::abs(X_DR.y) < 0.02 && std::abs(X_DR.yaw) < 0.12;
    const double ahead = kRadius_m - X_DR.x;  // From the beacon out.
    const Point2 beacon = X_WD * Point2{kRadius_m - 0.01, 0};
    const Point2 to = X_WR.Inverse() * beacon;
    const double range = Norm(to), bearing = std::atan2(to.y, to.x);
    const bool sight = world.CastRay(X_WR.position(), X_WR.yaw + bearing, range) >= range - 0.03;
    dock.beacon_seen = ahead > 0 && range < 3 && std::abs(std::atan2(X_DR.y, ahead)) < 0.5 &&
                       std::abs(bearing) < 1.9 && sight;
    dock.bearing_rad = static_cast<float>(bearing + 0.02 * noise.Normal());
    // Looking out from the dock, left is the robot's side of -y in the docked frame.
    dock.beacon_left = dock.beacon_seen && X_DR.y <= 0.02 + 0.05 * ahead;
    dock.beacon_right = dock.beacon_seen && X_DR.y >= -0.02 - 0.05 * ahead;
    if (now_us % 1'000'000 == 0) {
      const double per_s =
          dock.contact ? options.charge_pct_per_min / 60 : -options.drain_pct_per_min / 60;
      charge_pct = std::clamp(charge_pct + per_s, 0.0, 100.0);
    }
  }

  void Record() {
    const double v = std::abs(wheel_m_s[0] + wheel_m_s[1]) / 2,
                 w = std::abs(wheel_m_s[1] - wheel_m_s[0]) / kTrack_m;
    (v > 0.2 ? fast_s : v > 0.05 ? slow_s : w > 0.1 ? turn_s : still_s) += kTick_s;
    hasher.Add(X_WR.x);
    hasher.Add(X_WR.y);
    hasher.Add(X_WR.yaw);
    if (track_W.empty() || Distance(track_W.back(), X_WR.position()) > 0.02)
      track_W.push_back(X_WR.position());
    else
      return;
    if (!brush) return;
    const int r = static_cast<int>(kRadius_m / FakeWorld::kCell_m) + 1;
    const int cx = static_cast<int>(X_WR.x / FakeWorld::kCell_m),
              cy = static_cast<int>(X_WR.y / FakeWorld::kCell_m);
    for (int y = cy - r; y <= cy + r; ++y) {
      for (int x = cx - r; x <= cx + r; ++x) {
        if (x < 0 || y < 0 || x >= world.width() || y >= world.height()) continue;
        const Point2 c{(x + 0.5) * FakeWorld::kCell_m, (y + 0.5) * FakeWorld::kCell_m};
        if (Distance(c, X_WR.position()) > kRadius_m) continue;
        const size_t i = static_cast<size_t>(y) * world.width() + x;
        if (now_us * 1e-6 - seen_s[i] > 3) ++visits[i];
        seen_s[i] = now_us * 1e-6;
      }
    }
  }
};

namespace {

FakeHal::Impl* g_hal = nullptr;

uint64_t Until(uint64_t timeout_us) {
  return timeout_us == DP_FOREVER ? UINT64_MAX : g_hal->now_us + timeout_us;
}

template <typename Sample>
dp_status Take(std::deque<Sample>& queue, Sample* out, uint64_t timeout_us) {
  if (queue.empty() && timeout_us > 0)
    g_hal->Block([&queue] { return !queue.empty(); }, Until(timeout_us));
  if (queue.empty()) return DP_ERR_TIMEOUT;
  *out = queue.front();
  queue.pop_front();
  return DP_OK;
}

void SleepUntil(uint64_t until_us) {
  if (until_us > g_hal->now_us) g_hal->Block(nullptr, until_us);
}

const dp_clock_v1 kClock{[] { return g_hal->now_us; }, SleepUntil,
                         [](uint64_t us) { SleepUntil(g_hal->now_us + us); }};

const dp_task_v1 kTask{
    [](const char* name, void (*entry)(void*), void* argument, size_t) -> int32_t {
      g_hal->Create(name, [=] { entry(argument); });
      return static_cast<int32_t>(g_hal->tasks.size());
    },
    [] { g_hal->Block([] { return true; }, UINT64_MAX); },
    [] { return g_hal->current ? g_hal->current->name.c_str() : ""; },
    [](size_t bytes, size_t capacity) -> int32_t {
      g_hal->mailboxes.push_back({bytes, capacity, {}});
      return static_cast<int32_t>(g_hal->mailboxes.size());
    },
    [](dp_handle, const void*, uint64_t) { return DP_ERR_INVALID; },
    [](dp_handle, void*, uint64_t) { return DP_ERR_INVALID; }};

const dp_log_v1 kLog{[](dp_log_level, const char* text) {
  if (g_hal->options.verbose) std::fprintf(stderr, "%8.2f %s\n", g_hal->now_us * 1e-6, text);
}};

const dp_lidar_v1 kLidar{
    [] {
      return dp_lidar_info{static_cast<float>(kLidarX), 0,     0.085f, 0, true, kBeams,
                           static_cast<float>(kTurn_s), 0.15f, 8.0f};
    },
    [](bool enabled) {
      if (enabled && !g_hal->lidar_on) {
        g_hal->lidar_from_us = g_hal->now_us + 1'000'000;
        g_hal->beam = 0;
        g_hal->turns.clear();
      }
      g_hal->lidar_on = enabled;
      return DP_OK;
    },
    [](dp_lidar_turn* out, uint64_t timeout_us) { return Take(g_hal->turns, out, timeout_us); }};

const dp_odometry_v1 kOdometry{
    [] {
      return dp_odometry_info{static_cast<float>(kTicksPerM), static_cast<float>(kTrack_m)};
    },
    [](dp_odometry_sample* out, uint64_t timeout_us) {
      return Take(g_hal->odometry, out, timeout_us);
    },
    [](dp_odometry_sample* out) {
      *out = g_hal->odometry_latest;
      return DP_OK;
    }};

const dp_imu_v1 kImu{
    [](dp_imu_sample* out, uint64_t timeout_us) { return Take(g_hal->imu, out, timeout_us); },
    [](dp_imu_sample* out) {
      *out = g_hal->imu_latest;
      return DP_OK;
    }};

const dp_hazard_v1 kHazard{
    [](dp_hazard_sample* out) {
      *out = g_hal->hazard;
      return DP_OK;
    },
    [](const dp_hazard_sample*, dp_hazard_sample*, uint64_t) { return DP_ERR_TIMEOUT; }};

const dp_dock_v1 kDock{[](dp_dock_sample* out) {
  *out = g_hal->dock;
  return DP_OK;
}};

const dp_drive_v1 kDrive{[](float left, float right) {
                           g_hal->wanted_m_s[0] = std::clamp<double>(left, -kSpeedMax, kSpeedMax);
                           g_hal->wanted_m_s[1] = std::clamp<double>(right, -kSpeedMax, kSpeedMax);
                           g_hal->command_us = g_hal->now_us;
                           return DP_OK;
                         },
                         [](float, float) { return DP_ERR_INVALID; },
                         [] { return static_cast<float>(kSpeedMax); }};

const dp_cleaning_v1 kCleaning{[](float duty) {
                                 g_hal->brush = duty > 0;
                                 return DP_OK;
                               },
                               [](float) { return DP_OK; }, [](float) { return DP_OK; }};

const dp_battery_v1 kBattery{[](dp_battery_sample* out) {
                               *out = {g_hal->now_us,
                                       14.4f,
                                       g_hal->dock.contact ? 1.5f : -1.0f,
                                       static_cast<float>(g_hal->charge_pct),
                                       25.0f,
                                       g_hal->dock.contact && g_hal->charge_pct < 99.5};
                               return DP_OK;
                             },
                             [] {}};

const dp_diagnostics_v1 kDiagnostics{
    [](double x, double y, double yaw) {
      g_hal->beliefs.push_back({g_hal->X_WR, {x, y, yaw}});
    },
    [](int32_t width, int32_t height, double, double x, double y, const int8_t* cells) {
      g_hal->map = {width, height, x, y,
                    std::vector<int8_t>(cells, cells + static_cast<size_t>(width) * height)};
    },
    [](const char* word) { g_hal->states.push_back(word); },
    [](const char* category) { g_hal->data_ready.push_back(category); }};

/// The rigid motion that brings the beliefs onto the truth, in the least-squares sense.
Pose2 Align(const std::vector<FakeHal::Impl::Belief>& beliefs) {
  Point2 mean_b, mean_t;
  for (const auto& b : beliefs) {
    mean_b = mean_b + b.belief.position() * (1.0 / beliefs.size());
    mean_t = mean_t + b.truth.position() * (1.0 / beliefs.size());
  }
  double s = 0, c = 0;
  for (const auto& b : beliefs) {
    const Point2 p = b.belief.position() - mean_b, q = b.truth.position() - mean_t;
    c += p.x * q.x + p.y * q.y;
    s += p.x * q.y - p.y * q.x;
  }
  Pose2 X_WM{0, 0, std::atan2(s, c)};
  const Point2 p = X_WM * mean_b;
  X_WM.x = mean_t.x - p.x;
  X_WM.y = mean_t.y - p.y;
  return X_WM;
}

}  // namespace

FakeHal::FakeHal(const FakeWorld& world, const Pose2& X_WDocked, const FakeHalOptions& options)
    : impl_(new Impl(world, X_WDocked, options)) {
  g_hal = impl_;
}

FakeHal::~FakeHal() {
  impl_->stopping = true;
  for (size_t i = 0; i < impl_->tasks.size(); ++i) {
    if (!impl_->tasks[i]->finished) impl_->ResumeTask(*impl_->tasks[i]);
  }
  g_hal = nullptr;
  delete impl_;
}

void FakeHal::Start(std::function<void()> entry) {
  for (int i = 0; i < 5; ++i) impl_->Tick();
  impl_->Create("main", std::move(entry));
}

bool FakeHal::RunUntil(const std::function<bool()>& done, double seconds) {
  const uint64_t until_us = impl_->now_us + static_cast<uint64_t>(seconds * 1e6);
  while (impl_->now_us < until_us) {
    impl_->RunTasks();
    if (done()) return true;
    impl_->Tick();
  }
  return false;
}

Metrics FakeHal::Measure() const {
  Metrics m;
  m.time_s = now_s();
  m.distance_m = impl_->distance_m;
  m.firmware_cpu_s = impl_->cpu_s;
  m.docked = impl_->dock.contact;
  m.bumps = impl_->bumps;
  m.fast_s = impl_->fast_s;
  m.slow_s = impl_->slow_s;
  m.turn_s = impl_->turn_s;
  m.still_s = impl_->still_s;
  m.hash = impl_->hasher.Digest();
  double coverable = 0, covered = 0, visits = 0;
  for (size_t i = 0; i < impl_->coverable.size(); ++i) {
    if (!impl_->coverable[i]) continue;
    ++coverable;
    covered += impl_->visits[i] > 0;
    visits += impl_->visits[i];
  }
  m.coverable_m2 = coverable * FakeWorld::kCell_m * FakeWorld::kCell_m;
  m.coverage = covered / std::max(coverable, 1.0);
  m.revisit = visits / std::max(covered, 1.0);
  if (!impl_->beliefs.empty()) {
    const Pose2 X_WM = Align(impl_->beliefs);
    double sum = 0;
    for (const auto& b : impl_->beliefs) {
      const double e = Distance(X_WM * b.belief.position(), b.truth.position());
      sum += e * e;
      m.ate_max_m = std::max(m.ate_max_m, e);
    }
    m.ate_m = std::sqrt(sum / impl_->beliefs.size());
  }
  return m;
}

const std::vector<std::string>& FakeHal::states() const { return impl_->states; }
const std::vector<std::string>& FakeHal::data_ready() const { return impl_->data_ready; }
const Pose2& FakeHal::X_WR() const { return impl_->X_WR; }
double FakeHal::now_s() const { return impl_->now_us * 1e-6; }
void FakeHal::SetLifted(bool lifted) { impl_->lifted = lifted; }
void FakeHal::SetPose(const Pose2& X_WR) { impl_->X_WR = X_WR; }
void FakeHal::SetCharge(double pct) { impl_->charge_pct = pct; }

void FakeHal::WritePicture(const std::string& path) const {
  const int width = impl_->world.width(), height = impl_->world.height();
  std::vector<uint8_t> rgb(static_cast<size_t>(width) * height * 3, 255);
  const auto put = [&](int x, int y, uint8_t r, uint8_t g, uint8_t b) {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    uint8_t* p = &rgb[(static_cast<size_t>(height - 1 - y) * width + x) * 3];
    p[0] = r, p[1] = g, p[2] = b;
  };
  const Pose2 X_WM = impl_->beliefs.empty() ? Pose2{} : Align(impl_->beliefs);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const size_t i = static_cast<size_t>(y) * width + x;
      const FakeWorld::Cell cell = impl_->world.at(x, y);
      if (impl_->coverable[i]) {
        const int v = impl_->visits[i];
        if (v == 0)
          put(x, y, 255, 120, 120);
        else
          put(x, y, static_cast<uint8_t>(std::max(0, 215 - 35 * (v - 1))),
              static_cast<uint8_t>(std::max(60, 245 - 25 * (v - 1))), 215);
      }
      if (cell == FakeWorld::kWall) put(x, y, 90, 90, 90);
      if (cell == FakeWorld::kLow) put(x, y, 230, 160, 40);
      if (cell == FakeWorld::kDrop) put(x, y, 160, 40, 230);
    }
  }
  for (const Point2& p : impl_->track_W)
    put(static_cast<int>(p.x / FakeWorld::kCell_m), static_cast<int>(p.y / FakeWorld::kCell_m), 30,
        60, 160);
  const auto& map = impl_->map;
  for (int i = 0; i < map.width * map.height; ++i) {
    if (map.cells[i] != 100) continue;
    const Point2 p =
        X_WM * Point2{map.x + (i % map.width + 0.5) * 0.05, map.y + (i / map.width + 0.5) * 0.05};
    put(static_cast<int>(p.x / FakeWorld::kCell_m), static_cast<int>(p.y / FakeWorld::kCell_m), 0,
        0, 0);
  }
  std::ofstream out(path, std::ios::binary);
  out << "P6\n" << width << " " << height << "\n255\n";
  out.write(reinterpret_cast<const char*>(rgb.data()), static_cast<long>(rgb.size()));
}

}  // namespace vacuum::test

extern "C" const void* dp_hal_query(const char* name, uint32_t version) {
  using namespace vacuum::test;
  if (version != 1) return nullptr;
  const struct {
    const char* name;
    const void* interface;
  } all[] = {{DP_CLOCK, &kClock},       {DP_TASK, &kTask},         {DP_LOG, &kLog},
             {DP_LIDAR, &kLidar},       {DP_ODOMETRY, &kOdometry}, {DP_IMU, &kImu},
             {DP_HAZARD, &kHazard},     {DP_DOCK, &kDock},         {DP_DRIVE, &kDrive},
             {DP_CLEANING, &kCleaning}, {DP_BATTERY, &kBattery},   {DP_DIAGNOSTICS, &kDiagnostics}};
  for (const auto& entry : all) {
    if (std::strcmp(entry.name, name) == 0) return entry.interface;
  }
  return nullptr;
}
