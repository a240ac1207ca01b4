// The callers of faults, out of copies of their stacks.
//
//   request   u32 pid, its ancestors (ReadAncestors), u16 modules, each u8 1 for the vdso, u64
//             start and end page, u64 pgoff (pages), u8 prot, u32 device major and minor, u64
//             inode, u64 stamp (two mappings of one range that are not the same have different
//             ones), which file it was (expected_file.h), u16 length and name; then stacks as
//             symbols/unwind_format.h has them
//   answer    symbols/unwind_format.h
//   errno     as of names.cc

#include <errno.h>

#include "../symbols/unwind_format.h"
#include "mapped_file.h"
#include "operations.h"
#include "vdso.h"

namespace pagefault {
namespace reader {

namespace {

// What a module is: a file, or this.
constexpr uint8_t kOfVdso = 1;

struct Module {
  uint8_t of;
  uint64_t pgoff, stamp;
  Mapping mapping;
};

// What `out` has of its process stays.
bool ReadModule(Input* request, Module* out) {
  Mapping& mapping = out->mapping;
  out->of = request->U8();
  mapping.start = request->U64();
  mapping.end = request->U64();
  out->pgoff = request->U64();
  mapping.prot = request->U8();
  mapping.dev_major = request->U32();
  mapping.dev_minor = request->U32();
  mapping.ino = request->U64();
  out->stamp = request->U64();
  if (!mapping.expected.Read(request)) return false;
  return request->Text(request->U16(), &mapping.name) && mapping.start < kAddressSpacePages &&
         mapping.end <= kAddressSpacePages && out->pgoff < kAddressSpacePages;
}

void WriteModule(const Module& module, Output* out) {
  const Mapping& mapping = module.mapping;
  Output key;
  key.U64(mapping.start);
  key.U64(mapping.end);
  key.U64(module.pgoff);
  key.U32(mapping.dev_major);
  key.U32(mapping.dev_minor);
  key.U64(mapping.ino);
  key.U64(module.stamp);
  static_assert(symbols::kModuleKey == 48, "what is written above");
  out->Raw(key.bytes().data(), key.bytes().size());
  out->U64(mapping.start << 12);
  out->U64(mapping.end << 12);
  out->U64(module.pgoff << 12);
}

// None where it cannot be had: stacks end there.
Fd OpenModule(const Context& context, const Module& module) {
  const Mapping& mapping = module.mapping;
  if (module.of == kOfVdso) {
    Fd copy;
    std::string key;
    return CopyVdso(context, mapping, &copy, &key) == 0 ? std::move(copy) : Fd();
  }
  MappedFile mapped;
  if (mapping.name.empty() || mapping.name[0] != '/') return Fd();
  const bool found = OpenMapped(context, mapping, &mapped) == 0;
  return found && mapped.kind == MappedFile::kProgram ? std::move(mapped.file) : Fd();
}

}  // namespace

int Unwind(Context* context, Input* request, Output* answer) {
  Module of_process;
  of_process.mapping.pid = request->U32();
  if (!ReadAncestors(request, &of_process.mapping)) return EINVAL;
  const size_t count = request->U16();
  if (count > symbols::kMaxModules) return EINVAL;
  std::vector<Module> modules(count, of_process);
  Output question;
  question.U16(static_cast<uint16_t>(count));
  for (Module& module : modules) {
    if (!ReadModule(request, &module)) return EINVAL;
    WriteModule(module, &question);
  }
  const std::string stacks = request->Rest();
  if (stacks.size() < 2) return EINVAL;
  const size_t stack_count =
      Input(reinterpret_cast<const uint8_t*>(stacks.data()), stacks.size()).U16();
  question.Raw(stacks.data(), stacks.size());

  const auto nothing = [](SymbolProcess*, symbols::Level, int64_t) { return 0; };
  const auto give = [&](uint32_t module) { return OpenModule(*context, modules[module]); };
  const auto use = [&](SymbolProcess* process, int64_t deadline) {
    return process->Unwind(question.bytes(), count, stack_count, give, deadline, &answer->bytes());
  };
  return context->symbols.Ask("stacks of process " + std::to_string(of_process.mapping.pid),
                              nothing, nullptr, use);
}

}  // namespace reader
}  // namespace pagefault
