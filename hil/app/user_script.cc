#include "hil/app/user_script.h"

#include <cctype>
#include <utility>

namespace dustproof {
namespace {

/// The button that does what an action of the app would have done, or "".
std::string ButtonFor(const std::string& action) {
  if (action == "clean" || action == "stop") return "clean";
  if (action == "dock") return "home";
  if (action == "factory_reset") return "reset";
  return "";
}

// With \xHH as bytes; any other backslash stands for itself.
std::string Unescaped(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_byte = text.compare(i, 2, "\\x") == 0 && i + 3 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0 &&
                         std::isxdigit(static_cast<unsigned char>(text[i + 3])) != 0;
    bytes += is_byte ? static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16)) : text[i];
    if (is_byte) i += 3;
  }
  return bytes;
}

}  // namespace

void ScheduleScript(const std::vector<ScriptStep>& script, EventQueue& queue, App& app,
                    CaptureSink& sink, std::function<void(const std::string&)> press,
                    std::function<void(const std::string&)> type) {
  for (const ScriptStep& step : script) {
    queue.Schedule(
        SimTime::Zero() + step.at, EventSource::kScript, [&queue, &app, &sink, press, type, step] {
          const auto tell = [&](const char* name, const std::string& detail) {
            sink.Write(
                RunEvent{.time = queue.now(), .source = "script", .name = name, .detail = detail});
          };
          if (step.action == "type") {
            tell("typed", step.value);
            return type(Unescaped(step.value));
          }
          if (step.action != "press" && app.Perform(step.action))
            return tell("app_action", step.action);
          const std::string button = step.action == "press" ? step.value : ButtonFor(step.action);
          if (button.empty()) return tell("action_skipped", step.action + ": no robot is paired");
          tell("button_pressed", button);
          press(button);
        });
  }
}

}  // namespace dustproof
