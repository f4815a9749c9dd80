import type { Route } from '@tutti/core/cluster';
import { describe, expect, it } from 'vitest';
import { configFolder } from './config-folder.fixture.ts';
import { routeWarnings } from './route-types.ts';

const text = `
routes:
  - match: code
    requires: [gpu]
    temperature: 0.5
    slowStartMs: '30000'
  - { match: 'llama*', policy: primary-fallback, primary: gpu0, fallback: [gpu1, laptop] }
  - { match: '*', policy: weighted, weights: { gpu0: 80, laptop: '20' } }
`;

const written: Route[] = [
  { match: 'code', policy: 'cost', requires: ['gpu'], temperature: 0.5, slowStartMs: 30_000 },
  { match: 'llama*', policy: 'primary-fallback', primary: 'gpu0', fallback: ['gpu1', 'laptop'] },
  { match: '*', policy: 'weighted', weights: { gpu0: 80, laptop: 20 } },
];

describe('routes', () => {
  it('are read as they are used', () => {
    const routes: readonly Route[] = configFolder({ 'tutti.yaml': text }).load().current.routes;
    expect(routes).toEqual(written);
  });

  it('come from the environment as JSON', () => {
    const { routes } = configFolder().load([], { TUTTI_ROUTES: JSON.stringify(written) }).current;
    expect(routes).toEqual(written);
  });

  it('change with the file, and stay the same objects while they say the same', () => {
    const { load, write } = configFolder({ 'tutti.yaml': text });
    const config = load();
    const [first] = config.current.routes;
    write('tutti.yaml', `server: { queueSize: 7 }${text}`);
    expect(config.reload().changed).toEqual(['server.queueSize']);
    expect(config.current.routes[0]).toBe(first);
    write('tutti.yaml', 'routes: [{ match: x }]');
    expect(config.reload().changed).toEqual(['server.queueSize', 'routes']);
    expect(config.current.routes).toEqual([{ match: 'x', policy: 'cost' }]);
  });

  it('are patched as a whole, and a mistake changes nothing', () => {
    const config = configFolder({ 'tutti.yaml': text }).load();
    expect(config.patch({ routes: [{ match: '*', policy: 'tier' }] }).changed).toEqual(['routes']);
    expect(() => config.patch({ routes: [{ match: '*', policy: 'teir' }] })).toThrow('did you mean tier?');
    expect(config.current.routes).toEqual([{ match: '*', policy: 'tier' }]);
    config.patch({ routes: null });
    expect(config.current.routes).toEqual(written);
  });
});

it('warns of nodes that nobody knows, with the nearest name', () => {
  expect(routeWarnings(written, ['gpu0', 'gpu1', 'laptop'])).toEqual([]);
  expect(routeWarnings(written, ['gpu0', 'laptob'])).toEqual([
    'routes[1].fallback: no node is known by the name "gpu1". Did you mean gpu0?',
    'routes[1].fallback: no node is known by the name "laptop". Did you mean laptob?',
    'routes[2].weights: no node is known by the name "laptop". Did you mean laptob?',
  ]);
  expect(routeWarnings([{ match: '*', policy: 'primary-fallback', primary: 'x' }], [])).toEqual([
    'routes[0].primary: no node is known by the name "x".',
  ]);
});
