import type { FailureWords } from './words.ts';

const tunnelDown =
  'PC가 꺼져 있거나 터널이 내려가 있습니다. PC를 확인하세요. 어느 포트가 열려 있는지는 ssh-via-gateway tunnels GATEWAY로 봅니다.';

/** 이름에서 첫 서버까지: 길이 끊긴 곳. */
export const koreanOnTheWay = {
  nameUnknown: {
    says: ({ host }) => `이름 ${host}의 주소가 없습니다`,
    todo: '철자를 확인하세요. VPN 안에서만 보이는 이름도 있습니다.',
  },
  nameServerSilent: {
    says: ({ said }) => `네임 서버가 응답하지 않습니다(${said})`,
    todo: '이 컴퓨터의 네트워크와 네임 서버 설정을 확인하세요.',
  },
  hostSilent: {
    says: ({ at }) => `${at}에서 아무 응답이 없습니다. 게이트웨이에 닿지 않습니다`,
    todo: '게이트웨이가 꺼져 있거나, 중간 네트워크가 끊겼거나, 방화벽이 막고 있습니다. 이 컴퓨터가 허용되어 있는지 확인하세요.',
  },
  gatewaySilent: {
    says: ({ at }) => `${at}에서 아무 응답이 없습니다`,
    todo: '게이트웨이가 꺼져 있거나, 중간 네트워크가 끊겼거나, 방화벽이 막고 있습니다. 그 뒤의 다른 PC도 접속할 수 없습니다. 게이트웨이 관리자에게 알리세요.',
  },
  routeSilent: {
    says: ({ at }) => `${at}까지 가는 길이 제시간에 열리지 않았습니다`,
    todo: '중간의 점프 호스트나 프록시가 느리거나 응답하지 않습니다. 하나씩 따로 접속해 보세요.',
  },
  noTunnel: {
    says: ({ host, port }) => `터널 없음: ${host}에서 응답은 하지만 ${port}번 포트를 열고 있는 것이 없습니다`,
    todo: 'PC가 꺼져 있거나 터널이 내려가 있거나, 게이트웨이의 루프백에만 열려 있습니다(-R 0.0.0.0:포트:...). PC를 확인하세요. 어느 포트가 어느 주소에 열려 있는지는 ssh-via-gateway tunnels --json GATEWAY로 봅니다.',
  },
  noSshd: {
    says: ({ host, port }) => `${host}에서 응답은 하지만 ${port}번 포트에 sshd가 없습니다`,
    todo: '그곳의 sshd를 시작하세요(systemctl start ssh, Windows는 Start-Service sshd). 게이트웨이 뒤의 PC라면 공개된 포트를 함께 쓰세요(HOST:PORT).',
  },
  gatewayRefuses: {
    says: ({ at }) => `${at}에서 접속을 거절합니다. 그곳의 sshd가 내려가 있습니다`,
    todo: '게이트웨이 관리자에게 알리세요. sshd가 내려갔거나 다른 포트를 쓰고 있습니다.',
  },
  nextJumpRefuses: {
    says: ({ at, host, port }) =>
      `${at}까지는 정상이지만, 다음 점프 호스트 ${host}:${port}에서 sshd가 실행되고 있지 않습니다`,
    todo: '다음 점프 호스트의 관리자에게 알리세요. sshd가 내려갔거나 다른 포트를 씁니다(--jump, ssh_config의 ProxyJump).',
  },
  noSocketBehindGateway: {
    says: ({ said }) => `게이트웨이는 정상이지만 그곳의 PC 소켓을 열고 있는 것이 없습니다: ${said}`,
    todo: 'PC가 꺼져 있거나 터널이 내려가 있습니다. PC를 확인하세요. 터널이 소켓을 쓸 수 없다고 하면 게이트웨이에 StreamLocalBindUnlink yes가 필요합니다.',
  },
  noTunnelBehindGateway: {
    says: ({ host, port }) =>
      `터널 없음: 게이트웨이는 정상이지만 그 뒤의 ${host}:${port} 포트를 열고 있는 것이 없습니다`,
    todo: tunnelDown,
  },
  gatewayForbids: {
    says: ({ said }) => `점프 호스트는 정상이지만 그 너머로 연결하는 것을 금지합니다: ${said}`,
    todo: '그곳의 sshd_config(AllowTcpForwarding, AllowStreamLocalForwarding, DisableForwarding, PermitOpen)와 그 계정의 authorized_keys에 있는 restrict나 permitopen을 확인하세요.',
  },
  gatewayCannotReach: {
    says: ({ said }) => `점프 호스트는 정상이지만 다음 호스트에 닿지 않습니다: ${said}`,
    todo: '호스트와 포트는 점프 호스트에서 본 것입니다. 그 이름이 그곳에서도 보이는지, 그 컴퓨터가 켜져 있는지, 중간의 방화벽이 패킷을 버리지 않는지 확인하세요.',
  },
  networkDown: {
    says: ({ said }) => `네트워크 오류입니다: ${said}`,
    todo: '이 컴퓨터의 네트워크(VPN, 기본 경로)와 중간의 방화벽을 확인하세요.',
  },
  proxyCommandMissing: {
    says: ({ said }) => `프록시 명령을 시작할 수 없습니다: ${said}`,
    todo: '--proxy-command나 ProxyCommand에 프로그램의 전체 경로를 쓰세요.',
  },
  proxyCommandFailed: {
    says: ({ said }) => `프록시 명령이 실패했습니다: ${said}`,
    todo: '명령이 어디에도 닿지 못했거나, 연결을 잃었거나, SSH 서버가 아닌 것에 닿았습니다. 같은 호스트와 포트로 직접 실행해 보세요.',
  },
  proxyDown: {
    says: ({ said }) => `프록시에 닿지 않습니다: ${said}`,
    todo: '프록시가 내려갔거나, 이름이나 포트가 틀렸거나, 그곳까지의 네트워크가 끊겼습니다. 게이트웨이에는 아직 가 보지 못했습니다.',
  },
  proxyWantsLogin: {
    says: ({ said }) => `프록시가 로그인을 요구합니다: ${said}`,
    todo: '사용자 이름과 암호가 든 URL을 SSH_VIA_GATEWAY_PROXY에 넣으세요. 명령줄에 쓰면 누구나 볼 수 있습니다.',
  },
  proxyForbids: {
    says: ({ said }) => `프록시가 허용하지 않습니다: ${said}`,
    todo: '프록시 관리자에게 이 호스트와 포트를 허용해 달라고 하세요.',
  },
  proxyCannotReach: {
    says: ({ said }) => `프록시가 목적지에 닿지 못합니다: ${said}`,
    todo: '프록시는 정상입니다. 호스트가 켜져 있는지, 프록시가 있는 곳에서 그 이름의 주소가 보이는지 확인하세요.',
  },
  proxyStrange: {
    says: ({ said }) => `프록시다운 응답이 아닙니다: ${said}`,
    todo: '--proxy의 종류(http, https, socks5)와 호스트, 포트를 확인하세요.',
  },
} satisfies Record<string, FailureWords>;
