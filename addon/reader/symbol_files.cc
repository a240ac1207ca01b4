#include "symbol_files.h"

#include <errno.h>

#include <algorithm>

namespace pagefault {
namespace reader {

namespace {

constexpr size_t kMaxFiles = 256;
constexpr int kMaxProcesses = 16;
// Bytes, of all processes together; one alone may have more (kLimits of symbols/main.cc).
constexpr uint64_t kMaxResident = 256 << 20;
constexpr int kMaxDeaths = 2;
// Longer than its seconds of CPU, which it may have to share. Twice this is less than the limit of
// the analyzer (src/sources/reader).
constexpr int64_t kPatienceNs = 10'000'000'000;

// The process is not to blame.
bool IsOurs(int error) {
  return error == ENOPKG || error == ELIBACC || error == ENOMEM || error == EAGAIN ||
         error == EMFILE || error == ENFILE;
}

}  // namespace

int SymbolFiles::Ask(const std::string& key, const Load& load, const Load& again, const Use& use) {
  File* file = Find(key);
  while (file->deaths < kMaxDeaths) {
    const int error = Try(file, load, again, use);
    if (error == 0) {
      if (file->process->Spent()) file->process.reset();
      KeepWithinLimits();
      return 0;
    }
    file->process.reset();
    if (IsOurs(error)) return error;
    file->deaths++;
  }
  return ENOTRECOVERABLE;
}

int SymbolFiles::Try(File* file, const Load& load, const Load& again, const Use& use) {
  const int64_t deadline = symbols::Now() + kPatienceNs;
  const symbols::Level level = file->deaths == 0 ? symbols::kEverything : symbols::kPlain;
  int error = 0;
  if (file->process != nullptr) {
    if (again != nullptr) error = again(file->process.get(), level, deadline);
  } else {
    file->process = std::make_unique<SymbolProcess>();
    error = file->process->Start(program_, deadline);
    if (error == 0) error = load(file->process.get(), level, deadline);
  }
  return error != 0 ? error : use(file->process.get(), deadline);
}

SymbolFiles::File* SymbolFiles::Find(const std::string& key) {
  const auto found =
      std::find_if(files_.begin(), files_.end(), [&](const File& file) { return file.key == key; });
  if (found != files_.end()) {
    files_.splice(files_.begin(), files_, found);
  } else {
    files_.push_front({key, 0, nullptr});
    if (files_.size() > kMaxFiles) files_.pop_back();
  }
  return &files_.front();
}

// The one that was asked last stays, however large.
void SymbolFiles::KeepWithinLimits() {
  uint64_t resident = 0;
  int processes = 0;
  for (File& file : files_) {
    if (file.process == nullptr) continue;
    resident += file.process->Resident();
    if (processes++ > 0 && (processes > kMaxProcesses || resident > kMaxResident)) {
      file.process.reset();
    }
  }
}

}  // namespace reader
}  // namespace pagefault
