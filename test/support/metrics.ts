export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)*)\})? ([0-9.e+-]+)$/;

/**
 * Reads the text form of Prometheus, strictly: what a textfile collector would refuse (time stamps, a type that comes late,
 * a series twice) is an error.
 */
export function parseMetrics(text: string): Sample[] {
  const typed = new Set<string>();
  const seen = new Set<string>();
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  return text
    .slice(0, -1)
    .split('\n')
    .flatMap((line) => {
      const type = /^# TYPE ([a-z_]+) counter$/.exec(line);
      if (type !== null) typed.add(type[1]!);
      if (type !== null || /^# HELP [a-z_]+ [^\n]+$/.test(line)) return [];
      const [, name, inner = '', value] = LINE.exec(line) ?? [];
      if (name === undefined || !typed.has(name) || !name.endsWith('_total'))
        throw new Error(`no sample: ${line}`);
      if (seen.has(`${name}{${inner}}`)) throw new Error(`twice: ${line}`);
      seen.add(`${name}{${inner}}`);
      const labels = Object.fromEntries(
        [...inner.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, raw]) => [
          label!,
          raw!.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)),
        ]),
      );
      return [{ name, labels, value: Number(value) }];
    });
}
