// Lists of jobs and batches: how a page is asked for, and what it looks like.

import { type Page } from '@stenofleet/shared/ledger';
import { z } from 'zod';

export const pageQuery = {
  cursor: z.string().min(1).max(500).optional().meta({ description: '`next` of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

export function pageSchema<View extends z.ZodType>(view: View) {
  return z.object({ items: z.array(view), next: z.string().optional() });
}

export function toPageView<Item, View>(
  { items, next }: Page<Item>,
  toView: (item: Item) => View,
): Page<View> {
  return { items: items.map(toView), ...(next !== undefined && { next }) };
}
