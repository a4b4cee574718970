/** The journal of a submission: each step is recorded before the next begins. */
export const submissionSteps = ['created', 'snapshot', 'planned', 'staged', 'sending', 'accepted'] as const;

export type SubmissionStep = (typeof submissionSteps)[number];
