import { CLASS_NAMES } from '../../core/classify/classes';
import { THEME_NAMES, type ThemeName } from '../terminal/theme';

/** What latencies are drawn as: bars by number or by its logarithm, or a heat map over time. */
export const PICTURES = ['linear', 'log', 'time'] as const;
export type PictureName = (typeof PICTURES)[number];

/** How a view is looked at, as far as it is kept. */
export interface ViewSettings {
  /** Id of the column by which its rows are sorted. */
  readonly sort?: string;
  readonly reverse?: boolean;
  /** Every row by itself. */
  readonly flat?: boolean;
  /** Each row below its parent. */
  readonly family?: boolean;
  readonly hidesEnded?: boolean;
  /** Of latencies. */
  readonly picture?: PictureName;
  /** Times of events are of the day. */
  readonly byDay?: boolean;
}

/** What `W` saves, and the dashboard begins with the next time. What is left out is as it is without. */
export interface Settings {
  readonly view?: string;
  readonly intervalMs?: number;
  readonly theme?: ThemeName;
  readonly mouse?: boolean;
  /** Bit mask of the classes that are shown. */
  readonly classes?: number;
  /** By the names of views. */
  readonly views?: ReadonlyMap<string, ViewSettings>;
}

/** Of the file's form: a higher one is of a later program. */
const VERSION = 1;
/** Bounds of the refresh interval, ms: those of --interval. */
export const MIN_INTERVAL_MS = 250;
export const MAX_INTERVAL_MS = 10000;
/** A name is an identifier of ours: anything longer is none. */
const MAX_NAME = 40;

/** The file that parseSettings() reads. */
export function settingsText(settings: Settings): string {
  const { view, intervalMs, theme, mouse, classes, views } = settings;
  const hidden = CLASS_NAMES.filter((_, cls) => classes !== undefined && !(classes & (1 << cls)));
  const saved = {
    version: VERSION,
    view,
    interval: intervalMs === undefined ? undefined : intervalMs / 1000,
    theme,
    mouse,
    hidden,
    views: Object.fromEntries(views ?? []),
  };
  return `${JSON.stringify(saved, null, 2)}\n`;
}

export interface ParsedSettings {
  readonly settings: Settings;
  /** What of it is ignored, in words for one line; '' for nothing. */
  readonly trouble: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads settings that anybody may have written: what is not as it should be is left out, and said. */
export function parseSettings(text: string): ParsedSettings {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return { settings: {}, trouble: 'they are no JSON' };
  }
  if (!isFields(file)) return { settings: {}, trouble: 'they are no JSON object' };
  if (own(file, 'version') !== VERSION) {
    return { settings: {}, trouble: `their version is not ${VERSION}` };
  }
  const reading = new Reading(file);
  const seconds = reading.take('interval', isInterval);
  const hidden = reading.take('hidden', isClassList);
  const views = reading.take('views', isFields) ?? {};
  const settings: Settings = {
    ...given('view', reading.take('view', isName)),
    ...given('intervalMs', seconds === undefined ? undefined : seconds * 1000),
    ...given('theme', reading.take('theme', isThemeName)),
    ...given('mouse', reading.take('mouse', isBoolean)),
    ...given('classes', hidden === undefined ? undefined : maskWithout(hidden)),
    views: new Map(
      Object.entries(views).flatMap(([name, view]) => {
        return isName(name) ? [[name, viewSettings(view, name, reading)] as const] : [];
      }),
    ),
  };
  return { settings, trouble: reading.trouble };
}

function viewSettings(view: unknown, name: string, above: Reading): ViewSettings {
  if (!isFields(view)) {
    above.refuse(name);
    return {};
  }
  const reading = new Reading(view, above);
  return {
    ...given('sort', reading.take('sort', isName)),
    ...given('reverse', reading.take('reverse', isBoolean)),
    ...given('flat', reading.take('flat', isBoolean)),
    ...given('family', reading.take('family', isBoolean)),
    ...given('hidesEnded', reading.take('hidesEnded', isBoolean)),
    ...given('picture', reading.take('picture', isPictureName)),
    ...given('byDay', reading.take('byDay', isBoolean)),
  };
}

/** Takes fields that are what they should be, and notes those that are not. */
class Reading {
  private readonly refused: string[] = [];

  constructor(
    private readonly fields: Fields,
    private readonly above: Reading | null = null,
  ) {}

  take<T>(name: string, isIt: (value: unknown) => value is T): T | undefined {
    const value = own(this.fields, name);
    if (value === undefined || isIt(value)) return value;
    this.refuse(name);
    return undefined;
  }

  refuse(name: string): void {
    if (this.above !== null) this.above.refuse(name);
    else this.refused.push(name);
  }

  get trouble(): string {
    const [first, ...others] = this.refused;
    if (first === undefined) return '';
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `the value of ${first}${more} is none that there is`;
  }
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function given<Name extends string, T>(name: Name, value: T | undefined): Partial<Record<Name, T>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, T>>;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME && /^[a-z][\w-]*$/.test(value);
}

function isInterval(value: unknown): value is number {
  const ms = typeof value === 'number' ? value * 1000 : NaN;
  return ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS;
}

function isThemeName(value: unknown): value is ThemeName {
  return (THEME_NAMES as readonly unknown[]).includes(value);
}

function isPictureName(value: unknown): value is PictureName {
  return (PICTURES as readonly unknown[]).includes(value);
}

/** Nothing at all is never what one wants to see: all of them are no list. */
function isClassList(value: unknown): value is readonly string[] {
  const names: readonly unknown[] = CLASS_NAMES;
  if (!Array.isArray(value) || !value.every((name) => names.includes(name))) return false;
  return new Set(value).size < names.length;
}

function maskWithout(hidden: readonly string[]): number {
  return CLASS_NAMES.reduce((mask, name, cls) => mask | (hidden.includes(name) ? 0 : 1 << cls), 0);
}
