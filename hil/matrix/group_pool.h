#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// Where groups of cells are worked on: on this machine, or a cluster. Whoever starts them and hears from them does not
/// know the difference: each is a process `dustproof --matrix-group FILE`, and the results are files.
class GroupPool {
 public:
  /// What is heard of a group.
  struct Event {
    size_t group = 0;
    std::string line = {};   ///< Of its standard output.
    bool ended = false;      ///< Nothing more will be heard of it.
    bool bad_input = false;  ///< Ended since its input is wrong: to try again is no use.
  };

  virtual ~GroupPool() = default;
  /// How many groups may be under way.
  virtual size_t slots() const = 0;
  /// Starts the group whose file is `path`. @pre fewer than `slots()` are under way
  [[nodiscard]] virtual Result<void> Start(size_t group, const std::string& path) = 0;
  /// Waits for what comes next; nothing where a signal came first, or where the pool itself is lost: `lost()` tells.
  virtual std::optional<Event> Wait() = 0;
  /// Asks all groups to stop; their ends are still heard.
  virtual void Stop() = 0;
  /// Why nothing can be started any more; "" where it can.
  virtual std::string lost() const { return ""; }
};

/// Processes of this machine, `workers` at a time. > 0.
std::unique_ptr<GroupPool> MakeLocalPool(size_t workers);

/// The workers of a Dask cluster, by its scheduler's "HOST:PORT". They need this program and the folders of the matrix
/// and its inputs at the same paths.
[[nodiscard]] Result<std::unique_ptr<GroupPool>> MakeDaskPool(const std::string& scheduler);

}  // namespace dustproof
