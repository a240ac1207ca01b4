/** What blessed's own types leave out or get wrong. */
export interface RawScreen {
  readonly program: {
    cols: number;
    rows: number;
    isAlt: boolean;
    readonly put: { keypad_local(): void };
  };
  append(box: unknown): void;
  render(): void;
  enter(): void;
  leave(): void;
  alloc(): void;
  destroy(): void;
}
export interface RawBox {
  setContent(text: string, noClear: boolean, noTags: boolean): void;
}
export interface RawSparkline extends RawBox {
  top: number;
  left: number;
  width: number;
  setData(titles: readonly string[], datasets: readonly (readonly number[])[]): void;
  show(): void;
  hide(): void;
}
export interface RawBlessed {
  readonly tput: { ipaths: unknown[] };
  screen(options: object): RawScreen;
  box(options: object): RawBox;
}
