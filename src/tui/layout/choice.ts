import { CLASS_COUNT } from '../../core/classify/classes';
import type { RowTest } from '../../core/filter/row-test';
import type { GroupableRow } from '../../core/snapshot/groups';
import { RowChanges, type Change } from '../../core/snapshot/row-changes';
import { classesOf } from './row-classes';

/** Bit mask of all classes. */
export const ALL_CLASSES = (1 << CLASS_COUNT) - 1;

/** What a table knows of its rows. */
interface ChoiceRules<Row> {
  /** The process of a row, where it has one that is not its name. */
  readonly pidOf: ((row: Row) => number) | undefined;
  /** A row without faults is to be seen all the same. */
  readonly keeps: (row: Row) => boolean;
}

/** What a filter lets through. */
interface Chosen<Row> {
  readonly matching: readonly Row[];
  /** Rows before the filter: with faults, or kept without. */
  readonly total: number;
  /** Rows of `matching` that have faults too which the filter does not let through: their numbers are of all. */
  readonly partial: number;
  /** Bit mask of the classes that they have faults of. */
  readonly present: number;
  /** They are those of more than one process. */
  readonly severalProcesses: boolean;
}

/** Every row has faults of these classes, and passes without a filter. */
interface AllPass {
  readonly classes: number;
  /** The process of the first one. */
  readonly onePid: number;
}

/** Chooses the rows of one picture after the other that are shown. */
export class RowChoice<Row extends GroupableRow> {
  chosen: Chosen<Row> = {
    matching: [],
    total: 0,
    partial: 0,
    present: ALL_CLASSES,
    severalProcesses: false,
  };
  /** What is known of `matching` beside the one before, where that is all rows; null for nothing. */
  change: Change | null = null;
  private readonly changes = new RowChanges();
  private version = 0;
  /** By row: bit mask of the classes that it has faults of. */
  private readonly masks: number[] = [];
  /** null where some did not pass, or were not asked to. */
  private allPass: AllPass | null = null;

  constructor(private readonly rules: ChoiceRules<Row>) {}

  /** `classes`: bit mask of those that are shown; `test`: null for all rows; `told`: see RowChanges. */
  choose(
    source: readonly Row[],
    classes: number,
    test: RowTest<Row> | null,
    told: Change | null,
  ): void {
    const changed = this.changes.since(source, told);
    this.version++;
    const all = this.allPass;
    const asBefore = changed !== null && test === null && all?.classes === classes;
    if (asBefore && this.changeNothing(source, changed, all)) {
      this.chosen = { ...this.chosen, matching: source };
    } else this.chooseAnew(source, classes, test);
    this.change = this.allPass === null ? null : { of: this, version: this.version, changed };
  }

  /** What is known of all rows holds with these as they are now too. */
  private changeNothing(
    source: readonly Row[],
    changed: readonly number[],
    { classes, onePid }: AllPass,
  ): boolean {
    const { masks } = this;
    const { present, severalProcesses } = this.chosen;
    const pidOf = severalProcesses ? undefined : this.rules.pidOf;
    for (const at of changed) {
      const row = source[at]!;
      const mask = classesOf(row);
      const before = masks[at]!;
      if ((mask & classes) === 0) return false;
      if ((mask & before) !== before || (mask & present) !== mask) return false;
      if (pidOf !== undefined && pidOf(row) !== onePid) return false;
    }
    return true;
  }

  /** In one pass, for there may be thousands. */
  private chooseAnew(source: readonly Row[], classes: number, test: RowTest<Row> | null): void {
    const { masks } = this;
    const { pidOf, keeps } = this.rules;
    const matching: Row[] = [];
    let total = 0;
    let partial = 0;
    let present = 0;
    let onePid = 0;
    let several = false;
    masks.length = source.length;
    for (let at = 0; at < source.length; at++) {
      const row = source[at]!;
      if (row.faults === 0 && !keeps(row)) continue;
      total++;
      const mask = classesOf(row);
      masks[at] = mask;
      if ((classes !== ALL_CLASSES && (mask & classes) === 0) || test?.passes(row) === false)
        continue;
      if (test?.whole(row) === false) partial++;
      present |= mask;
      if (pidOf !== undefined && !several) {
        const pid = pidOf(row);
        if (matching.length === 0) onePid = pid;
        several = pid === 0 || pid !== onePid;
      }
      matching.push(row);
    }
    const all = test === null && matching.length === source.length;
    const passing = all ? source : matching;
    this.chosen = { matching: passing, total, partial, present, severalProcesses: several };
    this.allPass = all ? { classes, onePid } : null;
  }
}
