// By libiberty's callbacks: a mangled name of 275 bytes may stand for gigabytes, and they come in
// pieces. What takes long without a byte of output is ended by RLIMIT_CPU (sandbox.cc).

#include "demangle.h"

// libiberty.h declares a basename() of its own where it is not told that there is one.
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>
#include <setjmp.h>

#include <algorithm>
#include <cstring>

namespace pagefault {
namespace symbols {

namespace {

struct Pieces {
  char text[kMaxName];
  size_t length = 0;
  jmp_buf enough;
};

void Append(const char* piece, size_t length, void* opaque) {
  Pieces* pieces = static_cast<Pieces*>(opaque);
  const size_t taken = std::min(length, kMaxName - pieces->length);
  memcpy(pieces->text + pieces->length, piece, taken);
  pieces->length += taken;
  // The demangler has no way to be told. It keeps everything on its stack, so that nothing is lost.
  if (pieces->length == kMaxName) longjmp(pieces->enough, 1);
}

using Callback = int (*)(const char* mangled, int options, demangle_callbackref callback,
                         void* opaque);

bool Try(Callback demangle, const char* name, std::string* out) {
  Pieces pieces;
  if (setjmp(pieces.enough) == 0 && demangle(name, DMGL_PARAMS | DMGL_ANSI, Append, &pieces) == 0) {
    return false;
  }
  out->assign(pieces.text, pieces.length);
  return true;
}

}  // namespace

std::string Demangle(const char* name) {
  const size_t length = strnlen(name, kMaxName);
  std::string out;
  const bool mangled = name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
  // Legacy Rust names are C++ names as well, with a hash that only the former leaves out.
  if (mangled && length < kMaxName &&
      (Try(rust_demangle_callback, name, &out) ||
       (name[1] == 'Z' && Try(cplus_demangle_v3_callback, name, &out)))) {
    return out;
  }
  return std::string(name, length);
}

}  // namespace symbols
}  // namespace pagefault
