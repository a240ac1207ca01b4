// The pagefault-symbols processes of the files, and of the processes with stacks, that were asked
// for last.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "symbol_process.h"

namespace pagefault {
namespace reader {

class SymbolFiles {
 public:
  using Load = std::function<int(SymbolProcess* process, symbols::Level level, int64_t deadline)>;

  using Use = std::function<int(SymbolProcess* process, int64_t deadline)>;

  SymbolFiles() = default;
  explicit SymbolFiles(std::string program) : program_(std::move(program)) {}

  // Uses the process of the file with this key, which `load` has given its files after its start.
  // One that dies or is late is started once more, to name symbols only; then the file is given up,
  // until it has another key. Returns 0, ENOTRECOVERABLE for a file that was given up, ENOPKG or
  // ELIBACC (symbol_process.h), or another errno. `again` is called in place of `load` where the
  // process was there already; null where nothing has to be done then.
  int Ask(const std::string& key, const Load& load, const Load& again, const Use& use);

 private:
  struct File {
    std::string key;
    int deaths = 0;
    std::unique_ptr<SymbolProcess> process;
  };
  File* Find(const std::string& key);
  int Try(File* file, const Load& load, const Load& again, const Use& use);
  void KeepWithinLimits();

  std::string program_;
  std::list<File> files_;  // the one that was asked last is first
};

}  // namespace reader
}  // namespace pagefault
