/** What blessed's own types leave out or get wrong. */
export interface RawScreen {
  readonly program: {
    cols: number;
    rows: number;
    isAlt: boolean;
    readonly put: { keypad_local(): void };
    /** Writes what it holds back. */
    flush(): void;
  };
  enter(): void;
  leave(): void;
  alloc(): void;
  destroy(): void;
}
export interface RawSparkline {
  width: number;
  setData(titles: readonly string[], datasets: readonly (readonly number[])[]): void;
  setContent: (text: string) => void;
}
export interface RawBlessed {
  readonly tput: { ipaths: unknown[] };
  screen(options: object): RawScreen;
}
