'use strict';

/**
 * What is traced. Each target waits for a line on its standard input, so that a tool can attach first,
 * and says at its end how many faults it took (0: not known) and how long it ran.
 */

const { execFileSync } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** Compiles the helper and the targets into a directory; returns their paths. */
function compile(directory) {
  mkdirSync(directory, { recursive: true });
  const workloads = path.join(ROOT, 'test', 'workloads');
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-pthread'];
  const build = (name, sources) => {
    const program = path.join(directory, name);
    execFileSync('gcc', [...flags, '-o', program, ...sources], { stdio: 'inherit' });
    return program;
  };
  return {
    measure: build('measure', [path.join(__dirname, 'measure.c')]),
    storm: build('storm', [path.join(workloads, 'storm.c'), path.join(workloads, 'common.c')]),
    pace: build('pace', [
      ...['-I', workloads],
      path.join(__dirname, 'pace.c'),
      path.join(workloads, 'common.c'),
    ]),
  };
}

function storm(program, title, threads, faults) {
  return {
    title,
    command: (share) => {
      const each = String(Math.round((faults * share) / threads));
      return [program, '--threads', String(threads), '--faults', each];
    },
    /** Faults per second, higher is better. */
    speed: (stdout) => JSON.parse(stdout.split('\n').find((line) => line.includes('"rate"'))).rate,
    faults: (stdout) =>
      JSON.parse(stdout.split('\n').find((line) => line.includes('"rate"'))).faults,
    unit: 'faults/s',
  };
}

/** A compiler run of some seconds: several processes, files mapped, a heap that grows. */
function compilation(directory, functions) {
  const source = path.join(directory, 'generated.c');
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
    speed: (stdout) => {
      const [, began, ended] = /elapsed (\S+) (\S+)/.exec(stdout);
      return 1 / (Number(ended) - Number(began));
    },
    faults: () => 0,
    unit: 'runs/s',
  };
}

module.exports = { compile, storm, compilation };
