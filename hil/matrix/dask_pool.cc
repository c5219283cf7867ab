#include "hil/matrix/group_pool.h"

namespace dustproof {

Result<std::unique_ptr<GroupPool>> MakeDaskPool(const std::string& scheduler) {
  return Error::BadInput("--scheduler: " + scheduler + ": not yet");
}

}  // namespace dustproof
