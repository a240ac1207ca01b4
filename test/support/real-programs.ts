/** A program of somebody else's that runs beside perf. */
export interface RealProgram {
  readonly name: string;
  readonly command: () => readonly string[];
  /** It says `done`, and ends with its standard input. */
  readonly stays?: true;
  /** So much is compared at least. */
  readonly least: number;
}

/** For `python3 -c`: so many short texts. */
export function texts(items: number): string {
  return `import json; x = [json.dumps({"k": i}) for i in range(${items})]`;
}

/** For `node -e`: objects, so many times over, until its own code has been compiled. */
export function objects(rounds: number): string {
  return `
function Item(k) { this.k = k; this.twice = { k: k + k }; }
function fill(n) { const all = []; for (let k = 0; k < n; k++) all.push(new Item(k)); return all; }
for (let k = 0; k < ${rounds}; k++) fill(30000);
console.log('done');
process.stdin.resume();
`;
}
