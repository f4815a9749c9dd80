import { asFields, asInteger, asString, asText, invalid, type Fields, type Value } from '../json/fields.ts';
import { asThink } from '../ollama/request-fields.ts';

/** What stands where Anthropic signs a model's thoughts: models here sign nothing, and nobody has to prove them. */
export const ownSignature = 'tutti';

interface Thinking {
  /** As Call.think has it. */
  readonly think: string | undefined;
  /** Whether that only allows it: `think` says that it is wanted. */
  readonly permitsThinking: boolean;
  /** Whether the client does not want to read it. */
  readonly hidesThinking: boolean;
  /** `thinking` as it came, for a server that knows more of it. */
  readonly thinkingJson: string | undefined;
}

/**
 * Takes `thinking`, or Ollama's `think`. Who leaves it to the model and says how much effort it is worth, has that count
 * as the level. A budget is a bound within `max_tokens`, and only that is kept here.
 */
export function takeThinking(fields: Fields, maxTokens: number | undefined, effort: string | undefined): Thinking {
  const thinkingJson = fields.take('thinking', asText);
  const own = fields.take('think', asThink);
  if (thinkingJson === undefined) return { think: own, permitsThinking: false, hidesThinking: false, thinkingJson };
  const { think, hidesThinking } = asThinking({ raw: thinkingJson, path: 'thinking' }, maxTokens, effort);
  return { think: own ?? think, permitsThinking: own === undefined, hidesThinking, thinkingJson };
}

/** Anthropic takes no smaller budget. */
export const leastBudget = 1_024;

function asThinking(value: Value, maxTokens: number | undefined, effort: string | undefined) {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  const hidesThinking = fields.take('display', asString) === 'omitted';
  switch (type) {
    case 'disabled':
      return { think: 'false', hidesThinking };
    case 'adaptive':
    case 'between_tools':
      return { think: effort, hidesThinking };
    case 'enabled': {
      const budget = fields.need('budget_tokens', asInteger);
      const path = `${value.path}.budget_tokens`;
      if (budget < leastBudget) throw invalid(path, `${path} must be at least ${leastBudget}, got ${budget}`);
      if (maxTokens !== undefined && budget >= maxTokens) {
        throw invalid(path, `max_tokens must be greater than ${path}, got ${maxTokens} and ${budget}`);
      }
      return { think: 'true', hidesThinking };
    }
    default:
      throw invalid(
        `${value.path}.type`,
        `thinking must be of type "enabled", "disabled" or "adaptive", got ${JSON.stringify(type)}`,
      );
  }
}
