import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workload } from '../test/support/build';

/**
 * What is traced. Each waits for a line on its standard input, so that a tool can attach first, and says at its
 * end how many faults it took and how long it ran.
 */
export interface Target {
  readonly title: string;
  /** `share` of the faults that were asked for. */
  command(share: number): readonly string[];
  /** Work per second, higher is better. */
  speed(stdout: string): number;
  /** null: not known. */
  faults(stdout: string): number | null;
  readonly unit: 'faults/s' | 'runs/s';
}

export function storm(
  title: string,
  threads: number,
  faults: number,
  program = workload('storm'),
): Target {
  const said = (stdout: string): { rate: number; faults: number } => {
    const line = stdout.split('\n').find((text) => text.includes('"rate"'));
    if (line === undefined) throw new Error(`${title}: no rate in ${stdout}`);
    return JSON.parse(line) as { rate: number; faults: number };
  };
  return {
    title,
    command: (share) => {
      const each = String(Math.round((faults * share) / threads));
      return [program, '--threads', String(threads), '--faults', each];
    },
    speed: (stdout) => said(stdout).rate,
    faults: (stdout) => said(stdout).faults,
    unit: 'faults/s',
  };
}

/** A compiler run of some seconds: several processes, files mapped, a heap that grows. */
export function compilation(directory: string, functions: number): Target {
  const source = join(directory, 'generated.c');
  const text = ['#include <stdio.h>', '#include <string.h>'];
  for (let i = 0; i < functions; i++) {
    text.push(
      `int f${i}(int a, const char *s) { int t[32]; memset(t, a, sizeof t);`,
      `  for (int j = 0; j < 32; j++) t[j] += (int)strlen(s) * j + ${i};`,
      `  if (t[a & 31] > ${i}) printf("%d %s\\n", t[a & 31], s); return t[(a + ${i}) & 31]; }`,
    );
  }
  writeFileSync(source, text.join('\n'));
  const script = [
    'echo \'{"ready":0}\'; read -r go; began=$EPOCHREALTIME',
    `gcc -O2 -c -o "${directory}/generated.o" "${source}"`,
    'echo "elapsed $began $EPOCHREALTIME"',
  ].join('\n');
  return {
    title: `gcc -O2 (${functions} functions)`,
    command: () => ['bash', '-c', script],
    speed: runsPerSecond,
    faults: () => null,
    unit: 'runs/s',
  };
}

/** `make -j2` of some C++ files, each of which takes a second or so. */
export function build(directory: string, files: number): Target {
  const source = [
    '#include <algorithm>',
    '#include <map>',
    '#include <regex>',
    '#include <string>',
    '#include <vector>',
    'int work(const std::string& text) {',
    '  const std::regex word("[a-z]+");',
    '  std::map<std::string, std::vector<int>> found;',
    '  for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at)',
    '    found[at->str()].push_back(static_cast<int>(at->position()));',
    '  int most = 0;',
    '  for (auto& [word, places] : found) { std::sort(places.begin(), places.end()); most = std::max(most, places.back()); }',
    '  return most;',
    '}',
  ].join('\n');
  const objects = Array.from({ length: files }, (_, k) => `unit${k}.o`);
  for (const object of objects)
    writeFileSync(join(directory, object.replace('.o', '.cc')), `${source}\n`);
  const rule = 'all: $(O)\n%.o: %.cc\n\tg++ -std=c++17 -O2 -c -o $@ $<\n';
  writeFileSync(join(directory, 'Makefile'), `O = ${objects.join(' ')}\n${rule}`);
  const script = [
    `set -e; cd "${directory}"; rm -f *.o`,
    'echo \'{"ready":0}\'; read -r go; began=$EPOCHREALTIME',
    'make -s -j2',
    'echo "elapsed $began $EPOCHREALTIME"',
  ].join('\n');
  return {
    title: `make -j2 (${files} files)`,
    command: () => ['bash', '-c', script],
    speed: runsPerSecond,
    faults: () => null,
    unit: 'runs/s',
  };
}

function runsPerSecond(stdout: string): number {
  const [, began, ended] = /elapsed (\S+) (\S+)/.exec(stdout) ?? [];
  if (began === undefined) throw new Error(`the compiler did not end: ${stdout}`);
  return 1 / (Number(ended) - Number(began));
}
