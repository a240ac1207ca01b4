import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { AnalyzerError, errorParts } from '../core/facts/errors';
import { NO_DEBUG } from '../core/facts/debug';
import { runFacts } from '../core/compare/run-facts';
import type { Compared, RunFacts } from '../core/compare/run-facts';
import { reportJson } from '../output/report/json';
import { RecordedCapture } from '../sources/recording/recorded-capture';
import { assembleRecording } from './assemble';
import type { Wake } from './assemble';
import { reportInput } from './closing';
import type { Options } from './options';

const OPENING_BRACE = 0x7b;

/**
 * A run that is to be compared: a JSON report, or a recording, of which a report is made with `options`. Throws
 * AnalyzerError (RECORDING, NO_REPORT).
 */
export async function readRun(
  file: string,
  by: Compared,
  options: Options,
  version: string,
): Promise<RunFacts> {
  const document = beginsWithBrace(file)
    ? parsed(file, readFileSync(file, 'utf8'))
    : await reportOfRecording(file, options, version);
  const facts = runFacts(file, document, by);
  if (facts === null) {
    throw new AnalyzerError(
      'NO_REPORT',
      `${file} is no report of this version (--report-format json)`,
    );
  }
  return facts;
}

function beginsWithBrace(file: string): boolean {
  try {
    const fd = openSync(file, 'r');
    try {
      const first = new Uint8Array(1);
      return readSync(fd, first) === 1 && first[0] === OPENING_BRACE;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new AnalyzerError('NO_REPORT', `${file}: ${errorParts(error).message}`);
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AnalyzerError('NO_REPORT', `${file} is neither a report nor a recording`);
  }
}

/** As if the recording had been read with --report-format json. */
async function reportOfRecording(
  file: string,
  options: Options,
  version: string,
): Promise<unknown> {
  const wake: Wake = { run: null };
  const capture = await RecordedCapture.open({ file, onWake: () => wake.run?.wake() });
  try {
    const ports = { depth: 'rows', stream: null, say: () => undefined, debug: NO_DEBUG } as const;
    const assembly = assembleRecording(options, ports, capture, wake);
    const { run, model, waiting } = assembly;
    run.start();
    const { stoppedAt, facts } = await run.done;
    if (capture.ending.failed) throw new AnalyzerError('RECORDING', file);
    model.tick(stoppedAt, waiting.look());
    const snapshot = model.snapshot(stoppedAt);
    const input = reportInput(options, assembly, snapshot, facts, version);
    return JSON.parse([...reportJson(input)].join(''));
  } finally {
    capture.close();
  }
}
