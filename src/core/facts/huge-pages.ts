import { bytes } from '../text/format';

/** What the kernel says of a mapping's memory and of transparent huge pages. Sizes in bytes. */
export interface HugePageFacts {
  /** Addresses of the mapping, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly resident: number;
  /** Of it in huge pages. */
  readonly huge: number;
  /** THPeligible of smaps; null where the kernel does not say it (before 5.0). */
  readonly eligible: boolean | null;
  /** MADV_HUGEPAGE was asked for it (VmFlags hg), or MADV_NOHUGEPAGE (nh). */
  readonly advised: boolean;
  readonly refused: boolean;
  /** The machine's settings, '' where it has no transparent huge pages. */
  readonly enabled: string;
  readonly defrag: string;
  /** Of one huge page; 0 where it has none. */
  readonly pageSize: number;
}

/** How much of a mapping huge pages could hold: they lie at multiples of their size. */
export function alignedBytes({ start, end, pageSize }: HugePageFacts): number {
  if (pageSize === 0) return 0;
  return Math.max(0, Math.floor(end / pageSize) - Math.ceil(start / pageSize)) * pageSize;
}

/** Whether huge pages would help here, or what keeps them away. */
export function hugePageText(facts: HugePageFacts): string {
  const { pageSize, resident, huge, eligible, enabled, defrag } = facts;
  const size = bytes(facts.end - facts.start);
  if (pageSize === 0) return 'this kernel has no transparent huge pages';
  if (alignedBytes(facts) === 0) {
    return `its largest mapping (${size}) has no room for a huge page (${bytes(pageSize)}, aligned)`;
  }
  const room = `${bytes(alignedBytes(facts))} of its largest mapping (${size}) could be in huge pages`;
  if (facts.refused) return `${room}, but MADV_NOHUGEPAGE was asked for it`;
  if (enabled === 'never') return `${room}, but transparent_hugepage/enabled is never`;
  if (eligible === false) {
    return enabled === 'madvise' && !facts.advised
      ? `${room}: transparent_hugepage/enabled is madvise, so ask for them with MADV_HUGEPAGE`
      : `${room}, but the kernel allows none there (THPeligible 0)`;
  }
  const now = `${bytes(huge)} of ${bytes(resident)} resident are`;
  return `${room}, ${now} (enabled is ${enabled}, defrag ${defrag})`;
}
