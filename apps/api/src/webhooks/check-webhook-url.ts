import { checkWebAddress, createAddressPolicy } from '@stenofleet/shared/source';
import { type ApiDependencies } from '../dependencies.js';

/** What can be said of a webhook's address without asking DNS. @throws CodedError `SOURCE_INVALID`, `SOURCE_FORBIDDEN` */
export function checkWebhookUrl(url: string, { config }: Pick<ApiDependencies, 'config'>): void {
  checkWebAddress(url, createAddressPolicy(config.webhookPrivateHosts));
}
