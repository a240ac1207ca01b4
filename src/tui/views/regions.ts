import { REGION_COLUMNS } from '../../core/columns/row-columns';
import { innermostMaker } from '../../core/code/stack-names';
import { rowTable, type ExportTable } from '../../core/columns/table-export';
import type { RegionDetail } from '../../core/snapshot/region-detail';
import { groupDetail } from '../../core/snapshot/group-detail';
import { REGION_GROUPS, RegionGroup } from '../../core/snapshot/group-rules';
import { Grouping } from '../../core/snapshot/grouping';
import type { RegionRow } from '../../core/snapshot/snapshot';
import { bytes, pageAddress, percent } from '../../core/text/format';
import { Line } from '../layout/line';
import { strip } from '../layout/spark';
import type { Scene } from '../state/scene';
import type { Theme } from '../terminal/theme';
import { leadOfRegion } from './lead';
import { placesLines } from './places-over-time';
import { labelled, pairedLine, shareLines, wordLines } from './detail-lines';
import { pairedTable, RowDetailView } from './row-detail';
import { TableView } from './table-view';
import type { View, ViewEntry } from './view';

/** Where faults fall. */
export const regions: ViewEntry = {
  name: 'regions',
  title: 'Regions',
  make: (scene, navigation) => {
    const table = scene.table(
      {
        columns: REGION_COLUMNS,
        pidOf: ({ pid }) => pid,
        whose: ['pid', 'comm'],
        hasEnded: ({ size, kind }) => size === 0 && kind !== 'special' && kind !== 'unknown',
        grouping: new Grouping(REGION_GROUPS),
      },
      (snapshot) => snapshot.regions,
      (tests) => tests.regions,
      'regions',
    );
    const detail = (opened: RegionRow): View => {
      const { id } = opened;
      let found: RegionDetail | null = null;
      let ids: readonly number[] = [];
      return new RowDetailView<RegionRow>(scene, navigation, opened, {
        lead: leadOfRegion,
        name: 'region',
        row: () => table.find(id),
        look: (row) => {
          found = detailOf(scene, row);
          ids = idsOf(row);
        },
        events: (log, most, passes) => log.newestOf(ids, most, passes),
        title: titleLine,
        where: (theme, columns, row) => [
          ...placeLines(theme, columns, row, found),
          ...makerLine(theme, columns, found?.mappedBy ?? []),
        ],
        who: (theme, columns) => [
          ...threadLines(theme, columns, found),
          ...pairedLine(theme, columns, 'code', found?.sites ?? []),
        ],
        picture: (theme, columns, height) => {
          const { overTime = null, heat = null } = found ?? {};
          if (overTime === null || heat === null) return [];
          return placesLines(theme, columns, overTime, heat.byFile, height);
        },
        table: (row) => rowTable('region', table.columns, [row]),
        tables: () => placeTables(found),
      });
    };
    return new TableView(regions.name, scene, navigation, table, detail, leadOfRegion);
  },
};

/** Of a group what its rows have together; where in them faults fall is known of each by itself. */
function detailOf(scene: Scene, row: RegionRow): RegionDetail | null {
  if (row instanceof RegionGroup) return groupDetail(scene.picture.snapshot, row);
  return scene.source.detail(row.id);
}

function idsOf(row: RegionRow): readonly number[] {
  return row instanceof RegionGroup ? row.rows.map(({ id }) => id) : [row.id];
}

function titleLine(line: Line, row: RegionRow): void {
  line
    .add(row.members > 1 ? `${row.label} x${row.members}` : row.label, 'active')
    .add(`  ${row.kind}  ${row.permissions}`);
  line.add(row.size > 0 ? `  ${bytes(row.size)}` : '  not mapped any more');
  if (row.pid !== 0) line.add(`  of ${row.comm} ${row.pid}`);
  if (row.path !== '' && row.path !== row.label) line.add(`  ${row.path}`, 'dim');
}

function placeLines(
  theme: Theme,
  columns: number,
  row: RegionRow,
  detail: RegionDetail | null,
): string[] {
  const heat = detail?.heat ?? null;
  if (heat === null) return [];
  const { bins, start, width } = heat;
  const unit = heat.byFile ? 'file offset ' : '';
  const hottest = bins.indexOf(Math.max(...bins));
  const span = (bin: number): string =>
    `${unit}0x${pageAddress(start + bin * width)}-0x${pageAddress(start + (bin + 1) * width)}`;
  const total = bins.reduce((sum, n) => sum + n, 0);
  const lines = [
    labelled(theme, columns, 'where').add(strip(bins, theme.glyphs), 'heat').end(),
    ...wordLines(
      theme,
      columns,
      `${bins.length} slices of ${bytes(width * 4096)}; hottest ${span(hottest)}, ` +
        `${percent(total === 0 ? 0 : bins[hottest]! / total)} % of its faults`,
    ),
  ];
  if (row.endPage > 0) {
    lines.push(
      labelled(theme, columns, 'range')
        .add(`0x${pageAddress(row.startPage)}-0x${pageAddress(row.endPage)}`)
        .end(),
    );
  }
  return lines;
}

function makerLine(theme: Theme, columns: number, frames: readonly string[]): string[] {
  if (frames.length === 0) return [];
  const line = labelled(theme, columns, 'mappedBy').add(' ');
  return [line.add(innermostMaker(frames, line.room)).end()];
}

function threadLines(theme: Theme, columns: number, detail: RegionDetail | null): string[] {
  const threads = detail?.threads ?? [];
  const named = threads.map(({ tid, comm, faults }) => {
    return { name: tid === 0 ? `ended ${comm}` : `tid ${tid} ${comm}`, faults };
  });
  return shareLines(theme, columns, 'who', named);
}

function placeTables(detail: RegionDetail | null): ExportTable[] {
  if (detail === null) return [];
  const threads: ExportTable = {
    name: 'threads',
    columns: ['tid', 'pid', 'comm', 'faults'],
    rows: detail.threads.map(({ tid, pid, comm, faults }) => [tid, pid, comm, faults]),
  };
  const others =
    detail.sites.length === 0 ? [threads] : [threads, pairedTable('code', detail.sites)];
  const { heat } = detail;
  if (heat === null) return others;
  const { start, width, bins } = heat;
  const hex = (page: number): string => `0x${pageAddress(page)}`;
  const places: ExportTable = {
    name: 'places',
    columns: heat.byFile ? ['offset', 'offset_end', 'faults'] : ['start', 'end', 'faults'],
    rows: bins.map((faults, k) => [hex(start + k * width), hex(start + (k + 1) * width), faults]),
  };
  return [places, ...others];
}
