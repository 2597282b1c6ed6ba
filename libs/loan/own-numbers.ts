/**
 * A lender's own numbers of a contract and of its payment. They may hold anything, an IIN too, so they stand in the clear
 * in no table and no entry: a row keeps them sealed, an entry commits to them. Each contract has a secret of 32 bytes, drawn
 * with its first report and wrapped by the identity key; from it come
 *
 *     key      = HMAC-SHA-256(secret, "seal")                                         opens the numbers in the rows
 *     contract = HMAC-SHA-256(HMAC-SHA-256(secret, "contract"), contractNumber)       a member of each entry
 *     payment  = HMAC-SHA-256(HMAC-SHA-256(secret, "payment"), paymentReference)      likewise, when there is one
 *
 * so handing out one inner HMAC shows one number to be the one committed to, and nothing of the other. What finds the
 * contract again is an HMAC under the lookup keys, as for a person, which says nothing without them.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { seal, unseal, type Random, type SealingKey } from '#libs/subject/seal.js';
import type { LookupKeys } from '#libs/subject/subject.js';

/** What a lender calls a contract, and the payment of it. */
export interface OwnNumbers {
  readonly contractNumber: string;
  readonly paymentReference?: string;
}

/** A contract as look-ups find it, in one epoch of the lookup keys. */
export interface ContractMac {
  readonly epoch: number;
  readonly bytes: Buffer;
}

/** What entries hold in place of the numbers, base64url. */
export interface Committed {
  readonly contract: string;
  readonly payment?: string;
}

const secretLength = 32;

/** The secret of a new contract, wrapped. */
export function wrapSecret(identity: SealingKey, loanUuid: string, secret: Buffer, random: Random): Buffer {
  assert(secret.length === secretLength, 'the secret of a contract has 32 bytes');
  return seal(identity, { table: 'contracts', column: 'secret', row: loanUuid }, secret, random);
}

/** @throws when it was wrapped by another identity key or for another loan */
export function unwrapSecret(identity: SealingKey, loanUuid: string, wrapped: Buffer): Buffer {
  return unseal(identity, { table: 'contracts', column: 'secret', row: loanUuid }, wrapped);
}

/** The numbers of one report, for `loans.own_numbers`. */
export function sealNumbers(
  secret: Buffer,
  { loanUuid, entryIndex }: Report,
  { contractNumber, paymentReference }: OwnNumbers,
  random: Random,
): Buffer {
  const text = JSON.stringify({ contractNumber, paymentReference });
  return seal(keyOf(secret, loanUuid), placeOf(entryIndex), Buffer.from(text), random);
}

/** @throws when they were sealed for another report */
export function openNumbers(secret: Buffer, { loanUuid, entryIndex }: Report, sealed: Buffer): OwnNumbers {
  return JSON.parse(unseal(keyOf(secret, loanUuid), placeOf(entryIndex), sealed).toString()) as OwnNumbers;
}

/** What the entry of a report says in place of its numbers. */
export function commitTo(secret: Buffer, { contractNumber, paymentReference }: OwnNumbers): Committed {
  const commit = (name: string, text: string): string => hmac(hmac(secret, name), text).toString('base64url');
  return {
    contract: commit('contract', contractNumber),
    ...(paymentReference !== undefined && { payment: commit('payment', paymentReference) }),
  };
}

/** A contract of one party in every live epoch, newest first: look-ups ask them all. */
export function contractMacs(
  keys: LookupKeys,
  contract: { readonly party: string; readonly lenderBin: string; readonly contractNumber: string },
): readonly [ContractMac, ...ContractMac[]] {
  const { party, lenderBin, contractNumber } = contract;
  const text = `kz.contract:${JSON.stringify([party, lenderBin, contractNumber])}`;
  const [first, ...others] = [...keys].map(([epoch, key]) => ({ epoch, bytes: hmac(key, text) })).reverse();
  assert(first !== undefined, 'no lookup key');
  return [first, ...others];
}

/** The name of a contract among rows in flight. */
export function macText({ epoch, bytes }: ContractMac): string {
  return `${epoch}:${bytes.toString('base64url')}`;
}

interface Report {
  readonly loanUuid: string;
  readonly entryIndex: number;
}

function keyOf(secret: Buffer, loanUuid: string): SealingKey {
  return { keyId: Buffer.from(loanUuid.slice(-8), 'hex'), secret: hmac(secret, 'seal') };
}

function placeOf(entryIndex: number): { table: string; column: string; row: string } {
  return { table: 'loans', column: 'own_numbers', row: String(entryIndex) };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
