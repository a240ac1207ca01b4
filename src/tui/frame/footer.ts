import { isThere, isViewAction, KEYMAP } from '../keys/keymap';
import { beginningOf, endOf, Line, pieceLine, type Piece } from '../layout/line';
import { widthOf } from '../terminal/cell-width';
import type { Prompt } from '../state/mode';
import type { Style, Theme } from '../terminal/theme';
import type { ViewActions } from '../views/view';
import type { Note } from './words';

export interface FooterState {
  /** Something to say for a while; takes the place of the keys. */
  readonly message: { readonly text: string; readonly style: Style } | null;
  /** `STALL% v`; '' in views without a sort order. */
  readonly sort: string;
  readonly filter: string;
  /** Where it does not choose what is counted. */
  readonly filterNote: Note;
  /** Classes that are hidden, '' when none is. */
  readonly hidden: string;
  readonly hiddenNote: Note;
  /** What Esc does here, '' for nothing. */
  readonly back: string;
  /** What the keys of the view do here; those that would do nothing are not shown. */
  readonly actions: ViewActions;
  /** It is a recording that is shown. */
  readonly replay: boolean;
  /** It is two runs that are compared. */
  readonly compared: boolean;
}

/** The last line: filter and sort in force, then the keys that work here. */
export function footerView(theme: Theme, columns: number, state: FooterState): string {
  if (state.message !== null) {
    return new Line(theme, columns).words(` ${state.message.text}`, state.message.style).end();
  }
  const pieces: Piece[] = [];
  if (state.filter !== '')
    pieces.push(noted(columns, `filter: ${state.filter}`, state.filterNote, 100));
  if (state.hidden !== '')
    pieces.push(noted(columns, `hidden: ${state.hidden}`, state.hiddenNote, 95));
  if (state.sort !== '') pieces.push({ text: `sort: ${state.sort}`, weight: 60 });
  if (state.back !== '') pieces.push({ text: `Esc ${state.back}`, weight: 90 });
  let weight = 50;
  for (const { action, footer: live, replayFooter } of KEYMAP) {
    const footer = state.replay ? (replayFooter ?? live) : live;
    if (footer === undefined || !isThere(action, state.compared)) continue;
    if (isViewAction(action) && state.actions[action] === undefined) continue;
    const last = footer[1] === 'quit' || footer[1] === 'help';
    pieces.push({ text: `${footer[0]} ${footer[1]}`, weight: last ? 80 : weight-- });
  }
  return pieceLine(theme, columns, pieces);
}

/** From here on there is room for a sentence beside the keys. */
const WIDE = 120;

function noted(columns: number, what: string, note: Note, weight: number): Piece {
  return { text: what + (columns < WIDE ? note.short : note.text), style: 'warning', weight };
}

/** The prompt in place of the footer: what is typed, a cursor, how it may go on or what is wrong with it. */
export function promptView(
  theme: Theme,
  columns: number,
  { label, editor, error, hint }: Prompt,
): string {
  const line = new Line(theme, columns).add(` ${label}`, 'strong');
  const { text, position } = editor;
  // Half a word is no error to one who asks how it goes on.
  const beside = hint === '' ? error : hint;
  const room = Math.max(
    10,
    line.room - (beside === '' ? 2 : Math.min(beside.length + 4, line.room / 2)),
  );
  const under = editor.under || ' ';
  // Long input scrolls, so that the cursor is always seen.
  const left = endOf(text.slice(0, position), room - widthOf(under));
  const right = text.slice(position + editor.under.length);
  line.add(left).add(under, 'selected');
  line.add(beginningOf(right, room - widthOf(left) - widthOf(under)));
  if (beside !== '') line.words(`  ${beside}`, hint === '' ? 'error' : 'dim');
  return line.end();
}
