import type { Figure } from './figure.ts';
import { detection } from './figures/detection.ts';
import { fairness } from './figures/fairness.ts';
import { faultyRunners } from './figures/faulty-runners.ts';
import { hangUps } from './figures/hang-ups.ts';
import { hung } from './figures/hung.ts';
import { killed } from './figures/killed.ts';
import { overload } from './figures/overload.ts';
import { poisoned } from './figures/poison.ts';

/** What is promised of real processes under faults, by its number. */
export const figures = {
  F1: killed,
  F2: hung,
  F3: faultyRunners,
  F4: poisoned,
  F6: overload,
  F7: fairness,
  F8: hangUps,
  F17: detection,
} satisfies Record<string, Figure>;

export type FigureName = keyof typeof figures;

export const figureNames = Object.keys(figures) as FigureName[];
