import { Buffer } from 'node:buffer';
import { getSystemErrorName } from 'node:util';
import type { Server } from '../../core/vma/served';
import type { TlsFacts } from '../../core/ports';
import type { Vma } from '../../core/vma/vma';
import type { Failure, Question } from './lane';
import type { Frame } from './frame';
import { MAX_PLACES, namesAnswer, namesRequest } from './names';
import type { NamedPlace, NameHints, NamesOf, Place } from './names';
import { Operation } from './operations';
import type { Readers } from './readers';
import {
  cgroupAnswer,
  cgroupRequest,
  elfAnswer,
  mappingRequest,
  pageAnswer,
  pageRequest,
  pidRequest,
  sizeAnswer,
  tasksAnswer,
  tasksRequest,
  threadsAnswer,
  threadsRequest,
  serverAnswer,
  serverRequest,
  tlsAnswer,
  tlsRequest,
} from './requests';
import type {
  CgroupTexts,
  ElfAnswer,
  FileHints,
  SizeAnswer,
  TaskTexts,
  ThreadTexts,
} from './requests';
import { MAX_STACKS, unwoundAnswer } from './stacks';
import type { Unwound } from './stacks';

/** Says nothing more than that a process or file has ended meanwhile. */
const EVERYDAY = new Set(['ENOENT', 'ESRCH']);
/** As addon/reader/task_files.cc has it: what is read of a command line, bytes. */
const MAX_CMDLINE = 128 << 10;

/** What a question about one page was answered. 'unsupported': the kernel has no such call. */
export type PageTold = Vma | 'unmapped' | 'unsupported' | null;

/**
 * Questions about targets in their own terms. Every error is "not known" (null), noted once per kind in
 * words; nothing is thrown. Answers come later, never from within the call.
 */
export class TargetReader {
  /** `namers`: those that are asked for names, which takes longer than all else. Without them there are none. */
  constructor(
    private readonly readers: Readers,
    private readonly namers: Readers | null = null,
    /** The same for stacks. */
    private readonly unwinders: Readers | null = null,
  ) {}

  /** The text of /proc/PID/maps, null where it cannot be read. '' for one without memory. */
  maps(pid: number, told: (text: Buffer | null) => void): void {
    this.ask(Operation.MAPS, processSubject(pid), pidRequest(pid), MAPS_WORDS, (answer) => {
      told(answer?.errno === 0 ? answer.payload : null);
    });
  }

  /** Arguments, raw; empty for kernel threads and zombies. null where they cannot be read. */
  cmdline(pid: number, told: (args: string[] | null) => void): void {
    this.ask(Operation.CMDLINE, processSubject(pid), pidRequest(pid), CMDLINE_WORDS, (answer) => {
      if (answer?.errno !== 0) told(null);
      else {
        const line = answer.payload.toString('utf8', 0, MAX_CMDLINE);
        told(line === '' ? [] : line.replace(/\0$/, '').split('\0'));
      }
    });
  }

  /** What processes are like, in the order of `pids`, at most MAX_TASKS of them. null where it cannot be told. */
  tasks(pids: readonly number[], told: (tasks: readonly TaskTexts[] | null) => void): void {
    this.ask(Operation.TASKS, 'processes', tasksRequest(pids), TASKS_WORDS, (answer) => {
      told(answer?.errno === 0 ? tasksAnswer(answer.payload, pids.length) : null);
    });
  }

  /** What threads of a process do, in the order of `tids`. null where it cannot be told. */
  threads(
    pid: number,
    tids: readonly number[],
    told: (threads: readonly ThreadTexts[] | null) => void,
  ): void {
    const payload = threadsRequest(pid, tids);
    this.ask(Operation.THREADS, processSubject(pid), payload, THREADS_WORDS, (answer) => {
      told(answer?.errno === 0 ? threadsAnswer(answer.payload, tids.length) : null);
    });
  }

  /** The mounts that a process sees (proc_pid_mountinfo(5)), null where they cannot be told. */
  mounts(pid: number, told: (text: string | null) => void): void {
    this.ask(Operation.MOUNTS, 'mounts', pidRequest(pid), MOUNTS_WORDS, (answer) => {
      told(answer?.errno === 0 ? answer.payload.toString() : null);
    });
  }

  /** A control group of the hierarchy that is mounted there. null where it cannot be told. */
  cgroup(mount: string, path: string, told: (answer: CgroupTexts | null) => void): void {
    const payload = cgroupRequest(mount, path);
    if (payload === null) {
      setImmediate(told, null);
      return;
    }
    this.ask(Operation.CGROUP, 'control groups', payload, CGROUP_WORDS, (answer) => {
      told(answer?.errno === 0 ? cgroupAnswer(answer.payload) : null);
    });
  }

  /** The mapping of one page. */
  page(pid: number, page: number, told: (answer: PageTold) => void): void {
    const payload = pageRequest(pid, page);
    this.ask(Operation.PAGE, processSubject(pid), payload, MAPS_WORDS, (answer) => {
      if (answer === null) told(null);
      else if (answer.errno === 0) told(pageAnswer(answer.payload));
      else {
        const code = getSystemErrorName(-answer.errno);
        told(code === 'ENOENT' ? 'unmapped' : code === 'ENOTTY' ? 'unsupported' : null);
      }
    });
  }

  /** The headers of the file behind a mapping, null where there is no way to it. */
  elf(
    pid: number,
    vma: Vma,
    told: (answer: ElfAnswer | null) => void,
    hints: FileHints = {},
  ): void {
    const { devMajor, devMinor } = vma.backing;
    const subject = `file system ${devMajor}:${devMinor}`;
    this.ask(Operation.ELF, subject, mappingRequest(pid, vma, hints), FILE_WORDS, (answer) => {
      told(answer?.errno === 0 ? elfAnswer(answer.payload) : null);
    });
  }

  /** The size of the file behind a mapping, null where it cannot be told. */
  size(pid: number, vma: Vma, told: (answer: SizeAnswer | null) => void): void {
    const { devMajor, devMinor } = vma.backing;
    const subject = `file system ${devMajor}:${devMinor}`;
    this.ask(Operation.SIZE, subject, mappingRequest(pid, vma), FILE_WORDS, (answer) => {
      told(answer?.errno === 0 ? sizeAnswer(answer.payload) : null);
    });
  }

  /**
   * The names of what is at places of a mapped file (`vma`), of the vdso (`vma`: its mapping), of the kernel or
   * of run-time code: at most MAX_PLACES. null where they cannot be had: asking again at once is no use.
   */
  names(
    pid: number,
    of: NamesOf,
    vma: Vma | null,
    places: readonly Place[],
    told: (places: readonly NamedPlace[] | null) => void,
    hints: NameHints = {},
  ): void {
    if (this.namers === null || places.length > MAX_PLACES) {
      setImmediate(told, null);
      return;
    }
    const payload = namesRequest(pid, of, vma, places, hints);
    const question = { operation: Operation.NAMES, subject: namesSubject(pid, of, vma), payload };
    this.askOf(this.namers, question, NAMES_WORDS[of], (answer) => {
      told(answer?.errno === 0 ? namesAnswer(answer.payload, places.length) : null);
    });
  }

  /** Where threads of a process have the thread-local variables of its program; null where it cannot be told. */
  tls(pid: number, tids: readonly number[], told: (answer: TlsFacts | null) => void): void {
    const payload = tlsRequest(pid, tids);
    this.ask(Operation.TLS, processSubject(pid), payload, TLS_WORDS, (answer) => {
      told(answer?.errno === 0 ? tlsAnswer(answer.payload, tids.length) : null);
    });
  }

  /** The process that faults wait for, as serverRequest() has it; null where it is not certain which. */
  server(kind: number, of: number, told: (server: Server | null) => void): void {
    const subject = `servers ${kind} ${of}`;
    this.ask(Operation.SERVERS, subject, serverRequest(kind, of), SERVERS_WORDS, (answer) => {
      told(answer?.errno === 0 ? serverAnswer(answer.payload) : null);
    });
  }

  /**
   * Unwinds stacks of a process: `modules` as modulesRequest() has them, of each stack its length (u32) and what was
   * copied. null where it cannot be done.
   */
  unwind(
    pid: number,
    modules: Buffer,
    stacks: readonly Buffer[],
    told: (stacks: readonly Unwound[] | null) => void,
  ): void {
    if (this.unwinders === null || stacks.length > MAX_STACKS) {
      setImmediate(told, null);
      return;
    }
    const count = Buffer.allocUnsafe(2);
    count.writeUInt16LE(stacks.length);
    const payload = Buffer.concat([modules, count, ...stacks]);
    const subject = `stacks of process ${pid}`;
    const question = { operation: Operation.UNWIND, subject, payload };
    this.askOf(this.unwinders, question, UNWIND_WORDS, (answer) => {
      told(answer?.errno === 0 ? unwoundAnswer(answer.payload, stacks.length) : null);
    });
  }

  /** Calls back when a reader has answered anything at all. */
  whenRunning(action: () => void): void {
    this.cmdline(process.pid, action);
  }

  private ask(
    operation: number,
    subject: string,
    payload: Buffer,
    words: Words,
    told: (answer: Frame | null) => void,
  ): void {
    this.askOf(this.readers, { operation, subject, payload }, words, told);
  }

  private askOf(
    readers: Readers,
    question: Omit<Question, 'answered'>,
    words: Words,
    told: (answer: Frame | null) => void,
  ): void {
    const answered = (answer: Frame | Failure): void => {
      if (answer === 'late') readers.noteOnce(`${words.late}: ${words.cost}`);
      if (typeof answer === 'string') {
        told(null);
        return;
      }
      const code = answer.errno === 0 ? '' : getSystemErrorName(-answer.errno);
      const expected = question.operation === Operation.PAGE && code === 'ENOTTY';
      if (code !== '' && !expected && !EVERYDAY.has(code)) {
        readers.noteOnce(
          words.of?.get(answer.errno) ?? `${words.refused} (${code}): ${words.cost}`,
        );
      }
      told(answer);
    };
    readers.ask({ ...question, answered });
  }
}

interface Words {
  readonly late: string;
  readonly refused: string;
  readonly cost: string;
  /** What an error of this kind is said in, where it has words of its own. */
  readonly of?: ReadonlyMap<number, string>;
}

const MAPS_WORDS: Words = {
  late: 'the address space of a target does not let itself be read',
  refused: 'the mappings of a target cannot be read',
  cost: 'some of its faults are [unknown]',
};
const CMDLINE_WORDS: Words = {
  late: 'the command line of a target does not let itself be read',
  refused: 'the command line of a target cannot be read',
  cost: 'it is left out',
};
const TASKS_WORDS: Words = {
  late: '/proc/PID/cgroup does not let itself be read',
  refused: '/proc/PID/cgroup cannot be read',
  cost: 'users and cgroups of some processes are not known',
};
const THREADS_WORDS: Words = {
  late: 'the threads of a target do not let themselves be looked at',
  refused: 'the threads of a target cannot be looked at',
  cost: 'of some faults in flight it is not known that they wait',
};
const MOUNTS_WORDS: Words = {
  late: 'the mounts of a target do not let themselves be read',
  refused: 'the mounts of a target cannot be read',
  cost: 'some of its files in memory are taken for files on a disk',
};
const CGROUP_WORDS: Words = {
  late: 'the files of a control group do not let themselves be read',
  refused: 'the files of a control group cannot be read',
  cost: 'its memory and limits are not shown',
};
const TLS_WORDS: Words = {
  late: 'the memory of a target does not let itself be read',
  refused: 'the memory of a target cannot be read',
  cost: 'its thread-local variables have no names',
};
const SERVERS_WORDS: Words = {
  late: 'the descriptors of processes do not let themselves be looked through',
  refused: 'the descriptors of processes cannot be looked through',
  cost: 'who answers some faults is not known',
};
const FILE_WORDS: Words = {
  late: 'a file system of a target does not answer',
  refused: 'a file that a target has mapped cannot be read',
  cost: 'labels of its files have no sections',
};
/** errno of addon/reader/names.cc, with numbers of asm-generic/errno.h: libuv has no names for some of them. */
const EACCES = 13;
const ENOPKG = 65;
const ELIBACC = 79;
const ENOTRECOVERABLE = 131;
const NAMES_ERRORS: ReadonlyMap<number, string> = new Map([
  [
    ENOPKG,
    'names of code and data cannot be read: pagefault-symbols was not built (it needs libdw-dev, libiberty-dev, ' +
      'liblzma-dev)',
  ],
  [
    ELIBACC,
    'names of code and data cannot be read: pagefault-symbols does not start (it needs libdw and liblzma, and a ' +
      'kernel with seccomp)',
  ],
  [
    ENOTRECOVERABLE,
    'a file that a target has mapped takes too much time or memory to read: its names are left out',
  ],
]);
const FILE_NAMES_WORDS: Words = {
  late: 'a file system of a target does not answer',
  refused: 'a file that a target has mapped cannot be read',
  cost: 'its names are left out',
  of: NAMES_ERRORS,
};
const NAMES_WORDS: Readonly<Record<NamesOf, Words>> = {
  file: FILE_NAMES_WORDS,
  vdso: {
    late: 'the vdso of a target does not let itself be read',
    refused: 'the vdso of a target cannot be read',
    cost: 'its functions have no names',
    of: NAMES_ERRORS,
  },
  kernel: {
    late: '/proc/kallsyms takes too long to read',
    refused: '/proc/kallsyms cannot be read',
    cost: 'functions of the kernel have no names',
    of: new Map([
      [
        EACCES,
        '/proc/kallsyms shows no addresses (kernel.kptr_restrict): functions of the kernel have no names',
      ],
    ]),
  },
  jit: { ...FILE_NAMES_WORDS, refused: 'the /tmp/perf-PID.map of a target cannot be read' },
};

const UNWIND_WORDS: Words = {
  late: 'stacks of a target take too long to unwind',
  refused: 'stacks of a target cannot be unwound',
  cost: 'they are left out',
  of: new Map([
    [
      ENOPKG,
      'call stacks cannot be unwound: pagefault-symbols was not built (it needs libdw-dev, libiberty-dev, liblzma-dev)',
    ],
    [
      ELIBACC,
      'call stacks cannot be unwound: pagefault-symbols does not start (it needs libdw and liblzma, and a kernel ' +
        'with seccomp)',
    ],
    [
      ENOTRECOVERABLE,
      'stacks of a target take too much time or memory to unwind: they are left out',
    ],
  ]),
};

function namesSubject(pid: number, of: NamesOf, vma: Vma | null): string {
  if (of === 'kernel') return 'kernel';
  if (of !== 'file' || vma === null) return `${of} of process ${pid}`;
  const { devMajor, devMinor, ino } = vma.backing;
  return `file ${devMajor}:${devMinor}:${ino}`;
}

function processSubject(pid: number): string {
  return `process ${pid}`;
}
