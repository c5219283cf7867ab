#include "hil/audit/internal/status_words.h"

#include <algorithm>
#include <iterator>

#include "hil/audit/internal/patterns.h"

namespace dustproof::internal {

bool IsStatusKey(const std::string& key, std::string_view value) {
  static const char* const kTelling[] = {
      "battery",      "batt",         "soc",       "chargepct",       "chargelevel", "voltage",
      "cleantime",    "cleaningtime", "cleanarea", "cleanedarea",     "cleancount",  "cleaningarea",
      "errorcode",    "errcode",      "faultcode", "firmwareversion", "fwversion",   "swversion",
      "schedule",     "dustbin",      "binfull",   "brushlife",       "filterlife",  "mainbrush",
      "sidebrush",    "fanspeed",     "suction",   "workmode",        "workstate",   "cleanmode",
      "donotdisturb", "dndmode",      "watertank", "mopstate",        "wheeltemp"};
  static const char* const kActivities[] = {"idle",     "exploring", "cleaning",   "returning",
                                            "charging", "docked",    "stuck",      "sweeping",
                                            "paused",   "error",     "fullcharge", "gotocharge"};
  const std::string letters = Squeeze(key);
  const bool telling = std::any_of(std::begin(kTelling), std::end(kTelling), [&](const char* word) {
    return letters.find(word) != std::string::npos;
  });
  if (telling) return true;
  const bool vague =
      letters == "state" || letters == "status" || letters == "mode" || letters == "activity";
  const std::string word = Squeeze(value);
  return vague &&
         std::find(std::begin(kActivities), std::end(kActivities), word) != std::end(kActivities);
}

}  // namespace dustproof::internal
