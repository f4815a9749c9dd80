import type { Exchange } from './exchange.ts';
import type { Strike } from './faults.ts';
import { goJson } from './go-json.ts';

const page = '<!DOCTYPE html>\n<html><head><title>It works</title></head><body><h1>It works</h1></body></html>\n';

/** Carries out a fault that takes the place of the answer. False if this one strikes later. */
export async function strikeEarly(exchange: Exchange, strike: Strike, model: string): Promise<boolean> {
  const error = (status: number, text: string): void => exchange.json(status, goJson({ error: text }));
  switch (strike.fault) {
    case 'refuse':
      exchange.destroy();
      return true;
    case 'hang':
      await exchange.closed();
      return true;
    case 'http500':
      error(500, strike.message ?? 'llama runner process has terminated: exit status 2');
      return true;
    case 'busy':
      error(503, 'server busy, please try again.  maximum pending requests exceeded');
      return true;
    case 'noModel':
      error(404, `model '${model}' not found`);
      return true;
    case 'garbage':
      exchange.send(200, 'text/html', page);
      return true;
    default:
      return false;
  }
}
