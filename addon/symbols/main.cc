// pagefault-symbols: names addresses of one mapped file, or unwinds stacks of one process, for
// pagefault-reader, which starts it with a socket as its standard input and sends it the files,
// opened.
//
// Symbols, DWARF and unwind tables are written by whoever wrote the file, and the libraries that
// read them have their mistakes. So this is a process of its own that has given up everything else
// (sandbox.cc) before it reads a byte of one. Ends when the reader does.

#include <libelf.h>
#include <malloc.h>

#include <cstring>

#include "jit_dump.h"
#include "jit_map.h"
#include "message.h"
#include "namer.h"
#include "protocol.h"
#include "sandbox/sandbox.h"
#include "unwinder.h"

namespace {

using namespace pagefault::symbols;
using pagefault::reader::Input;
using pagefault::reader::Output;

constexpr int kSocket = 0;

// Reading node's symbols takes 15 MB, libc's debug information 50 MB, a .debug_line that was made
// to do harm 4 GB and ten seconds. Descriptors are those of the modules that stacks go through,
// above all (kMaxKnown of unwinder.cc).
constexpr pagefault::sandbox::Limits kLimits = {512 << 20, 4, 160};

class Server {
 public:
  // False where the reader has gone, or does not keep to the protocol.
  bool Serve() {
    Message message;
    if (ReceiveMessage(kSocket, kForever, &message) != 0) return false;
    if (message.what == kLoad) return Load(&message);
    if (message.what == kUnwind) return Unwind(message.payload);
    return message.what == kAsk && Name(message.payload);
  }

 private:
  bool Load(Message* message) {
    Input in(message->payload.data(), message->payload.size());
    const Role role = static_cast<Role>(in.U8());
    const Level level = static_cast<Level>(in.U8());
    const uint32_t crc = in.U32();
    if (!in.Exact() || !message->file.ok()) return false;
    FileFacts facts;
    bool taken = true;
    if (role == kJitMap) {
      map_.Read(message->file);
      jit_ = &map_.code();
    } else if (role == kJitDump) {
      dump_.Read(message->file);
      jit_ = &dump_.code();
    } else {
      taken = namer_.Load(role, level, crc, std::move(message->file), &facts);
    }
    return Send(kLoaded, WriteFacts(taken, facts));
  }

  bool Name(const std::vector<uint8_t>& places) {
    const size_t count = places.size() / kPlaceBytes;
    if (count > kMaxPlaces || places.size() % kPlaceBytes != 0) return false;
    Input in(places.data(), places.size());
    NamesAnswer names;
    if (jit_ != nullptr) {
      jit_->Answer(&in, count, &names);
    } else {
      namer_.Answer(&in, count, &names);
    }
    Output answer;
    names.Write(&answer);
    return Send(kNamed, answer.bytes());
  }

  bool Unwind(const std::vector<uint8_t>& question) {
    const auto want = [](uint32_t module, pagefault::Fd* file) {
      std::vector<uint8_t> number(sizeof module);
      memcpy(number.data(), &module, sizeof module);
      Message given;
      if (!Send(kWant, number) || ReceiveMessage(kSocket, kForever, &given) != 0 ||
          given.what != kGive) {
        return false;
      }
      *file = std::move(given.file);
      return true;
    };
    std::vector<uint8_t> answer;
    return unwinder_.Answer(question, want, &answer) && Send(kUnwound, answer);
  }

  static bool Send(What what, const std::vector<uint8_t>& payload) {
    return SendMessage(kSocket, what, payload, -1, kForever) == 0;
  }

  JitMap map_;
  JitDump dump_;
  const JitCode* jit_ = nullptr;  // where it is code that was made at run time
  Namer namer_;
  Unwinder unwinder_;
};

}  // namespace

int main() {
  // One thread needs one arena, and reserves of others count as memory of ours.
  mallopt(M_ARENA_MAX, 1);
  if (elf_version(EV_CURRENT) == EV_NONE || !pagefault::sandbox::GiveUpEverything(kLimits))
    return 3;
  if (SendMessage(kSocket, kReady, {}, -1, kForever) != 0) return 0;
  Server server;
  while (server.Serve()) {
  }
  return 0;
}
