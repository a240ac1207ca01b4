#include "bpf/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "bpf/built.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/fd.h"

#ifdef PAGEFAULT_BPF
#include "bpf/loaded.h"
#include "bpf/lock_limit.h"
#endif

namespace pagefault {

#ifdef PAGEFAULT_BPF

// bpf/object: the compiled programs.
extern const unsigned char kBpfObject[];
extern const size_t kBpfObjectBytes;

namespace {

constexpr const char* kAttached[] = {"born", "end", "forget", "signal", "list", "open", "counts"};
std::string FirstLine(const char* path) {
  char line[256] = "";
  FILE* file = fopen(path, "re");
  if (file == nullptr) return "";
  if (fgets(line, sizeof line, file) == nullptr) line[0] = 0;
  fclose(file);
  line[strcspn(line, "\n")] = 0;
  return line;
}

// Walks through the threads, and what is read of kernel structures, need to know those. libbpf does
// without where the kernel does not tell, and finds nothing then (ESRCH).
bool HasTypes() {
  return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

// Why the kernel may have refused.
std::string Circumstances(int error) {
  const std::string lockdown = FirstLine("/sys/kernel/security/lockdown");
  if (lockdown.find("[confidentiality]") != std::string::npos) {
    return "the kernel is locked down: confidentiality";
  }
  if (error == EPERM || error == EACCES) {
    return "CAP_BPF and CAP_PERFMON are needed, kernel.unprivileged_bpf_disabled is " +
           FirstLine("/proc/sys/kernel/unprivileged_bpf_disabled");
  }
  if (!HasTypes()) return "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF)";
  return ErrnoText(error);
}

int Silent(enum libbpf_print_level, const char*, va_list) {
  return 0;
}

}  // namespace

int BpfPrograms::Loaded::Load(const BpfOptions& options, std::string* what) {
  *what = "libbpf.so.1";
  if (!lib.Find()) return ENOENT;
  lib.libbpf_set_print(Silent);
  const LockLimitRaised raised;
  const int possible = lib.libbpf_num_possible_cpus();
  if (possible <= 0) return possible == 0 ? ENODEV : -possible;
  cpus = static_cast<size_t>(possible);
  online = static_cast<size_t>(std::max(sysconf(_SC_NPROCESSORS_ONLN), 1L));
  *what = "load";
  LIBBPF_OPTS(bpf_object_open_opts, names, .object_name = "pagefault");
  bpf_object* const object = lib.bpf_object__open_mem(kBpfObject, kBpfObjectBytes, &names);
  if (object == nullptr) return errno;
  const int error = LoadObject(object, options, what);
  lib.bpf_object__close(object);
  return error;
}

int BpfPrograms::Loaded::LoadObject(bpf_object* object, const BpfOptions& options,
                                    std::string* what) {
  int error = Prepare(object, options);
  if (error == 0) error = -lib.bpf_object__load(object);
  if (error != 0) return error;
  *what = "maps";
  error = MapMemories(object, options.ring_bytes);
  if (error != 0) return error;
  if (options.settings.scope == kBpfCgroup) {
    *what = "cgroup";
    const uint32_t first = 0;
    error = -lib.bpf_map_update_elem(FdOf(object, "cgroup"), &first, &options.cgroup, BPF_ANY);
    if (error != 0) return error;
  }
  return Attach(object, options.settings, what);
}

int BpfPrograms::Loaded::Prepare(bpf_object* object, const BpfOptions& options) {
  const BpfSettings& settings = options.settings;
  size_t bytes;
  bpf_map* const rodata = lib.bpf_object__find_map_by_name(object, ".rodata");
  void* const constants =
      const_cast<void*>(static_cast<const void*>(lib.bpf_map__initial_value(rodata, &bytes)));
  if (constants == nullptr || bytes != sizeof settings) return EINVAL;
  memcpy(constants, &settings, sizeof settings);
  const auto set_entries = [&](const char* name, size_t entries) {
    return -lib.bpf_map__set_max_entries(lib.bpf_object__find_map_by_name(object, name),
                                         static_cast<uint32_t>(entries));
  };
  int error = 0;
  for (const char* name : {"rings", "stack_rings", "counters", "shared_rings"}) {
    if (error == 0) error = set_entries(name, cpus);
  }
  if (error == 0) {
    error = set_entries("slots", std::max<size_t>(1, online * options.ring_bytes / kBpfSlotBytes));
  }
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return error != 0 ? error : set_entries("wakes", page);
}

int BpfPrograms::Loaded::Attach(bpf_object* object, const BpfSettings& settings,
                                std::string* what) {
  for (const char* name : kAttached) {
    if (!settings.sampled && strcmp(name, "counts") == 0) continue;
    *what = name;
    const bpf_program* program = lib.bpf_object__find_program_by_name(object, name);
    bpf_link* const link = lib.bpf_program__attach(program);
    if (link == nullptr) return errno;
    Fd own;
    const int error = Keep(lib.bpf_link__fd(link), &own);
    lib.bpf_link__destroy(link);
    if (error != 0) return error;
    if (strcmp(name, "list") == 0) {
      list = std::move(own);
    } else if (strcmp(name, "open") == 0) {
      open = std::move(own);
    } else if (strcmp(name, "counts") == 0) {
      counts = std::move(own);
    } else {
      links.push_back(std::move(own));
    }
  }
  *what = "descriptors";
  const auto program = [&](const char* name) {
    return lib.bpf_program__fd(lib.bpf_object__find_program_by_name(object, name));
  };
  int error = Keep(program("finish_minor"), &finish_minor);
  if (error == 0) error = Keep(program("finish_major"), &finish_major);
  if (error == 0) error = Keep(FdOf(object, "listed"), &listed);
  if (error == 0) error = Keep(FdOf(object, "rings"), &rings);
  if (error == 0 && settings.stacks != kBpfNoStacks) {
    error = Keep(FdOf(object, "stack_rings"), &stack_rings);
  }
  if (error == 0) error = Keep(program("enter"), &enter);
  if (error != 0 || settings.apart) return error;
  *what = "entries";
  error = AttachEntries();
  if (!settings.budget) enter.Reset();
  return error;
}

int BpfPrograms::Loaded::AttachEntries() {
  for (size_t i = 0; i < std::size(entries); i++) {
    if (entries[i].ok()) continue;
    entries[i].Reset(lib.bpf_raw_tracepoint_open(kEntryTracepoints[i], enter.get()));
    if (!entries[i].ok()) return errno;
  }
  return 0;
}

int BpfPrograms::Loaded::MapMemories(bpf_object* object, size_t ring_bytes) {
  int error = state_memory.Map(FdOf(object, ".bss"), sizeof(BpfState), PROT_READ | PROT_WRITE);
  if (error != 0) return error;
  Fd wakes;
  error = Keep(FdOf(object, "wakes"), &wakes);
  if (error != 0) return error;
  error = shared.Map(FdOf(object, "shared_rings"), cpus, FdOf(object, "slots"), online, ring_bytes,
                     std::move(wakes));
  if (error == 0) error = ended.Map(FdOf(object, "ended"), kBpfEndedBytes);
  if (error != 0) return error;
  return counter_memory.Map(FdOf(object, "counters"), cpus * sizeof(BpfCounters), PROT_READ);
}

int BpfPrograms::Loaded::Walk(const Fd& link, size_t size,
                              const std::function<void(const char*)>& visit) const {
  const Fd walk(lib.bpf_iter_create(link.get()));
  if (!walk.ok()) return -walk.get();
  std::vector<char> bytes(256 * size);
  size_t got = 0;  // a read may end in the middle of one
  for (;;) {
    const ssize_t n = read(walk.get(), bytes.data() + got, bytes.size() - got);
    // EAGAIN: so many threads have been passed that the kernel asks whether to go on.
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return n == 0 ? 0 : errno;
    got += static_cast<size_t>(n);
    size_t at = 0;
    for (; at + size <= got; at += size) visit(bytes.data() + at);
    got -= at;
    memmove(bytes.data(), bytes.data() + at, got);
  }
}

std::unique_ptr<BpfPrograms> BpfPrograms::Open(const BpfOptions& options, BpfRefusal* refusal) {
  auto loaded = std::make_unique<Loaded>();
  std::string what;
  refusal->error = loaded->Load(options, &what);
  if (refusal->error == ESRCH && !HasTypes()) refusal->error = ENOTSUP;
  if (refusal->error == 0) return std::unique_ptr<BpfPrograms>(new BpfPrograms(std::move(loaded)));
  refusal->what =
      what + ": " + (what == "libbpf.so.1" ? "not installed" : Circumstances(refusal->error));
  return nullptr;
}

BpfPrograms::BpfPrograms(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}

BpfPrograms::~BpfPrograms() = default;

int BpfPrograms::List(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    const uint32_t key = static_cast<uint32_t>(pid);
    const uint8_t value = 1;
    const int error =
        -loaded_->lib.bpf_map_update_elem(loaded_->listed.get(), &key, &value, BPF_ANY);
    if (error != 0) return error;
  }
  // A thread that is born of one not yet added may have a number that the walk has passed.
  for (bool news = true; news;) {
    const uint32_t before = loaded_->state()->added;
    const int error = loaded_->Walk(loaded_->list, 1, [](const char*) {});
    if (error != 0) return error;
    news = loaded_->state()->added != before;
  }
  return 0;
}

void BpfPrograms::SetWide() {
  loaded_->state()->wide = 1;
}

int BpfPrograms::SetRing(int cpu, int fd, bool stacked) {
  const uint32_t key = static_cast<uint32_t>(cpu);
  const Fd& rings = stacked ? loaded_->stack_rings : loaded_->rings;
  return -loaded_->lib.bpf_map_update_elem(rings.get(), &key, &fd, BPF_ANY);
}

bool BpfPrograms::OpenSharedRing(int cpu, SharedRing* ring) {
  return loaded_->shared.Open(cpu, ring);
}

void BpfPrograms::SetSharedId(int cpu, uint64_t id) {
  loaded_->shared.SetId(cpu, id);
}

int BpfPrograms::wakes() const {
  return loaded_->shared.wakes();
}

void BpfPrograms::TakeWakes() {
  loaded_->shared.TakeWakes();
}

void BpfPrograms::SetStackEvery(uint32_t every) {
  loaded_->state()->stack_every = every;
}

int BpfPrograms::SetOn(int fd, bool major) {
  const Fd& program = major ? loaded_->finish_major : loaded_->finish_minor;
  return ioctl(fd, PERF_EVENT_IOC_SET_BPF, program.get()) == 0 ? 0 : errno;
}

void BpfPrograms::Begin() {
  loaded_->state()->since = MonotonicNow();
}

void BpfPrograms::EndApart() {
  loaded_->enter.Reset();
  Begin();
}

void BpfPrograms::EndListing() {
  loaded_->list.Reset();
  loaded_->listed.Reset();
}

void BpfPrograms::End() {
  loaded_->state()->ended = 1;
}

BpfCounters BpfPrograms::Count() const {
  BpfCounters sum = {};
  for (size_t i = 0; i < loaded_->cpus; i++) {
    const volatile BpfCounters& cpu = loaded_->counters()[i];
    sum.lost_minor += cpu.lost_minor;
    sum.lost_major += cpu.lost_major;
    sum.lost_errors += cpu.lost_errors;
    sum.duplicate_minor += cpu.duplicate_minor;
    sum.duplicate_major += cpu.duplicate_major;
    sum.kernel_entries += cpu.kernel_entries;
    sum.vsyscalls += cpu.vsyscalls;
    sum.not_kept += cpu.not_kept;
    sum.lost_samples += cpu.lost_samples;
    sum.lost_stacks += cpu.lost_stacks;
  }
  return sum;
}

int BpfPrograms::ForEachOpen(const std::function<void(const BpfTask& task)>& visit) const {
  return loaded_->Walk(loaded_->open, sizeof(BpfTask), [&](const char* bytes) {
    BpfTask task;
    memcpy(&task, bytes, sizeof task);
    visit(task);
  });
}

int BpfPrograms::TakeCounts(uint64_t before, const std::function<void(const BpfCount&)>& visit) {
  loaded_->state()->walk_before = before;
  return loaded_->Walk(loaded_->counts, sizeof(BpfCount), [&](const char* bytes) {
    BpfCount count;
    memcpy(&count, bytes, sizeof count);
    visit(count);
  });
}

void BpfPrograms::TakeEnded(const std::function<void(const BpfEnded&)>& visit) {
  loaded_->ended.Take([&](const uint8_t* bytes, size_t size) {
    BpfEnded ended;
    if (size < sizeof ended) return;
    memcpy(&ended, bytes, sizeof ended);
    visit(ended);
  });
}

size_t BpfPrograms::descriptors() const {
  const Loaded& own = *loaded_;
  size_t open = own.links.size() + 1;  // with the one that wakes the reader
  for (const Fd* fd : {&own.list, &own.open, &own.counts, &own.listed, &own.rings, &own.stack_rings,
                       &own.finish_minor, &own.finish_major, &own.enter}) {
    open += fd->ok() ? 1 : 0;
  }
  for (const Fd& fd : own.entries) open += fd.ok() ? 1 : 0;
  return open;
}

#endif

}  // namespace pagefault
