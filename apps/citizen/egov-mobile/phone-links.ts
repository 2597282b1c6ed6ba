/**
 * The two ways into eGov Mobile: a QR code for another screen, a link for the phone itself. Both lead to API №1
 * (docs/counterparts.md says where they are described).
 */

/** Injection token of the address below which a link opens eGov Mobile. */
export const PHONE_LAUNCH_URL = Symbol('PHONE_LAUNCH_URL');

/** Where a link opens eGov Mobile today; the service before it, mgovsign.page.link, was switched off on 25 August 2025. */
export const defaultPhoneLaunchUrl = 'https://m.egov.kz/mobileSign/';

export interface PhoneLinks {
  /** Text of the QR code. */
  readonly qr: string;
  /** Opens eGov Mobile on the phone that shows it. */
  readonly link: string;
}

export interface PhoneAddresses {
  /** Public base URL of this app. */
  readonly publicBase: string;
  readonly launchUrl: string;
}

/** @param secret one-time; whoever has it is taken for the applicant's phone */
export function phoneLinks({ publicBase, launchUrl }: PhoneAddresses, secret: string): PhoneLinks {
  const url = `${publicBase}/egov-mobile/${secret}`;
  return { qr: `mobileSign:${url}`, link: `${launchUrl}?link=${encodeURIComponent(url)}` };
}
