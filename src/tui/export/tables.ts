import { causeText } from '../../core/classify/cause-text';
import { CAUSE_NAMES } from '../../core/classify/classes';
import type { Column } from '../../core/columns/row-columns';
import { FAULT_FIELDS, fieldValue, type FaultView } from '../../core/columns/fault-fields';
import { pageAddress } from '../../core/text/format';
import type { StatRow } from '../../core/snapshot/snapshot';
import type { Dashboard } from '../state/dashboard';
import { LOG_CAPACITY } from '../state/event-log';
import type { ExportTable } from './table-text';
import { KEYMAP, keyText } from '../keys/keymap';
import { eventsOf, openedSubject } from '../state/subject';
import type { TableModel } from '../layout/table';
import { causeRows } from '../views/causes';
import type { DetailSubject } from '../views/detail';
import { FILTER_HELP } from '../views/help';

/** What is shown as data, as filtered and sorted, all of it; what was asked for first. */
export function shownTables(dashboard: Dashboard): readonly [ExportTable, ...ExportTable[]] {
  const subject = openedSubject(dashboard);
  if (subject !== null) return subjectTables(dashboard, subject);
  return [
    dashboard.withTable((model) => rowTable(dashboard.view, model.columns, model.rows)) ??
      viewTable(dashboard),
  ];
}

function viewTable(dashboard: Dashboard): ExportTable {
  switch (dashboard.view) {
    case 'causes':
      return causeTable(dashboard, dashboard.causeRows().rows);
    case 'latency': {
      const { histograms, classes } = dashboard.latency();
      const shown = classes & dashboard.classes;
      return {
        name: 'latency',
        columns: ['class', 'low_ns', 'high_ns', 'faults'],
        rows: histograms
          .filter((_, cls) => (shown & (1 << cls)) !== 0)
          .flatMap((h) => h.buckets.map((b) => [h.faultClass, b.lowNs, b.highNs, b.count])),
      };
    }
    case 'output':
      return {
        name: 'output',
        columns: ['line'],
        rows: (dashboard.source.output()?.lines ?? []).map((line) => [line]),
      };
    case 'events':
    case 'regions':
    case 'threads':
    case 'processes':
      return eventTable(dashboard, null);
  }
}

function rowTable<Row extends StatRow>(
  name: string,
  columns: TableModel<Row>['columns'],
  rows: readonly Row[],
): ExportTable {
  return {
    name,
    columns: columns.map((column: Column<Row>) => column.id),
    rows: rows.map((row) => columns.map((column: Column<Row>) => column.value(row))),
  };
}

function causeTable(dashboard: Dashboard, rows: readonly StatRow[]): ExportTable {
  const { causeFacts } = dashboard.picture.snapshot;
  return {
    name: 'causes',
    columns: ['cause', 'faults', 'share', 'meaning'],
    rows: causeRows(rows).map(({ cause, faults, share }) => {
      const name = CAUSE_NAMES[cause]!;
      return [name, faults, share, causeText(name, causeFacts).means];
    }),
  };
}

/** The log's events with the fields of the streams, and the share of faults each class shows. */
function eventTable(dashboard: Dashboard, subject: DetailSubject | null): ExportTable {
  const { log } = dashboard.picture;
  const view: FaultView = { batch: log.batch, resolved: log.resolved, names: log.names };
  return {
    name: 'events',
    columns: [...FAULT_FIELDS.map((field) => field.id), 'sampled_share'],
    rows: eventsOf(dashboard, subject, LOG_CAPACITY).map((sequence) => {
      const at = log.at(sequence);
      const share = log.shareOf(log.resolved.faultClass[at]!);
      return [...FAULT_FIELDS.map((field) => fieldValue(field, view, at)), share];
    }),
  };
}

function subjectTables(
  dashboard: Dashboard,
  subject: DetailSubject,
): readonly [ExportTable, ...ExportTable[]] {
  const { row } = subject;
  const rest = [
    causeTable(dashboard, [row]),
    {
      name: 'history',
      columns: ['refreshes_ago', 'faults'],
      rows: row.history.map((faults, k) => [row.history.length - 1 - k, faults]),
    },
    eventTable(dashboard, subject),
  ];
  switch (subject.type) {
    case 'region':
      return [
        rowTable('region', dashboard.regions.columns, [subject.row]),
        ...placeTables(subject.detail),
        ...rest,
      ];
    case 'thread':
      return [rowTable('thread', dashboard.threads.columns, [subject.row]), ...rest];
    case 'process':
      return [rowTable('process', dashboard.processes.columns, [subject.row]), ...rest];
  }
}

type Detail = Extract<DetailSubject, { readonly type: 'region' }>['detail'];

function placeTables(detail: Detail): ExportTable[] {
  if (detail === null) return [];
  const threads: ExportTable = {
    name: 'threads',
    columns: ['tid', 'pid', 'comm', 'faults'],
    rows: detail.threads.map(({ tid, pid, comm, faults }) => [tid, pid, comm, faults]),
  };
  const { heat } = detail;
  if (heat === null) return [threads];
  const { start, width, bins } = heat;
  const hex = (page: number): string => `0x${pageAddress(page)}`;
  const places: ExportTable = {
    name: 'places',
    columns: heat.byFile ? ['offset', 'offset_end', 'faults'] : ['start', 'end', 'faults'],
    rows: bins.map((faults, k) => [hex(start + k * width), hex(start + (k + 1) * width), faults]),
  };
  return [places, threads];
}

/** The keys and the filter language, as the help overlay shows them. */
export function helpTables(): readonly [ExportTable, ...ExportTable[]] {
  return [
    {
      name: 'help',
      columns: ['keys', 'action', 'help'],
      rows: KEYMAP.map(({ keys, action, help }) => [keys.map(keyText).join(' '), action, help]),
    },
    { name: 'filter', columns: ['text'], rows: FILTER_HELP.map((text) => [text]) },
  ];
}
