#include "napi/session.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "napi/capture_options.h"
#include "util/error.h"

namespace pagefault {

namespace {

Napi::Array ToJs(Napi::Env env, const std::vector<Notice>& notices) {
  Napi::Array array = Napi::Array::New(env);
  for (const Notice& notice : notices) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("code", notice.code);
    object.Set("errno", notice.error);
    object.Set("detail", notice.detail);
    array.Set(array.Length(), object);
  }
  return array;
}

Napi::Array ToJs(Napi::Env env, const std::vector<uint32_t>& numbers) {
  Napi::Array array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) array.Set(i, numbers[i]);
  return array;
}

// Runs on the event loop for a wake-up. Nothing may be thrown from here: while the environment ends
// (env is null, or JavaScript cannot run any more) a wake-up has no one to wake.
void CallWake(napi_env env, napi_value callback, void*, void*) {
  if (env == nullptr || callback == nullptr) return;
  napi_value receiver;
  if (napi_get_undefined(env, &receiver) != napi_ok) return;
  if (napi_call_function(env, receiver, callback, 0, nullptr, nullptr) != napi_pending_exception)
    return;
  napi_value exception;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_fatal_exception(env, exception);  // an error of the callback must not be swallowed
  }
}

double Number(uint64_t value) {
  return static_cast<double>(value);
}

}  // namespace

Napi::Error ToJs(Napi::Env env, const SystemError& error) {
  Napi::Error js = Napi::Error::New(env, error.what());
  js.Set("code", Napi::String::New(env, error.code()));
  js.Set("errno", Napi::Number::New(env, error.error()));
  js.Set("syscall", Napi::String::New(env, error.call()));
  return js;
}

Napi::Function Session::Define(Napi::Env env) {
  return DefineClass(env, "Session",
                     {
                         InstanceAccessor<&Session::Info>("info"),
                         InstanceMethod<&Session::Drain>("drain"),
                         InstanceMethod<&Session::TakeStack>("takeStack"),
                         InstanceMethod<&Session::Counters>("counters"),
                         InstanceMethod<&Session::SetEvery>("setEvery"),
                         InstanceMethod<&Session::SetWindows>("setWindows"),
                         InstanceMethod<&Session::Spent>("spent"),
                         InstanceMethod<&Session::Pending>("pending"),
                         InstanceMethod<&Session::PendingFaults>("pendingFaults"),
                         InstanceMethod<&Session::Crowded>("crowded"),
                         InstanceMethod<&Session::Ended>("ended"),
                         InstanceMethod<&Session::CommandStatus>("commandStatus"),
                         InstanceMethod<&Session::CommandFaults>("commandFaults"),
                         InstanceMethod<&Session::KillCommand>("killCommand"),
                         InstanceMethod<&Session::TakeCommandOutput>("takeCommandOutput"),
                         InstanceMethod<&Session::RecordFact>("recordFact"),
                         InstanceMethod<&Session::RecordTask>("recordTask"),
                         InstanceMethod<&Session::RecordName>("recordName"),
                         InstanceMethod<&Session::RecordMapping>("recordMapping"),
                         InstanceMethod<&Session::RecordTurn>("recordTurn"),
                         InstanceMethod<&Session::RecordTurned>("recordTurned"),
                         InstanceMethod<&Session::RecordCopies>("recordCopies"),
                         InstanceMethod<&Session::RecordEnd>("recordEnd"),
                         InstanceMethod<&Session::Recording>("recording"),
                         InstanceMethod<&Session::Stop>("stop"),
                         InstanceMethod<&Session::Close>("close"),
                     });
}

Session::Session(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Session>(info), env_(info.Env()) {
  Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsObject()) {
    throw Napi::TypeError::New(env, "start(options): options must be an object");
  }
  const Napi::Object object = info[0].As<Napi::Object>();
  if (!object.Get("onWake").IsFunction() || !object.Get("pids").IsArray()) {
    throw Napi::TypeError::New(env, "start(options): pids and onWake are required");
  }
  // Whatever is thrown, the cleanup hook must not outlive this object.
  try {
    Open(object);
  } catch (const SystemError& error) {
    CloseAll();
    throw ToJs(env, error);
  } catch (const Napi::Error&) {
    CloseAll();
    throw;
  } catch (const std::exception& error) {
    CloseAll();
    throw ToJs(env, SystemError(ENOMEM, "start", error.what()));
  }
}

Session::~Session() {
  CloseAll();
}

void Session::Open(const Napi::Object& object) {
  const CaptureOptions options = ReadCaptureOptions(object);
  const Napi::Function on_wake = object.Get("onWake").As<Napi::Function>();
  const napi_value name = Napi::String::New(Env(), "pagefault.wake");
  // Queue size 1: a full queue means that the reader is about to come anyway.
  if (napi_create_threadsafe_function(env_, on_wake, nullptr, name, 1, 1, nullptr, nullptr, nullptr,
                                      CallWake, &wake_) != napi_ok) {
    wake_ = nullptr;
    throw SystemError(ENOMEM, "napi_create_threadsafe_function", "");
  }
  napi_unref_threadsafe_function(env_, wake_);
  // Each wake-up costs as much as some dozens of faults.
  capture_ = std::make_unique<Capture>(options, [this, wake = wake_] {
    if (!woken_.exchange(true)) napi_call_threadsafe_function(wake, nullptr, napi_tsfn_nonblocking);
  });
  napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  hooked_ = true;
  capture_->Start();
}

void Session::OnEnvironmentEnd(void* session) {
  Session* self = static_cast<Session*>(session);
  self->hooked_ = false;  // the hook is being run: it must not be removed any more
  self->CloseAll();
}

void Session::CloseAll() {
  if (hooked_) napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  hooked_ = false;
  capture_.reset();  // joins the thread, which uses what is below
  if (wake_ != nullptr) napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  wake_ = nullptr;
}

bool Session::IsOpen(Napi::Env env) const {
  if (capture_) return true;
  Napi::Error error = Napi::Error::New(env, "the session is closed");
  error.Set("code", Napi::String::New(env, "ECLOSED"));
  error.ThrowAsJavaScriptException();
  return false;
}

Napi::Value Session::Info(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const Plan& plan = capture_->plan();
  EventSet& events = capture_->events();
  const Command* command = capture_->command();
  Napi::Object object = Napi::Object::New(env);
  object.Set("every", capture_->poller().every());
  object.Set("easedEvery", capture_->poller().eased_every());
  object.Set("engine", plan.bpf ? "bpf" : plan.tracepoints ? "tracepoint" : "software");
  object.Set("bpfRefused", plan.bpf_refused);
  object.Set("entriesApart", plan.apart);
  object.Set("entrySource", plan.tracepoints ? "tracepoint" : "software");
  object.Set("unmapTracepoints", plan.syscall_tracepoints);
  object.Set("signalTracepoint", capture_->sees_signals());
  object.Set("userOnly", plan.user_only);
  object.Set("wide", !capture_->exact());
  object.Set("cpus", Number(events.cpus()));
  object.Set("threads", Number(capture_->poller().threads_now()));
  object.Set("descriptors", Number(capture_->poller().descriptors()));
  object.Set("ringBytes", Number(events.ring_bytes()));
  object.Set("pageSize", static_cast<double>(sysconf(_SC_PAGESIZE)));
  object.Set("startNs", Napi::BigInt::New(env, capture_->start()));
  object.Set("attached", ToJs(env, capture_->attached()));
  object.Set("commandPid", command != nullptr ? command->pid() : 0);
  object.Set("notices", ToJs(env, capture_->notices()));
  return object;
}

Napi::Value Session::Drain(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  if (info.Length() < 1 || !info[0].IsArrayBuffer()) {
    throw Napi::TypeError::New(env, "drain(buffer): an ArrayBuffer is required");
  }
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  if (buffer.ByteLength() < kBatchBytes) {
    throw Napi::RangeError::New(env, "drain(buffer): the buffer is smaller than a batch");
  }
  // Before it is looked for: what comes from here on is told of once more.
  woken_ = false;
  return Napi::Boolean::New(
      env, capture_->mailbox().Take(static_cast<uint8_t*>(buffer.Data()), buffer.ByteLength()));
}

Napi::Value Session::TakeStack(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  if (info.Length() < 2 || !info[1].IsTypedArray()) {
    throw Napi::TypeError::New(env, "takeStack(slot, bytes): a Uint8Array is required");
  }
  Napi::Uint8Array bytes = info[1].As<Napi::Uint8Array>();
  if (bytes.ByteLength() < StackCopies::kSlotBytes) {
    throw Napi::RangeError::New(env, "takeStack(slot, bytes): there is not enough room");
  }
  const uint32_t slot = info[0].ToNumber().Uint32Value();
  return Napi::Number::New(env, Number(capture_->mailbox().copies().Take(slot, bytes.Data())));
}

Napi::Value Session::Counters(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const PollerCounters counters = capture_->poller().counters();
  const EventSet::Totals totals = capture_->poller().Count();
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* name, uint64_t value) { object.Set(name, Number(value)); };
  set("minor", counters.pair.minor);
  set("major", counters.pair.major);
  set("unresolved", counters.pair.unresolved);
  set("lostRecords", counters.pair.lost_records);
  object.Set("lostMinor", totals.lost_known ? Number(totals.lost_minor) : -1);
  object.Set("lostMajor", totals.lost_known ? Number(totals.lost_major) : -1);
  set("mailboxMinor", counters.drops.minor);
  set("mailboxMajor", counters.drops.major);
  set("mailboxUnresolved", counters.drops.unresolved);
  set("mailboxRecords", counters.drops.records);
  // Of those that were lost last no record tells.
  const uint64_t lost_stacks = totals.lost_known ? totals.lost_stacks : counters.pair.lost_stacks;
  set("lostStacks", lost_stacks + counters.drops.stacks + counters.pair.unjoined_stacks);
  set("unpairedCompletions", counters.pair.unpaired_completions);
  set("kernelEntries", counters.pair.kernel_entries + totals.kernel_entries);
  set("vsyscalls", counters.pair.vsyscalls + totals.vsyscalls);
  set("interrupted", counters.pair.interrupted);
  set("retried", counters.pair.retried);
  set("taintedEntries", counters.pair.tainted_entries);
  set("malformed", counters.pair.malformed + counters.ring_malformed);
  set("late", counters.late);
  set("duplicates", counters.pair.duplicates + totals.duplicates);
  set("foreign", counters.pair.foreign);
  set("borrowedStamps", counters.pair.borrowed_stamps);
  set("cutOff", counters.cut_off);
  set("unwatchedCpus", capture_->poller().unwatched_cpus());
  set("credentialsLost", counters.credentials_lost);
  set("memorySharers", counters.pair.memory_sharers);
  set("lostErrors", totals.lost_errors);
  set("notKept", totals.not_kept);
  set("lostSamples", totals.lost_samples);
  Napi::Object kernel = Napi::Object::New(env);
  kernel.Set("minor", Number(totals.minor));
  kernel.Set("major", Number(totals.major));
  kernel.Set("exact", capture_->exact());
  object.Set("kernel", kernel);
  return object;
}

Napi::Value Session::Pending(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const size_t max = info.Length() > 0 ? info[0].ToNumber().Uint32Value() : 0;
  Napi::Array array = Napi::Array::New(env);
  for (const PendingFault& fault : capture_->poller().pending(max)) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("pid", fault.pid);
    object.Set("tid", fault.tid);
    object.Set("address", Napi::BigInt::New(env, fault.address));
    object.Set("ip", Napi::BigInt::New(env, fault.ip));
    object.Set("entered", Number(fault.entered));
    array.Set(array.Length(), object);
  }
  return array;
}

void Session::PendingFaults(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return;
  if (info.Length() < 1 || !info[0].IsArrayBuffer() ||
      info[0].As<Napi::ArrayBuffer>().ByteLength() < kPendingBytes) {
    throw Napi::TypeError::New(env,
                               "pendingFaults(buffer): the buffer of a PendingFaults is required");
  }
  capture_->poller().CopyPending(static_cast<uint8_t*>(info[0].As<Napi::ArrayBuffer>().Data()));
}

Napi::Value Session::Crowded(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  return Napi::Boolean::New(env, capture_->mailbox().crowded());
}

Napi::Value Session::Ended(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), capture_->poller().ended());
}

Napi::Value Session::CommandStatus(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  Command* command = capture_->command();
  if (command != nullptr) command->Reap();
  return Napi::Number::New(info.Env(), command != nullptr ? command->status() : -1);
}

Napi::Value Session::CommandFaults(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  const auto faults = [env](bool known, const ProcessStat& stat) -> Napi::Value {
    if (!known) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    object.Set("own", Number(stat.minor + stat.major));
    object.Set("children", Number(stat.child_minor + stat.child_major));
    return object;
  };
  ProcessStat before, end;
  Napi::Object object = Napi::Object::New(env);
  Command* command = capture_->command();
  object.Set("before", faults(command != nullptr && command->FaultsBefore(&before), before));
  object.Set("end", faults(command != nullptr && command->FaultsAtEnd(&end), end));
  return object;
}

Napi::Value Session::TakeCommandOutput(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  Command* command = capture_->command();
  return Napi::Number::New(info.Env(), command != nullptr ? command->TakeOutput() : -1);
}

void Session::KillCommand(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env()) || capture_->command() == nullptr) return;
  const int signal = info.Length() > 0 ? info[0].ToNumber().Int32Value() : SIGTERM;
  const int error = capture_->command()->Kill(signal);
  if (error != 0 && error != ESRCH) throw ToJs(info.Env(), SystemError(error, "kill", ""));
}

void Session::Stop(const Napi::CallbackInfo& info) {
  if (IsOpen(info.Env())) capture_->Stop();
}

void Session::Close(const Napi::CallbackInfo&) {
  CloseAll();
}

}  // namespace pagefault
