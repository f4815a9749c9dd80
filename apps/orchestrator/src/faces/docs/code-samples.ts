import type { Operation } from '@tutti/rpc/openapi';

/** Where `npm start` serves. */
const usualServer = 'http://localhost:3001';

/** A command that runs an operation's first example. */
export function curlOf(verb: string, path: string, { parameters, requestBody }: Operation): string {
  const values = parameters.filter(({ example }) => example !== undefined);
  const url = new URL(
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const { example } = values.find((parameter) => parameter.name === name) ?? {};
      return encodeURIComponent(String(example));
    }),
    usualServer,
  );
  for (const { name, example, in: place } of values) if (place === 'query') url.searchParams.set(name, String(example));
  const headers = values
    .filter((parameter) => parameter.in === 'header')
    .map(({ name, example }) => `-H ${quoted(`${name}: ${example}`)}`);
  const [example] = Object.values(requestBody?.content['application/json']?.examples ?? {});
  const how = verb === 'get' ? [] : [`-X ${verb.toUpperCase()}`];
  const body = example ? [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(example.value))}`] : [];
  const [file] = Object.values(requestBody?.content['application/octet-stream']?.examples ?? {});
  const bytes = file
    ? [`-H 'Content-Type: application/octet-stream'`, `--data-binary ${quoted(file.value as string)}`]
    : [];
  return ['curl', ...how, quoted(url.href), ...headers, ...body, ...bytes].join(' ');
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
