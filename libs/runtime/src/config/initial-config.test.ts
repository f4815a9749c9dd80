import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { configSchema } from './config-schema.ts';
import { configFolder } from './config-folder.fixture.ts';
import { initialConfig } from './initial-config.ts';
import { settings } from './settings.ts';

/** The file with every setting put in force. */
const everything = initialConfig().replaceAll(/^( *)#(?=\w+: )/gm, '$1');

const valueAt = (value: unknown, path: string): unknown =>
  path.split('.').reduce((value, key) => (value as Record<string, unknown>)[key], value);

describe('the initial file', () => {
  it('is config.example.yaml', () => {
    const example = readFileSync(new URL('../../../../config.example.yaml', import.meta.url), 'utf8');
    expect(example).toBe(initialConfig());
  });

  it('begins with its schema, and changes nothing', () => {
    expect(initialConfig()).toMatch(/^# yaml-language-server: \$schema=\S+\/schema\/config\.json\n/);
    const { load } = configFolder({ 'tutti.yaml': initialConfig() });
    expect(load().current).toEqual(configFolder().load().current);
  });

  it('has every setting, explained, at its default', () => {
    const { current } = configFolder().load();
    const written: unknown = parse(everything);
    for (const { path, description, example } of settings) {
      expect(valueAt(written, path), path).toBeDefined();
      expect(initialConfig()).toContain(`# ${description}\n`);
      if (example === undefined) expect(valueAt(written, path), path).toEqual(valueAt(current, path));
    }
  });

  it('is right with every setting in force', () => {
    const { load } = configFolder({ 'tutti.yaml': everything });
    const { origins } = load([], { MONGO_PASSWORD: 'a', JOIN_TOKEN: 'b', OPENAI_API_KEY: 'c', ANTHROPIC_API_KEY: 'd' });
    for (const { path } of settings) expect(origins[path]?.origin).toMatch(/^file tutti\.yaml:\d+:\d+$/);
  });

  it('shows an example of nodes that is right', () => {
    const [example] = /(?<=^#   )nodes:\n(#     .*\n)+/m.exec(initialConfig())!;
    const { load } = configFolder({ 'tutti.yaml': example.replaceAll(/^#   /gm, '') });
    expect(load().current.nodes).toEqual([
      { name: 'gpu0', kind: 'ollama', host: '192.168.1.10', tier: 2 },
      { name: 'rack', kind: 'openai', url: 'http://192.168.1.20:8080/v1' },
    ]);
  });

  it('shows an example of routes that is right', () => {
    const [example] = /(?<=^#   )routes:\n(#     .*\n)+/m.exec(initialConfig())!;
    const { load } = configFolder({ 'tutti.yaml': example.replaceAll(/^#   /gm, '') });
    expect(load().current.routes).toEqual([
      { match: 'code', policy: 'cost', requires: ['gpu'] },
      { match: '*', policy: 'weighted', weights: { gpu0: 80, laptop: 20 } },
    ]);
  });
});

describe('the schema', () => {
  it('describes every setting with its default', () => {
    const { current } = configFolder().load();
    expect(configSchema()).toMatchObject({ $id: '/schema/config.json', type: 'object', additionalProperties: false });
    for (const { path, description, example } of settings) {
      const found = valueAt(configSchema(), `properties.${path.replace('.', '.properties.')}`);
      expect(found, path).toMatchObject({ description });
      if (example === undefined) expect(found, path).toMatchObject({ default: valueAt(current, path) });
    }
  });

  it('demands nothing, takes empty sections and refuses unknown keys', () => {
    const { properties, required } = configSchema() as { properties: Record<string, unknown>; required?: unknown };
    expect(required).toBeUndefined();
    expect(properties['server']).toMatchObject({ type: ['object', 'null'], additionalProperties: false });
    expect(properties['server']).not.toHaveProperty('required');
    expect(properties['nodes']).toMatchObject({ items: { required: ['name'], additionalProperties: false } });
  });
});
