#include "util/patience.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "util/clock.h"

// The C libraries have three names for it.
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace pagefault {

namespace {

// Ignored otherwise (IgnoreStraySignals).
constexpr int kTick = SIGVTALRM;
// A first one may come before the call that is to be interrupted.
constexpr long kPause = 20'000'000;  // ns

void OnTick(int) {}

}  // namespace

Patience::Patience(uint64_t ns) : tenth_(ns / 10), limit_(ns) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = OnTick;  // without SA_RESTART
  sigemptyset(&action.sa_mask);
  sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kTick;
  event.sigev_notify_thread_id = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return;
  ticks_ = true;
  // Neither can fail: what they are given is valid.
  sigaction(kTick, &action, &before_);
  const itimerspec every = {{0, kPause}, {0, kPause}};
  timer_settime(timer_, 0, &every, nullptr);
}

Patience::~Patience() {
  if (!ticks_) return;
  timer_delete(timer_);
  sigaction(kTick, &before_, nullptr);
}

bool Patience::Lasts(uint64_t since) {
  if (MonotonicNow() - since < limit_) return true;
  limit_ = tenth_;
  return false;
}

}  // namespace pagefault
