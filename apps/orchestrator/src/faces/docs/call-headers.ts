import type { Parameter } from '@tutti/rpc/openapi';

/** What a request may say of how its call is run. */
export const callHeaders: readonly Parameter[] = [
  {
    name: 'x-tutti-priority',
    in: 'header',
    description: 'Who goes first. Absent: default.',
    schema: { type: 'string', enum: ['interactive', 'default', 'batch'] },
  },
  {
    name: 'x-tutti-privacy',
    in: 'header',
    description:
      'How far the text may travel: `local`, this machine, and no store; `cluster`, the joined nodes; `any`, clouds as well. ' +
      'Absent: cluster.',
    schema: { type: 'string', enum: ['local', 'cluster', 'any'] },
  },
  {
    name: 'x-tutti-node',
    in: 'header',
    description: 'The only node that may run it. Absent: the one that is best.',
    schema: { type: 'string' },
  },
  {
    name: 'x-tutti-tier',
    in: 'header',
    description: 'The only tier of nodes that may run it. Absent: any.',
    schema: { type: 'integer', minimum: 0, maximum: 100 },
  },
  {
    name: 'x-tutti-resume',
    in: 'header',
    description: 'Whether an answer that breaks off may be continued by another node. Absent: no.',
    schema: { type: 'string', enum: ['continue'] },
  },
  {
    name: 'x-tutti-fallback',
    in: 'header',
    description: 'Models that may answer in place of the one that was asked for, in order, with commas between.',
    schema: { type: 'string' },
  },
  {
    name: 'x-tutti-parameters',
    in: 'header',
    description:
      'Whether the cluster chooses temperature and top_p, where the request sets none, by what was learnt of the model. ' +
      'Absent: no.',
    schema: { type: 'string', enum: ['auto'] },
  },
  {
    name: 'x-tutti-cache',
    in: 'header',
    description:
      'Whether an answer may be one that this key has got before: `use`, also where chance plays a part; `bypass`, ' +
      'never. Absent: if the model would repeat it (vectors, temperature 0, a seed).',
    schema: { type: 'string', enum: ['use', 'bypass'] },
  },
  {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Names the request: if it comes again within ten minutes, it gets the same answer without another call. ' +
      'With another body it is refused.',
    schema: { type: 'string', maxLength: 255 },
  },
];

/** What an answer says of how its call was run. */
export const routeHeaders = {
  'x-request-id': 'Id of the request, by which the log is searched.',
  'x-tutti-model': 'The model that ran.',
  'x-tutti-privacy': 'How far the text may have travelled.',
  'x-tutti-node': 'The node that ran it.',
  'x-tutti-route': 'Why that node.',
  'x-tutti-parameters': 'Sampling that was chosen for it, if it was left to the cluster.',
  'x-tutti-queue-ms': 'Milliseconds until a node was chosen.',
  'x-tutti-attempts': 'Attempts that it took.',
  'x-tutti-cache': '`hit`: given before; `miss`: it may be given again; `bypass`: it was not for the cache.',
  'idempotent-replayed': '`true`: the answer is that to an earlier request of the same Idempotency-Key.',
  'x-ratelimit-limit-requests': 'Requests a minute that the key may make, if it has such a limit.',
  'x-ratelimit-remaining-requests': 'How many of them are left.',
  'x-ratelimit-reset-requests': 'When all of them will be again, such as `12.500s`.',
};

/** Errors of every call, beside those that a permission brings. */
export const callErrors: readonly number[] = [404, 413, 500, 501, 502, 503, 504];

/** The same of what is asked of a node about a model. */
export const modelErrors: readonly number[] = [404, 500, 501, 502, 503, 504];
