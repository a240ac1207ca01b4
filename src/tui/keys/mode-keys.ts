import type { Dashboard } from '../state/dashboard';
import { commonBeginning, completions } from '../../core/filter/complete';
import { describeFilterError, parseFilter } from '../../core/filter/parse';
import { actionOf } from './keymap';
import { MAX_INTERVAL_MS, MIN_INTERVAL_MS } from '../state/settings';
import { NORMAL, type Chooser, type Prompt, type WriteSubject } from '../state/mode';
import { timeWithin, whyNowhere } from '../layout/replay-time';
import { proposedFile, writeShown } from '../export/write';

export function helpKey(dashboard: Dashboard, help: { offset: number }, key: string): void {
  const action = actionOf(key);
  const page = dashboard.size.rows - 2;
  if (action === 'up') help.offset = Math.max(0, help.offset - 1);
  else if (action === 'down') help.offset += 1;
  else if (action === 'page-up') help.offset = Math.max(0, help.offset - page);
  else if (action === 'page-down' || key === 'space') help.offset += page;
  else if (action === 'first') help.offset = 0;
  else if (action === 'write') promptWrite(dashboard, 'help');
  else dashboard.mode = NORMAL;
}

/** Asks where to write what is shown. */
export function promptWrite(dashboard: Dashboard, subject: WriteSubject): void {
  const file = proposedFile(dashboard, subject);
  dashboard.ask('write', 'write to: ', file, subject);
}

export function chooserKey(dashboard: Dashboard, chooser: Chooser, key: string): void {
  const action = actionOf(key);
  const last = chooser.items.length - 1;
  if (action === 'up') chooser.index = Math.max(0, chooser.index - 1);
  else if (action === 'down') chooser.index = Math.min(last, chooser.index + 1);
  else if (action === 'first') chooser.index = 0;
  else if (action === 'last') chooser.index = last;
  else {
    dashboard.mode = NORMAL;
    if (action === 'open') chooser.chosen(chooser.index);
  }
}

export function promptKey(dashboard: Dashboard, prompt: Prompt, key: string, nowMs: number): void {
  if (key === 'escape') {
    if (prompt.purpose === 'filter') dashboard.scene.setFilter(prompt.before);
    dashboard.mode = NORMAL;
    return;
  }
  if (key === 'enter') {
    submit(dashboard, prompt, nowMs);
    return;
  }
  // As in vim and less: there is nothing more to take away but the prompt.
  if (key === 'backspace' && prompt.editor.text === '') {
    dashboard.mode = NORMAL;
    return;
  }
  prompt.hint = '';
  if (key === 'tab') completeWord(prompt);
  else if (!recallLine(prompt, key)) prompt.editor.handle(key);
  if (prompt.purpose !== 'filter') prompt.error = '';
}

/** Up and Down go through what was entered before. False: the key is another one. */
function recallLine({ recall, editor }: Prompt, key: string): boolean {
  const by = key === 'up' || key === 'C-p' ? -1 : key === 'down' || key === 'C-n' ? 1 : 0;
  if (by === 0) return false;
  const line = recall.step(by, editor.text);
  if (line !== null) editor.replace(line);
  return true;
}

/** Goes on with the word at the cursor as far as that is clear, and says what there is where it is not. */
function completeWord(prompt: Prompt): void {
  const { editor } = prompt;
  if (prompt.purpose !== 'filter' && prompt.purpose !== 'search') return;
  const { from, words } = completions(editor.text, editor.position);
  editor.complete(
    from,
    words.length === 0 ? editor.text.slice(from, editor.position) : commonBeginning(words),
  );
  if (words.length > 1) prompt.hint = words.join(' ');
}

/** Text that was pasted: a line end in it is a blank, other control characters have no place in a line. */
export function pasteKey(prompt: Prompt, text: string): void {
  const line = text.trim().replace(/[\t\r\n]+/g, ' ');
  prompt.editor.insert(line.replace(/\p{Cc}/gu, ''));
  if (prompt.purpose !== 'filter') prompt.error = '';
}

function submit(dashboard: Dashboard, prompt: Prompt, nowMs: number): void {
  const text = prompt.editor.text.trim();
  switch (prompt.purpose) {
    case 'filter':
      prompt.error = dashboard.scene.setFilter(text);
      break;
    case 'search':
      prompt.error = searchFor(prompt, text);
      break;
    case 'interval':
      prompt.error = changeInterval(dashboard, text);
      break;
    case 'time':
      prompt.error = text === '' ? '' : jump(dashboard, text);
      break;
    case 'write':
      prompt.error = text === '' ? '' : (writeShown(dashboard, prompt.subject, text, nowMs) ?? '');
      break;
  }
  if (prompt.error !== '') return;
  dashboard.lines[prompt.purpose].add(text);
  dashboard.mode = NORMAL;
}

/** What is wrong with it, '' for nothing. */
function searchFor({ found }: Prompt, text: string): string {
  const { filter, error } = parseFilter(text);
  if (error !== null) return describeFilterError(error);
  return filter === null || found === null ? '' : found(filter);
}

/** To a time of the recording that is played. */
function jump({ source: { replay } }: Dashboard, text: string): string {
  if (replay === undefined) return '';
  const ns = timeWithin(text, replay.state);
  return ns === null ? whyNowhere(text, replay.state) : replay.seek(ns);
}

function changeInterval(dashboard: Dashboard, text: string): string {
  if (text === '') return '';
  const ms = Number(text.replace(',', '.')) * 1000;
  if (!(ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS)) return 'a number from 0.25 to 10';
  dashboard.intervalMs = ms;
  return '';
}
