import { z } from 'zod';

/** `KMS_PROVIDERS` of the core: the contract runs in a browser and imports nothing of it; a test keeps the two alike. */
export const kmsProvider = z.enum(['AWS_KMS', 'GCP_KMS', 'KMIP_KMS']);
