// The buckets of OpenTelemetry's GenAI conventions, in seconds, with longer ones for large models on slow machines.

export const requestSeconds = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
];

export const firstTokenSeconds = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
];

export const perTokenSeconds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

/** Backends tell a load time for models that were loaded too: what is shorter is no load. */
export const shortestLoadMs = 250;

/** The conventions have none for waiting and loading. */
export const waitSeconds = [0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160];
export const loadSeconds = [0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];
