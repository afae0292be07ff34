/**
 * Whether a test goes through all of what it otherwise takes samples of: `npm run test:thorough`. Whoever changes a line
 * wants to know within a minute or two; CI wants to know of every byte.
 */
export const thorough = process.env['THOROUGH'] === 'yes';
