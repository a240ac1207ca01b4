/** What rows of two runs are matched by: never addresses or numbers, which differ from run to run. */

const TID = /^\[stack:\d+\]/;

/** Of a region with this label. */
export function regionName(label: string): string {
  return label.replace(TID, '[stack of a thread]');
}

/** '' for what is not known. */
export interface CallSite {
  readonly function: string;
  /** Path or name of the object file. */
  readonly object: string;
  readonly offset: string;
  readonly sumsUp: string;
}

export function callSiteName({ function: code, object: path, offset, sumsUp }: CallSite): string {
  const object = path.split('/').pop()!;
  if (code !== '') return object === '' ? code : `${code} (${object})`;
  if (object === '' && offset === '') return sumsUp || '[unknown]';
  return offset === '' ? object : `${object}+${offset}`;
}
