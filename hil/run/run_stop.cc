#include "hil/run/run_stop.h"

#include <regex>
#include <utility>

#include "hil/shim/lockstep/debug_view.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

// The number in `1234ev` or `-1ev`; nothing for anything else.
std::optional<int64_t> EventNumber(const std::string& text) {
  if (!text.ends_with("ev")) return std::nullopt;
  return ParseInteger(text.substr(0, text.size() - 2));
}

bool Matches(const std::string& wanted, const RunEvent& event) {
  std::string name = wanted;
  if (const size_t equals = name.find('='); equals != std::string::npos) {
    if (name.substr(equals + 1) != event.detail) return false;
    name.resize(equals);
  }
  return name == event.name || name == event.source + ':' + event.name;
}

}  // namespace

bool IsRelativeStop(const std::string& text) {
  const auto number = EventNumber(text);
  return number && *number < 0;
}

Result<StopInstant> ParseStopInstant(const std::string& text,
                                     std::optional<uint64_t> earlier_events) {
  StopInstant at;
  if (const auto number = EventNumber(text)) {
    const int64_t events =
        *number < 0 ? static_cast<int64_t>(earlier_events.value_or(0)) + *number : *number - 1;
    if (*number < 0 && !earlier_events)
      return Error::BadInput("--break-at: " + text +
                             " goes back from where an earlier run ended, and there is none");
    if (events < 0)
      return Error::BadInput(
          "--break-at: " + text + " lies before the first event" +
          (*number < 0 ? " (the earlier run ended after " + std::to_string(*earlier_events) + ")"
                       : ""));
    at.events_run = static_cast<uint64_t>(events);
    return at;
  }
  if (const auto time = ParseDuration(text)) {
    at.time = *time;
    return at;
  }
  static const std::regex kName("[A-Za-z_]+(:[A-Za-z0-9_]+)?(=.*)?");
  if (!std::regex_match(text, kName))
    return Error::BadInput(
        "--break-at: wants a time such as 12.5s, an event such as "
        "tls_handshake_done or firmware:state=cleaning, a number such as "
        "1234ev or -1ev, got '" +
        text + "'");
  at.run_event = text;
  return at;
}

RunStop::RunStop(StopInstant at, const EventQueue& queue, std::function<void()> on_stop)
    : at_(std::move(at)), queue_(queue), on_stop_(std::move(on_stop)) {}

void RunStop::BeforeNextEvent() {
  const bool by_time = at_.time && queue_.next_time() >= SimTime::Zero() + *at_.time;
  const bool by_number = at_.events_run && queue_.events_run() >= *at_.events_run;
  if (by_time || by_number) StopNow();
}

void RunStop::OnRunEvent(const RunEvent& event) {
  if (!at_.run_event.empty() && Matches(at_.run_event, event)) StopNow();
}

void RunStop::StopNow() {
  at_ = {};  // Once.
  on_stop_();
  dustproof_stop();
}

}  // namespace dustproof
