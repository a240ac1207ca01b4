import { counted, grouped } from '../../core/text/format';
import type { ExportTables } from '../../core/columns/table-export';
import { Line } from '../layout/line';
import type { Scene } from '../state/scene';
import type { CommandOutput } from '../state/source';
import { cellText } from '../terminal/cell-width';
import type { Theme } from '../terminal/theme';
import { moving, pageHeight, type Area, type Closing } from './view';
import type { View, ViewActions, ViewEntry } from './view';

/** What COMMAND writes. */
export const output: ViewEntry = {
  name: 'output',
  title: 'Output',
  make: (scene) => new OutputView(scene),
  only: { help: 'output of COMMAND', there: ({ source }) => source.output() !== null },
};

/** Last lines of it in the closing text. */
const MAX_CLOSING_LINES = 20;

class OutputView implements View {
  readonly name = output.name;
  readonly eventsBelow = false;
  readonly actions: ViewActions = moving((by, area) => {
    const most = Math.max(0, this.output.lines.length - pageHeight(area));
    this.back = Math.max(0, Math.min(this.back - by, most));
  });
  readonly closing: Closing = {
    always: true,
    lines: (theme) => {
      const lines = this.output.lines.slice(-MAX_CLOSING_LINES);
      const clean = lines.map((line) => `  ${cellText(line, theme.names)}`);
      return lines.length === 0 ? [] : ['last lines of COMMAND:', ...clean];
    },
  };
  /** Lines scrolled back. */
  private back = 0;

  constructor(private readonly scene: Scene) {}

  private get output(): CommandOutput {
    return this.scene.source.output() ?? { lines: [], dropped: 0 };
  }

  /** The newest lines at the bottom. */
  draw({ theme, columns, height }: Area): string[] {
    const { lines } = this.output;
    const end = Math.max(Math.min(height - 1, lines.length), lines.length - this.back);
    return this.lines(theme, columns, lines.slice(Math.max(0, end - (height - 1)), end));
  }

  text(theme: Theme, columns: number): string[] {
    return this.lines(theme, columns, this.output.lines);
  }

  private lines(theme: Theme, columns: number, shown: readonly string[]): string[] {
    const { lines, dropped } = this.output;
    const title =
      lines.length === 0
        ? 'COMMAND has written nothing yet'
        : `output of COMMAND, ${counted(lines.length, 'line')}${dropped > 0 ? ` (${grouped(dropped)} before dropped)` : ''}`;
    return [
      new Line(theme, columns).add(` ${title}`, 'strong').end(),
      ...shown.map((text) => new Line(theme, columns).add(` ${text.replace(/\t/g, '    ')}`).end()),
    ];
  }

  tables(): ExportTables {
    return [{ name: 'output', columns: ['line'], rows: this.output.lines.map((line) => [line]) }];
  }
}
