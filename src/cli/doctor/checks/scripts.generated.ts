// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** clock.ps1 */
export const clock = `[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()
`;
