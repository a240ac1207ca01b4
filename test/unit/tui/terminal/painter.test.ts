import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { Line } from '../../../../src/tui/layout/line';
import { Painter, type Overlay } from '../../../../src/tui/terminal/painter';
import { makeTheme } from '../../../../src/tui/terminal/theme';
import { WIDE_RANGES } from '../../../../src/tui/terminal/wide-ranges';
import { FakeOutput } from '../../../support/terminal';

const COLUMNS = 24;
const ROWS = 4;
const theme = makeTheme({ colours: 16, ascii: false });

/** Cells of a terminal: what stands in each and how it looks. */
async function cells(output: FakeOutput): Promise<string[]> {
  await output.screen();
  const { active } = output.terminal.buffer;
  return Array.from({ length: ROWS * COLUMNS }, (_, k) => {
    const cell = active.getLine(Math.floor(k / COLUMNS))!.getCell(k % COLUMNS)!;
    const look = [cell.getFgColor(), cell.isInverse(), cell.isBold()].join();
    return `${cell.getChars() || ' '}\t${look}`;
  });
}

const styles = fc.constantFrom('plain' as const, 'major' as const, 'selected' as const);
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(' ', 'a', 'b', '·'), maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', '漢', '字', 'e\u0301', '😀', 'ก'), maxLength: 6 }),
);
const line = fc.array(fc.tuple(text, styles), { maxLength: 4 }).map((parts) => {
  const made = new Line(theme, COLUMNS);
  for (const [part, style] of parts) made.add(part, style);
  return made.end();
});
const picture = fc.array(line, { minLength: ROWS, maxLength: ROWS });

describe('the painter', () => {
  it('brings every picture onto the screen, whatever was there before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(picture, { minLength: 2, maxLength: 4 }), async (pictures) => {
        const painter = new Painter();
        const output = new FakeOutput(COLUMNS, ROWS);
        for (const lines of pictures) output.write(painter.paint(lines, COLUMNS));
        const fresh = new FakeOutput(COLUMNS, ROWS);
        fresh.write(new Painter().paint(pictures.at(-1)!, COLUMNS));
        expect(await cells(output)).toEqual(await cells(fresh));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what follows a character in its place where the terminal takes it for narrower', async () => {
    // The emulator has the widths of Unicode 6, in which this one was narrow.
    const output = new FakeOutput(COLUMNS, ROWS);
    const painter = new Painter();
    output.write(painter.paint([new Line(theme, COLUMNS).add('😀|').end()], COLUMNS));
    expect((await output.screen())[0]).toBe('😀 |');
  });

  it('writes nothing for a picture that is there, and only what differs of another one', () => {
    const painter = new Painter();
    const of = (value: string): string[] => [
      new Line(theme, COLUMNS).add('a long name ').add(value, 'major').end(),
      new Line(theme, COLUMNS).add('below').end(),
    ];
    painter.paint(of('12'), COLUMNS);
    expect(painter.paint(of('12'), COLUMNS)).toBe('');
    expect(painter.paint(of('13'), COLUMNS)).toBe('\x1b[1;14H\x1b[0;1;31m3\x1b[m');
  });

  it('takes overlays away with the line below them', async () => {
    const output = new FakeOutput(COLUMNS, ROWS);
    const painter = new Painter();
    const lines = [new Line(theme, COLUMNS).add('x').end()];
    const over: Overlay = { row: 0, column: 3, text: '▂▃', sgr: '32' };
    output.write(painter.paint(lines, COLUMNS, [over]));
    expect((await output.screen())[0]).toBe('x  ▂▃');
    output.write(painter.paint(lines, COLUMNS));
    expect((await output.screen())[0]!.trimEnd()).toBe('x');
  });

  it('knows the wide characters of the Unicode data', () => {
    const script = `import { eastAsianWidth } from 'get-east-asian-width';
      const found = [];
      for (let c = 0; c <= 0x10ffff; c++) {
        if (eastAsianWidth(c) !== 2) continue;
        if (found.at(-1)?.[1] === c - 1) found.at(-1)[1] = c; else found.push([c, c]);
      }
      console.log(JSON.stringify(found));`;
    const args = ['--input-type=module', '--eval', script];
    expect(WIDE_RANGES).toEqual(
      JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })),
    );
  });
});
