import type { Words } from './words.ts';

const full =
  '몇 분 동안 아무도 접속하지 말고 기다리세요. 점프 호스트 관리자는 MaxStartups와 PerSourceMaxStartups를 늘리고, 접속해 오는 주소를 PerSourcePenalties에서 뺄 수 있습니다(PerSourcePenaltyExemptList).';
const place = '그 점프 호스트의 호스트와 포트(--jump, ssh_config의 ProxyJump, 고객 파일)를 확인하세요.';
const dontHammer = '자꾸 다시 시도하지 마세요. sshd가 벌칙을 줍니다.';

/** 점프 호스트에서 난 같은 실패. PC와는 다른 컴퓨터이고 옵션도 따로 있다. */
export const koreanAtJump: Words['atJump'] = {
  slowSpeaker: {
    says: ({ at, said }) => `${at}에서 응답은 하지만 SSH가 아닙니다: ${said}`,
    todo: `${place} 다른 서비스가 쓰는 포트입니다. 회선이 아주 느리다면 --banner-timeout 2m으로 더 기다릴 수 있습니다.`,
  },
  stoppedSpeaking: {
    says: ({ at, said }) => `${at}에서 첫 줄이 오다가 끊겼습니다: ${said}`,
    todo: '바로 그때 점프 호스트로 가는 회선이 끊겼거나 그곳의 sshd가 멈췄습니다. 1분 뒤 한 번 더 확인하세요. 회선이 아주 느리다면 --banner-timeout 2m으로 더 기다릴 수 있습니다.',
  },
  maxStartups: {
    says: ({ at }) => `로그인이 너무 많음: ${at}에서 지금은 거절합니다(MaxStartups)`,
    todo: full,
  },
  penalty: {
    says: ({ at }) => `${at}에서 실패한 로그인 때문에 이 주소를 당분간 거절합니다(PerSourcePenalties)`,
    todo: full,
  },
  webServer: {
    says: ({ at, said }) => `${at}에서 웹 서버나 HTTP 프록시가 응답합니다: "${said}"`,
    todo: `${place} 중간의 프록시라면 --proxy http://HOST:PORT를 쓰세요.`,
  },
  tlsServer: {
    says: ({ at }) => `${at}에서 SSH가 아니라 TLS(HTTPS) 서버가 응답합니다`,
    todo: `${place} 중간의 프록시라면 --proxy https://HOST:PORT를 쓰세요.`,
  },
  otherServer: {
    says: ({ at, said, service }) =>
      service === ''
        ? `${at}에서 응답하는 것은 SSH 서버가 아닙니다: "${said}"`
        : `${at}에서 SSH 서버가 아니라 ${service} 서버가 응답합니다: "${said}"`,
    todo: `${place} 다른 서비스가 쓰는 포트이거나, sshd가 자기 말로 거절하는 것입니다.`,
  },
  keysClosed: {
    says: ({ at }) => `${at}에서 키를 정하기 전에 끊었습니다`,
    todo: `MaxStartups에 걸렸거나, 접속해 온 주소를 차단하고 있습니다(PerSourcePenalties, fail2ban). ${full}`,
  },
  hostKeyChanged: {
    says: ({ at, fingerprint, record }) =>
      `${at}: 호스트 키가 다름. 이 점프 호스트의 기록과 다른 키입니다. 보여 준 지문: ${fingerprint}${record}`,
    todo: ({ host, port, fingerprint, keyFile }) =>
      `점프 호스트를 새로 설치했거나, 그 주소가 다른 컴퓨터의 것이 되었거나, 누군가 중간에 있습니다. 관리자에게 물어보고 그곳에서 비교하세요: ssh-keygen -lf /etc/ssh/${keyFile}. 맞는 키라면 옛 줄을 지우고 한 번 기록하거나(--accept-new), 고정하세요: --jump-host-key ${host}:${port}=${fingerprint}.`,
  },
  hostKeyNotPinned: {
    says: ({ at, fingerprint }) =>
      `${at}: 호스트 키가 다름. 이 점프 호스트에 지정한 키가 아닙니다. 보여 준 지문: ${fingerprint}`,
    todo: '지정한 지문(--jump-host-key, 고객 파일)이 다른 컴퓨터의 것이거나, 점프 호스트를 새로 설치했거나, 누군가 중간에 있습니다. 바꾸기 전에 관리자에게 물어보세요.',
  },
  nothingToLogInWith: {
    says: ({ at }) =>
      `${at}: 이 점프 호스트에 로그인할 수단이 없습니다. 키도 에이전트도 암호도 주어지지 않았습니다`,
    todo: '키를 주거나(--jump-identity FILE, 양쪽이 같으면 --identity), 에이전트를 켜거나, 그 계정의 암호를 주세요(--jump-password-file, --ask-jump-password).',
  },
  methodNotTaken: {
    says: ({ at, tried, offered }) => `${at}에서는 ${offered}만 받는데, 가진 것은 ${tried}뿐입니다`,
    todo: '점프 호스트가 받는 것을 주세요. publickey는 --jump-identity, password와 keyboard-interactive는 --jump-password-file이나 --ask-jump-password입니다.',
  },
  agentDead: {
    says: ({ at, tried }) => `${at}: 로그인에 쓸 것은 에이전트뿐인데 응답하지 않습니다: ${tried}`,
    todo: '에이전트를 시작하거나(ssh-agent, Windows는 Start-Service ssh-agent), 찾는 위치를 고치세요: SSH_AUTH_SOCK, ssh_config의 IdentityAgent. 키를 주어도 됩니다: --jump-identity FILE.',
  },
  agentUnsigned: {
    says: ({ at, tried }) =>
      `${at}: 점프 호스트는 에이전트의 키를 받아들이지만, 에이전트가 그 키로 서명하지 않습니다: ${tried}`,
    todo: '에이전트의 잠금을 풀거나(ssh-add -X), 키가 요구하는 확인이나 터치를 해 주거나, 키 파일을 주세요: --jump-identity FILE. 밤에 도는 워커는 확인을 눌러 줄 수 없습니다.',
  },
  secondFactor: {
    says: ({ at, tried, offered }) =>
      `${at}: 첫 번째 인증(${tried})에 더해 점프 호스트가 두 번째 인증을 요구합니다: ${offered}`,
    todo: '그것도 주거나(--ask-jump-password, 일회용 코드는 터미널에서 물어봅니다), 그곳에서 이 계정을 예외로 두세요. 자동 작업은 코드를 입력할 수 없습니다(sshd_config의 AuthenticationMethods).',
  },
  tooManyKeys: {
    says: ({ at, tried }) => `${at}: 시도가 너무 많아 점프 호스트가 끊었습니다. 시도한 것: ${tried}`,
    todo: '점프 호스트가 보는 수(MaxAuthTries, 기본 6)보다 많은 키를 내밀었습니다(흔히 에이전트의 키입니다). --jump-identity로 맞는 키를 주세요.',
  },
  accountRefused: {
    says: ({ at, said }) => `${at}: 그곳의 계정은 로그인할 수 없습니다: ${said}`,
    todo: '그 점프 호스트의 계정이 만료되었거나 잠겼거나, 지금은 그곳의 로그인이 막혀 있습니다(/etc/nologin). 그곳에서 chage -l NAME, passwd -S NAME으로 확인하세요.',
  },
  passwordRefused: {
    says: ({ at, tried }) => `로그인 거절: ${at}. 시도한 것: ${tried}`,
    todo: `${dontHammer} 점프 호스트의 계정이 맞는지(--jump의 user@HOST, ssh_config의 User), 그 암호가 맞는지, 암호가 만료되거나 계정이 잠기지 않았는지 확인하세요.`,
  },
  keyRefused: {
    says: ({ at, tried }) => `로그인 거절: ${at}. 시도한 것: ${tried}`,
    todo: `${dontHammer} 점프 호스트의 계정이 맞는지(--jump의 user@HOST, ssh_config의 User), 로그인이 허용되는지(AllowUsers, DenyUsers, AllowGroups), 만료되거나 잠기지 않았는지, 공개 키가 그곳의 authorized_keys에 있고 from=이나 expiry-time에 막히지 않는지 확인하세요. PC와 다른 키를 써야 한다면 --jump-identity FILE입니다. 그 파일과 폴더와 홈 폴더에 다른 사람이 쓸 수 없어야 합니다(StrictModes).`,
  },
  loginSilent: {
    says: ({ at }) => `${at}에서 로그인이 제시간에 끝나지 않았습니다`,
    todo: '점프 호스트가 도메인 컨트롤러나 인증 서버에 닿지 못하는 것이 가장 흔한 원인입니다. 관리자에게 알리세요.',
  },
  loginCut: {
    says: ({ said }) => `점프 호스트에 로그인하는 중에 끊겼습니다: ${said}`,
    todo: '점프 호스트가 로그인 중에 끊었습니다. 계정이나 주소를 막고 있거나, 서버 프로세스가 실패했습니다. 1분 뒤에 한 번만 다시 확인하세요.',
  },
  lost: {
    says: ({ said }) => `확인하는 중에 점프 호스트와의 연결이 끊겼습니다: ${said}`,
    todo: '다시 확인하세요. 같은 곳에서 또 끊기면 점프 호스트의 로그를 보세요.',
  },
};
