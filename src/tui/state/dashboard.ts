import type { Filter } from '../../core/filter/ast';
import { NORMAL, promptFor, type Mode, type Prompt, type WriteSubject } from './mode';
import { LineHistory } from './prompt';
import type { Size } from './picture';
import { Scene } from './scene';
import type { Settings } from './settings';
import type { DashboardSource } from './source';
import type { Style, Theme } from '../terminal/theme';
import { COMPARED_VIEWS, VIEWS } from '../views/registry';
import { isOfSeveral, type Navigation, type Scope, type View, type ViewEntry } from '../views/view';

export interface DashboardOptions {
  readonly theme: Theme;
  readonly intervalMs: number;
  /** How it is looked at to begin with. */
  readonly settings?: Settings;
}

/** A view of the registry, made. */
interface MadeView {
  readonly entry: ViewEntry;
  readonly view: View;
}

/** How long a message stays in the footer, ms. */
const MESSAGE_MS = 4000;

/**
 * What the dashboard shows: which view, what was opened from it, who gets the keys. Knows neither the
 * terminal nor a clock: keys.ts changes it, render.ts draws it, app.ts gives both their time.
 */
export class Dashboard implements Navigation {
  mode: Mode = NORMAL;
  intervalMs: number;
  size: Size = { columns: 80, rows: 24 };
  /** The mouse is the dashboard's. */
  mouse = false;
  /** What was clicked last, until another key: a second click there opens it. */
  clicked: { readonly view: View; readonly row: number } | null = null;
  theme: Theme;
  readonly scene: Scene;
  private readonly made: readonly MadeView[];
  /** The one that it begins with. */
  private readonly first: MadeView;
  private current: MadeView;
  /** What was opened from the present view, each from the one before. */
  private opened: readonly View[] = [];
  /** What stands beside the view that is shown, as it was laid out; null for nothing. */
  beside: View | null = null;
  /** What was entered at each kind of prompt. */
  readonly lines: Readonly<Record<Prompt['purpose'], LineHistory>> = {
    filter: new LineHistory(),
    interval: new LineHistory(),
    write: new LineHistory(),
    search: new LineHistory(),
    time: new LineHistory(),
  };
  private failureShown = false;
  private message: { text: string; style: Style; until: number } | null = null;
  /** What Esc undoes, innermost last; each as long as the filter is still the one that it made. */
  private readonly undo: { readonly filter: string; readonly run: () => void }[] = [];

  constructor(source: DashboardSource, options: DashboardOptions) {
    this.theme = options.theme;
    this.intervalMs = options.intervalMs;
    this.scene = new Scene(source);
    const entries = source.comparisons === undefined ? VIEWS : COMPARED_VIEWS;
    this.made = entries.map((entry) => ({ entry, view: entry.make(this.scene, this) }));
    const { settings = {} } = options;
    const first = isOfSeveral(this.scene.picture.header) ? 'processes' : entries[0]!.name;
    const named = (name: string | undefined): MadeView | undefined =>
      this.made.find((made) => made.entry.name === name && this.isThere(made));
    this.first = named(settings.view) ?? named(first)!;
    this.current = this.first;
    this.restore(settings);
  }

  private restore({ classes, mouse, views }: Settings): void {
    this.mouse = mouse ?? false;
    if (classes !== undefined) this.scene.showClasses(classes);
    for (const { entry, view } of this.made) {
      const kept = views?.get(entry.name);
      if (kept !== undefined) view.restore?.(kept);
    }
  }

  /** How it is looked at, the theme apart. */
  keep(): Settings {
    const { view, intervalMs, mouse, scene } = this;
    const kept = this.made.flatMap(({ entry, view: made }) => {
      const settings = made.keep?.();
      return settings === undefined ? [] : [[entry.name, settings] as const];
    });
    return { view, intervalMs, mouse, classes: scene.classes, views: new Map(kept) };
  }

  get source(): DashboardSource {
    return this.scene.source;
  }

  /** Name of the present view. */
  get view(): string {
    return this.current.entry.name;
  }

  /** The view that is shown: the present one, or what was opened from it last. */
  get shown(): View {
    return this.opened.at(-1) ?? this.current.view;
  }

  /** The present view, whatever was opened from it. */
  get base(): View {
    return this.current.view;
  }

  /** All views, also those that are not there in this run. */
  get views(): readonly View[] {
    return this.made.map(({ view }) => view);
  }

  /** The tabs, each with its number. */
  get tabs(): readonly {
    readonly number: number;
    readonly title: string;
    readonly active: boolean;
  }[] {
    return this.made.flatMap((made, k) =>
      this.isThere(made)
        ? [{ number: k + 1, title: made.entry.title, active: made === this.current }]
        : [],
    );
  }

  private isThere({ entry }: MadeView): boolean {
    return entry.only?.there(this.scene) ?? true;
  }

  /** Goes to a view by its number; nothing happens where there is none. */
  goTo(number: number): void {
    const made = this.made[number - 1];
    if (made !== undefined && this.isThere(made)) this.go(made);
  }

  /** Goes to the view `step` tabs further on, round and round. */
  step(step: number): void {
    const there = this.made.filter((made) => this.isThere(made));
    const at = there.indexOf(this.current) + step + there.length;
    this.go(there[at % there.length]!);
  }

  private go(made: MadeView): void {
    this.current = made;
    this.opened = [];
  }

  open(view: View): void {
    this.opened = [...this.opened, view];
  }

  detail(view: string, id: number): View | null {
    return this.made.find(({ entry }) => entry.name === view)?.view.detailOf?.(id) ?? null;
  }

  choose(
    title: string,
    items: readonly string[],
    index: number,
    chosen: (index: number) => void,
  ): void {
    this.mode = { type: 'chooser', title, items, index, chosen };
  }

  /** Asks for a line of text. */
  ask(
    purpose: Prompt['purpose'],
    label: string,
    text: string,
    subject: WriteSubject = 'view',
  ): void {
    this.mode = promptFor(purpose, label, text, this.lines[purpose].recall(), subject);
  }

  search(found: (filter: Filter) => string): void {
    this.mode = promptFor('search', 'search: ', '', this.lines.search.recall(), 'view', found);
  }

  narrow(term: string, view: string, back: () => void): void {
    const { scene, current, opened } = this;
    const { filterText, filter } = scene;
    if (!this.canUndo) this.undo.length = 0;
    const inner = filter?.op === 'or' ? `(${filterText})` : filterText;
    const places = scene.keepPlaces();
    // It grows too long where one narrows and narrows: the old one stays, and one stays with it.
    if (scene.setFilter(`${inner} ${term}`) !== '') return;
    this.go(this.made.find(({ entry }) => entry.name === view) ?? current);
    this.undo.push({
      filter: scene.filterText,
      run: () => {
        scene.setFilter(filterText);
        this.go(current);
        back();
        places();
        this.opened = opened;
        this.follow();
      },
    });
  }

  /** Esc goes back from something. */
  get canGoBack(): boolean {
    return this.opened.length > 0 || this.canUndo;
  }

  private get canUndo(): boolean {
    return this.undo.at(-1)?.filter === this.scene.filterText;
  }

  /** Closes what was opened last, else undoes what narrowed the filter. */
  back(): void {
    if (this.opened.length > 0) this.opened = this.opened.slice(0, -1);
    else if (this.canUndo) this.undo.pop()!.run();
  }

  /** Puts the detail of the selected row beside the table where there is `room`. */
  showBeside(room: boolean): void {
    this.beside = room ? (this.shown.beside?.() ?? null) : null;
  }

  /** Takes a new picture; a frozen one stays on the screen. */
  refresh(): void {
    this.scene.refresh();
    this.follow();
    this.showFailure();
  }

  /** A COMMAND that failed has said why: unless somebody looks at something else already, that is what one wants to see. */
  private showFailure(): void {
    const { failed } = this.scene.picture.header;
    if (!failed || this.failureShown) return;
    this.failureShown = true;
    const untouched = this.current === this.first && this.opened.length === 0;
    const said = (this.source.output()?.lines.length ?? 0) > 0;
    const output = this.made.find(({ entry }) => entry.name === 'output');
    if (untouched && said && this.mode === NORMAL && output !== undefined) this.go(output);
  }

  /** A recording has come to where it was to go. */
  moved(anew: boolean): void {
    if (anew) this.scene.restart();
    else this.scene.refresh();
    this.follow();
  }

  /** What shows a thing that is gone closes. */
  private follow(): void {
    this.opened = this.opened.filter((view) => view.follow?.() ?? true);
  }

  /** Freezes the picture, or goes back to the live one; a recording stands, or is played. */
  freeze(nowMs: number): void {
    // What does not move by itself need not be kept apart from what goes on.
    if (this.source.replay !== undefined) this.source.replay.toggle();
    else if (this.scene.frozenAt === null) this.scene.freeze(nowMs);
    else {
      this.scene.thaw();
      for (const view of [...this.views, ...this.opened]) view.thaw?.();
      this.follow();
    }
  }

  zero(nowMs: number): void {
    this.scene.zero();
    this.follow();
    this.say('counters set to zero', nowMs);
  }

  /** What the numbers on the screen hold beyond what is asked for. */
  get scope(): Scope {
    const views = [this.current.view, ...this.opened];
    const scope = views.findLast((view) => view.scope !== undefined)?.scope?.();
    return scope ?? { wholeRows: false, allClasses: false, rows: null };
  }

  say(text: string, nowMs: number, style: Style = 'good'): void {
    this.message = { text, style, until: nowMs + MESSAGE_MS };
  }

  /** The message to show now. */
  messageAt(nowMs: number): { readonly text: string; readonly style: Style } | null {
    return this.message !== null && nowMs < this.message.until ? this.message : null;
  }
}
