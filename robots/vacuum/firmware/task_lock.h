#pragma once

#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

/// Keeps other tasks out of a piece of work that blocks in between, such as a flash write. Not
/// recursive.
class TaskLock {
 public:
  explicit TaskLock(const dp_clock_v1& clock) : clock_(clock) {}

  /// Held from construction to the end of the scope.
  class Scope {
   public:
    explicit Scope(TaskLock& lock) : lock_(lock) {
      while (lock_.held_) lock_.clock_.sleep_us(1000);
      lock_.held_ = true;
    }
    ~Scope() { lock_.held_ = false; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    TaskLock& lock_;
  };

 private:
  const dp_clock_v1& clock_;
  bool held_ = false;
};

}  // namespace vacuum
