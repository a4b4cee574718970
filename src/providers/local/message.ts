import * as z from 'zod/mini';
import { isRunName, type RunName } from '../../core/runName.ts';

const runNameSchema = z.custom<RunName>(isRunName);

/** How a supervisor is to work; every request carries it, the last told holds. */
const workSettingsSchema = z.object({ slots: z.int(), graceSeconds: z.number() });
export type WorkSettings = z.infer<typeof workSettingsSchema>;

/** One line of JSON each way over the supervisor's socket. */
export const supervisorRequestSchema = z.discriminatedUnion('ask', [
  /** Take note of these runs: new ones, or ones that shall be cancelled. */
  z.object({ ask: z.literal('look'), settings: workSettingsSchema, runs: z.array(runNameSchema) }),
  /** Hold these until the run's folder is there. In memory only. */
  z.object({
    ask: z.literal('holdSecrets'),
    settings: workSettingsSchema,
    run: runNameSchema,
    values: z.record(z.string(), z.string()),
  }),
  z.object({ ask: z.literal('status'), settings: workSettingsSchema }),
  /** From now on the name of each run whose state changes, one a line, until the asker hangs up. */
  z.object({ ask: z.literal('watch'), settings: workSettingsSchema }),
]);
export type SupervisorRequest = z.infer<typeof supervisorRequestSchema>;

export const supervisorReplySchema = z.object({
  /** Jobs without an accelerator that hold a slot. */
  busySlots: z.int(),
  /** Ids of accelerators that are granted to a job. */
  busyDevices: z.array(z.string()),
});
export type SupervisorReply = z.infer<typeof supervisorReplySchema>;

export const addressSchema = z.object({ socket: z.string(), pid: z.int() });

export const supervisorArgumentsSchema = z.object({ root: z.string(), settings: workSettingsSchema });
