import { connectViaGateway, fromSshConfig } from '../../src/index.ts';

/** What `connectViaGateway` may throw. */
interface Refusal {
  code?: string;
  message: string;
  hint?: string;
}

/**
 * Connects to the alias `pc` of an ssh_config, for a comparison with `ssh`. What `isVerdict` does not take for a refusal
 * is thrown.
 */
export async function loginBySshConfig(
  file: string,
  isVerdict: (refusal: Refusal) => boolean,
): Promise<{ isIn: boolean; refusal: Refusal }> {
  try {
    await using connection = await connectViaGateway({
      ...(await fromSshConfig('pc', { file })),
      retry: false,
    });
    return { isIn: connection.serverVersion !== '', refusal: { message: '' } };
  } catch (error) {
    if (!isVerdict(error as Refusal)) throw error;
    return { isIn: false, refusal: error as Refusal };
  }
}
