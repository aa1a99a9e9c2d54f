import { CRYPTOGRAPHIC_ALGORITHM, OBJECT_TYPE, OPERATION, type OperationName, REVOCATION_REASON, nameOf } from '../../../../main/kms/kmip/enumerations.ts';
import { every, inner, optional, required, valueOf } from '../../../../main/kms/kmip/fields.ts';
import { readVersion } from '../../../../main/kms/kmip/message.ts';
import { TAG } from '../../../../main/kms/kmip/tags.ts';
import { decodeItem } from '../../../../main/kms/kmip/ttlv/decode.ts';
import type { TtlvStructure } from '../../../../main/kms/kmip/ttlv/item.ts';
import type { KmipVersion } from '../../../../main/kms/kmip/version.ts';
import { oasisMessages } from '../vectors.ts';

/** One operation of the OASIS test cases with what was answered to it. */
export interface OasisExchange {
  readonly from: string;
  readonly version: KmipVersion;
  readonly request: TtlvStructure;
  /** Undefined where the answer is no success, or has no payload. */
  readonly response: TtlvStructure | undefined;
}

const MESSAGES = oasisMessages().map(({ from, bytes }) => ({ from, message: decodeItem(bytes) as TtlvStructure }));

/** All exchanges about `operation` in the OASIS test cases. */
export function oasisExchanges(operation: OperationName): OasisExchange[] {
  const found: OasisExchange[] = [];
  for (let i = 0; i + 1 < MESSAGES.length; i += 2) {
    const [request, response] = [MESSAGES[i]!.message, MESSAGES[i + 1]!.message];
    const version = readVersion(inner(inner(request, TAG.requestHeader), TAG.protocolVersion)) as KmipVersion;
    const answers = every(response, TAG.batchItem, 'Structure').map(batchItem);
    for (const [index, asked] of every(request, TAG.batchItem, 'Structure').map(batchItem).entries()) {
      if (required(asked, TAG.operation, 'Enumeration') !== OPERATION[operation]) continue;
      const answer = answers[index];
      const payload = answer === undefined ? undefined : optional(answer, TAG.responsePayload, 'Structure');
      found.push({
        from: MESSAGES[i]!.from,
        version,
        request: inner(asked, TAG.requestPayload),
        response: payload === undefined ? undefined : { tag: TAG.responsePayload, type: 'Structure', value: payload },
      });
    }
  }
  return found;
}

export const objectIn = (payload: TtlvStructure): { uniqueIdentifier: string } => ({ uniqueIdentifier: optional(payload, TAG.uniqueIdentifier, 'TextString') ?? '' });

export function revocationIn(payload: TtlvStructure): { reason: keyof typeof REVOCATION_REASON; message?: string; compromisedAt?: Date } {
  const reason = inner(payload, TAG.revocationReason);
  const message = optional(reason, TAG.revocationMessage, 'TextString');
  const at = optional(payload, TAG.compromiseOccurrenceDate, 'DateTime');
  return {
    reason: nameOf(REVOCATION_REASON, required(reason, TAG.revocationReasonCode, 'Enumeration'))!,
    ...(message === undefined ? {} : { message }),
    ...(at === undefined ? {} : { compromisedAt: new Date(Number(at) * 1000) }),
  };
}

/** The attributes of a KMIP 1 structure that the console can ask for; undefined where one is of another kind. */
export function choiceIn(holder: TtlvStructure): Record<string, unknown> | undefined {
  const choice: Record<string, unknown> = {};
  for (const value of every(holder, TAG.attribute, 'Structure')) {
    const attribute: TtlvStructure = { tag: TAG.attribute, type: 'Structure', value };
    const field = value.find((candidate) => candidate.tag === TAG.attributeValue)!;
    const name = required(attribute, TAG.attributeName, 'TextString');
    if (name === 'Name') choice['name'] = required({ tag: TAG.name, type: 'Structure', value: valueOf(field, 'Structure') }, TAG.nameValue, 'TextString');
    else if (name === 'Object Type') choice['objectType'] = nameOf(OBJECT_TYPE, valueOf(field, 'Enumeration'));
    else if (name === 'Cryptographic Algorithm') {
      choice['algorithm'] = nameOf(CRYPTOGRAPHIC_ALGORITHM, valueOf(field, 'Enumeration'));
      if (choice['algorithm'] === undefined) return undefined;
    }
    else if (name === 'Cryptographic Length') choice['lengthBits'] = valueOf(field, 'Integer');
    else if (name === 'Cryptographic Usage Mask') choice['usageMask'] = valueOf(field, 'Integer');
    else if (name === 'Activation Date') choice['activationDate'] = new Date(Number(valueOf(field, 'DateTime')) * 1000);
    else return undefined;
  }
  return choice;
}

function batchItem(value: TtlvStructure['value']): TtlvStructure {
  return { tag: TAG.batchItem, type: 'Structure', value };
}
