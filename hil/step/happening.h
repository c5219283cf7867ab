#pragma once

#include <variant>

#include "hil/capture/messages.h"
#include "sim/core/frames.h"
#include "sim/core/time.h"

namespace dustproof {

/// The hull begins to touch something: the strongest push of that physics step. Frame W.
struct Contact {
  SimTime time;
  Vec3 p_WPt_W = Vec3::Zero();   ///< The touched point of the hull.
  Vec3 normal_W = Vec3::Zero();  ///< Unit, into the hull.
  double impulse_Ns = 0;         ///< Along the normal.
  int prop = -1;                 ///< Index of the loose thing that was touched, or -1 for something fixed.
};

/// What a stepped run tells of a step, as it happened. Emissions are numbered as in the recording.
using Happening = std::variant<Emission, ConsentChange, RunEvent, LogLine, Contact>;

}  // namespace dustproof
