import { asString, invalid, type Fields } from './json/fields.ts';

/** Takes `model`, which every request has. */
export function takeModel(fields: Fields): string {
  const model = fields.take('model', asString);
  if (model === undefined || model === '') throw invalid('model', 'model is required');
  return model;
}
