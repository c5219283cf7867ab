#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim/core/random.h"
#include "sim/core/time.h"
#include "sim/robot/flash.h"

namespace dustproof {

/// A flash operation as a run without cuts did it.
struct FlashOperation {
  SimTime begin, end;
  Flash::Work work;
};

/// What a run without cuts shows of itself: where cutting the power is interesting.
struct RunSurvey {
  std::vector<FlashOperation> operations;  ///< By time.
  std::vector<SimTime> sends;              ///< Instants at which the robot sent something.
  SimTime end;
  std::set<std::string> breaches;  ///< Of the policy: a sentence each (`BranchAudit`).
};

/// The power goes once, at an instant of the run and after everything of that instant.
struct PowerCut {
  int number = 0;  ///< Counts from 1 by time: what `--cut` names.
  SimTime at;
  std::string operation;  ///< For people: "during erase of block 0x2000 (37 %)".
  bool at_flash = false;  ///< At, or in the middle of, a flash operation.
};

/// What lies in the flash before the first write, and after each run of writes that follow one
/// another without a pause: between such instants it is one or the other, or torn.
struct FlashSpan {
  SimTime begin, end;  ///< Of the writes.
};
std::vector<FlashSpan> FindWrites(const std::vector<FlashOperation>& operations);

/// A cut that only serves to learn what a robot then knows: quiet instants before and after each
/// of the writes. Number 0 comes before the first of them, number n after the n-th.
struct ReferenceCut {
  int number = 0;
  SimTime at;
};
std::vector<ReferenceCut> PlanReferences(const std::vector<FlashSpan>& writes);
/// Numbers of the references that a robot whose power goes at `at` may equal: one where the flash
/// is quiet, two in the middle of a write.
std::vector<int> ReferencesOf(SimTime at, const std::vector<FlashSpan>& writes);

enum class CutMode {
  kMixed,       ///< Half at flash operations, a quarter each at sends and at sensors' samples.
  kEveryWrite,  ///< Before, during and after every flash operation.
  kRandom,      ///< Any instant of the run.
};

/// Chooses instants, spread evenly over their kind. `count` 0 takes what the mode has: three for
/// each flash operation, else 100. More cuts than a flash operation has places come as more
/// instants during it. Same input, same plan.
std::vector<PowerCut> PlanPowerCuts(const RunSurvey& survey, CutMode mode, int count,
                                    const Seed& seed);

}  // namespace dustproof
