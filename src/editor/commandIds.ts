/** Every command of the manifest; a test holds the two equal. */
export const commandIds = [
  'aloft.newJob',
  'aloft.submitCurrentFile',
  'aloft.submitAgain',
  'aloft.openJob',
  'aloft.openLogFile',
  'aloft.cancelJob',
  'aloft.deleteJob',
  'aloft.revealRunFolder',
  'aloft.copyRunId',
  'aloft.copyRequest',
  'aloft.openShell',
  'aloft.forwardPort',
  'aloft.downloadOutputs',
  'aloft.previewUpload',
  'aloft.showLog',
  'aloft.openWalkthrough',
  'aloft.showMoreJobs',
  'aloft.openFrame',
  'aloft.compareWithRun',
  'aloft.clearFailureMarks',
] as const;

export type CommandId = (typeof commandIds)[number];
