import { createLimitedMap } from './limited-map.ts';

/** What the name of a processor lets expect of a machine, before anything was measured there. */
export interface Processor {
  /** At which its memory is read, as its maker says. */
  readonly bytesPerSecond: number;
  /** Prompt tokens that it reads in the time of one output token. */
  readonly prefillByDecode: number;
  /** At which such machines usually bring a file into that memory. */
  readonly loadedBytesPerSecond: number;
}

interface Family extends Omit<Processor, 'bytesPerSecond'> {
  /** Gigabytes a second by how the name reads in lower case; the first that fits counts. */
  readonly bandwidths: readonly (readonly [RegExp, number])[];
}

/** Memory bandwidths are those of the makers' data sheets; the rest is usual of the family, and learnt soon. */
const families: readonly Family[] = [
  {
    // NVIDIA's Jetson boards: nvidia-smi tells no more of an Orin than that; from Nano to AGX it is 68 to 205.
    ...{ prefillByDecode: 10, loadedBytesPerSecond: 0.5e9 },
    bandwidths: [
      [/\borin\b/, 102],
      [/\bxavier\b/, 137],
      [/\bthor\b/, 273],
      [/\btegra\b/, 60],
    ],
  },
  {
    ...{ prefillByDecode: 10, loadedBytesPerSecond: 2e9 },
    bandwidths: [
      [/\bapple m[1-3] ultra\b/, 800],
      [/\bapple m4 max\b/, 546],
      [/\bapple m[1-3] max\b/, 400],
      [/\bapple m4 pro\b/, 273],
      [/\bapple m[12] pro\b/, 200],
      [/\bapple m3 pro\b/, 150],
      [/\bapple m5\b/, 153],
      [/\bapple m4\b/, 120],
      [/\bapple m[23]\b/, 100],
      [/\bapple m1\b/, 68],
    ],
  },
  {
    // NVIDIA's data centres.
    ...{ prefillByDecode: 30, loadedBytesPerSecond: 2e9 },
    bandwidths: [
      [/\bb[23]00\b/, 8_000],
      [/\bg?h200\b/, 4_800],
      [/\bh100 pcie\b/, 2_000],
      [/\bh[18]00\b/, 3_350],
      [/\ba100\S*-80gb\b|\ba100 80gb\b|\ba800\b/, 1_935],
      [/\ba100\b/, 1_555],
      [/\bv100\b/, 900],
      [/\bl40s?\b/, 864],
      [/\ba30\b/, 933],
      [/\ba40\b/, 696],
      [/\ba10g?\b/, 600],
      [/\bl4\b/, 300],
      [/\bt4\b/, 320],
    ],
  },
  {
    // NVIDIA's cards before tensor cores.
    ...{ prefillByDecode: 15, loadedBytesPerSecond: 1e9 },
    bandwidths: [
      [/\bp100\b/, 732],
      [/\btitan xp\b/, 548],
      [/\bgtx 1080 ti\b/, 484],
      [/\bp40\b/, 347],
      [/\bgtx 1660 super\b/, 336],
      [/\bgtx 1080\b/, 320],
      [/\bgtx 1660 ti\b/, 288],
      [/\bgtx 1070( ti)?\b/, 256],
      [/\bgtx 16[56]0\b|\bgtx 1060\b|\bp4\b/, 192],
    ],
  },
  {
    // NVIDIA's cards for people and workstations, since there are tensor cores.
    ...{ prefillByDecode: 25, loadedBytesPerSecond: 1.5e9 },
    bandwidths: [
      [/\brtx 5090 laptop\b/, 896],
      [/\brtx 5080 laptop\b/, 896],
      [/\brtx 4090 laptop\b/, 576],
      [/\brtx 4080 laptop\b/, 432],
      [/\brtx (30[78]0|3080 ti)\b.*\blaptop\b/, 448],
      [/\brtx (50[67]0|5070 ti|3060)\b.*\blaptop\b/, 384],
      [/\brtx 40[567]0\b.*\blaptop\b/, 256],
      [/\brtx pro 6000\b|\brtx 5090\b/, 1_792],
      [/\brtx 3090 ti\b|\brtx 4090\b/, 1_008],
      [/\brtx 6000 ada\b|\brtx 5080\b/, 960],
      [/\brtx 3090\b/, 936],
      [/\brtx 3080 ti\b/, 912],
      [/\brtx 5070 ti\b/, 896],
      [/\brtx a5500\b|\brtx a[56]000\b/, 768],
      [/\brtx 3080\b/, 760],
      [/\brtx 4080\b/, 717],
      [/\brtx 5070\b|\brtx 4070 ti super\b|\btitan rtx\b|\bquadro rtx [68]000\b/, 672],
      [/\brtx a4500\b/, 640],
      [/\brtx 2080 ti\b/, 616],
      [/\brtx 3070 ti\b/, 608],
      [/\brtx 5000 ada\b/, 576],
      [/\brtx 4070\b/, 504],
      [/\brtx 4500 ada\b/, 432],
      [/\brtx (5060|3070|2080|2070|3060 ti)\b|\brtx a4000\b/, 448],
      [/\brtx 3060\b|\brtx 4000 ada\b/, 360],
      [/\brtx 2060\b/, 336],
      [/\brtx 4060 ti\b|\brtx a2000\b/, 288],
      [/\brtx 4060\b/, 272],
      [/\brtx 3050\b|\brtx 2000 ada\b/, 224],
      [/\bgb10\b/, 273],
    ],
  },
  {
    ...{ prefillByDecode: 15, loadedBytesPerSecond: 1.5e9 },
    bandwidths: [
      [/\bmi3[05]0x?\b|\bmi325x\b/, 5_300],
      [/\bmi2[15]0x?\b/, 1_638],
      [/\bmi100\b/, 1_229],
      [/\bmi[56]0\b|\bradeon vii\b/, 1_024],
      [/\brx 7900 xtx\b/, 960],
      [/\bpro w7900\b/, 864],
      [/\brx 7900\b/, 800],
      [/\brx 9070\b/, 640],
      [/\brx 7800\b/, 624],
      [/\brx 6[89][05]0\b/, 512],
      [/\brx 7700\b/, 432],
      [/\brx 67[05]0\b/, 384],
      [/\brx 9060\b/, 320],
      [/\brx 7600\b/, 288],
      [/\brx 66[05]0\b/, 224],
      [/\b80[56]0s\b/, 256],
    ],
  },
  {
    ...{ prefillByDecode: 12, loadedBytesPerSecond: 1.5e9 },
    bandwidths: [
      [/\barc\b.*\ba770\b/, 560],
      [/\barc\b.*\ba750\b/, 512],
      [/\barc\b.*\bb580\b/, 456],
      [/\barc\b.*\bb570\b/, 380],
    ],
  },
];

/** Anybody can report any name. */
const mostNames = 1_000;
const longestName = 256;

const known = createLimitedMap<Processor | null>(mostNames);

/** Undefined: no name that says anything. */
export function processorNamed(name: string): Processor | undefined {
  let processor = known.get(name);
  if (processor === undefined) known.set(name, (processor = find(name.slice(0, longestName).toLowerCase()) ?? null));
  return processor ?? undefined;
}

function find(name: string): Processor | undefined {
  for (const { bandwidths, prefillByDecode, loadedBytesPerSecond } of families) {
    const gigabytes = bandwidths.find(([pattern]) => pattern.test(name))?.[1];
    if (gigabytes !== undefined) return { bytesPerSecond: gigabytes * 1e9, prefillByDecode, loadedBytesPerSecond };
  }
  return undefined;
}
