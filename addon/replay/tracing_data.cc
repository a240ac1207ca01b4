#include <cstdlib>
#include <cstring>

#include "reader/bytes.h"
#include "replay/head.h"

namespace pagefault {
namespace perfdata {

namespace {

using reader::Input;

constexpr uint8_t kTracingMagic[] = {0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g'};
constexpr size_t kMaxTracepoints = 4096;
constexpr size_t kMaxFormat = 64 * 1024;

// A name that ends with a zero.
std::string ReadName(Input* in) {
  std::string name;
  // Beyond the end come zeros.
  while (const uint8_t byte = in->U8()) {
    if (name.size() < kMaxFormat) name += static_cast<char>(byte);
  }
  return name;
}

// "name: page_fault_user\nID: 117\n".
uint64_t IdOf(const std::string& format) {
  const size_t at = format.find("\nID: ");
  return at == std::string::npos ? 0 : strtoull(format.c_str() + at + 5, nullptr, 10);
}

void ReadFormat(Input* in, const std::string& system, Head* out) {
  std::string format;
  if (!in->Text(in->U64(), &format)) return;
  if (format.size() > kMaxFormat || out->tracepoints.size() >= kMaxTracepoints) return;
  const std::string key = "name: ";
  const size_t begin = format.compare(0, key.size(), key) == 0 ? key.size() : std::string::npos;
  if (begin == std::string::npos) return;
  const std::string name = format.substr(begin, format.find('\n') - begin);
  out->tracepoints[IdOf(format)] = {system + "/" + name, format};
}

}  // namespace

void ReadTracingData(const uint8_t* bytes, size_t length, Head* out) {
  if (length < sizeof kTracingMagic || memcmp(bytes, kTracingMagic, sizeof kTracingMagic) != 0)
    return;
  Input in(bytes + sizeof kTracingMagic, length - sizeof kTracingMagic);
  ReadName(&in);  // version
  in.U8();        // byte order
  in.U8();        // bytes of a long
  in.U32();       // bytes of a page
  for (int i = 0; i < 2; i++) {
    ReadName(&in);  // header_page, header_event
    in.Skip(in.U64());
  }
  for (uint32_t n = in.U32(); n > 0 && in.valid(); n--) in.Skip(in.U64());  // of ftrace itself
  for (uint32_t systems = in.U32(); systems > 0 && in.valid(); systems--) {
    const std::string system = ReadName(&in);
    for (uint32_t n = in.U32(); n > 0 && in.valid(); n--) ReadFormat(&in, system, out);
  }
}

}  // namespace perfdata
}  // namespace pagefault
