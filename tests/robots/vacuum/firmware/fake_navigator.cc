#include "tests/robots/vacuum/firmware/fake_navigator.h"

namespace vacuum {
namespace {

test::FakeNavigator* g_navigator = nullptr;

}  // namespace

namespace test {

FakeNavigator::FakeNavigator() { g_navigator = this; }
FakeNavigator::~FakeNavigator() { g_navigator = nullptr; }

}  // namespace test

const char* ToWord(Activity activity) {
  constexpr const char* kWords[] = {"idle",     "exploring", "cleaning", "returning",
                                    "charging", "docked",    "error",    "stuck"};
  return kWords[static_cast<int>(activity)];
}

struct Navigator::Impl {};

Navigator::Navigator() = default;
Navigator::~Navigator() = default;
void Navigator::Start() { g_navigator->calls.push_back("start"); }
bool Navigator::StartCleaning() {
  g_navigator->calls.push_back("clean");
  g_navigator->Become(Activity::kCleaning);
  return true;
}
bool Navigator::ReturnToDock() {
  g_navigator->calls.push_back("dock");
  return false;
}
void Navigator::Stop() { g_navigator->calls.push_back("stop"); }
bool Navigator::in_dock() const { return g_navigator->in_dock; }
Activity Navigator::activity() const { return g_navigator->activity; }
uint32_t Navigator::activity_count() const { return g_navigator->activity_count; }
bool Navigator::map_ready() const { return g_navigator->map_ready; }
uint32_t Navigator::finished_cleanings() const { return g_navigator->finished_cleanings; }
GridMap Navigator::map() const { return g_navigator->map; }
std::vector<PathPoint> Navigator::path() const { return g_navigator->path; }
void Navigator::EraseMap() {
  g_navigator->calls.push_back("erase_map");
  g_navigator->map_ready = false;
}
std::vector<uint8_t> Navigator::SerializeMap() const { return std::vector<uint8_t>(100, 3); }
bool Navigator::RestoreMap(const std::vector<uint8_t>&) { return true; }

}  // namespace vacuum
