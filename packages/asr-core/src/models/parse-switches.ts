import { z } from 'zod';
import { AsrError } from '../errors.js';
import { type ModelDescription } from '../recognizer.js';

/** The switches of a model, with the family's defaults. @throws AsrError `MODEL_SWITCH_INVALID` */
export function parseSwitches<Schema extends z.ZodObject>(
  { id, switches = {} }: ModelDescription,
  schema: Schema,
): z.infer<Schema> {
  const parsed = schema.safeParse(switches);
  if (parsed.success) return parsed.data;
  throw new AsrError(
    'MODEL_SWITCH_INVALID',
    `A switch of ${id} is not valid: ${z.prettifyError(parsed.error)}`,
  );
}
