import { nearestName } from '@tutti/core';
import { readText } from './find-file.ts';
import { put, type Layer, type Sourced } from './layer.ts';
import { settings, variableOf, type Program, type Setting } from './settings.ts';

/** Variables that are read besides TUTTI_*, by program. */
const wellKnown: Record<Program, Readonly<Record<string, string>>> = {
  orchestrator: { PORT: 'server.port', MONGODB_URI: 'mongodb.uri' },
  agent: {
    PORT: 'agent.port',
    MONGODB_URI: 'mongodb.uri',
    LLAMA_BASE_URL: 'agent.llamaBaseUrl',
    OLLAMA_HOST: 'agent.ollamaHost',
    OPENAI_BASE_URL: 'agent.openaiBaseUrl',
    OPENAI_API_KEY: 'agent.openaiApiKey',
    ANTHROPIC_BASE_URL: 'agent.anthropicBaseUrl',
    ANTHROPIC_API_KEY: 'agent.anthropicApiKey',
    OLLAMA_MODELS: 'agent.ollamaModels',
    QUEUE_CONCURRENCY: 'agent.queueConcurrency',
    OLLAMA_NUM_PARALLEL: 'agent.ollamaNumParallel',
    OLLAMA_MAX_LOADED_MODELS: 'agent.ollamaMaxLoadedModels',
    MODEL_MEMORY: 'agent.modelMemory',
  },
};

/** Names the file of settings. */
export const fileVariable = 'TUTTI_CONFIG';

const ownNames = new Map(settings.map((setting) => [variableOf(setting.path), setting]));

/** The environment. An empty variable counts as none; a secret may also stand in the file that `X_FILE` names. */
export function fromEnvironment(program: Program, env: NodeJS.ProcessEnv, problems: string[]): Layer {
  problems.push(...misspelt(env));
  const layer = new Map<string, Sourced>();
  for (const setting of settings) {
    const found = namesOf(setting, program)
      .map((name) => read(setting, name, env, problems))
      .find((found) => found !== undefined);
    if (found) put(layer, setting, found.text, { subject: found.name, origin: `env ${found.name}` }, problems);
  }
  return layer;
}

/** Those that count more first. */
function namesOf({ path }: Setting, program: Program): string[] {
  const others = Object.entries(wellKnown[program]).filter(([, known]) => known === path);
  return [variableOf(path), ...others.map(([name]) => name)];
}

function read({ secret }: Setting, name: string, env: NodeJS.ProcessEnv, problems: string[]) {
  const text = env[name];
  const fileName = `${name}_FILE`;
  // A setting of that name holds the name of a file itself.
  const file = secret && !ownNames.has(fileName) ? env[fileName] : undefined;
  if (text && file) problems.push(`Both ${name} and ${fileName} are set. Remove one.`);
  if (text) return { name, text };
  return file ? { name: fileName, text: readText({ path: file, name: `The file of ${fileName}` }).trim() } : undefined;
}

/** Variables that are nearly ours. Others that begin with TUTTI_ belong to somebody else. */
function misspelt(env: NodeJS.ProcessEnv): string[] {
  const secretFiles = [...ownNames].filter(([, { secret }]) => secret).map(([name]) => `${name}_FILE`);
  const known = [...ownNames.keys(), ...secretFiles, fileVariable];
  return Object.keys(env)
    .filter((name) => name.startsWith('TUTTI_') && !known.includes(name))
    .map((name) => ({ name, near: nearestName(name, known, 2) }))
    .filter(({ near }) => near !== undefined)
    .map(({ name, near }) => `Unknown variable ${name}. Did you mean ${near}?`);
}
