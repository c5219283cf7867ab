#include "hil/run/power_cut_plan.h"

#include <algorithm>
#include <cstdio>

namespace dustproof {
namespace {

constexpr int kCountByDefault = 100;
// Flash operations of one write follow one another at once; firmware takes no time to compute.
constexpr SimDuration kPauseMin = SimDuration::Milliseconds(1);
constexpr SimDuration kSensorPeriod = SimDuration::Milliseconds(10);

std::string Describe(const Flash::Work& work) {
  char text[64];
  if (work.erase) {
    std::snprintf(text, sizeof text, "erase of block 0x%x", work.address);
  } else {
    std::snprintf(text, sizeof text, "program of %u bytes at 0x%x", work.bytes, work.address);
  }
  return text;
}

// How far an operation has come when it is cut. Its two ends are where a check by a few bits is
// deceived most easily, so that a third of the cuts each lie close to them.
double DrawProgress(RandomStream& random) {
  const double u = random.Uniform(0.0005, 0.9995);
  switch (random.Below(3)) {
    case 0:
      return u * u * u;
    case 1:
      return 1 - u * u * u;
    default:
      return u;
  }
}

PowerCut CutDuring(const FlashOperation& operation, RandomStream& random) {
  const double progress = DrawProgress(random);
  const auto into = static_cast<int64_t>(
      progress * static_cast<double>((operation.end - operation.begin).nanoseconds()));
  char share[24];
  std::snprintf(share, sizeof share, " (%.3g %%)", progress * 100);
  return {0, operation.begin + SimDuration::Nanoseconds(into),
          "during " + Describe(operation.work) + share, true};
}

// At the instant at which an operation begins nothing of it has changed a bit yet; at its end all
// has.
PowerCut CutAt(const FlashOperation& operation, uint64_t place, RandomStream& random) {
  if (place == 0) return {0, operation.begin, "before " + Describe(operation.work), true};
  if (place == 2) return {0, operation.end, "after " + Describe(operation.work), true};
  return CutDuring(operation, random);
}

// Item `index` of `count` items that lie evenly in [0, range), each somewhere in its own stretch.
uint64_t Spread(int index, int count, uint64_t range, RandomStream& random) {
  const double stretch = static_cast<double>(range) / count;
  return std::min(range - 1, static_cast<uint64_t>(stretch * (index + random.Uniform())));
}

void AddAtFlash(const std::vector<FlashOperation>& operations, int count, RandomStream& random,
                std::vector<PowerCut>* cuts) {
  const auto places = static_cast<int>(operations.size() * 3);
  if (places == 0) return;
  const int whole = std::min(count, places);
  for (int i = 0; i < whole; ++i) {
    const uint64_t place = whole == places
                               ? static_cast<uint64_t>(i)
                               : Spread(i, whole, static_cast<uint64_t>(places), random);
    cuts->push_back(CutAt(operations[place / 3], place % 3, random));
  }
  for (int i = whole; i < count; ++i) {
    const uint64_t which = Spread(i - whole, count - whole, operations.size(), random);
    cuts->push_back(CutDuring(operations[which], random));
  }
}

void AddAtSends(const std::vector<SimTime>& sends, int count, RandomStream& random,
                std::vector<PowerCut>* cuts) {
  if (sends.empty()) return;
  for (int i = 0; i < count; ++i)
    cuts->push_back({0, sends[Spread(i, count, sends.size(), random)], "after a send"});
}

void AddAtTimes(SimTime end, SimDuration grid, const char* what, int count, RandomStream& random,
                std::vector<PowerCut>* cuts) {
  const int64_t instants = (end - SimTime::Zero()) / grid;
  if (instants < 1) return;
  for (int i = 0; i < count; ++i) {
    const auto instant =
        static_cast<int64_t>(Spread(i, count, static_cast<uint64_t>(instants), random));
    cuts->push_back({0, SimTime::Zero() + grid * instant, what});
  }
}

}  // namespace

std::vector<FlashSpan> FindWrites(const std::vector<FlashOperation>& operations) {
  std::vector<FlashSpan> writes;
  for (const FlashOperation& o : operations) {
    if (writes.empty() || o.begin >= writes.back().end + kPauseMin) writes.push_back({o.begin, {}});
    writes.back().end = o.end;
  }
  return writes;
}

std::vector<ReferenceCut> PlanReferences(const std::vector<FlashSpan>& writes) {
  std::vector<ReferenceCut> references;
  if (!writes.empty()) references.push_back({0, writes.front().begin});
  for (const FlashSpan& write : writes)
    references.push_back({static_cast<int>(references.size()), write.end});
  return references;
}

std::vector<int> ReferencesOf(SimTime at, const std::vector<FlashSpan>& writes) {
  if (writes.empty()) return {};
  const auto begun =
      std::count_if(writes.begin(), writes.end(), [&](const FlashSpan& w) { return w.begin < at; });
  const auto ended =
      std::count_if(writes.begin(), writes.end(), [&](const FlashSpan& w) { return w.end <= at; });
  if (begun == ended) return {static_cast<int>(ended)};
  return {static_cast<int>(ended), static_cast<int>(begun)};
}

std::vector<PowerCut> PlanPowerCuts(const RunSurvey& survey, CutMode mode, int count,
                                    const Seed& seed) {
  std::vector<PowerCut> cuts;
  RandomStream at_flash = seed.Stream("powercut.flash"), at_sends = seed.Stream("powercut.sends"),
               at_times = seed.Stream("powercut.times");
  if (mode == CutMode::kEveryWrite) {
    if (count == 0) count = static_cast<int>(survey.operations.size() * 3);
    AddAtFlash(survey.operations, count, at_flash, &cuts);
  } else if (mode == CutMode::kRandom) {
    AddAtTimes(survey.end, SimDuration::Microseconds(1), "any instant",
               count == 0 ? kCountByDefault : count, at_times, &cuts);
  } else {
    if (count == 0) count = kCountByDefault;
    AddAtFlash(survey.operations, count / 2, at_flash, &cuts);
    AddAtSends(survey.sends, count / 4, at_sends, &cuts);
    AddAtTimes(survey.end, kSensorPeriod, "sensors' samples", count - static_cast<int>(cuts.size()),
               at_times, &cuts);
  }
  std::stable_sort(cuts.begin(), cuts.end(),
                   [](const PowerCut& a, const PowerCut& b) { return a.at < b.at; });
  for (size_t i = 0; i < cuts.size(); ++i) cuts[i].number = static_cast<int>(i) + 1;
  return cuts;
}

}  // namespace dustproof
