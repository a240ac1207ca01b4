#include "napi/command_options.h"

#include <cmath>

namespace pagefault {

namespace {

// Arguments and paths are bytes; text is taken as UTF-8.
std::string Bytes(const Napi::Value& value) {
  if (!value.IsTypedArray()) return value.ToString();
  const Napi::Uint8Array array = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(array.Data()), array.ByteLength());
}

std::vector<std::string> Strings(const Napi::Value& value) {
  std::vector<std::string> strings;
  const Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(Bytes(array.Get(i)));
  return strings;
}

uint64_t Mask(const Napi::Value& value) {
  bool lossless;
  return value.As<Napi::BigInt>().Uint64Value(&lossless);
}

rlim_t Limit(const Napi::Value& value) {
  const double number = value.ToNumber();
  return std::isinf(number) ? RLIM_INFINITY : static_cast<rlim_t>(number);
}

Inheritance ReadInheritance(const Napi::Object& object) {
  Inheritance inherit;
  const Napi::Value nofile = object.Get("nofile");
  if (nofile.IsObject()) {
    inherit.limited = true;
    inherit.nofile = {Limit(nofile.As<Napi::Object>().Get("soft")),
                      Limit(nofile.As<Napi::Object>().Get("hard"))};
  }
  inherit.ignored = Mask(object.Get("ignored"));
  inherit.blocked = Mask(object.Get("blocked"));
  const Napi::Array ranges = object.Get("descriptors").As<Napi::Array>();
  for (uint32_t i = 0; i < ranges.Length(); i++) {
    const Napi::Array range = ranges.Get(i).As<Napi::Array>();
    inherit.descriptors.emplace_back(range.Get(0u).ToNumber().Int32Value(),
                                     range.Get(1u).ToNumber().Int32Value());
  }
  const Napi::Array closed = object.Get("closed").As<Napi::Array>();
  for (uint32_t i = 0; i < closed.Length(); i++)
    inherit.closed.push_back(closed.Get(i).ToNumber().Int32Value());
  const Napi::Value environment = object.Get("environment");
  if (environment.IsTypedArray()) inherit.environment = Bytes(environment);
  return inherit;
}

}  // namespace

CommandSpec ReadCommand(const Napi::Object& description) {
  CommandSpec spec;
  spec.file = Bytes(description.Get("file"));
  spec.argv = Strings(description.Get("argv"));
  spec.fixed_layout = description.Get("fixedLayout").ToBoolean();
  spec.capture_output = description.Get("captureOutput").ToBoolean();
  spec.stdout_to_stderr = description.Get("stdoutToStderr").ToBoolean();
  const Napi::Value inherit = description.Get("inherit");
  if (inherit.IsObject()) spec.inherit = ReadInheritance(inherit.As<Napi::Object>());
  const Napi::Value watcher = description.Get("watcher");
  if (watcher.IsString()) spec.watcher = watcher.ToString();
  return spec;
}

}  // namespace pagefault
