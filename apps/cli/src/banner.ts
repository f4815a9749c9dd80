interface Facts {
  readonly version: string;
  readonly url: string;
  readonly grpcPort: number;
  readonly backend: string;
  /** Undefined: the model server has none. */
  readonly model: string | undefined;
  readonly dataFolder: string;
  readonly cacheFolder: string;
}

/** What a person needs to know once everything runs. */
export function banner({ version, url, grpcPort, backend, model, dataFolder, cacheFolder }: Facts): string {
  const body = JSON.stringify({ model: model ?? 'MODEL', messages: [{ role: 'user', content: 'Hello!' }] });
  return `
Tutti ${version} on Node ${process.versions.node}; the model server is ${backend}.

  Ollama clients    ${url}
  OpenAI clients    ${url}/v1
  Health            ${url}/health
  Agents (gRPC)     127.0.0.1:${grpcPort}
  Data              ${dataFolder}
  Cache             ${cacheFolder}

Try: curl -s ${url}/v1/chat/completions -d '${body}'
`;
}
