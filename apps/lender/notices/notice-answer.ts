/** Notices as their lender reads them. Of the kinds a refusal that was placed comes for now. */
export const noticeKinds = [
  'refusal-placed',
  'breach-found',
  'claim-lodged',
  'release-issued',
  'release-revoked',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** A notice as its lender reads it. It names an application of the lender's own, and nobody. */
export interface NoticeItem {
  readonly noticeId: string;
  readonly kind: NoticeKind;
  readonly at: string;
  readonly loanRef?: string;
  readonly checkId?: string;
}

export interface NoticePage {
  readonly items: readonly NoticeItem[];
  /** Where to go on; null only to a lender that never had a notice. */
  readonly next: string | null;
}
