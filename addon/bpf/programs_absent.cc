// Without libbpf, or on a processor whose fault records are not known, there are no programs.

#include <errno.h>

#include "bpf/built.h"
#include "bpf/programs.h"

#ifndef PAGEFAULT_BPF
namespace pagefault {

struct BpfPrograms::Loaded {};

std::unique_ptr<BpfPrograms> BpfPrograms::Open(const BpfOptions&, BpfRefusal* refusal) {
#ifdef __x86_64__
  *refusal = {ENOSYS, "built without libbpf (libbpf-dev)"};
#else
  *refusal = {ENOSYS, "not on this processor yet"};
#endif
  return nullptr;
}

BpfPrograms::~BpfPrograms() = default;
int BpfPrograms::List(const std::vector<pid_t>&) {
  return ENOSYS;
}
void BpfPrograms::SetWide() {}
int BpfPrograms::SetRing(int, int, bool) {
  return ENOSYS;
}
bool BpfPrograms::OpenSharedRing(int, SharedRing*) {
  return false;
}
void BpfPrograms::SetSharedId(int, uint64_t) {}
int BpfPrograms::wakes() const {
  return -1;
}
void BpfPrograms::TakeWakes() {}
void BpfPrograms::SetStackEvery(uint32_t) {}
int BpfPrograms::SetOn(int, bool) {
  return ENOSYS;
}
void BpfPrograms::Begin() {}
void BpfPrograms::End() {}
BpfCounters BpfPrograms::Count() const {
  return {};
}
int BpfPrograms::ForEachOpen(const std::function<void(const BpfTask&)>&) const {
  return ENOSYS;
}
int BpfPrograms::TakeCounts(uint64_t, const std::function<void(const BpfCount&)>&) {
  return ENOSYS;
}
void BpfPrograms::SetEvery(uint32_t) {}
BpfSpent BpfPrograms::Spent() const {
  return {};
}
void BpfPrograms::SetWindows(bool) {}
int BpfPrograms::SetEntries(bool) {
  return ENOSYS;
}
uint64_t BpfPrograms::OpenWindow(uint64_t) {
  return 0;
}
void BpfPrograms::CloseWindow() {}
void BpfPrograms::Freeze() {}
void BpfPrograms::TakeEnded(const std::function<void(const BpfEnded&)>&) {}
size_t BpfPrograms::descriptors() const {
  return 0;
}

}  // namespace pagefault
#endif
