import { fetchSmolLM2 } from '../ollama/smollm2.ts';
import { Unavailable } from '../ollama/run-command.ts';

/** A real llama-server and a model for it, or one sentence that says why this machine has none. */
export type ProvisionedLlamaServer =
  | { readonly available: true; readonly binary: string; readonly model: string }
  | { readonly available: false; readonly reason: string };

/** The program is the one that LLAMA_SERVER names: building it takes ten minutes of a core, so nobody does it by the way. */
export async function provisionLlamaServer(binary = process.env['LLAMA_SERVER']): Promise<ProvisionedLlamaServer> {
  if (!binary) return { available: false, reason: 'LLAMA_SERVER does not name the program' };
  try {
    return { available: true, binary, model: await fetchSmolLM2() };
  } catch (thrown) {
    if (thrown instanceof Unavailable) return { available: false, reason: thrown.message };
    throw thrown;
  }
}
