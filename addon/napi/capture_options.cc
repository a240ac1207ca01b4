#include "napi/capture_options.h"

#include <algorithm>
#include <string>

#include "napi/command_options.h"

namespace pagefault {

namespace {

Engine EngineOf(const std::string& name) {
  if (name == "bpf") return Engine::kBpf;
  if (name == "tracepoint") return Engine::kTracepoint;
  return name == "software" ? Engine::kSoftware : Engine::kBest;
}

}  // namespace

CaptureOptions ReadCaptureOptions(const Napi::Object& object) {
  CaptureOptions options;
  const Napi::Array pids = object.Get("pids").As<Napi::Array>();
  for (uint32_t i = 0; i < pids.Length(); i++) {
    options.pids.push_back(pids.Get(i).As<Napi::Number>().Int32Value());
  }
  const Napi::Value command = object.Get("command");
  if (command.IsObject()) {
    options.has_command = true;
    options.command = ReadCommand(command.As<Napi::Object>());
  }
  const auto text = [&object](const char* key) {
    const Napi::Value value = object.Get(key);
    return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  };
  options.machine = object.Get("machine").ToBoolean();
  options.name = text("name");
  options.cgroup = text("cgroup");
  options.children = object.Get("children").ToBoolean();
  options.engine = EngineOf(text("engine"));
  options.every = std::max(1u, object.Get("every").ToNumber().Uint32Value());
  options.budget = object.Get("budget").ToBoolean();
  const Napi::Value stacks = object.Get("stacks");
  if (stacks.IsObject()) {
    options.stacks.wanted = true;
    options.stacks.copied = stacks.As<Napi::Object>().Get("copied").ToBoolean();
    options.stacks.every = stacks.As<Napi::Object>().Get("every").ToNumber().Uint32Value();
    options.stacks.budget = stacks.As<Napi::Object>().Get("budget").ToNumber().Uint32Value();
  }
  const Napi::Value record = object.Get("record");
  if (record.IsObject()) {
    const Napi::Object place = record.As<Napi::Object>();
    options.record = place.Get("fd").ToNumber().Int32Value();
    options.record_streamed = place.Get("streamed").ToBoolean();
    options.record_compressed = place.Get("compressed").ToBoolean();
    options.record_limit = static_cast<uint64_t>(place.Get("limit").ToNumber().DoubleValue());
    const Napi::Array words = place.Get("words").As<Napi::Array>();
    for (uint32_t i = 0; i < words.Length(); i++) {
      options.record_words.push_back(words.Get(i).ToString().Utf8Value());
    }
  }
  options.ring_pages = object.Get("ringPages").ToNumber().Uint32Value();
  return options;
}

}  // namespace pagefault
