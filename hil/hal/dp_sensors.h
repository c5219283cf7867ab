/* Lidar, odometry, inertial sensor, hazards, buttons and dock. Robot frame R: x forward, y left, z
 * up, origin on the floor between the wheels. Every sample carries the time at which it was taken,
 * on the clock of dp_clock_v1. Before the first sample after power-on, every `latest` answers
 * DP_ERR_STATE. */
#ifndef DP_SENSORS_H
#define DP_SENSORS_H

#include "hil/hal/dp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DP_LIDAR_BEAMS_MAX 720

/** Where the lidar sits and how it turns; constant. */
typedef struct dp_lidar_info {
  float x_m, y_m, z_m; /**< Origin of the lidar frame L in R. */
  float yaw_rad;       /**< Heading of L's x axis in R. */
  bool clockwise;      /**< Seen from above. Beam angles fall with time where true. */
  uint16_t beams_per_turn;
  float turn_period_s; /**< Nominal. */
  float range_m_min, range_m_max;
} dp_lidar_info;

/** One turn. Beams of a spinning lidar are taken one after another while the robot moves: deskew
 * with time_us. */
typedef struct dp_lidar_turn {
  uint64_t start_us;  /**< When the first beam was taken. */
  uint32_t period_us; /**< From the first beam of this turn to the first of the next. */
  uint32_t sequence;
  uint16_t beam_count;
  float angle_rad[DP_LIDAR_BEAMS_MAX];    /**< Direction of the beam in L, counter-clockwise from x,
                                             -pi to pi. */
  uint16_t range_mm[DP_LIDAR_BEAMS_MAX];  /**< 0 = no valid return. */
  uint8_t quality[DP_LIDAR_BEAMS_MAX];    /**< Strength of the return, 0–255. */
  uint32_t offset_us[DP_LIDAR_BEAMS_MAX]; /**< Time of the beam after start_us. */
} dp_lidar_turn;

typedef struct dp_lidar_v1 {
  dp_lidar_info (*info)(void);
  /** Spins the lidar up (true) or down. It starts off after power-on. First turn within 1.5 s. */
  dp_status (*set_enabled)(bool enabled);
  /** Blocking: the next complete turn. The HAL keeps the last 4; older ones are lost (see
   * sequence). */
  dp_status (*read)(dp_lidar_turn* out, uint64_t timeout_us);
} dp_lidar_v1;

typedef struct dp_odometry_info {
  float ticks_per_m;
  float track_width_m; /**< Between the wheels' contact points. */
} dp_odometry_info;

typedef struct dp_odometry_sample {
  uint64_t time_us;
  uint16_t left_ticks, right_ticks;       /**< Wrap at 65536. Forward counts up. */
  bool wheel_drop_left, wheel_drop_right; /**< The suspension is fully extended. */
} dp_odometry_sample;

typedef struct dp_odometry_v1 {
  dp_odometry_info (*info)(void);
  /** Blocking: the next sample not yet read; 100 Hz. The HAL keeps the last 64. */
  dp_status (*read)(dp_odometry_sample* out, uint64_t timeout_us);
  /** The newest sample, without waiting and without taking it from read(). */
  dp_status (*latest)(dp_odometry_sample* out);
} dp_odometry_v1;

typedef struct dp_imu_sample {
  uint64_t time_us;
  float gyro_rad_s[3]; /**< About R's axes; bias and noise included. */
  float accel_m_s2[3]; /**< Specific force along R's axes: +9.81 on z at rest. */
} dp_imu_sample;

typedef struct dp_imu_v1 {
  /** Blocking: the next sample not yet read; 100 Hz, same instants as odometry. The HAL keeps the
   * last 64. */
  dp_status (*read)(dp_imu_sample* out, uint64_t timeout_us);
  dp_status (*latest)(dp_imu_sample* out);
} dp_imu_v1;

/** Bits of dp_hazard_sample.cliff. */
enum { DP_CLIFF_LEFT = 1, DP_CLIFF_FRONT_LEFT = 2, DP_CLIFF_FRONT_RIGHT = 4, DP_CLIFF_RIGHT = 8 };

typedef struct dp_hazard_sample {
  uint64_t time_us;
  bool bumper_left, bumper_right;             /**< Pressed. Both for a hit straight ahead. */
  uint8_t cliff;                              /**< DP_CLIFF_ bits that see no floor. */
  bool over_current_left, over_current_right; /**< Wheel motor at its current limit. */
} dp_hazard_sample;

typedef struct dp_hazard_v1 {
  /** The newest sample (100 Hz), without waiting. */
  dp_status (*latest)(dp_hazard_sample* out);
  /** Blocking: until any field but time_us differs from `seen`, or the time-out. */
  dp_status (*wait_change)(const dp_hazard_sample* seen, dp_hazard_sample* out,
                           uint64_t timeout_us);
} dp_hazard_v1;

typedef enum dp_button { DP_BUTTON_CLEAN = 0, DP_BUTTON_HOME = 1, DP_BUTTON_RESET = 2 } dp_button;

typedef struct dp_button_event {
  uint64_t time_us;
  dp_button button;
  uint32_t held_ms; /**< How long it was held; sent on release. Reset asks for at least 5000. */
} dp_button_event;

typedef struct dp_buttons_v1 {
  /** Blocking: the next press. The HAL keeps the last 16. */
  dp_status (*read)(dp_button_event* out, uint64_t timeout_us);
} dp_buttons_v1;

/** What the dock's infrared beacon and the charging contacts say. */
typedef struct dp_dock_sample {
  uint64_t time_us;
  bool contact;      /**< The charging contacts touch. */
  bool beacon_seen;  /**< The beacon is within its cone and range and in sight. */
  float bearing_rad; /**< Of the beacon, in R, where seen; about ±0.02 rad of noise. */
  bool beacon_left, beacon_right; /**< Which half of the dock's beam the robot is in, as seen from
                                     the dock looking out; both on the centre line. */
} dp_dock_sample;

typedef struct dp_dock_v1 {
  /** The newest sample (20 Hz), without waiting. */
  dp_status (*latest)(dp_dock_sample* out);
} dp_dock_v1;

#ifdef __cplusplus
}
#endif
#endif
