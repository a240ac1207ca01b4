// Dispositions of signals as rt_sigaction(2) has them: sigaction(3) refuses the two that the C
// library keeps for itself, which end a process like any other when somebody sends them. Plain C:
// the launcher uses it too.
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// _NSIG of the kernel: signals are 1 to 64.
enum { kLastSignal = 64 };

// struct sigaction of the kernel (include/linux/signal_types.h).
struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

// Bit of a signal in a mask.
static inline uint64_t SignalBit(int signal) {
  return UINT64_C(1) << (signal - 1);
}

// SIG_DFL where it cannot be asked for.
static inline void (*HandlerOf(int signal))(int) {
  struct KernelAction action;
  action.handler = SIG_DFL;
  return syscall(SYS_rt_sigaction, signal, (void*)0, &action, sizeof action.mask) == 0
             ? action.handler
             : SIG_DFL;
}

// To SIG_DFL or SIG_IGN; fails for SIGKILL and SIGSTOP only. Async-signal-safe.
static inline void SetHandler(int signal, void (*handler)(int)) {
  const struct KernelAction action = {handler, 0, 0, 0};
  syscall(SYS_rt_sigaction, signal, &action, (void*)0, sizeof action.mask);
}
