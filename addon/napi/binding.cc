// Module initialisation: the object that src/native/contract.ts calls Addon.

#include <malloc.h>
#include <napi.h>
#include <sys/sysmacros.h>

#include "capture/poller.h"
#include "capture/priority.h"
#include "capture/process_stats.h"
#include "napi/session.h"
#include "proc/kernel_mounts.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/signals.h"
#include "util/write_now.h"
#include "wire/batch.h"
#include "wire/pending_faults.h"

namespace pagefault {

namespace {

// The class of one environment (a worker has its own).
struct InstanceData {
  Napi::FunctionReference session;
};

Napi::Value Start(const Napi::CallbackInfo& info) {
  if (info.Length() < 1) throw Napi::TypeError::New(info.Env(), "start(options)");
  return info.Env().GetInstanceData<InstanceData>()->session.New({info[0]});
}

Napi::Value KernelMountsJs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::vector<KernelMount> mounts = KernelMounts();
  Napi::Array list = Napi::Array::New(env, mounts.size());
  for (size_t i = 0; i < mounts.size(); i++) {
    Napi::Object mount = Napi::Object::New(env);
    mount.Set("devMajor", major(mounts[i].device));
    mount.Set("devMinor", minor(mounts[i].device));
    mount.Set("hugePageKib", static_cast<double>(mounts[i].huge_page_kib));
    list[static_cast<uint32_t>(i)] = mount;
  }
  return list;
}

Napi::Value ProcessFaultsJs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsArray()) {
    throw Napi::TypeError::New(env, "processFaults(pids)");
  }
  const Napi::Array asked = info[0].As<Napi::Array>();
  std::vector<uint32_t> pids;
  for (uint32_t i = 0; i < asked.Length(); i++)
    pids.push_back(asked.Get(i).ToNumber().Uint32Value());
  std::vector<std::optional<ProcessStat>> stats(pids.size());
  try {
    stats = StatsOf(pids);
  } catch (const SystemError&) {
    // Without a descriptor nothing is known of anybody.
  }
  Napi::Array list = Napi::Array::New(env, stats.size());
  for (uint32_t i = 0; i < stats.size(); i++) {
    list[i] = env.Null();
    if (!stats[i].has_value()) continue;
    Napi::Object faults = Napi::Object::New(env);
    faults.Set("minor", static_cast<double>(stats[i]->minor));
    faults.Set("major", static_cast<double>(stats[i]->major));
    faults.Set("children", static_cast<double>(stats[i]->child_minor + stats[i]->child_major));
    list[i] = faults;
  }
  return list;
}

Napi::Value WriteNowJs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsTypedArray()) {
    throw Napi::TypeError::New(env, "writeNow(fd, bytes)");
  }
  const Napi::Uint8Array bytes = info[1].As<Napi::Uint8Array>();
  const ssize_t n =
      WriteNow(info[0].As<Napi::Number>().Int32Value(), bytes.Data(), bytes.ByteLength());
  if (n < 0) throw ToJs(env, SystemError(static_cast<int>(-n), "write", ""));
  return Napi::Number::New(env, static_cast<double>(n));
}

Napi::Value MonotonicNs(const Napi::CallbackInfo& info) {
  return Napi::BigInt::New(info.Env(), MonotonicNow());
}

void IgnoreStraySignalsJs(const Napi::CallbackInfo&) {
  IgnoreStraySignals();
}

void RaisePriorityJs(const Napi::CallbackInfo&) {
  RaisePriority();
}

template <size_t N>
Napi::Array ToJs(Napi::Env env, const ColumnTable<N>& table) {
  Napi::Array list = Napi::Array::New(env);
  for (const Column& column : table) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", column.name);
    object.Set("type", NameOf(column.type));
    object.Set("rows", static_cast<double>(column.rows));
    object.Set("offset", static_cast<double>(column.offset));
    list.Set(list.Length(), object);
  }
  return list;
}

Napi::Object RecordTypesToJs(Napi::Env env) {
  Napi::Object types = Napi::Object::New(env);
#define PAGEFAULT_TYPE(enumerator, name, number) types.Set(#name, number);
  PAGEFAULT_RECORD_TYPES(PAGEFAULT_TYPE)
#undef PAGEFAULT_TYPE
  return types;
}

// Tables of counters double as they grow. glibc raises its threshold for mappings of their own to
// the size of each that is freed (mallopt(3), M_MMAP_THRESHOLD), and the next ones leave holes of
// megabytes in the heap. A threshold that is set stays.
void KeepMemoryTight() {
#ifdef __GLIBC__
  constexpr int kOwnMapping = 128 << 10;
  // Where it fails (0) memory is what it would be without.
  mallopt(M_MMAP_THRESHOLD, kOwnMapping);
#endif
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  KeepMemoryTight();
  auto* data = new InstanceData();
  data->session = Napi::Persistent(Session::Define(env));
  env.SetInstanceData(data);
  exports.Set("batchColumns", ToJs(env, kBatchColumns));
  exports.Set("recordTypes", RecordTypesToJs(env));
  exports.Set("pendingColumns", ToJs(env, kPendingColumns));
  exports.Set("compresses", perfdata::Compressor::Built());
  exports.Set("start", Napi::Function::New(env, Start, "start"));
  exports.Set("kernelMounts", Napi::Function::New(env, KernelMountsJs, "kernelMounts"));
  exports.Set("processFaults", Napi::Function::New(env, ProcessFaultsJs, "processFaults"));
  exports.Set("writeNow", Napi::Function::New(env, WriteNowJs, "writeNow"));
  exports.Set("ignoreStraySignals",
              Napi::Function::New(env, IgnoreStraySignalsJs, "ignoreStraySignals"));
  exports.Set("raisePriority", Napi::Function::New(env, RaisePriorityJs, "raisePriority"));
  exports.Set("monotonicNs", Napi::Function::New(env, MonotonicNs, "monotonicNs"));
  return exports;
}

}  // namespace

}  // namespace pagefault

Napi::Object InitModule(Napi::Env env, Napi::Object exports) {
  return pagefault::Init(env, exports);
}

NODE_API_MODULE(pagefault, InitModule)
