#pragma once

#include <map>
#include <string>
#include <utility>

#include "hil/app/app.h"
#include "hil/app/map_decoder.h"
#include "hil/capture/capture_sink.h"
#include "sim/core/event_queue.h"

namespace dustproof {

/// The app's screen: turns what the cloud answered into what the user sees, tells the recording of
/// it, and keeps count.
class UserView {
 public:
  UserView(EventQueue& queue, CaptureSink& sink) : queue_(queue), sink_(sink) {}

  void Tell(std::string name, std::string detail = "");
  void ShowPaired(uint32_t robot_number);
  /// Says so only when it changes.
  void ShowState(const std::string& state);
  /// Decodes the file; a broken one is told as such.
  void ShowMap(std::span<const std::byte> file);

  void CommandSent(uint32_t id, const std::string& command);
  /// The cloud's word for how a command stands; the first final one counts.
  void ShowCommand(uint32_t id, const std::string& status, const std::string& error);
  /// Whether a command of that name is under way.
  bool IsWaitingFor(const std::string& command) const;
  /// Ends every command of that name as done: its robot is gone, as it was to be.
  void CompleteAll(const std::string& command);

  const App::Seen& seen() const { return seen_; }
  void AddToHash(Hasher& hasher) const;

 private:
  EventQueue& queue_;
  CaptureSink& sink_;
  App::Seen seen_;
  std::map<uint32_t, std::string> waiting_;  // Commands by id.
  bool cleaning_seen_ = false;
  uint32_t map_checksum_ = 0;
};

}  // namespace dustproof
