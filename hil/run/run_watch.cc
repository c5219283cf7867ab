#include "hil/run/run_watch.h"

namespace dustproof {

RunWatch::RunWatch(const Scenario& scenario, Robot* robot, const FirmwareBridge* bridge,
                   CaptureSink* sink)
    : end_(scenario.end), robot_(robot), bridge_(bridge), sink_(sink) {
  robot->AddListener(this);
}

void RunWatch::Note(SimTime now, const char* name, const std::string& detail) {
  sink_->Write(RunEvent{now, "robot", name, detail});
}

void RunWatch::OnHazard(const HazardReading& reading) {
  const bool pressed = reading.bumper[0] || reading.bumper[1];
  if (pressed && !pressed_)
    Note(reading.time, "bump",
         reading.bumper[0] && reading.bumper[1] ? "front"
         : reading.bumper[0]                    ? "left"
                                                : "right");
  pressed_ = pressed;
}

void RunWatch::OnDock(const DockReading& reading) {
  if (reading.contact && !contact_) {
    Note(reading.time, "dock_contact");
    docked_since_ = reading.time;
  }
  if (!reading.contact && contact_) {
    Note(reading.time, "dock_left");
    docked_since_ = SimTime::Max();
    left_dock_ = true;
  }
  contact_ = reading.contact;
}

bool RunWatch::finished(SimTime now) {
  if (!end_.when_docked_after_cleaning || !left_dock_ || docked_since_ == SimTime::Max())
    return false;
  if (bridge_->finished_cleanings() == 0) return false;
  return now >= docked_since_ + end_.linger;
}

void RunWatch::NoteEnd(SimTime now) {
  Note(now, robot_->docked() ? "docked_at_end" : "not_docked_at_end");
}

}  // namespace dustproof
