import { isOfSite } from '../../core/code/site-table';
import type { Direction } from '../../core/columns/stack-lines';
import { SITE_COLUMNS } from '../../core/columns/row-columns';
import { rowTable, type ExportTable } from '../../core/columns/table-export';
import type { PairedRow, SiteRow, StackRow } from '../../core/snapshot/snapshot';
import type { Line } from '../layout/line';
import { eventsThat } from '../state/event-log';
import { callerLines, stackTable } from './caller-lines';
import { pairedLine } from './detail-lines';
import { pairedTable, RowDetailView } from './row-detail';
import { leadOfSite } from './lead';
import { TableView } from './table-view';
import type { View, ViewEntry } from './view';

/** Which code causes the faults. */
export const sites: ViewEntry = {
  name: 'code',
  title: 'Code',
  make: (scene, navigation) => {
    const table = scene.table(
      { columns: SITE_COLUMNS },
      (snapshot) => snapshot.sites,
      (tests) => tests.sites,
      'sites',
    );
    const detail = (opened: SiteRow): View => {
      let regions: readonly PairedRow[] = [];
      let stacks: readonly StackRow[] = [];
      let direction: Direction = 'callers';
      return new RowDetailView<SiteRow>(scene, navigation, opened, {
        lead: leadOfSite,
        name: 'code',
        row: ({ snapshot }) => snapshot.sites.find(({ id }) => id === opened.id),
        look: ({ id }) => {
          regions = scene.picture.snapshot.siteRegions(id);
          stacks = scene.picture.snapshot.siteStacks(id);
        },
        events: eventsThat(({ names, resolved }, place) =>
          isOfSite(names.code(resolved.code[place]!), opened),
        ),
        title: titleLine,
        where: (theme, columns) => pairedLine(theme, columns, 'hits', regions),
        who: (theme, columns) => callerLines(theme, columns, stacks, direction),
        turn: () => {
          direction = direction === 'callers' ? 'callees' : 'callers';
        },
        table: (row) => rowTable('code', table.columns, [row]),
        tables: (): ExportTable[] => [pairedTable('regions', regions), stackTable(stacks)],
      });
    };
    return new TableView(sites.name, scene, navigation, table, detail, leadOfSite);
  },
};

function titleLine(line: Line, row: SiteRow): void {
  line.add(row.label, 'active');
  if (row.file !== '') line.add(`  ${row.file}${row.line === 0 ? '' : `:${row.line}`}`);
  line.add(`  ${row.path === '' ? row.object : row.path} ${row.offset}`, 'dim');
}
