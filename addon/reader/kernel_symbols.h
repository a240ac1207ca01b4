// The functions of the kernel and its modules, out of /proc/kallsyms and /proc/modules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../symbols/names_answer.h"

namespace pagefault {
namespace reader {

class KernelSymbols {
 public:
  // Reads them, again where that was some time ago: modules come and go. Returns 0, EACCES where
  // the kernel shows no addresses (kernel.kptr_restrict), or another errno.
  int Refresh(const std::string& proc);
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
  // The text of /proc/kallsyms is taken in pieces, between both. False where there is no address in
  // it.
  void Begin(const std::string& modules);
  void Take(std::string_view piece);
  bool End();
  void Line(std::string_view line);
  uint32_t ModuleOf(std::string_view name);
  uint64_t EndOf(const Function& function) const;

  int64_t read_ = 0;
  bool known_ = false;
  std::vector<Function> functions_;
  std::string names_;  // each with a NUL
  std::vector<Module> modules_;
  uint64_t text_end_ = 0;
  uint64_t init_end_ = 0;
  std::string rest_;  // of the last piece, which ended within a line
};

}  // namespace reader
}  // namespace pagefault
