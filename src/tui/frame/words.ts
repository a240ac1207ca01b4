import { CLASS_NAMES } from '../../core/classify/classes';
import { counted, grouped } from '../../core/text/format';
import type { Dashboard } from '../state/dashboard';

/** Words that stand behind what is in force, and a short form of them. */
export interface Note {
  readonly text: string;
  readonly short: string;
}
const NOTHING: Note = { text: '', short: '' };
const WHOLE_ROWS: Note = {
  text: ' (chooses rows: their numbers are of all their faults)',
  short: ' (whole rows)',
};
const ALL_CLASSES_COUNT: Note = {
  text: ' (other numbers are of all classes)',
  short: ' (others: all)',
};

/** How many rows of the present view the filter lets through, and what their numbers are of. */
export function filterNote({ scene, scope }: Dashboard): Note {
  if (scene.filter === null) return NOTHING;
  const { wholeRows, rows } = scope;
  if (scene.source.comparisons !== undefined && rows !== null) {
    const shown = `${grouped(rows.shown)} of ${grouped(rows.all)}`;
    return {
      text: ` (${grouped(rows.shown)} of ${counted(rows.all, 'row')}; TOTAL is of all)`,
      short: ` (${shown})`,
    };
  }
  if (rows === null) return wholeRows ? WHOLE_ROWS : NOTHING;
  const count = `${grouped(rows.shown)} of ${grouped(rows.all)}`;
  // Tables keep no counts by filter: where some faults of a row do not match, its numbers have them all the same.
  return wholeRows
    ? {
        text: ` (chooses rows, ${count}: their numbers are of all their faults)`,
        short: ` (${count}, whole rows)`,
      }
    : {
        text: ` (${grouped(rows.shown)} of ${counted(rows.all, 'row')}; numbers are of matching faults)`,
        short: ` (${count})`,
      };
}

/** Where classes are hidden as rows and columns, but are part of other numbers of the present view. */
export function hiddenNote({ scope }: Dashboard): Note {
  return scope.allClasses ? ALL_CLASSES_COUNT : NOTHING;
}

/** Classes that are hidden, as the screen says it; '' for none. */
export function hiddenClasses({ scene: { classes } }: Dashboard): string {
  return CLASS_NAMES.filter((_, cls) => (classes & (1 << cls)) === 0).join(' ');
}

/**
 * What is in force beside what one sees, a line each: for text that leaves the screen. Without `all` only
 * where the numbers hold more.
 */
export function scopeLines(dashboard: Dashboard, all = true): string[] {
  const lines: string[] = [];
  const hidden = hiddenClasses(dashboard);
  const { scope } = dashboard;
  const { filterText } = dashboard.scene;
  const add = (what: string, value: string, { text }: Note, holdsMore: boolean): void => {
    if (value !== '' && (all || holdsMore)) lines.push(`${what}: ${value}${text}`);
  };
  add('filter', filterText, filterNote(dashboard), scope.wholeRows);
  add('hidden', hidden, hiddenNote(dashboard), scope.allClasses);
  return lines;
}
