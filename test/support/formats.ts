/** One record of the NDJSON stream (docs/formats.md). */
export interface Fault {
  readonly time_ns: number;
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly class: string;
  readonly cause: string;
  readonly address: string;
  readonly ip: string | null;
  readonly access: string | null;
  readonly mode: string;
  readonly region_kind: string;
  readonly region: string;
  readonly section: string | null;
  readonly file: string | null;
  readonly file_offset: number | null;
  readonly latency_ns: number | null;
  readonly error_code: number | null;
  readonly v: number;
}

/** The same with --symbols. */
export interface NamedFault extends Fault {
  readonly function: string | null;
  readonly function_offset: number | null;
  readonly source_file: string | null;
  readonly source_line: number | null;
  readonly object: string | null;
  readonly data_symbol: string | null;
  readonly data_offset: number | null;
}

/** The part of the JSON report that the tests look at. */
export interface Report {
  readonly target: Readonly<Record<string, unknown>>;
  readonly schema_version: number;
  readonly summary: Readonly<Record<string, number>>;
  readonly totals: Readonly<Record<string, unknown>>;
  readonly completeness: {
    readonly captured: number;
    readonly lost: number;
    readonly kernel: number;
    readonly difference: number;
    readonly comparable: boolean;
    /** Faults that /proc/PID/stat counts and the kernel does not report. */
    readonly beyond: {
      readonly at_least: number;
      readonly at_most: number | null;
      readonly processes_gone: number;
    } | null;
    readonly machine: {
      readonly pgfault: number;
      readonly pgmajfault: number;
      readonly own: number;
    } | null;
    readonly in_flight: number;
    readonly in_flight_stall_ns: number;
  };
  readonly capture: {
    readonly entry_source: string;
    readonly engine: string | null;
    readonly user_only: boolean;
    readonly threads: number;
    readonly ring_bytes: number;
    readonly descriptors: number;
    readonly cpus: number;
    readonly limits: readonly string[];
    readonly records: Readonly<Record<string, number>>;
  };
  readonly threads: readonly Readonly<Record<string, unknown>>[];
  readonly processes: readonly Readonly<Record<string, unknown>>[];
  readonly regions: readonly Readonly<Record<string, unknown>>[];
  readonly call_sites: readonly Readonly<Record<string, unknown>>[];
  readonly cgroups: readonly Readonly<Record<string, unknown>>[];
  readonly groups: readonly Readonly<Record<string, unknown>>[];
}
