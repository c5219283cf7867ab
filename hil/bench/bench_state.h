#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// Who holds a board.
struct BoardLock {
  std::string owner;   ///< "user@host"
  std::string reason;
  int64_t since_unix_s = 0;
  int64_t pid = 0;     ///< Of the process that holds it; 0 for a person, who unlocks it.
};

struct BoardHealth {
  bool well = true;
  std::string problem;  ///< Of one that is not.
  int64_t since_unix_s = 0;  ///< When that was found; 0 where nobody has looked. `SetHealth` knows the time.
};

/// Locks, health and the queue of one bench: files in a folder that all who use it share.
///
/// What a dead process of this machine held is free: it is said in `reclaimed`. Each change is made whole, by one at a time.
class BenchState {
 public:
  /// Makes the folder where there is none.
  [[nodiscard]] static Result<BenchState> At(const std::string& folder);

  struct Board {
    std::optional<BoardLock> lock;
    BoardHealth health;
  };
  [[nodiscard]] Result<Board> Look(const std::string& board);

  struct Lease {
    std::string board;
    std::string reclaimed;  ///< Who had it and died; "" for nobody.
  };
  /// Waits until one of `boards` that is well is free and nobody who came before waits for it, `wait` at the longest, and locks
  /// it for this process. `on_wait` is told once who has to be waited for.
  [[nodiscard]] Result<Lease> Acquire(const std::vector<std::string>& boards, const std::string& reason, SimDuration wait,
                                      const std::function<void(const std::string& why)>& on_wait,
                                      const std::function<bool()>& stop_requested = {});
  /// A command of the holder's runs on the board, as this process group; 0: no more. While it lives the board is not free, whatever
  /// became of the holder.
  void NoteCommand(const std::string& board, int64_t group);
  /// Who else holds it; "" for nobody, and for ourselves.
  [[nodiscard]] Result<std::string> HeldByOther(const std::string& board);
  /// Locks a board for a person, until it is unlocked.
  [[nodiscard]] Result<Lease> Lock(const std::string& board, const std::string& reason);
  /// Frees it. Whose lock it is not, nor of this machine's user, needs `force`.
  [[nodiscard]] Result<void> Unlock(const std::string& board, bool force);
  [[nodiscard]] Result<void> SetHealth(const std::string& board, const BoardHealth& health);

 private:
  explicit BenchState(std::string folder) : folder_(std::move(folder)) {}
  class Guard;

  std::string folder_;
};

}  // namespace dustproof
