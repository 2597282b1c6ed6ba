/** The two ways into eGov Mobile: a QR code for another screen, a link for the phone itself. Both lead to API №1. */

export interface PhoneLinks {
  /** Text of the QR code. */
  readonly qr: string;
  /** Opens eGov Mobile on the phone that shows it. */
  readonly link: string;
}

/** @param secret one-time; whoever has it is taken for the applicant's phone */
export function phoneLinks(publicBase: string, secret: string): PhoneLinks {
  const url = `${publicBase}/egov-mobile/${secret}`;
  const link = new URL('https://mgovsign.page.link/');
  link.search = new URLSearchParams({
    link: url,
    isi: '1476128386',
    ibi: 'kz.egov.mobile',
    apn: 'kz.mobile.mgov',
  }).toString();
  return { qr: `mobileSign:${url}`, link: link.href };
}
