// A capture session as JavaScript sees it (src/native/contract.ts): start, drain, stop.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "capture/capture.h"

namespace pagefault {

class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function Define(Napi::Env env);

  // new Session(options). Throws a JavaScript error with code, errno and syscall.
  explicit Session(const Napi::CallbackInfo& info);
  ~Session() override;

 private:
  void Open(const Napi::Object& options);

  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Drain(const Napi::CallbackInfo& info);
  // takeStack(slot, bytes): what lies in a slot of StackCopies; returns its length, 0 for nothing.
  Napi::Value TakeStack(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  void SetEvery(const Napi::CallbackInfo& info);
  // setWindows(length, cycle), ns.
  void SetWindows(const Napi::CallbackInfo& info);
  Napi::Value Spent(const Napi::CallbackInfo& info);
  Napi::Value Pending(const Napi::CallbackInfo& info);
  void PendingFaults(const Napi::CallbackInfo& info);
  Napi::Value Crowded(const Napi::CallbackInfo& info);
  Napi::Value Ended(const Napi::CallbackInfo& info);
  Napi::Value CommandStatus(const Napi::CallbackInfo& info);
  Napi::Value CommandFaults(const Napi::CallbackInfo& info);
  Napi::Value TakeCommandOutput(const Napi::CallbackInfo& info);
  void KillCommand(const Napi::CallbackInfo& info);
  void RecordFact(const Napi::CallbackInfo& info);
  void RecordTask(const Napi::CallbackInfo& info);
  void RecordName(const Napi::CallbackInfo& info);
  void RecordMapping(const Napi::CallbackInfo& info);
  void RecordTurn(const Napi::CallbackInfo& info);
  void RecordTurned(const Napi::CallbackInfo& info);
  void RecordCopies(const Napi::CallbackInfo& info);
  void RecordEnd(const Napi::CallbackInfo& info);
  Napi::Value Recording(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void CloseAll();
  // Throws a JavaScript error when the session has been closed.
  bool IsOpen(Napi::Env env) const;

  static void OnEnvironmentEnd(void* session);

  napi_env env_;
  bool hooked_ = false;
  // The event loop has been woken and has not come for what there is.
  std::atomic<bool> woken_{false};
  std::unique_ptr<Capture> capture_;  // its thread uses the one above
  napi_threadsafe_function wake_ = nullptr;
};

// Wraps a SystemError as the JavaScript error of the contract.
Napi::Error ToJs(Napi::Env env, const class SystemError& error);

}  // namespace pagefault
