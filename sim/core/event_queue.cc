#include "sim/core/event_queue.h"

#include <algorithm>
#include <tuple>

#include "sim/core/check.h"

namespace dustproof {

bool EventQueue::Later(const Entry& a, const Entry& b) {
  return std::tie(a.when, a.source, a.id) > std::tie(b.when, b.source, b.id);
}

EventId EventQueue::Schedule(SimTime when, EventSource source, Action action) {
  DP_CHECK(when >= now_, ToString(when), ToString(now_));
  heap_.push_back({when, source, next_id_, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), Later);
  return next_id_++;
}

void EventQueue::Cancel(EventId id) {
  const auto it =
      std::find_if(heap_.begin(), heap_.end(), [id](const Entry& e) { return e.id == id; });
  if (it == heap_.end()) return;
  heap_.erase(it);
  std::make_heap(heap_.begin(), heap_.end(), Later);
}

EventQueue::Entry EventQueue::PopEarliest() {
  std::pop_heap(heap_.begin(), heap_.end(), Later);
  Entry entry = std::move(heap_.back());
  heap_.pop_back();
  return entry;
}

void EventQueue::RunNext() {
  DP_CHECK(!heap_.empty());
  const Entry entry = PopEarliest();
  now_ = entry.when;
  ++events_run_;
  entry.action();
}

void EventQueue::RunUntil(SimTime until) {
  while (!heap_.empty() && heap_.front().when <= until) RunNext();
  if (until > now_) now_ = until;
}

}  // namespace dustproof
