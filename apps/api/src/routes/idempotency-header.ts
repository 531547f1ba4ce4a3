import { CodedError } from '@stenofleet/shared/errors';
import { z } from 'zod';

export const submitHeaders = z.looseObject({
  'idempotency-key': z.string().min(1).max(200).optional(),
});

/** The header is the same as the field. @throws CodedError `REQUEST_INVALID`: they say different things */
export function withHeaderKey<Wanted extends { idempotencyKey?: string | undefined }>(
  request: Wanted,
  { 'idempotency-key': key }: z.infer<typeof submitHeaders>,
): Wanted {
  if (key === undefined || key === request.idempotencyKey) return request;
  if (request.idempotencyKey === undefined) return { ...request, idempotencyKey: key };
  throw new CodedError(
    'REQUEST_INVALID',
    'idempotencyKey: the header Idempotency-Key says something else.',
    { field: 'idempotencyKey' },
  );
}
