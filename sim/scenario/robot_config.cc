#include "sim/scenario/robot_config.h"

#include <algorithm>
#include <numbers>

#include "sim/config/config.h"
#include "sim/scenario/hal_calls.h"

namespace dustproof {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

// Every figure has a ceiling: far above any robot's, and low enough that physics and lidar stay
// finite. Beyond it lies a wrong unit.
NumberRules Between(double min, double max, const char* doc) {
  return {.doc = doc, .min = min, .max = max};
}
NumberRules UpTo(double max, const char* doc) { return Between(0, max, doc); }
NumberRules PositiveUpTo(double max, const char* doc) {
  return {.doc = doc, .max = max, .min_exclusive = 0};
}
NumberRules Share(const char* doc) { return {.doc = doc, .min = 0, .max = 1}; }
NumberRules Angle(const char* doc) { return {.doc = doc, .min = 0, .max = std::numbers::pi}; }

constexpr const char* kAny = "*";
constexpr size_t kTaskNameMax = 31;

void DescribeTask(Fields& f, std::string* task, const char* doc) {
  f.Text("task", task, {.doc = doc, .required = true});
  f.Rule({"task"}, task->size() <= kTaskNameMax,
         "must have at most 31 characters, as the names of tasks do");
}

// Notes every item that says the same as one before it.
template <typename Item, typename Same>
void RefuseRepetition(Fields& f, const char* key, const std::vector<Item>& items, Same same) {
  for (size_t i = 0; i < items.size(); ++i) {
    const auto first = std::find_if(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const Item& item) { return same(item, items[i]); });
    const auto at = static_cast<size_t>(first - items.begin());
    f.Rule({key}, at == i,
           "item " + std::to_string(i + 1) + " is for the same as item " + std::to_string(at + 1));
  }
}

}  // namespace

void BodySpec::Describe(Fields& f) {
  f.Number("radius_m", &radius_m, {.doc = "Of the round hull.", .min = 0.05, .max = 0.5});
  f.Number("height_m", &height_m,
           {.doc = "Highest point above the floor.", .min = 0.03, .max = 0.5});
  f.Number("clearance_m", &clearance_m, PositiveUpTo(0.5, "Underside above the floor."));
  f.Number("mass_kg", &mass_kg, {.doc = "All of it.", .min = 0.3, .max = 50});
  f.Tuple("centre_of_mass_m", &centre_of_mass_m,
          {.doc = "Ahead of the axle, above the floor.", .min = 0, .max = 0.5});
  f.Number("hull_friction", &hull_friction, UpTo(5, "Times the friction of what it touches."));
  f.Rule(
      {"clearance_m", "height_m"}, clearance_m < height_m,
      "must be below height_m (" + FormatNumber(height_m) + "), got " + FormatNumber(clearance_m));
  f.Rule(
      {"centre_of_mass_m"}, centre_of_mass_m[0] >= 0.005 && centre_of_mass_m[0] < radius_m,
      "must lie 0.005 m or more ahead of the axle, else the robot tips back off its caster; got " +
          FormatNumber(centre_of_mass_m[0]));
  f.Rule({"centre_of_mass_m", "height_m"},
         centre_of_mass_m[1] >= 0 && centre_of_mass_m[1] < height_m,
         "must lie between the floor and height_m (" + FormatNumber(height_m) + "), got " +
             FormatNumber(centre_of_mass_m[1]));
}

void MotorSpec::Describe(Fields& f) {
  f.Number("torque_constant_Nm_per_A", &torque_constant_Nm_per_A,
           Between(0.001, 50, "At the wheel, gear included."));
  f.Number("resistance_ohm", &resistance_ohm, Between(0.05, 1000, "Of the winding."));
  f.Number("inertia_kg_m2", &inertia_kg_m2,
           Between(1e-5, 1, "Rotor, gear and wheel, at the wheel."));
  f.Number("friction_Nm", &friction_Nm, UpTo(10, "Coulomb friction, at the wheel."));
  f.Number("current_limit_A", &current_limit_A, PositiveUpTo(100, "The bridge limits to this."));
}

void SuspensionSpec::Describe(Fields& f) {
  f.Number("spring_N_per_m", &spring_N_per_m,
           {.doc = "Of one wheel.", .max = 1e4, .min_exclusive = 0});
  f.Number("preload_N", &preload_N, UpTo(500, "Force at full extension."));
  f.Number("damping_Ns_per_m", &damping_Ns_per_m, {.doc = "Of one wheel.", .min = 1, .max = 400});
  f.Number("travel_m", &travel_m, PositiveUpTo(0.2, "From fully in to fully out."));
}

void TyreSpec::Describe(Fields& f) {
  f.Number("stiffness_N_per_m", &stiffness_N_per_m,
           {.doc = "Of the rubber's bristles.", .min = 100, .max = 1e5});
  f.Number("damping_Ns_per_m", &damping_Ns_per_m,
           {.doc = "Of the rubber's bristles.", .min = 0, .max = 100});
  f.Number("relaxation_m", &relaxation_m, Between(1e-4, 10, "Rolled until a strain has faded."));
}

void DriveSpec::Describe(Fields& f) {
  f.Number("wheel_radius_m", &wheel_radius_m, {.doc = "Nominal.", .min = 0.01, .max = 0.2});
  f.Number("track_width_m", &track_width_m,
           {.doc = "Between the wheels' contact points.", .max = 1, .min_exclusive = 0});
  f.Number("ticks_per_m", &ticks_per_m, {.doc = "Of the encoders.", .min = 10, .max = 1e6});
  f.Tuple("wheel_radius_error", &wheel_radius_error,
          {.doc = "Left and right, true against nominal, as shares.", .min = -0.1, .max = 0.1});
  f.Number("caster_x_m", &caster_x_m, Between(0.02, 0.5, "Ahead of the axle."));
  f.Number("velocity_m_s_max", &velocity_m_s_max,
           {.doc = "Of a wheel.", .max = 2, .min_exclusive = 0});
  f.Number("acceleration_m_s2_max", &acceleration_m_s2_max,
           {.doc = "Ramp of the motor controller.", .max = 20, .min_exclusive = 0});
  f.Duration("command_timeout", &command_timeout,
             {.doc = "Without a newer command the motors stop.",
              .min = SimDuration::Milliseconds(10),
              .max = SimDuration::Seconds(60)});
  f.Section("motor", &motor, {.doc = "Each of the two."});
  f.Section("suspension", &suspension, {.doc = "Of each wheel."});
  f.Section("tyre", &tyre, {.doc = "Of each wheel."});
}

void LidarSpec::Describe(Fields& f) {
  f.Tuple("position_m", &position_m, {.doc = "In R.", .min = -1, .max = 1});
  f.Number("yaw_rad", &yaw_rad, {.doc = "Of its x axis in R.", .min = -kTurn, .max = kTurn});
  f.Bool("clockwise", &clockwise, {.doc = "Seen from above."});
  f.Integer("beams_per_turn", &beams_per_turn, {.doc = "At most 720.", .min = 8, .max = 720});
  f.Number("turns_per_s", &turns_per_s, {.doc = "Nominal.", .min = 1, .max = 20});
  f.Number("range_m_min", &range_m_min, UpTo(60, "Nearest measurable distance."));
  f.Number("range_m_max", &range_m_max,
           {.doc = "Farthest, on a white target.", .max = 60, .min_exclusive = 0});
  f.Number("noise_m", &noise_m, UpTo(10, "Standard deviation of a range."));
  f.Number("noise_share", &noise_share,
           UpTo(1, "The same as a share of the range, added in quadrature."));
  f.Number("angle_noise_rad", &angle_noise_rad,
           UpTo(1, "Standard deviation of a beam's direction."));
  f.Number("scale_error", &scale_error,
           UpTo(0.5, "Standard deviation of the unit's scale, drawn once a run."));
  f.Number("speed_jitter", &speed_jitter,
           {.doc = "Standard deviation of a turn's period.", .min = 0, .max = 0.05});
  f.Number("dropout_probability", &dropout_probability, Share("Of any beam."));
  f.Duration("spin_up", &spin_up,
             {.doc = "From enabling to the first beam.",
              .min = SimDuration(),
              .max = SimDuration::Seconds(60)});
  f.Rule({"range_m_max", "range_m_min"}, range_m_max > range_m_min,
         "must exceed range_m_min (" + FormatNumber(range_m_min) + "), got " +
             FormatNumber(range_m_max));
}

void ImuSpec::Describe(Fields& f) {
  f.Number("gyro_noise_rad_s", &gyro_noise_rad_s, UpTo(10, "Standard deviation of a sample."));
  f.Number("gyro_bias_rad_s", &gyro_bias_rad_s, UpTo(10, "Standard deviation at power-on."));
  f.Number("gyro_drift_rad_s_per_sqrt_s", &gyro_drift_rad_s_per_sqrt_s,
           UpTo(10, "Random walk of the bias."));
  f.Number("accel_noise_m_s2", &accel_noise_m_s2, UpTo(100, "Standard deviation of a sample."));
  f.Number("accel_bias_m_s2", &accel_bias_m_s2, UpTo(100, "Standard deviation at power-on."));
}

void BumperSpec::Describe(Fields& f) {
  f.Number("press_force_N", &press_force_N, UpTo(1000, "Least force that moves the shell."));
  f.Number("release_travel_m", &release_travel_m,
           PositiveUpTo(0.1, "Gap at which a side lets go."));
  f.Number("front_half_angle_rad", &front_half_angle_rad,
           Angle("Hits this close to straight ahead press both sides."));
  f.Number("half_angle_rad", &half_angle_rad, Angle("Hits beyond it press none."));
}

void CliffSpec::Describe(Fields& f) {
  f.Tuple("angles_rad", &angles_rad,
          {.doc = "Left, front left, front right, right; from R's x axis.",
           .min = -kTurn,
           .max = kTurn});
  f.Number("radius_m", &radius_m, PositiveUpTo(0.5, "From R's axis."));
  f.Number("trip_depth_m", &trip_depth_m, PositiveUpTo(1, "A drop at least this deep is a cliff."));
}

void BatterySpec::Describe(Fields& f) {
  f.Number("capacity_Ah", &capacity_Ah,
           {.doc = "Four lithium-ion cells in series.", .min = 0.1, .max = 50});
  f.Number("charge_at_start", &charge_at_start, Share("When the run begins."));
  f.Number("resistance_ohm", &resistance_ohm, UpTo(10, "Of the pack."));
  f.Number("charge_current_A", &charge_current_A, PositiveUpTo(50, "Of the dock, at most."));
  f.Number("charge_voltage_V", &charge_voltage_V,
           {.doc = "Of the dock, at most.", .min = 15, .max = 18});
  f.Number("empty_share", &empty_share, Share("Below it the robot browns out."));
  f.Number("brownout_V", &brownout_V,
           {.doc = "Voltage under load below which it browns out as well; 0: no limit.",
            .min = 0,
            .max = 16});
  f.Number("gauge_error_pct", &gauge_error_pct,
           UpTo(100, "Standard deviation of the gauge's offset."));
  f.Number("electronics_W", &electronics_W, UpTo(200, "Computer and radio."));
  f.Number("lidar_W", &lidar_W, UpTo(200, "While it turns."));
  f.Number("main_brush_W", &main_brush_W, UpTo(200, "At full duty."));
  f.Number("side_brush_W", &side_brush_W, UpTo(200, "At full duty."));
  f.Number("fan_W", &fan_W, UpTo(200, "At full duty."));
}

void FlashFaults::Describe(Fields& f) {
  f.Number("bit_error_rate", &bit_error_rate,
           {.doc = "Share of bits that a read gives wrong, anew each time.", .min = 0, .max = 0.5});
  f.Integer("read_disturb_reads", &read_disturb_reads,
            {.doc = "Reads of a block, since its last erase, that turn one bit from 1 to 0; 0: "
                    "none do.",
             .min = 0,
             .max = 1'000'000});
  f.Number("lost_write_probability", &lost_write_probability,
           Share("Of a program or erase that does nothing and says nothing."));
}

void FlashSpec::Describe(Fields& f) {
  f.Integer(
      "size_kib", &size_kib,
      {.doc = "1024 bytes each; together a multiple of block_bytes.", .min = 16, .max = 65536});
  f.Integer("block_bytes", &block_bytes,
            {.doc = "Smallest erase; a multiple of page_bytes.", .min = 256, .max = 262144});
  f.Integer("page_bytes", &page_bytes, {.doc = "Largest program.", .min = 1, .max = 65536});
  f.Duration(
      "program_time", &program_time,
      {.doc = "Of one page.", .min = SimDuration::Microseconds(1), .max = SimDuration::Seconds(1)});
  f.Duration("erase_time", &erase_time,
             {.doc = "Of one block.",
              .min = SimDuration::Microseconds(1),
              .max = SimDuration::Seconds(10)});
  f.Integer("erase_cycles_max", &erase_cycles_max,
            {.doc = "What a block stands.", .min = 1, .max = 1'000'000});
  f.Integer(
      "erase_cycles_at_start", &erase_cycles_at_start,
      {.doc = "What each block has behind it when the run begins.", .min = 0, .max = 1'000'000});
  f.Number("worn_failure", &worn_failure,
           Share("Chance that erase or program on a worn block fails."));
  f.Section("faults", &faults, {.doc = "What is wrong with the chip from the start."});
  f.Rule({"block_bytes", "page_bytes"}, block_bytes % page_bytes == 0,
         "must be a multiple of page_bytes (" + std::to_string(page_bytes) + "), got " +
             std::to_string(block_bytes));
  f.Rule({"size_kib", "block_bytes"}, size_bytes() % block_bytes == 0,
         "must make a multiple of block_bytes (" + std::to_string(block_bytes) + "), got " +
             std::to_string(size_kib));
}

void DockSpec::Describe(Fields& f) {
  f.Number("contact_travel_m", &contact_travel_m,
           PositiveUpTo(0.2, "The contacts touch while the hull is this close."));
  f.Number("contact_lateral_m", &contact_lateral_m, PositiveUpTo(0.5, "Sideways tolerance."));
  f.Number("contact_yaw_rad", &contact_yaw_rad, Angle("Tolerance of heading."));
  f.Number("beacon_range_m", &beacon_range_m, PositiveUpTo(50, "Farthest place where it is seen."));
  f.Number("beacon_half_angle_rad", &beacon_half_angle_rad, Angle("Of the dock's beam."));
  f.Number("receiver_half_angle_rad", &receiver_half_angle_rad, Angle("Of the robot's receiver."));
  f.Number("bearing_noise_rad", &bearing_noise_rad, UpTo(3, "Standard deviation."));
  f.Number("overlap_m", &overlap_m,
           UpTo(1, "Half width at the dock where both halves of the beam are seen."));
  f.Number("overlap_half_angle_rad", &overlap_half_angle_rad, Angle("How that strip widens."));
  f.Number("beacon_z_m", &beacon_z_m, UpTo(2, "Height of beacon and receiver."));
}

void ComputeSpec::Cost::Describe(Fields& f) {
  DescribeTask(f, &task, "As dp_task create names it, main for the first, or * for every task.");
  f.Text("call", &call,
         {.doc = "HAL call, e.g. lidar.read, or * for every call.", .required = true});
  f.Duration("time", &time,
             {.doc = "What the task computes after it, before its next HAL call.",
              .required = true,
              .min = SimDuration(),
              .max = SimDuration::Seconds(60)});
  // Less would let an endless loop of calls go on for hours of the host's time.
  f.Rule({"time"}, time == SimDuration() || time >= SimDuration::Microseconds(1),
         "must be 0s or at least 1us");
  const std::vector<std::string>& calls = HalCallNames();
  const bool known = call == kAny || std::find(calls.begin(), calls.end(), call) != calls.end();
  const std::string near = known ? "" : SuggestWord(call, calls);
  f.Rule({"call"}, known || call.empty(),
         "the HAL has no call '" + call + "'" +
             (near.empty() ? "; its calls are named like lidar.read and clock.sleep_us"
                           : "; did you mean '" + near + "'?"));
}

void ComputeSpec::Describe(Fields& f) {
  f.Integer("cores", &cores, {.doc = "Tasks that compute at a time.", .min = 1, .max = 16});
  f.List("after", &after,
         {.doc = "Of several that fit, the one that says most counts: task and call, task, call.",
          .required = true,
          .count_min = 1});
  RefuseRepetition(f, "after", after, [](const Cost& a, const Cost& b) {
    return a.task == b.task && a.call == b.call;
  });
}

void DeadlineSpec::Describe(Fields& f) {
  DescribeTask(f, &task, "As dp_task create names it; main for the first.");
  f.Rule({"task"}, task != kAny, "must name one task: give each a deadline of its own");
  f.Duration("within", &within,
             {.doc = "From the end of a wait of the task in the HAL to its next wait.",
              .required = true,
              .min = SimDuration::Microseconds(1),
              .max = SimDuration::Seconds(3600)});
}

void RobotConfig::Describe(Fields& f) {
  f.Text("name", &name, {.doc = "Short name."});
  f.Text("model", &model, {.doc = "Product model, as the HAL's identity gives it."});
  f.Section("body", &body, {.doc = "The hull and what it weighs."});
  f.Section("drive", &drive, {.doc = "Wheels, motors, suspension, encoders."});
  f.Section("lidar", &lidar, {.doc = "The spinning lidar."});
  f.Section("imu", &imu, {.doc = "Gyro and accelerometer."});
  f.Section("bumper", &bumper, {.doc = "The shell in front."});
  f.Section("cliff", &cliff, {.doc = "Four sensors that look down."});
  f.Section("battery", &battery, {.doc = "Battery, charger and consumers."});
  f.Section("flash", &flash, {.doc = "The flash chip, and what may be wrong with it."});
  f.Section("dock", &dock, {.doc = "Charging contacts and beacon."});
  f.WordOrSection("compute", "zero", &compute, {.doc = "What computing takes on this chip."});
  f.List("deadlines", &deadlines, {.doc = "When tasks have to be done, by their names."});
  RefuseRepetition(f, "deadlines", deadlines,
                   [](const DeadlineSpec& a, const DeadlineSpec& b) { return a.task == b.task; });
  f.Number("cleaning_width_m", &cleaning_width_m, PositiveUpTo(1, "Swept by the main brush."));
  f.Number("side_brush_reach_m", &side_brush_reach_m, UpTo(1, "From R's axis."));
  f.Rule({"drive", "body"}, drive.track_width_m < 2 * body.radius_m,
         "track_width_m must be below the hull's diameter (" + FormatNumber(2 * body.radius_m) +
             "), got " + FormatNumber(drive.track_width_m));
  f.Rule({"drive", "body"},
         drive.caster_x_m > body.centre_of_mass_m[0] && drive.caster_x_m < body.radius_m,
         "caster_x_m must lie between the centre of mass (" +
             FormatNumber(body.centre_of_mass_m[0]) + ") and the rim (" +
             FormatNumber(body.radius_m) + "), got " + FormatNumber(drive.caster_x_m));
  const double load_N = body.mass_kg * 9.81 * (1 - body.centre_of_mass_m[0] / drive.caster_x_m) / 2;
  const SuspensionSpec& s = drive.suspension;
  f.Rule({"drive", "body"},
         load_N > s.preload_N && load_N < s.preload_N + s.spring_N_per_m * s.travel_m,
         "a wheel's suspension must carry " + FormatNumber(load_N) +
             " N within its travel: preload_N (" + FormatNumber(s.preload_N) +
             ") below and preload_N + spring_N_per_m * travel_m (" +
             FormatNumber(s.preload_N + s.spring_N_per_m * s.travel_m) + ") above");
}

Result<RobotConfig> LoadRobotConfig(const std::string& path) {
  Result<RobotConfig> config = LoadConfig<RobotConfig>(path);
  if (config) config->path = path;
  return config;
}

Result<RobotConfig> ParseRobotConfig(const std::string& text, const std::string& file_name) {
  Result<RobotConfig> config = ParseConfig<RobotConfig>(text, file_name);
  if (config) config->path = file_name;
  return config;
}

SchemaNode RobotSchema() { return DescribeConfig<RobotConfig>(); }

}  // namespace dustproof
