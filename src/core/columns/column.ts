import { estimate } from '../text/format';

/** A column of snapshot rows: one name, one unit and one form of a number everywhere. */
export interface Column<Row> {
  /** Key in the JSON report; also the name by which one sorts. */
  readonly id: string;
  /** Heading, at most as wide as `width`. */
  readonly title: string;
  /** What the title means, for help and docs. */
  readonly doc: string;
  /** Unit of value() for machines: 'ns', 'bytes', 'ratio', '1/s' or ''. */
  readonly unit: string;
  readonly align: 'left' | 'right';
  /** Characters the formatted value needs; left-aligned columns may be given more. */
  readonly width: number;
  /** Which columns give way first on a narrow screen: the smallest weight goes first. */
  readonly weight: number;
  /** Values are told apart in steps of so much: what differs by less is in no order. */
  readonly grain: number;
  /** Differs between two runs of the same program: left out where runs must be equal. */
  readonly timed: boolean;
  /** It is another only where the row has another revision. */
  readonly counted?: true;
  /** What machines get and what rows are sorted by. Text is raw; NaN means not measured, null a text that is not known. */
  readonly value: (row: Row) => number | string | null;
  /** By what rows are sorted where that is not the value itself: NaN stands last. */
  readonly order?: (row: Row) => number;
  /** Of rows with sampled faults it is an estimate. */
  readonly isEstimate?: true;
  /** What a person gets. Text is raw: whoever prints it strips control characters. */
  readonly format: (row: Row) => string;
}

export function text<Row>(
  id: string,
  title: string,
  width: number,
  weight: number,
  value: (row: Row) => string,
  doc: string,
): Column<Row> {
  return {
    id,
    title,
    doc,
    unit: '',
    align: 'left',
    width,
    weight,
    grain: 0,
    timed: false,
    value,
    format: value,
  };
}

/** A name that is not known of some rows ('' as `value` has it): nothing to a person, and null to a machine. */
export function named<Row>(
  ...[id, title, width, weight, value, doc]: Parameters<typeof text<Row>>
): Column<Row> {
  return {
    ...text(id, title, width, weight, value, doc),
    value: (row) => value(row) || null,
  };
}

interface Numeric<Row> {
  readonly id: string;
  readonly title: string;
  readonly unit?: string;
  readonly width: number;
  readonly weight: number;
  readonly grain?: number;
  readonly timed?: boolean;
  readonly counted?: true;
  readonly value: (row: Row) => number;
  readonly format: (n: number) => string;
  readonly doc: string;
}

export function numeric<Row>(of: Numeric<Row>): Column<Row> {
  return {
    unit: '',
    grain: 0,
    timed: false,
    ...of,
    align: 'right',
    format: (row) => of.format(of.value(row)),
  };
}

/** The same of a number that is an estimate, which says so to a person. */
export function asEstimate<Row>(column: Column<Row>): Column<Row> {
  const format = (row: Row): string => estimate(column.format(row));
  return { ...column, width: column.width + 1, format, isEstimate: true };
}

/** An identifier. */
export function identifier<Row>(
  id: string,
  title: string,
  weight: number,
  value: (row: Row) => number,
  doc: string,
): Column<Row> {
  return numeric({ id, title, width: 7, weight, value, format: plain, doc });
}

/** Identifiers are never rounded. */
export function plain(n: number): string {
  return String(n);
}
