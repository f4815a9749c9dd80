import { facts } from '../output/table.ts';

export interface BannerFacts {
  readonly version: string;
  readonly url: string;
  readonly grpcPort: number;
  readonly backend: string;
  /** Undefined: the model server has none. */
  readonly model: string | undefined;
  readonly dataFolder: string;
  readonly cacheFolder: string;
  /** Where other machines find it. Undefined: they cannot. */
  readonly networkUrl: string | undefined;
  /** The admin key, if this start has made it. */
  readonly adminKey: string | undefined;
}

/** What a person needs to know once everything runs. */
export function banner(start: BannerFacts): string {
  const { version, url, grpcPort, backend, model, networkUrl, adminKey } = start;
  const body = JSON.stringify({ model: model ?? 'MODEL', messages: [{ role: 'user', content: 'Hello!' }] });
  const key = networkUrl === undefined ? '' : '-H "Authorization: Bearer $KEY" ';
  const lines = facts([
    ['Ollama clients', url],
    ['OpenAI clients', `${url}/v1`],
    ['Other machines', networkUrl === undefined ? '' : `${networkUrl}, with a key: tutti keys create NAME`],
    [
      'Admin key',
      adminKey === undefined ? '' : `${adminKey}    (shown only now; "tutti keys admin" tells where it is)`,
    ],
    ['Swagger UI', `${url}/swagger-ui.html`],
    ['Log', `${url}/logviewer`],
    ['Health', `${url}/health`],
    ['Agents (gRPC)', `${networkUrl === undefined ? '127.0.0.1' : new URL(networkUrl).hostname}:${grpcPort}`],
    ['Data', start.dataFolder],
    ['Cache', start.cacheFolder],
    [
      'Add a machine',
      networkUrl === undefined ? 'tutti up --host 0.0.0.0, then tutti token create' : 'tutti token create',
    ],
  ]);
  return `
Tutti ${version} on Node ${process.versions.node}; the model server is ${backend}.${networkUrl === undefined ? '' : ' Open to the network: keys are needed.'}

${lines}

Try: curl -s ${key}${url}/v1/chat/completions -d '${body}'
`;
}
