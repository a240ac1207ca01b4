import { Buffer } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { AnalyzerError, systemErrorText } from '../core/facts/errors';
import { NO_DEBUG } from '../core/facts/debug';
import { recordingTrouble } from '../core/facts/recordings';
import { COMPARED, runFacts } from '../core/compare/run-facts';
import type { Compared, RunFacts } from '../core/compare/run-facts';
import { bytesOfText } from '../core/text/byte-text';
import { reportJson } from '../output/report/json';
import { RecordedCapture } from '../sources/recording/recorded-capture';
import { assembleRecording } from './assemble';
import type { Wake } from './assemble';
import { reportInput } from './closing';
import type { Options } from './options';

const OPENING_BRACE = 0x7b;

/**
 * A run that is to be compared, by each of what it can be: a JSON report, or a recording, of which a report is made with `options`. Throws
 * AnalyzerError (RECORDING, NO_REPORT).
 */
export async function readRun(
  file: string,
  options: Options,
  version: string,
): Promise<Readonly<Record<Compared, RunFacts>>> {
  const text = reportText(file);
  const document =
    text === null ? await reportOfRecording(file, options, version) : parsed(file, text);
  const facts = COMPARED.map((by) => [by, runFacts(file, document, by)] as const);
  if (facts.some(([, found]) => found === null)) {
    throw new AnalyzerError(
      'NO_REPORT',
      `${file} is no report of this version (--report-format json)`,
    );
  }
  return Object.fromEntries(facts) as Record<Compared, RunFacts>;
}

/**
 * The text of a report, null for what is none. It is opened once: a pipe (`diff <(zcat a.json.gz) b.json`) gives each byte
 * once.
 */
function reportText(file: string): string | null {
  try {
    const fd = file === '-' ? 0 : openSync(bytesOfText(file), 'r');
    try {
      const status = fstatSync(fd);
      if (status.isDirectory()) return null;
      const first = Buffer.alloc(1);
      if (readSync(fd, first) === 1 && first[0] === OPENING_BRACE) {
        return first.toString() + readFileSync(fd, 'utf8');
      }
      if (!status.isFIFO()) return null;
    } finally {
      if (fd !== 0) closeSync(fd);
    }
  } catch (error) {
    throw new AnalyzerError('NO_REPORT', `${file}: ${systemErrorText(error)}`);
  }
  throw new AnalyzerError('NO_REPORT', `${file}: of a pipe a JSON report is read, no recording`);
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
    if (capture.ending.failed) {
      throw new AnalyzerError('RECORDING', `${file}: ${recordingTrouble('', '')}`);
    }
    await capture.settled(() => {
      model.takeAnswers();
    });
    model.tick(stoppedAt, waiting.lookAsOf(stoppedAt));
    const snapshot = model.snapshot(stoppedAt);
    const input = reportInput(options, assembly, snapshot, facts, version);
    return JSON.parse([...reportJson(input)].join(''));
  } finally {
    capture.close();
  }
}
