import { CodedError } from '@stenofleet/shared/errors';
import { checkWebAddress, createAddressPolicy } from '@stenofleet/shared/source';
import { type ApiConfig } from './config.js';

/**
 * Refuses at submission what the sender would refuse each time: private hosts, service ports, passwords in addresses.
 * @throws CodedError `REQUEST_INVALID`
 */
export function checkWebhook(
  webhook: { url: string } | undefined,
  { webhookPrivateHosts }: Pick<ApiConfig, 'webhookPrivateHosts'>,
): void {
  if (webhook === undefined) return;
  try {
    checkWebAddress(webhook.url, createAddressPolicy(webhookPrivateHosts));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new CodedError('REQUEST_INVALID', `webhook.url: ${error.message}`, {
      field: 'webhook.url',
      cause: error,
    });
  }
}
