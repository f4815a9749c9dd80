import { canonicalModel } from '@tutti/core';
import type { EmbedBatches, Gpu, Hardware, Model, NodeState, Runner, Slots } from '@tutti/proto/tutti/agent/v1/state';
import { createChecks, printable, type Checks } from './report-checks.ts';

/** A report as it can be, and what was changed in it to make it so. */
export interface CheckedState {
  readonly state: NodeState;
  /** For people; empty: nothing. At most 21. */
  readonly warnings: readonly string[];
}

const most = { models: 2_000, runners: 64, gpus: 64, capabilities: 32, slots: 1_024, waiting: 100_000 } as const;
const longest = { name: 256, word: 64, line: 256, sentence: 1_000 } as const;

/** A pebibyte. */
const mostBytes = 2 ** 50;
const bytes = { least: 0, most: mostBytes };
const tokens = { least: 1, most: 2 ** 27 };
const ratio = { least: 0, most: 1 };
const degrees = { least: -100, most: 300 };
const tenYearsMs = 10 * 365 * 24 * 60 * 60_000;

/** No machine embeds so much between two reports. */
const mostEmbedStep = 1e8;

/**
 * Makes a report of what an agent says: it may say anything, and others must not suffer. What cannot be is left out,
 * or becomes the nearest that can. `before`: the report before this one, of the same process.
 */
export function checkedState(reported: NodeState, before?: NodeState): CheckedState {
  const checks = createChecks();
  const { backend, slots, hardware, embedBatches } = reported;
  const machine = hardware && checkedHardware(hardware, checks);
  const modelMemoryBytes = checks.known('modelMemoryBytes', reported.modelMemoryBytes, { ...bytes, least: 1 });
  const memoryBytes = Math.max(modelMemoryBytes ?? 0, machineBytes(machine));
  const state: NodeState = {
    ...reported,
    backend: backend && {
      ...backend,
      kind: checks.text('backend.kind', backend.kind, longest.word),
      version: checks.text('backend.version', backend.version, longest.word),
      problem: checks.text('backend.problem', backend.problem, longest.sentence),
    },
    models: eachOnce(reported.models, most.models, 'models', (model) => model.name, checks).map((model) =>
      checkedModel(model, checks),
    ),
    runners: eachOnce(reported.runners, most.runners, 'runners', (runner) => runner.model, checks).map((runner) =>
      checkedRunner(runner, memoryBytes, checks),
    ),
    slots: slots && checkedSlots(slots, checks),
    hardware: machine,
    modelMemoryBytes,
    maxRunners: checks.known('maxRunners', reported.maxRunners, { least: 1, most: most.runners }),
    loading: checks.text('loading', reported.loading, longest.name),
    embedBatches: embedBatches && checkedBatches(embedBatches, before?.embedBatches, checks),
  };
  return { state: withoutUnknown(state), warnings: checks.warnings };
}

/** Those with a usable name, the first of each name, no more than there may be. */
function eachOnce<T>(
  items: readonly T[],
  mostItems: number,
  what: string,
  nameOf: (item: T) => string,
  checks: Checks,
): T[] {
  const named = items.filter((item) => isName(nameOf(item)));
  if (named.length < items.length)
    checks.warn(`${what}: ${items.length - named.length} without a usable name left out.`);
  const byName = new Map<string, T>();
  for (const item of named) {
    const name = canonicalModel(nameOf(item));
    if (byName.has(name)) checks.warn(`${what}: ${name} is there more than once: the first one counts.`);
    else byName.set(name, item);
  }
  if (byName.size <= mostItems) return [...byName.values()];
  checks.warn(`${what}: ${byName.size} reported, the first ${mostItems} by name count.`);
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, mostItems)
    .map(([, item]) => item);
}

function isName(name: string): boolean {
  return name.trim() !== '' && printable(name, longest.name) === name;
}

function checkedModel(model: Model, checks: Checks): Model {
  const { name } = model;
  return withoutUnknown({
    ...model,
    digest: checks.text(`${name}: digest`, model.digest, 128),
    sizeBytes: checks.known(`${name}: sizeBytes`, model.sizeBytes, bytes),
    capabilities: capabilitiesOf(model, checks),
    contextLength: checks.known(`${name}: contextLength`, model.contextLength, tokens),
    modifiedAt: checks.text(`${name}: modifiedAt`, model.modifiedAt, longest.word),
    detailsJson: checks.jsonObject(`${name}: detailsJson`, model.detailsJson),
  });
}

function capabilitiesOf({ name, capabilities }: Model, checks: Checks): string[] {
  if (capabilities.length > most.capabilities)
    checks.warn(`${name}: ${capabilities.length} capabilities, the first ${most.capabilities} count.`);
  return capabilities
    .slice(0, most.capabilities)
    .map((capability) => checks.text(`${name}: a capability`, capability, longest.word));
}

function checkedRunner(runner: Runner, memoryBytes: number, checks: Checks): Runner {
  const { model } = runner;
  const sizeBytes = checks.known(`${model}: memory of its runner`, runner.sizeBytes, { least: 0, most: memoryBytes });
  const onGpu = { least: 0, most: sizeBytes ?? memoryBytes };
  const { optionsJson } = runner;
  return withoutUnknown({
    ...runner,
    digest: checks.text(`${model}: digest of its runner`, runner.digest, 128),
    contextLength: checks.known(`${model}: context of its runner`, runner.contextLength, tokens),
    sizeBytes,
    vramBytes: checks.known(`${model}: GPU memory of its runner`, runner.vramBytes, onGpu),
    expiresInMs: checks.known(`${model}: expiresInMs`, runner.expiresInMs, { least: -tenYearsMs, most: tenYearsMs }),
    slots: checks.known(`${model}: slots of its runner`, runner.slots, { least: 1, most: most.slots }),
    detailsJson: checks.jsonObject(`${model}: detailsJson of its runner`, runner.detailsJson),
    busy: checks.clamped(`${model}: calls on its runner`, runner.busy, { least: 0, most: most.slots }),
    problem: checks.text(`${model}: problem of its runner`, runner.problem, longest.sentence),
    optionsJson:
      optionsJson === undefined ? undefined : checks.jsonObject(`${model}: options`, optionsJson) || undefined,
  });
}

function checkedSlots(slots: Slots, checks: Checks): Slots {
  const total = checks.clamped('slots.total', slots.total, { least: 1, most: most.slots });
  const used = { least: 0, most: total };
  return {
    ...slots,
    total,
    busy: checks.clamped('slots.busy', slots.busy, used),
    zombie: checks.clamped('slots.zombie', slots.zombie, used),
    waiting: checks.clamped('slots.waiting', slots.waiting, { least: 0, most: most.waiting }),
    perRunner: checks.clamped('slots.perRunner', slots.perRunner, { least: 1, most: most.slots }),
  };
}

function checkedHardware(hardware: Hardware, checks: Checks): Hardware {
  const { gpus } = hardware;
  if (gpus.length > most.gpus) checks.warn(`gpus: ${gpus.length} reported, the first ${most.gpus} count.`);
  const memoryTotalBytes = checks.known('memoryTotalBytes', hardware.memoryTotalBytes, { ...bytes, least: 1 });
  const available = { least: 0, most: memoryTotalBytes ?? mostBytes };
  return withoutUnknown({
    ...hardware,
    hostname: checks.text('hostname', hardware.hostname, longest.line),
    os: checks.text('os', hardware.os, longest.word),
    arch: checks.text('arch', hardware.arch, longest.word),
    cpuModel: checks.text('cpuModel', hardware.cpuModel, longest.line),
    cpuCount: checks.known('cpuCount', hardware.cpuCount, { least: 1, most: 65_536 }),
    cpuLoad: checks.known('cpuLoad', hardware.cpuLoad, ratio),
    memoryTotalBytes,
    memoryAvailableBytes: checks.known('memoryAvailableBytes', hardware.memoryAvailableBytes, available),
    gpus: gpus.slice(0, most.gpus).map((gpu, index) => checkedGpu(gpu, `gpus[${index}]`, checks)),
  });
}

function checkedGpu(gpu: Gpu, what: string, checks: Checks): Gpu {
  const memoryTotalBytes = checks.known(`${what}.memoryTotalBytes`, gpu.memoryTotalBytes, bytes);
  const used = { least: 0, most: memoryTotalBytes ?? mostBytes };
  return withoutUnknown({
    ...gpu,
    name: checks.text(`${what}.name`, gpu.name, longest.line),
    memoryTotalBytes,
    memoryUsedBytes: checks.known(`${what}.memoryUsedBytes`, gpu.memoryUsedBytes, used),
    temperatureC: checks.known(`${what}.temperatureC`, gpu.temperatureC, degrees),
    load: checks.known(`${what}.load`, gpu.load, ratio),
  });
}

/** All memory of the machine that a model could be in; the model server may be on a larger one. */
function machineBytes(hardware: Hardware | undefined): number {
  if (hardware?.memoryTotalBytes === undefined) return mostBytes;
  return hardware.gpus.reduce((sum, gpu) => sum + (gpu.memoryTotalBytes ?? 0), hardware.memoryTotalBytes);
}

/** Counters go on from where they were, by as much as can be. */
function checkedBatches(batches: EmbedBatches, before: EmbedBatches | undefined, checks: Checks): EmbedBatches {
  const counter = (name: 'calls' | 'requests' | 'inputs'): number => {
    const last = before?.[name] ?? 0;
    const value = batches[name];
    if (value >= last && (!before || value <= last + mostEmbedStep) && Number.isSafeInteger(value)) return value;
    checks.warn(`embedBatches.${name} jumped from ${last} to ${value}: taken as ${last}.`);
    return last;
  };
  return { ...batches, calls: counter('calls'), requests: counter('requests'), inputs: counter('inputs') };
}

/** Without the fields that are undefined: to generated code, a field that is there has a value. */
function withoutUnknown<T extends object>(message: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined)) as T;
}
