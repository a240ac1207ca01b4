// Starting a thread of ours.
#pragma once

#include <system_error>
#include <thread>
#include <utility>

#include "util/error.h"

namespace pagefault {

// Throws SystemError where there can be none (RLIMIT_NPROC).
template <typename... Call>
std::thread StartThread(Call&&... call) {
  try {
    return std::thread(std::forward<Call>(call)...);
  } catch (const std::system_error& error) {
    throw SystemError(error.code().value(), "pthread_create", "");
  }
}

}  // namespace pagefault
