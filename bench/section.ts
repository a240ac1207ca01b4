import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import type { Section } from './bench';

const TITLE = '# What tracing costs\n';

/** Puts a bench's section in the place of its old one, or at the end of the file; leaves the others as they are. */
export function replaceSection(file: string, { name, lines }: Section): void {
  const begin = `<!-- made by ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : TITLE;
  const section = `${begin}\n\n${lines.join('\n').trim()}\n\n${end}`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  const page =
    from < 0 || to < 0
      ? `${text.trimEnd()}\n\n${section}\n`
      : `${text.slice(0, from)}${section}${text.slice(to + end.length)}`;
  writeFileSync(file, page);
}

/** The lines that a bench of one table begins with: which, by which command, on what. */
export function sectionHead(title: string, bench: string, load: number): string[] {
  return [
    `## ${title}`,
    '',
    `Made by \`npm run bench -- ${bench}\`; load of the machine before: ${load.toFixed(2)}.`,
    '',
    ...versions(),
    '',
  ];
}

/** On what was measured, a line each. */
export function versions(): string[] {
  const first = (command: string): string =>
    execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0]!;
  const cpuinfo = readFileSync('/proc/cpuinfo', 'utf8');
  const model = /^model name\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? 'unknown';
  return [
    `- CPU: ${model}, ${cpus().length} online`,
    `- kernel: Linux ${release()}`,
    `- node: ${process.version}; ${first('perf')}; ${first('gcc')}`,
  ];
}
