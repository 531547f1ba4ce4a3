// What a user asks for: one source for validation, OpenAPI and types.

import { z } from 'zod';

/** Held equal to the transcript package's list by a test. */
export const outputFormats = ['json', 'srt', 'vtt', 'txt'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export const priorities = ['urgent', 'normal', 'bulk'] as const;
export type Priority = (typeof priorities)[number];

const name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dot, dash and underscore');

export const webhookRequestSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2048),
});

const outputSchema = z.strictObject({
  prefix: z
    .string()
    .max(1024)
    .optional()
    .meta({ description: 'Inside a configured one; default: results/<tenant>/<job>/.' }),
  name: z
    .string()
    .min(1)
    .max(200)
    .regex(
      /^(?!\.)[^/\\\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]+$/u,
      'a file name without slashes and control characters',
    )
    .refine((text) => Buffer.byteLength(text) <= 200, 'at most 200 bytes of UTF-8')
    // `talk.manifest` as JSON would be the manifest of `talk`.
    .regex(/^(?!.*\.manifest$)/iu, 'a name that does not end in .manifest')
    .optional()
    .meta({ description: 'Without extension; default: that of the recording.' }),
  overwrite: z.boolean().optional(),
});

/** What shapes a transcript and where it goes, as far as a client says it: nothing is filled in. */
export const saidOptionsSchema = z.strictObject({
  model: name.optional().meta({ description: 'Default: the server’s.', example: 'demo-en' }),
  tier: name.optional().meta({ description: 'Default: the model’s.', example: 'int8' }),
  language: z
    .string()
    .max(35)
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a BCP 47 code, such as en or pt-BR')
    .optional(),
  channels: z.enum(['mix', 'separate']).optional(),
  track: z
    .union([z.int().min(0).max(255), z.string().min(2).max(35)])
    .optional()
    .meta({ description: 'Place among the audio tracks (0 = first), or a language.' }),
  punctuation: z.boolean().optional().meta({
    description: 'Punctuation and case, where the model can leave them out; default: true.',
  }),
  inverseTextNormalization: z.boolean().optional().meta({
    description:
      'Numbers and the like as they are written, where the model has the choice; default: false.',
  }),
  betterTier: z.boolean().optional().meta({
    description:
      'Hear again in the next better tier what is doubtful, on hosts that have it; default: false.',
  }),
  formats: z
    .array(z.enum(outputFormats))
    .min(1)
    .max(outputFormats.length)
    .transform((formats) => outputFormats.filter((format) => formats.includes(format)))
    .optional(),
  output: outputSchema.optional(),
  partial: z
    .boolean()
    .optional()
    .meta({ description: 'Publish what could be transcribed, gaps marked, if a part fails.' }),
  priority: z.enum(priorities).optional(),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((entries) => Object.keys(entries).length <= 16, 'at most 16 entries')
    .optional()
    .meta({ description: 'Echoed back; at most 16 short entries.' }),
  webhook: webhookRequestSchema.optional(),
});
const said = saidOptionsSchema.shape;

/** The same with its defaults. */
export const jobOptionsSchema = saidOptionsSchema.extend({
  channels: said.channels.default('mix'),
  formats: said.formats.default([...outputFormats]),
  output: outputSchema
    .extend({ overwrite: outputSchema.shape.overwrite.default(false) })
    .default({ overwrite: false }),
  partial: said.partial.default(false),
  priority: said.priority.default('normal'),
  metadata: said.metadata.default({}),
});
export type JobOptions = z.infer<typeof jobOptionsSchema>;

const sourceFields = {
  source: z
    .string()
    .min(1)
    .max(4096)
    .meta({ description: 'https:, s3: or file: address', example: 'https://example.org/talk.mp3' }),
  idempotencyKey: z.string().min(1).max(200).optional(),
};

export const jobRequestSchema = jobOptionsSchema.extend(sourceFields);
/** A request as far as a client says it. */
export const saidRequestSchema = saidOptionsSchema.extend(sourceFields);
export type JobRequest = z.infer<typeof jobRequestSchema>;
/** As a client writes it: everything with a default may be absent. */
export type JobRequestInput = z.input<typeof jobRequestSchema>;
