import type { Word } from '../../core/columns/words';
import { TITLES } from '../../core/columns/titles';
import { THRESHOLDS } from '../../core/findings/verdict';
import { innermost, innermostMaker } from '../../core/code/stack-names';
import type { Finding } from '../../core/findings/findings';
import { LIST_SEPARATOR } from '../../core/columns/fault-fields';
import type { ExportTables } from '../../core/columns/table-export';
import { bytes, grouped, latency, percent, stalledCell } from '../../core/text/format';
import { Line, wrapped } from '../layout/line';
import type { Scene } from '../state/scene';
import type { Theme } from '../terminal/theme';
import { moving, type Area, type Closing, type Navigation } from './view';
import type { Pointed, View, ViewActions, ViewEntry } from './view';

/** What dominates, where, and what one usually does about it. */
export const findings: ViewEntry = {
  name: 'findings',
  title: 'Findings',
  make: (scene, navigation) => new FindingsView(scene, navigation),
};

const PAGE = 4096;
const INDENT = 11;
const NOTHING = [
  `nothing to be found: no kind of fault takes ${percent(THRESHOLDS.look)} % of one thread's time, or a tenth of what is stalled.`,
  'Causes (4) says what the faults were, Regions (1) where.',
];

class FindingsView implements View {
  readonly name = findings.name;
  readonly eventsBelow = true;
  readonly actions: ViewActions;
  readonly closing: Closing = {
    always: true,
    lines: (theme, columns) =>
      this.scene.findings().length === 0 ? [] : this.text(theme, columns),
  };
  readonly pointed: Pointed = {
    rowAt: (line, { theme, columns }) => {
      let end = 1 - this.top;
      const blocks = this.blocks(theme, columns, this.selected);
      const row = line < 1 ? -1 : blocks.findIndex((lines) => line < (end += lines.length));
      return row < 0 || row >= this.scene.findings().length ? null : row;
    },
    select: (row) => {
      const finding = this.scene.findings()[row];
      if (finding !== undefined) this.id = finding.id;
      return finding !== undefined;
    },
  };
  /** null: the selection stays on the first one, whichever that is, until somebody moves it. */
  private id: string | null = null;
  /** Lines scrolled down. */
  private top = 0;

  constructor(
    private readonly scene: Scene,
    private readonly navigation: Navigation,
  ) {
    this.actions = {
      ...moving((by) => {
        const found = this.scene.findings();
        this.id = found[Math.max(0, Math.min(this.selected + by, found.length - 1))]?.id ?? null;
      }),
      first: () => {
        this.id = null;
      },
      open: () => {
        this.open();
      },
    };
  }

  private get selected(): number {
    return Math.max(
      0,
      this.scene.findings().findIndex(({ id }) => id === this.id),
    );
  }

  /** Narrows to the cause of the selected finding, within what is shown already. */
  private open(): void {
    const finding = this.scene.findings()[this.selected];
    if (finding === undefined) return;
    const term = finding.cause === '' ? 'class:error' : `cause:${finding.cause}`;
    this.navigation.narrow(term, 'regions', () => {
      this.id = finding.id;
    });
  }

  explain(): readonly Word[] {
    const finding = this.scene.findings()[this.selected];
    if (finding === undefined) return [];
    return [{ title: finding.brief, doc: finding.text }];
  }

  layout({ theme, columns, height }: Area): void {
    const blocks = this.blocks(theme, columns, this.selected);
    const before = blocks.slice(0, this.selected).flat().length;
    const end = before + (blocks[this.selected]?.length ?? 0);
    const room = height - 1;
    this.top = Math.max(Math.min(this.top, before), end - room);
    this.top = Math.max(0, Math.min(this.top, blocks.flat().length - room));
  }

  draw({ theme, columns, height }: Area): string[] {
    const lines = this.blocks(theme, columns, this.selected).flat();
    return [headLine(theme, columns), ...lines.slice(this.top, this.top + height - 1)];
  }

  text(theme: Theme, columns: number): string[] {
    return [headLine(theme, columns), ...this.blocks(theme, columns, -1).flat()];
  }

  private blocks(theme: Theme, columns: number, selected: number): string[][] {
    const found = this.scene.findings();
    if (found.length === 0) {
      const lines = NOTHING.flatMap((text) => wrapped(text, columns - 2));
      return [lines.map((text) => new Line(theme, columns).add(`  ${text}`, 'dim').end())];
    }
    return found.map((finding, k) => block(theme, columns, finding, k === selected));
  }

  tables(): ExportTables {
    return [
      {
        name: 'findings',
        columns: [
          'id',
          'finding',
          'faults',
          'stall_ns',
          'stall_share',
          'regions',
          'processes',
          'call_sites',
          'called_by',
          'mapped_by',
          'advice',
        ],
        rows: this.scene
          .findings()
          .map(
            ({ id, says, figures, regions, processes, callSites, calledBy, mappedBy, advice }) => [
              id,
              says,
              figures.faults,
              Math.round(figures.stallNs),
              figures.stallShare,
              regions.join(', '),
              processes.join(', '),
              callSites.join(', '),
              calledBy.join(LIST_SEPARATOR),
              mappedBy.join(LIST_SEPARATOR),
              advice,
            ],
          ),
      },
    ];
  }
}

function headLine(theme: Theme, columns: number): string {
  const { finding, stall, stallShare, faults, bytes: size } = TITLES.columns;
  return new Line(theme, columns)
    .add('  ')
    .cell(finding.title, columns - 2 - FIGURES, 'left', 'strong')
    .cell(stall.title, 9, 'right', 'strong')
    .cell(stallShare.title, 8, 'right', 'strong')
    .cell(faults.title, 12, 'right', 'strong')
    .cell(size.title, 7, 'right', 'strong')
    .end();
}

/** Cells of the numbers of a finding. */
const FIGURES = 36;

function block(theme: Theme, columns: number, finding: Finding, selected: boolean): string[] {
  const { faults, stallNs, stallShare } = finding.figures;
  const style = selected ? 'selected' : 'plain';
  const title = new Line(theme, columns)
    .add(selected ? '> ' : '  ', style)
    .cell(finding.brief, columns - 2 - FIGURES, 'left', selected ? 'selected' : 'strong')
    .cell(latency(stallNs), 9, 'right', style)
    .cell(stalledCell(stallShare), 8, 'right', style)
    .cell(grouped(faults), 12, 'right', style)
    .cell(bytes(faults * PAGE), 7, 'right', style)
    .end();
  const lines = [
    ['what', finding.says],
    ['where', finding.regions.join(', ')],
    ['whose', finding.processes.join(', ')],
    ['mapped', innermostMaker(finding.mappedBy, columns - INDENT)],
    ['code', finding.callSites.join(', ')],
    ['caller', innermost(finding.calledBy, columns - INDENT)],
    ['do', finding.advice],
  ] as const;
  const more = lines
    .filter(([, text]) => text !== '')
    .flatMap(([label, text]) =>
      wrapped(text, columns - INDENT).map((part, k) =>
        new Line(theme, columns)
          .add('    ')
          .cell(k === 0 ? label : '', INDENT - 4, 'left', 'dim')
          .add(part)
          .end(),
      ),
    );
  return [title, ...more, ''];
}
