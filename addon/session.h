// A capture session as JavaScript sees it (src/native/contract.ts): start, drain, stop.
#pragma once

#include <napi.h>

#include <memory>

#include "command.h"
#include "event_set.h"
#include "mailbox.h"
#include "plan.h"
#include "poller.h"

namespace pagefault {

class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Session(options). Throws a JavaScript error with code, errno and syscall.
  explicit Session(const Napi::CallbackInfo& info);
  ~Session() override;

 private:
  struct Options {
    std::vector<pid_t> pids;
    bool has_command = false;
    CommandSpec command;
    bool children = true;
    size_t ring_pages = 0;
    Napi::Function on_wake;
  };
  static Options ReadOptions(const Napi::Object& object);
  void Open(const Options& options);
  // The processes' threads each with their own events; throws EMFILE when there are too many.
  void AttachThreads(const Options& options, ThreadTable* threads);
  // Instead of that: events for everything that runs on each CPU. False when that is not allowed.
  bool AttachWide(const Options& options, ThreadTable* threads);

  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Drain(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  Napi::Value Pending(const Napi::CallbackInfo& info);
  void OpenFaults(const Napi::CallbackInfo& info);
  Napi::Value Ended(const Napi::CallbackInfo& info);
  Napi::Value CommandStatus(const Napi::CallbackInfo& info);
  Napi::Value CommandFaults(const Napi::CallbackInfo& info);
  Napi::Value TakeCommandOutput(const Napi::CallbackInfo& info);
  void KillCommand(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void CloseAll();
  // Throws a JavaScript error when the session has been closed.
  bool IsOpen(Napi::Env env) const;

  static void OnEnvironmentEnd(void* session);

  napi_env env_;
  uint64_t start_ = 0;
  std::vector<Notice> notices_;
  bool syscall_tracepoints_ = false;
  bool hooked_ = false;

  // In the order in which they depend on each other: the poller goes first at the end.
  Formats formats_;
  std::unique_ptr<EventSet> events_;
  std::unique_ptr<Command> command_;
  std::unique_ptr<Mailbox> mailbox_;
  std::unique_ptr<Poller> poller_;
  napi_threadsafe_function wake_ = nullptr;
};

// Wraps a SystemError as the JavaScript error of the contract.
Napi::Error ToJs(Napi::Env env, const class SystemError& error);

}  // namespace pagefault
