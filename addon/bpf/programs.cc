#include "bpf/programs.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "util/clock.h"
#include "util/error.h"
#include "util/fd.h"

#if defined(__x86_64__) && __has_include(<bpf/libbpf.h>)
#include "bpf/library.h"
#define PAGEFAULT_BPF 1
#endif

namespace pagefault {

#ifdef PAGEFAULT_BPF

// bpf/object: the compiled programs.
extern const unsigned char kBpfObject[];
extern const size_t kBpfObjectBytes;

namespace {

constexpr const char* kAttached[] = {"born",       "end",          "forget", "signal",
                                     "enter_user", "enter_kernel", "list"};

std::string FirstLine(const char* path) {
  char line[256] = "";
  FILE* file = fopen(path, "re");
  if (file == nullptr) return "";
  if (fgets(line, sizeof line, file) == nullptr) line[0] = 0;
  fclose(file);
  line[strcspn(line, "\n")] = 0;
  return line;
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
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) return "the kernel has no BTF";
  return ErrnoText(error);
}

int Silent(enum libbpf_print_level, const char*, va_list) {
  return 0;
}

}  // namespace

struct BpfPrograms::Loaded {
  Libbpf lib;
  bpf_object* object = nullptr;
  std::vector<bpf_link*> links;
  int walk = -1;  // descriptor of the link of "list"
  int tasks = -1, listed = -1, rings = -1;
  volatile BpfState* state = nullptr;
  const BpfCounters* counters = nullptr;  // of each possible CPU
  size_t cpus = 0;

  ~Loaded() {
    if (counters != nullptr) munmap(const_cast<BpfCounters*>(counters), MappedBytes());
    for (bpf_link* link : links) lib.bpf_link__destroy(link);
    if (object != nullptr) lib.bpf_object__close(object);
  }

  size_t MappedBytes() const {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return (cpus * sizeof(BpfCounters) + page - 1) / page * page;
  }

  // All of these return 0 or an errno, and what it is about.
  int Load(const BpfOptions& options, std::string* what);
  int Prepare(const BpfSettings& settings);
  int Attach(bool lists, std::string* what);
  int MapCounters();

  bpf_map* Map(const char* name) const { return lib.bpf_object__find_map_by_name(object, name); }
};

int BpfPrograms::Loaded::Load(const BpfOptions& options, std::string* what) {
  *what = "libbpf.so.1";
  if (!lib.Find()) return ENOENT;
  lib.libbpf_set_print(Silent);
  const int possible = lib.libbpf_num_possible_cpus();
  if (possible <= 0) return possible == 0 ? ENODEV : -possible;
  cpus = static_cast<size_t>(possible);
  *what = "load";
  int error = Prepare(options.settings);
  if (error != 0) return error;
  error = -lib.bpf_object__load(object);
  if (error != 0) return error;
  tasks = lib.bpf_map__fd(Map("tasks"));
  listed = lib.bpf_map__fd(Map("listed"));
  rings = lib.bpf_map__fd(Map("rings"));
  size_t bytes;
  state = static_cast<BpfState*>(
      const_cast<void*>(static_cast<const void*>(lib.bpf_map__initial_value(Map(".bss"), &bytes))));
  if (state == nullptr || bytes != sizeof(BpfState)) return EINVAL;
  *what = "counters";
  error = MapCounters();
  if (error != 0) return error;
  if (options.settings.scope == kBpfCgroup) {
    *what = "cgroup";
    const uint32_t first = 0;
    error =
        -lib.bpf_map_update_elem(lib.bpf_map__fd(Map("cgroup")), &first, &options.cgroup, BPF_ANY);
    if (error != 0) return error;
  }
  return Attach(options.settings.scope == kBpfListed, what);
}

int BpfPrograms::Loaded::Prepare(const BpfSettings& settings) {
  LIBBPF_OPTS(bpf_object_open_opts, names, .object_name = "pagefault");
  object = lib.bpf_object__open_mem(kBpfObject, kBpfObjectBytes, &names);
  if (object == nullptr) return errno;
  size_t bytes;
  void* const constants = const_cast<void*>(
      static_cast<const void*>(lib.bpf_map__initial_value(Map(".rodata"), &bytes)));
  if (constants == nullptr || bytes != sizeof settings) return EINVAL;
  memcpy(constants, &settings, sizeof settings);
  for (const char* name : {"rings", "counters"}) {
    const int error = -lib.bpf_map__set_max_entries(Map(name), static_cast<uint32_t>(cpus));
    if (error != 0) return error;
  }
  // Walking through tasks takes the kernel's BTF, which the others do without.
  bpf_program* const list = lib.bpf_object__find_program_by_name(object, "list");
  return -lib.bpf_program__set_autoload(list, settings.scope == kBpfListed);
}

int BpfPrograms::Loaded::Attach(bool lists, std::string* what) {
  for (const char* name : kAttached) {
    const bool walks = strcmp(name, "list") == 0;
    if (walks && !lists) continue;
    *what = name;
    bpf_link* link = lib.bpf_program__attach(lib.bpf_object__find_program_by_name(object, name));
    if (link == nullptr) return errno;
    links.push_back(link);
    if (walks) walk = lib.bpf_link__fd(link);
  }
  return 0;
}

int BpfPrograms::Loaded::MapCounters() {
  void* map =
      mmap(nullptr, MappedBytes(), PROT_READ, MAP_SHARED, lib.bpf_map__fd(Map("counters")), 0);
  if (map == MAP_FAILED) return errno;
  counters = static_cast<const BpfCounters*>(map);
  return 0;
}

std::unique_ptr<BpfPrograms> BpfPrograms::Open(const BpfOptions& options, BpfRefusal* refusal) {
  auto loaded = std::make_unique<Loaded>();
  std::string what;
  refusal->error = loaded->Load(options, &what);
  if (refusal->error == 0) return std::unique_ptr<BpfPrograms>(new BpfPrograms(std::move(loaded)));
  refusal->what =
      what + ": " + (what == "libbpf.so.1" ? "not installed" : Circumstances(refusal->error));
  return nullptr;
}

BpfPrograms::BpfPrograms(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}

BpfPrograms::~BpfPrograms() = default;

int BpfPrograms::List(const std::vector<pid_t>& pids) {
  const Libbpf& lib = loaded_->lib;
  for (const pid_t pid : pids) {
    const uint32_t key = static_cast<uint32_t>(pid);
    const uint8_t value = 1;
    const int error = -lib.bpf_map_update_elem(loaded_->listed, &key, &value, BPF_ANY);
    if (error != 0) return error;
  }
  // A thread that is born of one not yet added may have a number that the walk has passed.
  for (bool news = true; news;) {
    const uint32_t before = loaded_->state->added;
    const Fd walk(lib.bpf_iter_create(loaded_->walk));
    if (!walk.ok()) return -walk.get();
    char nothing[64];
    ssize_t n;
    do {
      n = read(walk.get(), nothing, sizeof nothing);
    } while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
    if (n < 0) return errno;
    news = loaded_->state->added != before;
  }
  return 0;
}

void BpfPrograms::SetWide() {
  loaded_->state->wide = 1;
}

int BpfPrograms::SetRing(int cpu, int fd) {
  const uint32_t key = static_cast<uint32_t>(cpu);
  return -loaded_->lib.bpf_map_update_elem(loaded_->rings, &key, &fd, BPF_ANY);
}

int BpfPrograms::SetOn(int fd, bool major) {
  const bpf_program* program = loaded_->lib.bpf_object__find_program_by_name(
      loaded_->object, major ? "finish_major" : "finish_minor");
  const int number = loaded_->lib.bpf_program__fd(program);
  return ioctl(fd, PERF_EVENT_IOC_SET_BPF, number) == 0 ? 0 : errno;
}

void BpfPrograms::Begin() {
  loaded_->state->since = MonotonicNow();
}

void BpfPrograms::End() {
  loaded_->state->ended = 1;
}

BpfCounters BpfPrograms::Count() const {
  BpfCounters sum = {};
  for (size_t i = 0; i < loaded_->cpus; i++) {
    const BpfCounters& cpu = loaded_->counters[i];
    sum.lost_minor += cpu.lost_minor;
    sum.lost_major += cpu.lost_major;
    sum.lost_others += cpu.lost_others;
    sum.duplicate_minor += cpu.duplicate_minor;
    sum.duplicate_major += cpu.duplicate_major;
    sum.kernel_entries += cpu.kernel_entries;
    sum.vsyscalls += cpu.vsyscalls;
    sum.not_kept += cpu.not_kept;
  }
  return sum;
}

void BpfPrograms::ForEachOpen(const std::function<void(const BpfTask& task)>& visit) const {
  constexpr uint32_t kMany = 1024;  // more than a bucket has
  std::vector<uint64_t> keys(kMany);
  std::vector<BpfTask> values(kMany);
  const uint64_t since = loaded_->state->since;
  if (since == 0) return;
  uint32_t place = 0;
  for (bool first = true;; first = false) {
    uint32_t count = kMany;
    const int error =
        loaded_->lib.bpf_map_lookup_batch(loaded_->tasks, first ? nullptr : &place, &place,
                                          keys.data(), values.data(), &count, nullptr);
    // ENOENT says that these were the last.
    if (error != 0 && error != -ENOENT) return;
    for (uint32_t i = 0; i < count; i++) {
      const BpfEntry& entry = values[i].user;
      if (entry.open != 0 && entry.time >= since && values[i].asleep == 0) visit(values[i]);
    }
    if (error != 0) return;
  }
}

size_t BpfPrograms::descriptors() const {
  // Of each program, of each link, of each map, BTF among them: bpftool prog, link, map list.
  return 9 + loaded_->links.size() + 7 + 1;
}

#else

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
int BpfPrograms::SetRing(int, int) {
  return ENOSYS;
}
int BpfPrograms::SetOn(int, bool) {
  return ENOSYS;
}
void BpfPrograms::Begin() {}
void BpfPrograms::End() {}
BpfCounters BpfPrograms::Count() const {
  return {};
}
void BpfPrograms::ForEachOpen(const std::function<void(const BpfTask&)>&) const {}
size_t BpfPrograms::descriptors() const {
  return 0;
}

#endif

}  // namespace pagefault
