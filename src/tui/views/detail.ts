import type { RegionDetail } from '../../core/snapshot/region-detail';
import { CAUSE_NAMES, CLASS_NAMES } from '../../core/classify/classes';
import {
  bytes,
  count,
  grouped,
  latency,
  pageAddress,
  percent,
  rate,
  stalledShare,
} from '../../core/text/format';
import type { ProcessRow, RegionRow, StatRow, ThreadRow } from '../../core/snapshot/snapshot';
import { Line } from '../layout/line';
import { sparkline, strip } from '../layout/spark';
import { CLASS_STYLE, type Theme } from '../terminal/theme';

/** What Enter has opened. */
export type DetailSubject =
  | { readonly type: 'region'; readonly row: RegionRow; readonly detail: RegionDetail | null }
  | { readonly type: 'thread'; readonly row: ThreadRow }
  | { readonly type: 'process'; readonly row: ProcessRow };

/** One row in full: where its faults fall, when, who made them and why, and what they cost. */
export function detailView(theme: Theme, columns: number, subject: DetailSubject): string[] {
  const { row } = subject;
  const lines = [titleLine(theme, columns, subject)];
  if (subject.type === 'region')
    lines.push(...placeLines(theme, columns, subject.row, subject.detail));
  const labelled = (label: string): Line =>
    new Line(theme, columns).add(' ').cell(label, 9, 'left', 'strong');

  const classes = labelled('what');
  CLASS_NAMES.forEach((name, cls) => {
    const n = row.byClass[cls]!;
    if (n > 0) classes.add(`${name} ${grouped(n)}`, CLASS_STYLE[name]).add('   ');
  });
  classes.add(`${rate(row.rate)}/s`);
  lines.push(classes.end());

  const causes = row.byCause
    .map((n, cause) => ({ n, name: CAUSE_NAMES[cause]! }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n);
  const why = labelled('why');
  for (const { n, name } of causes)
    why.add(`${name} ${grouped(n)} (${percent(n / row.faults)} %)   `);
  lines.push(why.end());

  lines.push(
    labelled('cost')
      .add(`p50 ${latency(row.p50Ns) || '-'}   p90 ${latency(row.p90Ns) || '-'}   `)
      .add(`p99 ${latency(row.p99Ns) || '-'}   max ${latency(row.maxNs)}   `)
      .add(`stalled ${latency(row.stallNs)}, ${stalledShare(row.stallShare)}`)
      .end(),
    labelled('pages')
      .add(`${grouped(row.uniquePages)} (${bytes(row.uniquePages * 4096)}) touched, `)
      .add(`${grouped(row.refaults)} faults on a page that had faulted before`)
      .end(),
  );
  if (subject.type === 'region') lines.push(...threadLines(theme, columns, subject));
  const most = row.history.reduce((largest, n) => Math.max(largest, n), 0);
  lines.push(
    labelled('when')
      .add(sparkline(row.history, Math.min(60, columns - 36), theme.glyphs))
      .add(`  faults per refresh, peak ${count(most)}`, 'dim')
      .end(),
  );
  return lines;
}

function titleLine(theme: Theme, columns: number, subject: DetailSubject): string {
  const line = new Line(theme, columns).add(' ');
  switch (subject.type) {
    case 'region': {
      const { row } = subject;
      line.add(row.label, 'active').add(`  ${row.kind}  ${row.permissions}`);
      line.add(row.size > 0 ? `  ${bytes(row.size)}` : '  not mapped any more');
      if (row.pid !== 0) line.add(`  of ${row.comm} ${row.pid}`);
      if (row.path !== '' && row.path !== row.label) line.add(`  ${row.path}`, 'dim');
      break;
    }
    case 'thread': {
      const { row } = subject;
      if (row.tid === 0) {
        line.add(`${row.members} threads ${row.comm}`, 'active');
      } else {
        line.add(`thread ${row.tid} ${row.comm}`, 'active').add(`  of process ${row.pid}`);
      }
      if (!row.alive) line.add('  ended', 'warning');
      break;
    }
    case 'process': {
      const { row } = subject;
      if (row.pid === 0) {
        line.add(`${row.alive ? 'several' : row.members} processes ${row.comm}`, 'active');
      } else {
        line.add(`process ${row.pid} ${row.comm}`, 'active');
        line.add(`  parent ${row.ppid}  ${row.threads} threads  `);
        line.add(`thread max ${percent(row.worstThreadShare)} % (tid ${row.worstTid})`);
      }
      if (!row.alive) line.add('  ended', 'warning');
      break;
    }
  }
  return line.end();
}

function placeLines(
  theme: Theme,
  columns: number,
  row: RegionRow,
  detail: RegionDetail | null,
): string[] {
  const lines: string[] = [];
  const heat = detail?.heat ?? null;
  if (heat === null) return lines;
  const { bins, start, width } = heat;
  const unit = heat.byFile ? 'file offset ' : '';
  const hottest = bins.indexOf(Math.max(...bins));
  const span = (bin: number): string =>
    `${unit}0x${pageAddress(start + bin * width)}-0x${pageAddress(start + (bin + 1) * width)}`;
  const total = bins.reduce((sum, n) => sum + n, 0);
  lines.push(
    new Line(theme, columns)
      .add(' ')
      .cell('where', 9, 'left', 'strong')
      .add(strip(bins, theme.glyphs), 'major')
      .end(),
    new Line(theme, columns)
      .add(' '.repeat(10))
      .add(`${bins.length} slices of ${bytes(width * 4096)}; hottest ${span(hottest)}, `)
      .add(`${percent(total === 0 ? 0 : bins[hottest]! / total)} % of its faults`)
      .end(),
  );
  if (row.endPage > 0) {
    lines.push(
      new Line(theme, columns)
        .add(' ')
        .cell('range', 9, 'left', 'strong')
        .add(`0x${pageAddress(row.startPage)}-0x${pageAddress(row.endPage)}`)
        .end(),
    );
  }
  return lines;
}

function threadLines(
  theme: Theme,
  columns: number,
  subject: { readonly row: StatRow; readonly detail: RegionDetail | null },
): string[] {
  const threads = subject.detail?.threads ?? [];
  if (threads.length === 0) return [];
  const total = threads.reduce((sum, thread) => sum + thread.faults, 0);
  const line = new Line(theme, columns).add(' ').cell('who', 9, 'left', 'strong');
  for (const { tid, comm, faults } of threads) {
    const name = tid === 0 ? `ended ${comm}` : `tid ${tid} ${comm}`;
    const text = `${name} ${percent(faults / total)} %   `;
    if (text.length > line.room) break;
    line.add(text);
  }
  return [line.end()];
}
