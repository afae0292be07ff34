// What `resume` and `verify: 'sha256'` need; loaded on first use.
export { sameBySum } from './checksum.ts';
export { provenLocally } from './resume-download.ts';
export { planResume } from './resume-upload.ts';
export { verifyDownloaded, verifySha256 } from './verify-sha256.ts';
