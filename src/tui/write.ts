import { causeText } from '../core/cause-text';
import { CAUSE_NAMES } from '../core/classes';
import { FAULT_FIELDS, fieldText, type FaultView } from '../core/fields';
import type { StatRow } from '../core/snapshot';
import { closingText } from './closing';
import type { Dashboard } from './dashboard';
import { LOG_CAPACITY } from './event-log';
import { exportCsv, exportFormat, exportJson, type ExportTable } from './export';
import type { TableModel } from './view-model/table';

/** Writes what the present view shows; says where. Returns what went wrong, null when nothing did. */
export function writeCurrent(dashboard: Dashboard, path: string, nowMs: number): string | null {
  const format = exportFormat(path);
  const { snapshot, header } = dashboard.picture;
  let text: string;
  let rows = '';
  if (format === 'text') text = closingText(dashboard);
  else {
    const table = currentTable(dashboard);
    rows = `${table.rows.length} rows `;
    text =
      format === 'csv'
        ? exportCsv(table)
        : exportJson(table, {
            elapsed_ns: snapshot.elapsed,
            pids: header.targets.map((target) => target.pid),
            filter: dashboard.filterText,
          });
  }
  const error = dashboard.source.save(path, text);
  if (error === null) dashboard.say(`${rows}written to ${path}`, nowMs);
  return error;
}

/** The data of the present view, as filtered and sorted, every row of it. */
export function currentTable(dashboard: Dashboard): ExportTable {
  const table = dashboard.withTable((model) => rowTable(dashboard.view, model));
  if (table !== null) return table;
  const { snapshot } = dashboard.picture;
  switch (dashboard.view) {
    case 'causes':
      return {
        name: 'causes',
        columns: ['cause', 'faults', 'share', 'meaning'],
        rows: dashboard.causes().map(({ cause, faults, share }) => {
          const name = CAUSE_NAMES[cause]!;
          return [name, faults, share, causeText(name, snapshot.causeFacts).means];
        }),
      };
    case 'latency':
      return {
        name: 'latency',
        columns: ['class', 'low_ns', 'high_ns', 'faults'],
        rows: snapshot.latency
          .filter((_, cls) => (dashboard.classes & (1 << cls)) !== 0)
          .flatMap((h) => h.buckets.map((b) => [h.faultClass, b.lowNs, b.highNs, b.count])),
      };
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
      return eventTable(dashboard);
  }
}

function rowTable<Row extends StatRow>(name: string, model: TableModel<Row>): ExportTable {
  return {
    name,
    columns: model.columns.map((column) => column.id),
    rows: model.rows.map((row) => model.columns.map((column) => column.value(row))),
  };
}

/** The log's events with the fields of the CSV stream, and the share of faults each class shows. */
function eventTable(dashboard: Dashboard): ExportTable {
  const { log } = dashboard.picture;
  const view: FaultView = {
    batch: log.batch,
    resolved: log.resolved,
    names: { ...log.names, regionSection: () => '' },
  };
  const sequences = log.newest(LOG_CAPACITY, log.count, (at) => dashboard.showsEvent(at));
  return {
    name: 'events',
    columns: [...FAULT_FIELDS.map((field) => field.id), 'sampled_share'],
    rows: sequences.map((sequence) => {
      const at = log.at(sequence);
      const share = log.shareOf(log.resolved.faultClass[at]!);
      return [...FAULT_FIELDS.map((field) => fieldText(field, view, at)), share];
    }),
  };
}
