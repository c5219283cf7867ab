#include "hil/app/internal/user_view.h"

#include <cstdio>
#include <vector>

namespace dustproof {

void UserView::Tell(std::string name, std::string detail) {
  sink_.Write(RunEvent{
      .time = queue_.now(), .source = "app", .name = std::move(name), .detail = std::move(detail)});
}

void UserView::ShowPaired(uint32_t robot_number) {
  seen_.paired = true;
  Tell("paired", "robot " + std::to_string(robot_number));
}

void UserView::ShowState(const std::string& state) {
  if (state == seen_.state || state == "unknown")
    return;  // The cloud's word for a robot that has not said yet.
  seen_.state = state;
  Tell("state_shown", state);
  if (state == "cleaning") cleaning_seen_ = true;
  if (!cleaning_seen_) return;
  const bool on_dock = state == "docked" || state == "charging";
  if ((on_dock || state == "returning") && !seen_.cleaning_finished) {
    seen_.cleaning_finished = true;
    Tell("cleaning_finished_shown", state);
  }
  if (on_dock && !seen_.docked) {
    seen_.docked = true;
    Tell("docked_shown", state);
  }
  // A robot that goes on after charging had not finished: what was said is taken back, and said
  // again later.
  if (state == "cleaning") seen_.cleaning_finished = seen_.docked = false;
}

void UserView::ShowMap(std::span<const std::byte> file) {
  const Result<ShownMap> map = DecodeMapFile(file);
  if (!map.ok()) return Tell("map_broken", map.error().diagnostics.front().message);
  if (seen_.maps_shown > 0 && map->checksum == map_checksum_) return;
  map_checksum_ = map->checksum;
  ++seen_.maps_shown;
  char detail[160];
  std::snprintf(detail, sizeof(detail),
                "%ux%u cells of %u mm, %zu free, %zu occupied, path of %zu points, crc %08x",
                unsigned{map->width}, unsigned{map->height}, unsigned{map->resolution_mm},
                map->CountCells(0), map->CountCells(1), map->path.size(), map->checksum);
  Tell("map_shown", detail);
}

void UserView::CommandSent(uint32_t id, const std::string& command) {
  waiting_[id] = command;
  ++seen_.commands_sent;
  Tell("command_sent", std::to_string(id) + " " + command);
}

void UserView::ShowCommand(uint32_t id, const std::string& status, const std::string& error) {
  const auto it = waiting_.find(id);
  if (it == waiting_.end() || status == "queued" || status == "sent") return;
  const bool done = status == "done";
  ++(done ? seen_.commands_acked : seen_.commands_failed);
  Tell(done ? "command_acked" : "command_failed",
       std::to_string(id) + " " + it->second +
           (done ? "" : ": " + (error.empty() ? status : error)));
  waiting_.erase(it);
}

bool UserView::IsWaitingFor(const std::string& command) const {
  for (const auto& [id, name] : waiting_) {
    if (name == command) return true;
  }
  return false;
}

void UserView::CompleteAll(const std::string& command) {
  std::vector<uint32_t> ids;
  for (const auto& [id, name] : waiting_) {
    if (name == command) ids.push_back(id);
  }
  for (const uint32_t id : ids) ShowCommand(id, "done", "");
}

void UserView::AddToHash(Hasher& hasher) const {
  hasher.Add(seen_.paired);
  hasher.Add(seen_.state);
  hasher.Add(seen_.commands_sent);
  hasher.Add(seen_.commands_acked);
  hasher.Add(seen_.commands_failed);
  hasher.Add(seen_.maps_shown);
  hasher.Add(map_checksum_);
}

}  // namespace dustproof
