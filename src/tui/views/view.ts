import type { Word } from '../../core/columns/words';
import type { ExportTables } from '../../core/columns/table-export';
import type { Filter } from '../../core/filter/ast';
import type { Scene } from '../state/scene';
import type { ViewSettings } from '../state/settings';
import type { HeaderInfo } from '../state/source';
import type { Theme } from '../terminal/theme';

/** Where a view is drawn: with what, and how many cells and lines it has. */
export interface Area {
  readonly theme: Theme;
  readonly columns: number;
  readonly height: number;
}

/** Actions that mean something else in every view; which keys ask for them: keys/keymap.ts. */
export const VIEW_ACTIONS = [
  'up',
  'down',
  'page-up',
  'page-down',
  'first',
  'last',
  'open',
  'sort-left',
  'sort-right',
  'reverse',
  'choose-sort',
  'expand',
  'collapse',
  'flat',
  'family',
  'tag',
  'untag',
  'ended',
  'scale',
  'lead',
  'clock',
  'search',
  'older-match',
  'newer-match',
] as const;
export type ViewAction = (typeof VIEW_ACTIONS)[number];

/** What the keys do, given the place the view has. An action that is left out does nothing, and no footer shows its key. */
export type ViewActions = Readonly<Partial<Record<ViewAction, (area: Area) => void>>>;

/** What numbers of a view hold beyond what is asked for. */
export interface Scope {
  /** The filter chooses rows, whose numbers are of all their faults. */
  readonly wholeRows: boolean;
  /** Hidden classes are in other numbers. */
  readonly allClasses: boolean;
  /** Rows that are let through, and all; null where there are none. */
  readonly rows: { readonly shown: number; readonly all: number } | null;
}

/** What a mouse can point at in a view, as it was drawn last. */
export interface Pointed {
  /** A row, by a number that stays its own, at a place of the view; null for none. */
  rowAt(line: number, area: Area, column: number): number | null;
  /** Selects it; false where it is gone. */
  select(row: number): boolean;
  /** A click on the heading. */
  heading?(column: number, area: Area): void;
}

/** One thing to look at: what it draws, what it writes, which keys work in it and how one moves. */
export interface View {
  /** In the names of files that it is written to. */
  readonly name: string;
  /** The newest events stand below it where there is room. */
  readonly eventsBelow: boolean;
  readonly actions: ViewActions;
  /** Left out where a click means nothing. */
  readonly pointed?: Pointed;
  /** Lines, at most as many as there is room for. Changes nothing. */
  draw(area: Area): string[];
  /** All of it as lines, with nothing selected. */
  text(theme: Theme, columns: number): string[];
  /** All of it as data. */
  tables(): ExportTables;
  /** Lines of use to it, where that is known: others are given to the events below. */
  wants?(): number;
  /** The detail of what is selected, of the present picture: shown beside it on a wide screen. */
  beside?(): View | null;
  /** Fits selection and window to the place in which it is drawn next. */
  layout?(area: Area): void;
  /** There is another picture. False: what it shows is gone, and so is the view. */
  follow?(): boolean;
  /** The picture was frozen and is live again. */
  thaw?(): void;
  /** `STALL% v`, for the footer. */
  sortWords?(theme: Theme): string;
  /** Left out, it is that of the view from which this one was opened. */
  scope?(): Scope;
  /** What a row of it (by its id) shows in full; null where it is gone. */
  detailOf?(id: number): View | null;
  /** How it is looked at, to be looked at so the next time. */
  keep?(): ViewSettings;
  /** Looks at it so. */
  restore?(settings: ViewSettings): void;
  /** What is selected, in words. */
  explain?(): readonly Word[];
  /** What is to be known of its numbers besides, in words. */
  notes?(): readonly string[];
  /** What of it stays in the terminal when the dashboard has been left. */
  readonly closing?: Closing;
}

export interface Closing {
  /** Also where another view was left. Of the others there is one: the view that was left, or the first. */
  readonly always: boolean;
  lines(theme: Theme, columns: number): string[];
}

/** What a view can ask of the dashboard around it. */
export interface Navigation {
  /** Shows a view over this one, until Esc. */
  open(view: View): void;
  /** The detail of a row, by its id, that another view makes; null where there is none. */
  detail(view: string, id: number): View | null;
  /** Asks for one of some items. */
  choose(
    title: string,
    items: readonly string[],
    index: number,
    chosen: (index: number) => void,
  ): void;
  /** Asks for a filter to search with; `found` says what is wrong, '' for nothing. */
  search(found: (filter: Filter) => string): void;
  /**
   * Adds a term to the filter and goes to a view, by its name; Esc undoes both, opens again what was opened, and then
   * calls `back`.
   */
  narrow(term: string, view: string, back: () => void): void;
}

/** Several processes are watched: whose the faults are is what one looks for first. */
export function isOfSeveral({ whole, targets }: Pick<HeaderInfo, 'whole' | 'targets'>): boolean {
  return whole !== undefined || targets.length > 1;
}

/** A view that can be gone to by Tab and by its number. */
export interface ViewEntry {
  readonly name: string;
  /** On its tab. */
  readonly title: string;
  readonly make: (scene: Scene, navigation: Navigation) => View;
  /** It is there for some runs only: which, and what the help says of it. Asked several times for each frame. */
  readonly only?: { readonly help: string; readonly there: (scene: Scene) => boolean };
}

/** The actions of a view in which one moves by a number of lines. */
export function moving(move: (by: number, area: Area) => void): ViewActions {
  return {
    up: (area) => {
      move(-1, area);
    },
    down: (area) => {
      move(1, area);
    },
    // The heading is no line of the page, and a line of it is seen again.
    'page-up': (area) => {
      move(1 - pageHeight(area), area);
    },
    'page-down': (area) => {
      move(pageHeight(area) - 1, area);
    },
    first: (area) => {
      move(-1e9, area);
    },
    last: (area) => {
      move(1e9, area);
    },
  };
}

/** Lines below the heading. */
export function pageHeight({ height }: Area): number {
  return Math.max(1, height - 1);
}
