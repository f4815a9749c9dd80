/** What happens in a run, as clients see it. */
export interface RunEvent {
  readonly seq: number;
  readonly type: string;
  readonly step?: string;
  readonly state?: string;
  readonly result?: unknown;
}

/** The events of a run after that number, until its end. */
export async function* runEvents(url: string, id: string, after = 0): AsyncGenerator<RunEvent> {
  const { body } = await fetch(`${url}/api/patterns/execution/${id}/events`, {
    headers: { 'last-event-id': String(after) },
  });
  let text = '';
  for await (const bytes of body!.pipeThrough(new TextDecoderStream())) {
    text += bytes;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as RunEvent;
    }
  }
}
