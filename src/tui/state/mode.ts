import type { Filter } from '../../core/filter/ast';
import type { Word } from '../../core/columns/words';
import { LineEditor, type Recall } from './prompt';

/** What `w` writes: the present view with what is opened in it, or the help over it. */
export type WriteSubject = 'view' | 'help';

/** Who gets the keys: the views, or something that was opened over them. */
export type Mode = { readonly type: 'normal' } | Help | Prompt | Chooser;

export interface Help {
  readonly type: 'help';
  offset: number;
  /** What is selected, explained in front of everything else; empty for the help alone. */
  readonly about: readonly Word[];
}

/** A list of which one item can be chosen. */
export interface Chooser {
  readonly type: 'chooser';
  readonly title: string;
  readonly items: readonly string[];
  index: number;
  readonly chosen: (index: number) => void;
}

export interface Prompt {
  readonly type: 'prompt';
  readonly purpose: 'filter' | 'interval' | 'write' | 'search' | 'time';
  readonly label: string;
  readonly editor: LineEditor;
  /** Lines that were entered here before. */
  readonly recall: Recall;
  /** What Tab may go on with, '' where it was not pressed. */
  hint: string;
  /** What is wrong with what is typed, '' for nothing. */
  error: string;
  /** The text that is in force already. */
  applied: string;
  /** What Esc goes back to. */
  readonly before: string;
  /** What `w` writes. */
  readonly subject: WriteSubject;
  /** Takes what one searches for; what is wrong with it, '' for nothing. */
  readonly found: ((filter: Filter) => string) | null;
}

export const NORMAL: Mode = Object.freeze({ type: 'normal' });

export function promptFor(
  purpose: Prompt['purpose'],
  label: string,
  text: string,
  recall: Recall,
  subject: WriteSubject,
  found: Prompt['found'] = null,
): Prompt {
  return {
    type: 'prompt',
    purpose,
    label,
    editor: new LineEditor(text),
    recall,
    hint: '',
    error: '',
    applied: text,
    before: text,
    subject,
    found,
  };
}
