import { COMPARE_COLUMNS, COMPARE_FIELDS } from '../../core/columns/compare-columns';
import type { ExportTables } from '../../core/columns/table-export';
import type { ComparedRow, Comparison } from '../../core/compare/compare';
import type { Measure, RunFacts } from '../../core/compare/run-facts';
import { grouped, latency } from '../../core/text/format';
import { Line, wrapped } from '../layout/line';
import type { Theme } from '../terminal/theme';
import { moving, type Area, type View, type ViewActions } from './view';

/** Cells of the titles in front. */
const TITLE = 12;
/** Of a number. */
const NUMBER = 11;
const HEADS = ['FAULTS', 'STALL', 'p50', 'p99'];

/** One row of a comparison in full: its name, its columns, and what it was in each run. */
export class ComparedDetail implements View {
  readonly eventsBelow = false;
  readonly actions: ViewActions;
  private top = 0;

  constructor(
    readonly name: string,
    private readonly comparison: Comparison,
    private readonly row: ComparedRow,
  ) {
    this.actions = moving((by, { theme, columns, height }) => {
      const most = Math.max(0, this.lines(theme, columns).length - height);
      this.top = Math.max(0, Math.min(this.top + by, most));
    });
  }

  draw({ theme, columns, height }: Area): string[] {
    return this.lines(theme, columns).slice(this.top, this.top + height);
  }

  text(theme: Theme, columns: number): string[] {
    return this.lines(theme, columns);
  }

  private lines(theme: Theme, columns: number): string[] {
    const { row } = this;
    const line = (): Line => new Line(theme, columns);
    const name = wrapped(row.name, columns - 2).map((text) =>
      line().add(` ${text}`, 'active').end(),
    );
    const numbers = COMPARE_COLUMNS.slice(1).flatMap(({ title, format, doc }) => {
      const text = format(row);
      if (text === '' || text === '-') return [];
      const told = line().add(' ').cell(title, TITLE, 'left', 'strong');
      return [told.cell(text, NUMBER, 'right').words(`  ${doc}`, 'dim').end()];
    });
    const heads = line().add(' ').cell('', TITLE, 'left');
    for (const title of HEADS) heads.cell(title, NUMBER, 'right', 'strong');
    const gap = line().end();
    return [
      ...name,
      gap,
      ...numbers,
      gap,
      heads.add('  run', 'strong').end(),
      ...this.runs(theme, columns),
    ];
  }

  /** What the row was in each run: in all, never per second. */
  private runs(theme: Theme, columns: number): string[] {
    return this.found().map(({ side, run, measure }) => {
      const { faults, stallNs, p50, p99 } = measure;
      const cells = [
        grouped(faults),
        ...[stallNs, p50, p99].map((ns) => latency(ns ?? NaN) || '-'),
      ];
      const line = new Line(theme, columns).add(' ').cell(side, TITLE, 'left', 'strong');
      for (const cell of cells) line.cell(cell, NUMBER, 'right');
      return line.add(`  ${run.file}`, 'dim').end();
    });
  }

  private found(): { readonly side: string; readonly run: RunFacts; readonly measure: Measure }[] {
    const { a, b, total } = this.comparison;
    const { row } = this;
    const nothing: Measure = { faults: 0, stallNs: null, p50: null, p99: null };
    const of = (run: RunFacts): Measure =>
      row === total ? run.total : (run.rows.get(row.name) ?? nothing);
    const side = (letter: string, runs: readonly RunFacts[]) =>
      runs.map((run, k) => ({
        side: runs.length > 1 ? `${letter}${k + 1}` : letter,
        run,
        measure: of(run),
      }));
    return [...side('A', a), ...side('B', b)];
  }

  tables(): ExportTables {
    const { row, name } = this;
    return [
      {
        name,
        columns: COMPARE_FIELDS.map(({ id }) => id),
        rows: [COMPARE_FIELDS.map(({ value }) => value(row))],
      },
      {
        name: 'runs',
        columns: ['side', 'file', 'faults', 'stall_ns', 'p50_ns', 'p99_ns'],
        rows: this.found().map(({ side, run, measure }) => [
          ...[side, run.file, measure.faults],
          ...[measure.stallNs, measure.p50, measure.p99],
        ]),
      },
    ];
  }
}
