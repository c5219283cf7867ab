#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hil/matrix/matrix.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a user asks of `dustproof withdraw`. Paths may be relative to the working folder.
struct WithdrawOptions {
  std::string scenario;
  std::string consent;  ///< The configuration that is lived until then; "": the scenario's default one that grants most.
  std::vector<std::string> withdrawn;  ///< Consents; none: all that the configuration grants at some time but the policy's master.
  std::optional<SimDuration> every;    ///< This or `instants`; neither: `kInstants` of them.
  std::optional<int> instants;         ///< As many, evenly, each in the middle of its stretch.
  SimDuration window = SimDuration::Seconds(60);  ///< How long each branch goes on.
  SimDuration from, to;                           ///< Instants lie between; `to` zero: the scenario's or `until`'s end.
  SimDuration resolution = SimDuration::Milliseconds(1);  ///< Of `bisect`.
  bool bisect = false;                                    ///< Looks for the earliest instant that leaks.
  std::optional<uint64_t> seed;
  std::string home, firmware;
  std::string out;
  size_t workers = 0;
  bool resume = false;

  static constexpr int kInstants = 20;
};

/// One withdrawal.
struct Withdrawal {
  SimDuration at;
  std::string consent;
  bool known = false;  ///< Whether its branch was lived to the end.
  bool died = false;   ///< The firmware.
  /// What the policy does not allow after it, the first such byte first; none where all is well.
  std::vector<CellFailure> leaks;
  std::string command;    ///< Repeats its run.
  std::string recording;  ///< Kept of the first leak of its kind, relative to the folder; "" where it was not.

  bool leaked() const { return !leaks.empty() || died; }
  /// From the withdrawal to the first byte that may not leave.
  SimDuration first_byte_after() const;
};

struct WithdrawResult {
  std::string folder, configuration;
  uint64_t seed = 0;
  SimDuration window;
  std::vector<Withdrawal> withdrawals;  ///< By consent, then by time.
  std::vector<Withdrawal> earliest;     ///< Of `bisect`: one for each consent that leaks.
  SimDuration resolution;
  std::string problem;
  bool interrupted = false;
};

/// Lives a configuration's run, and at each instant a branch of it in which a consent is withdrawn: what leaves the robot
/// then is judged by the policy. Branches share the past; each has the bits of a whole run with the same script.
Result<WithdrawResult> RunWithdrawals(const WithdrawOptions& options, const MatrixObserver& observer);

/// A chart by consent: instants across, how soon the first byte left that may not.
std::string RenderWithdrawals(const WithdrawResult& result, bool colour);
std::string RenderWithdrawalsJson(const WithdrawResult& result);

}  // namespace dustproof
