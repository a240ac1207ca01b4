// What a session says of its cost, and how many faults it captures for that (Session, --budget).
#include <algorithm>

#include "napi/session.h"

namespace pagefault {

namespace {
Napi::Number NumberOf(Napi::Env env, uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}
}  // namespace

void Session::SetEvery(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return;
  capture_->poller().SetEvery(std::max(1u, info[0].ToNumber().Uint32Value()));
}

void Session::SetWindows(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return;
  const auto ns = [&info](size_t i) {
    return static_cast<uint64_t>(std::max(0.0, std::min(1e12, info[i].ToNumber().DoubleValue())));
  };
  capture_->poller().SetWindows(ns(0), ns(1));
}

Napi::Value Session::Spent(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  uint64_t at;
  const BpfSpent spent = capture_->poller().Spent(&at);
  Napi::Object object = Napi::Object::New(env);
  object.Set("atNs", NumberOf(env, at > capture_->start() ? at - capture_->start() : 0));
  object.Set("ranNs", NumberOf(env, spent.ran_ns));
  object.Set("minor", NumberOf(env, spent.minor));
  object.Set("counted", NumberOf(env, spent.counted));
  object.Set("captured", NumberOf(env, spent.captured));
  object.Set("putNs", NumberOf(env, spent.put_ns));
  const Command* command = capture_->command();
  object.Set("commandNs", NumberOf(env, command != nullptr ? command->cpu_ns() : 0));
  object.Set("eachNs", spent.entry_ns + spent.completion_ns + capture_->plan().around_ns);
  return object;
}

}  // namespace pagefault
