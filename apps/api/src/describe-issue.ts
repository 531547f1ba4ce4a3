// A schema's complaint as one sentence that names the field.

/** What fastify-type-provider-zod makes of a zod issue. */
export type IssueLike = {
  /** zod's code of the issue. */
  keyword?: string;
  instancePath?: string;
  message?: string;
  params?: Record<string, unknown>;
};

export type RequestProblem = { field: string; message: string };

type ZodIssue = {
  code?: string;
  path: readonly PropertyKey[];
  message: string;
  keys?: string[];
  errors?: ZodIssue[][];
};

/** `context`: `body`, `querystring`, `params` or `headers`. */
export function describeIssue(issue: IssueLike, context: string): RequestProblem {
  const path = (issue.instancePath ?? '').split('/').filter((part) => part !== '');
  return describe(
    { ...issue.params, code: issue.keyword ?? '', path, message: issue.message ?? '' },
    context,
  );
}

/** The same of an issue that zod itself gave. */
export function describeZodIssue(issue: ZodIssue, context: string): RequestProblem {
  return describe(issue, context);
}

function describe(issue: ZodIssue, context: string): RequestProblem {
  const deepest = enterUnion(issue);
  const path = deepest.path.map(String);
  const whole = wholes[context] ?? context;
  if (deepest.code === 'unrecognized_keys' && deepest.keys?.[0] !== undefined) {
    const field = [...path, deepest.keys[0]].join('.');
    return { field, message: `${field}: there is no such field.` };
  }
  const field = path.join('.') || whole;
  return { field, message: `${field}: ${toSentence(deepest.message)}` };
}

const wholes: Record<string, string> = { querystring: 'query' };

/** Of a union the variant that fits best: the one with the fewest complaints, and known fields before unknown ones. */
function enterUnion(issue: ZodIssue): ZodIssue {
  const variants = (issue.errors ?? []).filter((issues) => issues.length > 0);
  const [best] = [...variants].sort((a, b) => weigh(a) - weigh(b));
  const [inner] = best ?? [];
  if (inner === undefined) return issue;
  return enterUnion({ ...inner, path: [...issue.path, ...inner.path] });
}

function weigh(issues: readonly ZodIssue[]): number {
  return issues.reduce((sum, { code }) => sum + (code === 'unrecognized_keys' ? 3 : 1), 0);
}

/** zod's words, which begin with `Invalid input: `, as the end of a sentence. */
function toSentence(message: string): string {
  const text = message
    .replace(/^Invalid input: expected .*, received undefined$/, 'is missing')
    .replace(/^Invalid (?:input|option): /, '')
    .replace(/^Invalid input$/, 'is not accepted');
  return /[.!]$/.test(text) ? text : `${text}.`;
}
