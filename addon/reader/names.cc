// The names of code and data at places of a target.
//
//   request   u8 what the places are in (Of), u32 places, each u8 flags, u64 value, then which file
//             it was (expected_file.h), then a mapping as ReadMapping has it. Flags: 1 data, 2
//             (kFile) the value is a link-time address, 4 (kFile, kVdso) whether a frame pointer is
//             set up there is asked too, 8 (kFile) the place is in the thread-local variables of
//             the program. Values: kFile the byte offset in the file, or among those variables;
//             kVdso the offset from the mapping's start; kKernel and kJit the address
//   answer    symbols/names_answer.h
//   errno     ENOPKG pagefault-symbols is not there, ELIBACC it does not start, ENOTRECOVERABLE it
//             died of this file, EACCES the kernel shows no addresses, ENOENT there is no such file
//             (any more), or why it cannot be reached

#include <errno.h>

#include "../symbols/names_answer.h"
#include "debug_files.h"
#include "elf_parse.h"
#include "jit_file.h"
#include "mapped_file.h"
#include "operations.h"
#include "vdso.h"

namespace pagefault {
namespace reader {

namespace {

enum Of : uint8_t { kFile = 0, kVdso = 1, kKernel = 2, kJit = 3 };

using symbols::FileFacts;
using symbols::Level;

int NameNothing(size_t places, Output* answer) {
  symbols::NamesAnswer names;
  for (size_t i = 0; i < places; i++) names.Place(0, {});
  names.Write(answer);
  return 0;
}

// Hands the debug files of the main file to its process.
int LoadDebug(const Context& context, const Mapping& mapping, const FileFacts& main, Level level,
              int64_t deadline, SymbolProcess* process) {
  if (main.symbols && (main.lines || level == symbols::kPlain)) return 0;
  int error = 0;
  bool taken = false;
  FileFacts debug;
  EachDebugFile(context, mapping, main, [&](symbols::Role role, const Fd& file) {
    error = process->Load(role, level, main.link_crc, file, deadline, &taken, &debug);
    return taken || error != 0;
  });
  if (error != 0 || !taken || debug.alt.empty()) return error;
  EachAltFile(context, mapping, debug, [&](const Fd& file) {
    FileFacts alt;
    error = process->Load(symbols::kAlt, level, 0, file, deadline, &taken, &alt);
    return taken || error != 0;
  });
  return error;
}

SymbolFiles::Use AskFor(const std::vector<uint8_t>& places, Output* answer) {
  return [&places, answer](SymbolProcess* process, int64_t deadline) {
    return process->Ask(places, deadline, &answer->bytes());
  };
}

// What a process is started with where that is one file alone.
SymbolFiles::Load LoadOf(symbols::Role role, const Fd& file) {
  return [role, &file](SymbolProcess* process, Level level, int64_t deadline) {
    bool taken = false;
    FileFacts facts;
    return process->Load(role, level, 0, file, deadline, &taken, &facts);
  };
}

// Tells files apart, also where one has got the numbers and times of another.
std::string KeyOf(const MappedFile& mapped, const std::string& build_id) {
  const struct stat& stat = mapped.stat;
  const auto time = [](const struct timespec& t) {
    return std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec);
  };
  return std::to_string(stat.st_dev) + ":" + std::to_string(stat.st_ino) + " " +
         std::to_string(stat.st_size) + " " + time(stat.st_mtim) + " " + time(stat.st_ctim) + " " +
         build_id;
}

int NameFile(Context* context, const Mapping& mapping, const std::vector<uint8_t>& places,
             size_t count, Output* answer) {
  if (mapping.name.empty() || mapping.name[0] != '/') return EINVAL;
  MappedFile mapped;
  const int error = OpenMapped(*context, mapping, &mapped);
  if (error != 0) return error;
  if (mapped.kind != MappedFile::kProgram) return NameNothing(count, answer);
  const std::string id = ParseBuildId(ReaderOf(mapped.file.get()));
  if (!mapping.expected.Is(mapped.stat, id)) return NameNothing(count, answer);
  const auto load = [&](SymbolProcess* process, Level level, int64_t deadline) {
    bool taken = false;
    FileFacts facts;
    const int failed =
        process->Load(symbols::kMain, level, 0, mapped.file, deadline, &taken, &facts);
    if (failed != 0 || !taken) return failed;
    return LoadDebug(*context, mapping, facts, level, deadline, process);
  };
  return context->symbols.Ask(KeyOf(mapped, id), load, nullptr, AskFor(places, answer));
}

int NameVdso(Context* context, const Mapping& mapping, const std::vector<uint8_t>& places,
             Output* answer) {
  Fd copy;
  std::string key;
  const int error = CopyVdso(*context, mapping, &copy, &key);
  if (error != 0) return error;
  const SymbolFiles::Load load = LoadOf(symbols::kMain, copy);
  return context->symbols.Ask(key, load, nullptr, AskFor(places, answer));
}

int NameJit(Context* context, const Mapping& mapping, const std::vector<uint8_t>& places,
            Output* answer) {
  JitFile jit;
  const int error = OpenJitFile(context, mapping.pid, &jit);
  if (error != 0) return error;
  const SymbolFiles::Load load = LoadOf(jit.role, jit.file);
  // What has come since it was read last is read now. The file of another process is another, also
  // where it has got the inode of one that is gone, or was written over.
  const std::string key = "jit " + std::to_string(mapping.pid) + " " + std::to_string(jit.started) +
                          " " + std::to_string(jit.stat.st_dev) + ":" +
                          std::to_string(jit.stat.st_ino);
  return context->symbols.Ask(key, load, load, AskFor(places, answer));
}

int NameKernel(Context* context, Input* places, size_t count, Output* answer) {
  const int error = context->kernel.Refresh(context->proc);
  if (error != 0) return error;
  symbols::NamesAnswer names;
  for (size_t i = 0; i < count; i++) {
    places->U8();
    context->kernel.Name(places->U64(), &names);
  }
  names.Write(answer);
  return 0;
}

// For the process, places carry the protection of their mapping.
std::vector<uint8_t> WithProt(std::vector<uint8_t> places, uint8_t prot) {
  for (size_t at = 0; at < places.size(); at += symbols::kPlaceBytes) {
    places[at] = static_cast<uint8_t>((places[at] & symbols::kPlaceFlags) |
                                      (prot & 7) << symbols::kPlaceProtShift);
  }
  return places;
}

}  // namespace

int Names(Context* context, Input* request, Output* answer) {
  const uint8_t of = request->U8();
  const uint32_t count = request->U32();
  std::string bytes;
  if (count > symbols::kMaxPlaces || !request->Text(count * symbols::kPlaceBytes, &bytes)) {
    return EINVAL;
  }
  Mapping mapping;
  if (!mapping.expected.Read(request) || !ReadMapping(request, &mapping)) return EINVAL;
  const std::vector<uint8_t> places(bytes.begin(), bytes.end());
  Input input(places.data(), places.size());
  switch (of) {
    case kFile:
      return NameFile(context, mapping, WithProt(places, mapping.prot), count, answer);
    case kVdso:
      return NameVdso(context, mapping, WithProt(places, mapping.prot), answer);
    case kKernel:
      return NameKernel(context, &input, count, answer);
    case kJit:
      return NameJit(context, mapping, places, answer);
    default:
      return EINVAL;
  }
}

}  // namespace reader
}  // namespace pagefault
