// The functions of the kernel and its modules, out of /proc/kallsyms and /proc/modules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../symbols/names_answer.h"

namespace pagefault {
namespace reader {

class KernelSymbols {
 public:
  // Reads them, again where that was some time ago: modules come and go. Returns 0, EACCES where
  // the kernel shows no addresses (kernel.kptr_restrict), or another errno.
  int Refresh(const std::string& proc);
  // Takes the texts of both files. False where there is no address in them.
  bool Parse(const std::string& kallsyms, const std::string& modules);

  // Adds the name of the place to the answer. The kernel notes where functions begin, not where
  // they end: each covers all up to the next symbol, at most up to the end of the kernel's code or
  // of its module, and one of no module that is known (a BPF program) up to the end of its page.
  void Name(uint64_t address, symbols::NamesAnswer* out) const;

 private:
  struct Function {
    uint64_t start;
    uint32_t name;    // in names_
    uint32_t module;  // in modules_; 0: the kernel itself
  };
  struct Module {
    std::string name;  // "[name]"
    uint64_t end;      // 0: not known
  };
  void Line(const char* line);
  uint32_t ModuleOf(const char* name);
  uint64_t EndOf(const Function& function) const;

  int64_t read_ = 0;
  bool known_ = false;
  std::vector<Function> functions_;
  std::string names_;  // each with a NUL
  std::vector<Module> modules_;
  uint64_t text_end_ = 0;
  uint64_t init_end_ = 0;
};

}  // namespace reader
}  // namespace pagefault
