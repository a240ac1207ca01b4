// Tables and texts: event ids, threads, tracepoint formats, /proc.

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>

#include "check.h"
#include "faults/threads.h"
#include "perf/event_ids.h"
#include "perf/tracefs.h"
#include "proc/procfs.h"

namespace pagefault {
namespace test {

TEST(event_table_dense_and_sparse) {
  EventIds table;
  CHECK(table.Find(0).kind == EventKind::kNone);
  CHECK(table.Find(UINT64_MAX).kind == EventKind::kNone);
  const uint64_t base = 5000000000;
  std::map<uint64_t, uint32_t> expected;
  Random random(1);
  for (uint32_t i = 1; i < 3000; i++) {
    // Close together, before the first one, far behind it, and at the ends of the range.
    const uint64_t ids[] = {base + random.Below(5000), base - 1 - random.Below(5000),
                            base + (1 << 20) + random.Below(1 << 30), random.Next()};
    const uint64_t id = i == 1 ? base : i == 2 ? 0 : i == 3 ? UINT64_MAX : ids[i % 4];
    table.Add(id, EventKind::kMajor, i, SampleLayout());
    expected[id] = i;
  }
  for (const auto& entry : expected) {
    CHECK(table.Find(entry.first).kind == EventKind::kMajor);
    CHECK_EQ(table.Find(entry.first).root, entry.second);
    if (expected.count(entry.first + 1) == 0) {
      CHECK(table.Find(entry.first + 1).kind == EventKind::kNone);
    }
  }
}

TEST(event_table_forgets_what_is_removed) {
  EventIds table;
  const uint64_t ids[] = {5000, 5001, 5000 + (uint64_t{1} << 30), 7};
  for (uint64_t id : ids) table.Add(id, EventKind::kMinor, 1, SampleLayout());
  for (uint64_t id : ids) {
    table.Remove(id);
    table.Remove(id + 100);  // none
    CHECK(table.Find(id).kind == EventKind::kNone);
  }
  table.Add(5000, EventKind::kMajor, 2, SampleLayout());
  CHECK_EQ(table.Find(5000).root, 2u);
}

TEST(thread_table_against_a_map) {
  ThreadTable table;
  std::map<uint32_t, uint32_t> model;  // tid -> pid
  Random random(2);
  for (int i = 0; i < Rounds(200000); i++) {
    // tids that collide in the table's cache (1,024 places) as well as others
    const uint32_t tid =
        static_cast<uint32_t>(random.Below(2) != 0 ? random.Below(64) * 1024 : random.Below(3000));
    const uint32_t pid = static_cast<uint32_t>(1 + random.Below(10));
    switch (random.Below(4)) {
      case 0: {
        Thread* thread = table.Add(pid, tid, 1);
        CHECK_EQ(thread == nullptr, tid == 0);
        if (thread != nullptr) {
          CHECK(!thread->user.open && thread->completed == 0);  // nothing of a predecessor
          thread->completed = tid;
          thread->user.open = true;
          model[tid] = pid;
        }
        break;
      }
      case 1:
        table.Remove(tid);
        model.erase(tid);
        break;
      default: {
        const Thread* thread = table.Find(tid);
        const auto found = model.find(tid);
        CHECK_EQ(thread != nullptr, found != model.end());
        if (thread != nullptr && found != model.end()) {
          CHECK_EQ(thread->pid, found->second);
          CHECK_EQ(thread->completed, tid);
        }
      }
    }
    if (i % 1000 == 0) {
      std::map<uint32_t, uint32_t> processes;
      for (const auto& entry : model) processes[entry.second]++;
      for (uint32_t p = 1; p <= 10; p++) {
        CHECK_EQ(table.ProcessThreads(p), processes[p]);
        CHECK_EQ(table.HasProcess(p), processes[p] != 0);
      }
      CHECK_EQ(table.size(), model.size());
      size_t visited = 0;
      table.ForEach([&](const Thread& thread) { visited += model.count(thread.tid); });
      CHECK_EQ(visited, model.size());
    }
  }
}

TEST(thread_table_has_no_thread_zero) {
  // Records of tasks outside of the pid namespace carry tid 0, and so does a free slot.
  ThreadTable table;
  table.Add(10, 11, 0);
  table.Remove(11);
  CHECK(table.Find(0) == nullptr);
  CHECK(table.Find(1024) == nullptr);
}

TEST(find_field_in_real_formats) {
  // events/exceptions/page_fault_user/format of Linux 6.x on x86-64
  const std::string format =
      "name: page_fault_user\nID: 115\nformat:\n"
      "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
      "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
      "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
      "\tfield:unsigned long address;\toffset:8;\tsize:8;\tsigned:0;\n"
      "\tfield:unsigned long ip;\toffset:16;\tsize:8;\tsigned:0;\n"
      "\tfield:unsigned long error_code;\toffset:24;\tsize:8;\tsigned:0;\n\n"
      "print fmt: \"address=%ps ip=%ps error_code=0x%lx\", (void *)REC->address, (void "
      "*)REC->ip, REC->error_code\n";
  Field field;
  CHECK(FindField(format, "address", &field));
  CHECK_EQ(field.offset, 8);
  CHECK_EQ(field.size, 8);
  CHECK(FindField(format, "ip", &field));
  CHECK_EQ(field.offset, 16);
  CHECK(FindField(format, "common_pid", &field));
  CHECK_EQ(field.offset, 4);
  CHECK_EQ(field.size, 4);
  CHECK(!FindField(format, "common_type", &field));  // of no size that is read
  CHECK(!FindField(format, "addr", &field));
  CHECK(!FindField(format, "code", &field));
  CHECK(!FindField(format, "", &field));
}

TEST(find_field_in_hostile_formats) {
  Field field;
  for (const char* text :
       {"", ";", " a;", " a; offset:", " a; size:8;", " a; offset:8;", " a; offset:x; size:y;",
        " a; offset:99999999999999999999; size:8;", " a; offset:8; size:99999999999999999999;",
        " a; offset:-8; size:8;", " a; offset:8; size:-8;", " a; offset:8;\nsize:8;",
        " a; offset:4097; size:8;", " a; offset:8; size:16;", "a; offset:8; size:8;"}) {
    CHECK(!FindField(text, "a", &field));
  }
  CHECK(FindField(" a; offset:4096; size:8", "a", &field));
  // Any mutation of a good text either fails or gives numbers that the decoder checks.
  const std::string good = "\tfield:unsigned long ret;\toffset:16;\tsize:8;\tsigned:0;\n";
  Random random(9);
  for (int i = 0; i < 100000; i++) {
    std::string text = good;
    for (uint64_t n = random.Below(5); n > 0; n--) {
      text[random.Below(text.size())] = static_cast<char>(random.Next());
    }
    text.resize(random.Below(text.size() + 1));
    if (FindField(text, "ret", &field)) {
      CHECK(field.offset <= 4096 && (field.size == 4 || field.size == 8));
    }
  }
}

TEST(tracefs_gives_the_formats_of_this_kernel) {
  const Tracefs tracefs;
  CHECK(tracefs.ok());
  TracepointFormat format;
  int error = 0;
  CHECK(tracefs.ReadFormat(SpecOf(EventKind::kEntryUser), &format, &error));
  CHECK(format.id > 0);
  CHECK_EQ(format.field[kFaultAddress].size, 8);
  CHECK(format.field[kFaultIp].offset > format.field[kFaultAddress].offset);
  EventSpec spec = SpecOf(EventKind::kEntryUser);
  spec.tracepoint = "exceptions/no_such_event";
  CHECK(!tracefs.ReadFormat(spec, &format, &error));
  CHECK_EQ(error, ENOENT);
  CHECK_EQ(format.id, 0u);
  error = 0;
  spec.tracepoint = "syscalls/sys_exit_brk";  // other fields
  CHECK(!tracefs.ReadFormat(spec, &format, &error));
  CHECK_EQ(error, ENOENT);
  CHECK_EQ(format.id, 0u);
}

TEST(tracefs_has_every_tracepoint_of_the_rows) {
  // As perf list names them: what a row asks for that the kernel does not have is a misspelling.
  const Tracefs tracefs;
  size_t tracepoints = 0;
  for (const EventSpec& spec : kEvents) {
    if (spec.software()) continue;
    TracepointFormat format;
    int error = 0;
    CHECK(tracefs.ReadFormat(spec, &format, &error));
    CHECK(format.id > 0 && format.thread.size == 4);
    tracepoints++;
  }
  CHECK_EQ(tracepoints, 18u);
}

TEST(proc_stat_of_oneself_and_of_a_zombie) {
  ProcessStat stat;
  CHECK_EQ(ReadStat(getpid(), &stat), 0);
  CHECK_EQ(stat.state, 'R');
  // Started since boot, and not in the future: the field that tells a reused pid.
  std::ifstream file("/proc/uptime");
  double uptime = 0;
  file >> uptime;
  const double started =
      static_cast<double>(stat.start_time) / static_cast<double>(sysconf(_SC_CLK_TCK));
  CHECK(started > 0 && started <= uptime + 1 && started > uptime - 3600);
  CHECK(!HasEnded(getpid()));

  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info;
  CHECK_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  CHECK_EQ(ReadStat(child, &stat), 0);
  CHECK_EQ(stat.state, 'Z');
  // Of our own process a thread that was joined may still be counted.
  CHECK_EQ(stat.threads, 1u);
  CHECK(HasEnded(child));
  waitpid(child, nullptr, 0);
  CHECK_EQ(ReadStat(child, &stat), ESRCH);
  CHECK(HasEnded(child));
  CHECK_EQ(OwnerOf(child), -1);
  CHECK_EQ(OwnerOf(getpid()), static_cast<int64_t>(geteuid()));
}

TEST(proc_stack_pointer_of_a_thread_that_sleeps) {
  std::atomic<uint64_t> local{0};
  std::atomic<int> tid{0};
  int wait[2];
  CHECK_EQ(pipe(wait), 0);
  std::thread sleeper([&] {
    char byte;
    local = reinterpret_cast<uint64_t>(&byte);
    tid = static_cast<int>(syscall(SYS_gettid));
    CHECK_EQ(read(wait[0], &byte, 1), 1);
  });
  uint64_t found = 0;
  while (found == 0) found = tid == 0 ? 0 : StackPointerOf(getpid(), tid);
  const uint64_t at = local;
  CHECK(found > at - 65536 && found < at + 65536);
  CHECK_EQ(write(wait[1], "x", 1), 1);
  sleeper.join();
  close(wait[0]);
  close(wait[1]);
  CHECK_EQ(StackPointerOf(getpid(), tid), 0u);  // has ended
  CHECK_EQ(StackPointerOf(1, 1 << 30), 0u);
}

TEST(proc_pid_namespace) {
  char link[64] = {};
  CHECK(readlink("/proc/self/ns/pid", link, sizeof link - 1) > 0);
  CHECK_EQ(InInitialPidNamespace(), strcmp(link, "pid:[4026531836]") == 0);
}

TEST(proc_threads) {
  std::vector<uint32_t> tids;
  CHECK_EQ(ListThreads(getpid(), &tids), 0);
  bool found = false;
  for (uint32_t tid : tids) found = found || tid == static_cast<uint32_t>(syscall(SYS_gettid));
  CHECK(found);
  for (pid_t pid : {0, -1, 999999999}) CHECK_EQ(ListThreads(pid, &tids), ESRCH);
}

}  // namespace test
}  // namespace pagefault
