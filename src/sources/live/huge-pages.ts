import type { HugePageFacts } from '../../core/facts/huge-pages';
import type { HugePageAnswer, HugePageQuestion, HugePageSource } from '../../core/ports';
import { Operation } from '../reader/operations';
import type { Readers } from '../reader/readers';
import { pageRequest } from '../reader/requests';
import { Answers } from './answers';
import { SmapsLook } from './smaps-look';

const KIB = 1024;

/** Asks the readers what smaps says of a mapping's memory, one question at a time. */
export class HugePages implements HugePageSource {
  private readonly smaps: SmapsLook;
  private next = 0;
  private readonly answers = new Answers<HugePageAnswer>();

  /** `now` gives ns since the session's start. */
  constructor(
    readers: Pick<Readers, 'ask'>,
    private readonly now: () => number,
  ) {
    this.smaps = new SmapsLook(readers, now);
  }

  askHugePages({ ticket, pid, space, page }: HugePageQuestion): boolean {
    if (this.smaps.busy || this.now() < this.next) return false;
    this.smaps.ask(Operation.MEMORY, pid, pageRequest(pid, page), (payload, rest) => {
      this.next = this.now() + rest;
      const facts = payload === null ? null : parseMappingMemory(payload.toString('latin1'));
      if (facts !== null) this.answers.add({ ticket, pid, space, facts });
    });
    return true;
  }

  takeHugePages(): readonly HugePageAnswer[] {
    return this.answers.take();
  }
}

/** Three lines of settings, then those of smaps (addon/reader/mapping_memory.cc). null: that is no answer. */
export function parseMappingMemory(text: string): HugePageFacts | null {
  const [enabled = '', defrag = '', pageSize = '', range = '', ...lines] = text.split('\n');
  const addresses = /^([0-9a-f]+)-([0-9a-f]+) /.exec(range);
  if (addresses === null) return null;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const size = (name: string): number => numberOf(fields.get(name) ?? '') * KIB;
  const flags = (fields.get('VmFlags') ?? '').split(' ');
  const eligible = fields.get('THPeligible');
  return {
    start: parseInt(addresses[1]!, 16),
    end: parseInt(addresses[2]!, 16),
    resident: size('Rss'),
    huge: size('AnonHugePages'),
    eligible: eligible === undefined ? null : eligible !== '0',
    advised: flags.includes('hg'),
    refused: flags.includes('nh'),
    enabled: chosen(enabled),
    defrag: chosen(defrag),
    pageSize: numberOf(pageSize),
  };
}

function numberOf(text: string): number {
  const number = parseInt(text, 10);
  return Number.isSafeInteger(number) && number >= 0 ? number : 0;
}

/** Of `always [madvise] never` the word that holds. */
function chosen(setting: string): string {
  return /\[(\w[\w+]*)\]/.exec(setting)?.[1] ?? '';
}
