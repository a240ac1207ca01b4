import { readFileSync } from 'node:fs';
import { parseMaps } from '../../src/core/vma/proc-maps';
import { parseMountInfo } from '../../src/core/vma/mount-info';
import { parseStat, parseStatus, parseSyscall } from '../../src/sources/proc/proc-parse';
import { SEED, amount, tell } from './support/amount';
import { Mutator } from './support/mutator';
import { Slowest } from './support/slowest';

const MAX_PAGE = 2 ** 52;

function checkMaps(text: string): void {
  const { vmas, skipped } = parseMaps(text);
  const lines = text.split('\n').filter((line) => line !== '');
  if (vmas.length + skipped !== lines.length) throw new Error('a line was lost');
  for (const { start, end, pgoff, prot, backing } of vmas) {
    const sane =
      start >= 0 &&
      start < end &&
      end <= MAX_PAGE &&
      pgoff >= 0 &&
      pgoff < MAX_PAGE &&
      prot <= 7 &&
      /^\d{1,20}$/.test(backing.ino) &&
      [backing.devMajor, backing.devMinor].every((n) => n >= 0 && n <= 0xffffffff);
    if (!sane) throw new Error('a mapping that none can be');
  }
}

const isCount = (n: number): boolean => Number.isFinite(n);

function checkStat(text: string): void {
  const stat = parseStat(text);
  if (stat === null) return;
  const { comm, state, ...numbers } = stat;
  if (state.length !== 1 || typeof comm !== 'string') throw new Error('no state');
  if (!Object.values(numbers).every(isCount)) throw new Error('no number');
}

function checkStatus(text: string): void {
  const status = parseStatus(text);
  if (status === null) return;
  const { tgid, uids, rssBytes, nsPids } = status;
  if (![tgid, ...uids].every(Number.isInteger)) throw new Error('no id');
  if (!isCount(rssBytes) || !nsPids.every(Number.isInteger)) throw new Error('no number');
}

function checkMounts(text: string): void {
  for (const { devMajor, devMinor, type } of parseMountInfo(text)) {
    if (!isCount(devMajor) || !isCount(devMinor) || type === '') throw new Error('no mount');
  }
}

function checkSyscall(text: string): void {
  const state = parseSyscall(text);
  if (state?.blocked === true && (state.sp < 0n || state.pc < 0n)) throw new Error('no address');
}

const read = (name: string): string => readFileSync(`/proc/self/${name}`, 'utf8');
/** Lines of a real file, so that they are as this kernel writes them. */
const lines = (name: string): string[] => read(name).trimEnd().split('\n');

const KINDS: readonly (readonly [string, () => string[], (text: string) => void])[] = [
  [
    'maps',
    () => [
      ...lines('maps'),
      'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]',
      '7f00-8f00 rw-s ffffffffffff000 103:ffff 18446744073709551615 /a\\012b (deleted)',
    ],
    checkMaps,
  ],
  ['stat', () => [read('stat'), '7 (a) R 1 (b) S 1 2 3'], checkStat],
  ['status', () => [read('status')], checkStatus],
  ['mountinfo', () => lines('mountinfo'), checkMounts],
  [
    'syscall',
    () => ['running', '-1 0x7ffd1c601200 0x7f1c32a0f1c7', `0 ${'0x1 '.repeat(6)}0x7f 0x80`],
    checkSyscall,
  ],
];

test.each(KINDS)(
  '%s: mutated lines do no harm',
  (name, seeds, check) => {
    const mutator = new Mutator(SEED);
    const slowest = new Slowest(check);
    const from = seeds();
    const count = name === 'maps' ? amount(50_000) : amount(10_000, 200_000);
    for (let n = 0; n < count; n++) {
      // Sometimes several lines, so that a change can make one of two.
      const text = mutator.oneIn(4)
        ? `${mutator.pick(from)}\n${mutator.pick(from)}\n`
        : mutator.pick(from);
      slowest.try(mutator.text(text));
    }
    expect(slowest.runs).toBe(count);
    tell(`${name}: ${count} mutations, the longest took ${slowest.ms.toFixed(3)} ms of CPU`);
  },
  1_800_000,
);
