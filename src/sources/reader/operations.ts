/** What the reader can be asked: addon/reader/operations.h has the same numbers. */
export const Operation = {
  /** u32 pid -> the text of /proc/PID/maps. */
  MAPS: 1,
  /** u32 pid -> the bytes of /proc/PID/cmdline. */
  CMDLINE: 2,
  /** u32 pid, u64 page -> the mapping of the page (addon/reader/page.cc). */
  PAGE: 3,
  /** A mapping -> the headers of the file behind it (addon/reader/elf_file.cc). */
  ELF: 4,
  /** u32 pid -> what is registered with userfaultfd (addon/reader/guards.cc). */
  GUARDS: 5,
  /** A mapping -> the size of the file behind it (addon/reader/size.cc). */
  SIZE: 6,
  /** Places -> the names of what is there (addon/reader/names.cc). */
  NAMES: 7,
  /** Copied stacks -> the addresses on them (addon/reader/unwind.cc). */
  UNWIND: 8,
  /** Pids -> status and cgroup of each (addon/reader/task_files.cc). */
  TASKS: 9,
  /** A control group -> its memory and pressure (addon/reader/cgroup_files.cc). */
  CGROUP: 10,
  /** u32 pid, u64 page -> what smaps says of the mapping, settings (addon/reader/mapping_memory.cc). */
  MEMORY: 11,
  /** Threads -> where they have the thread-local variables of the program (addon/reader/tls.cc). */
  TLS: 12,
  /** Threads -> what each does (addon/reader/task_files.cc). */
  THREADS: 13,
  /** u32 pid -> the text of /proc/PID/mountinfo. */
  MOUNTS: 14,
  /** What faults wait for -> the process that answers them (addon/reader/servers.cc). */
  SERVERS: 15,
} as const;
