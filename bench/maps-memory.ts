/** A process that holds one of the mapped worlds and nothing else: prints its memory (MappedMemory) as JSON. */
import { MAPPED_WORLDS } from './mapped-worlds';
import type { MappedMemory } from './maps';

const feeder = MAPPED_WORLDS.get(process.argv[2]!)!();
globalThis.gc!();
globalThis.gc!();
let mappings = 0;
for (const { map } of feeder.model.tasks.live()) mappings += map.length;
const { rss, heapUsed } = process.memoryUsage();
const measured: MappedMemory = { rss, heapUsed, mappings };
process.stdout.write(JSON.stringify(measured));
