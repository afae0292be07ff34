import { Closing } from '../closing.ts';
import type { RemoteForward } from '../forwards/remote-forwards.ts';
import { MockServerCore } from '../mock-server.ts';
import { pcCheck } from '../option-checks.ts';
import type { MockGateway, MockGatewayOptions, MockPc, MockPcOptions } from './gateway-types.ts';
import { PcBehindGateway } from './pc.ts';

/** The gateway behind {@link MockGateway}. */
class Gateway extends Closing implements MockGateway {
  readonly ssh: MockServerCore;
  readonly pcs: PcBehindGateway[] = [];

  constructor(options: MockGatewayOptions) {
    super();
    this.ssh = new MockServerCore(options);
  }

  get host(): string {
    return this.ssh.host;
  }

  async addPc(options: MockPcOptions = {}): Promise<MockPc> {
    if (this.isClosed) throw new Error('the mock gateway is closed');
    pcCheck('options', options);
    const pc = new PcBehindGateway(this.host, options);
    await pc.open(options.port ?? 0);
    this.pcs.push(pc);
    return pc;
  }

  freezeClient(port: number): void {
    this.#holder(port).connection.cut('freeze');
  }

  releasePort(port: number): void {
    const forward = this.#holder(port);
    forward.close();
    forward.connection.cut('rst');
  }

  protected override async closeNow(): Promise<void> {
    await Promise.all([this.ssh.close(), ...this.pcs.map((pc) => pc.close())]);
  }

  #holder(port: number): RemoteForward {
    const forward = this.ssh.forwards.find(port);
    if (!forward) throw new Error(`no client holds port ${port} of the mock gateway`);
    return forward;
  }
}

/**
 * Starts a gateway in this process: an SSH server that publishes ports for the PCs behind it. `addPc()` adds a PC
 * with its tunnel; `pc.vanish()`, `pc.return()` and others simulate what happens in the field.
 *
 * Rejects with TypeError or RangeError for wrong options, and with the system's error if it cannot listen.
 */
export async function startMockGateway(options: MockGatewayOptions = {}): Promise<MockGateway> {
  const gateway = new Gateway(options);
  await gateway.ssh.listen();
  return gateway;
}
