import type { Buffer } from 'node:buffer';
import { getSystemErrorName } from 'node:util';
import type { Vma } from '../../core/vma/vma';
import type { Failure } from './lane';
import type { Frame } from './frame';
import { Operation } from './operations';
import type { Readers } from './readers';
import {
  elfAnswer,
  mappingRequest,
  pageAnswer,
  pageRequest,
  pidRequest,
  sizeAnswer,
} from './requests';
import type { ElfAnswer, SizeAnswer } from './requests';

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
  constructor(private readonly readers: Readers) {}

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
  elf(pid: number, vma: Vma, told: (answer: ElfAnswer | null) => void): void {
    const { devMajor, devMinor } = vma.backing;
    const subject = `file system ${devMajor}:${devMinor}`;
    this.ask(Operation.ELF, subject, mappingRequest(pid, vma), FILE_WORDS, (answer) => {
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
    const answered = (answer: Frame | Failure): void => {
      if (answer === 'late') this.readers.noteOnce(`${words.late}: ${words.cost}`);
      if (typeof answer === 'string') {
        told(null);
        return;
      }
      const code = answer.errno === 0 ? '' : getSystemErrorName(-answer.errno);
      const expected = operation === Operation.PAGE && code === 'ENOTTY';
      if (code !== '' && !expected && !EVERYDAY.has(code)) {
        this.readers.noteOnce(`${words.refused} (${code}): ${words.cost}`);
      }
      told(answer);
    };
    this.readers.ask({ operation, subject, payload, answered });
  }
}

interface Words {
  readonly late: string;
  readonly refused: string;
  readonly cost: string;
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
const FILE_WORDS: Words = {
  late: 'a file system of a target does not answer',
  refused: 'a file that a target has mapped cannot be read',
  cost: 'labels of its files have no sections',
};

function processSubject(pid: number): string {
  return `process ${pid}`;
}
