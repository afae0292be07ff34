import { type PlainLinkOptions, plainLink } from './plain-link.ts';

/** As `plainLink`, for a server of the test's own: its login, and its identification line as a connection knows it. */
export async function openLink(server: {
  host: string;
  port: number;
  username: string;
  password?: string | undefined;
  privateKey?: string | undefined;
}) {
  const { host, port, username, password, privateKey } = server;
  const options: PlainLinkOptions = { host, port, username, password, privateKey };
  const plain = await plainLink(options);
  const ident = (plain.client as unknown as { _remoteVer: string })._remoteVer;
  const opener = Object.assign(plain.link, { serverVersion: `SSH-2.0-${ident}` });
  return { ...plain, opener };
}
