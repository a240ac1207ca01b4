// The pagefault-symbols processes of the files that were asked for last.
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

  SymbolFiles() = default;
  explicit SymbolFiles(std::string program) : program_(std::move(program)) {}

  // Asks the process of the file with this key, which `load` has given its files after its start.
  // One that dies or is late is started once more, to name symbols only; then the file is given up,
  // until it has another key. Returns 0, ENOTRECOVERABLE for a file that was given up, ENOPKG or
  // ELIBACC (symbol_process.h), or another errno. `again` is called in place of `load` where the
  // process was there already; null where nothing has to be done then.
  int Ask(const std::string& key, const Load& load, const Load& again,
          const std::vector<uint8_t>& places, std::vector<uint8_t>* answer);

 private:
  struct File {
    std::string key;
    int deaths = 0;
    std::unique_ptr<SymbolProcess> process;
  };
  File* Find(const std::string& key);
  int Try(File* file, const Load& load, const Load& again, const std::vector<uint8_t>& places,
          std::vector<uint8_t>* answer);
  void KeepWithinLimits();

  std::string program_;
  std::list<File> files_;  // the one that was asked last is first
};

}  // namespace reader
}  // namespace pagefault
