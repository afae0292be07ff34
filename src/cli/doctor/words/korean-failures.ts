import { koreanOnTheWay } from './korean-on-the-way.ts';
import type { Words } from './words.ts';

const banned =
  '몇 분 동안 아무도 접속하지 말고 기다리세요. 터널 뒤에서는 모든 워커의 주소가 같습니다. 그 서버의 MaxStartups와 PerSourceMaxStartups를 늘리고, 이 주소를 PerSourcePenalties에서 빼세요(PerSourcePenaltyExemptList).';
const algorithms =
  '서버가 너무 오래되었거나 설정이 너무 엄격합니다. 서버를 업데이트하거나, ssh_config에서 그 Host의 KexAlgorithms, HostKeyAlgorithms, Ciphers, MACs에 +와 서버가 제안하는 이름을 써서 맞추세요(프로그램에서는 algorithms 옵션).';

/** 어디에서 실패했는지, 가장 흔한 원인, 할 일. */
export const koreanFailures: Words['failures'] = {
  ...koreanOnTheWay,
  zombie: {
    says: () =>
      '연결은 되지만 응답이 없습니다: 좀비입니다. PC는 사라졌고 옛 세션이 아직 포트를 잡고 있습니다',
    todo: '자꾸 다시 시도하지 마세요. 접속할 때마다 좀비가 더 오래갑니다. 조용히 두면 (ClientAliveCountMax + 1) x ClientAliveInterval 뒤에 풀립니다. 바로 끝내려면: ssh-via-gateway tunnels --end PORT GATEWAY. tunnel --reclaim을 쓰면 PC가 스스로 합니다. 막 켜지는 PC도 잠시 응답이 없습니다. --banner-timeout 2m으로 더 기다릴 수 있습니다.',
  },
  muteServer: {
    says: ({ at }) => `${at}에 연결은 되지만 SSH 응답이 없습니다`,
    todo: '그곳의 sshd가 멈췄거나 과부하이거나, 막 켜지는 중입니다. 1분쯤 기다린 뒤 서버를 직접 확인하세요.',
  },
  muteGateway: {
    says: ({ at }) => `${at}에 연결은 되지만 응답이 없습니다`,
    todo: '게이트웨이의 sshd가 멈췄거나 과부하입니다. PC에 대해서는 아직 알 수 없습니다. 게이트웨이 관리자에게 알리세요.',
  },
  slowSpeaker: {
    says: ({ said }) => `응답은 하지만 SSH가 아닙니다: ${said}`,
    todo: '호스트와 포트를 확인하세요. 다른 서비스가 쓰는 포트입니다. 회선이 아주 느리다면 --banner-timeout 2m으로 더 기다릴 수 있습니다.',
  },
  stoppedSpeaking: {
    says: ({ said }) => `첫 줄을 보내다가 응답이 끊겼습니다: ${said}`,
    todo: '바로 그때 회선이 끊겼거나 그곳의 sshd가 멈췄습니다. 1분 뒤 한 번 더 확인하세요. 회선이 아주 느리다면 --banner-timeout 2m으로 더 기다릴 수 있습니다.',
  },
  pcSshdDown: {
    says: () => '연결되자마자 말없이 끊겼습니다. 터널은 살아 있지만 PC의 sshd가 내려가 있습니다',
    todo: 'PC에서 Get-Service sshd로 확인한 뒤 Start-Service sshd, Set-Service sshd -StartupType Automatic을 실행하세요.',
  },
  zombieEnded: {
    says: () => '한동안 응답이 없다가 끊겼습니다. 게이트웨이가 방금 좀비를 끝냈습니다',
    todo: '터널이 다시 올라오도록 1분쯤 기다린 뒤 다시 확인하세요.',
  },
  closedServer: {
    says: ({ at }) => `${at}에서 연결되자마자 말없이 끊었습니다`,
    todo: '그 서버가 이 주소를 막고 있거나(hosts.deny, 방화벽, fail2ban, PerSourcePenalties), sshd가 고장 났습니다.',
  },
  closedGateway: {
    says: ({ at }) => `${at}에서 연결되자마자 말없이 끊었습니다`,
    todo: '게이트웨이가 이 주소를 막고 있거나(hosts.deny, 방화벽, fail2ban, PerSourcePenalties), sshd가 고장 났습니다.',
  },
  maxStartups: {
    says: ({ at }) => `로그인이 너무 많음: ${at}에서 지금은 거절합니다(MaxStartups)`,
    todo: banned,
  },
  penalty: {
    says: ({ at }) => `${at}에서 실패한 로그인 때문에 이 주소를 당분간 거절합니다(PerSourcePenalties)`,
    todo: banned,
  },
  webServer: {
    says: ({ at, said }) => `${at}에서 웹 서버나 HTTP 프록시가 응답합니다: "${said}"`,
    todo: '호스트와 포트를 확인하세요. 중간의 프록시라면 --proxy http://HOST:PORT를 쓰세요.',
  },
  tlsServer: {
    says: ({ at }) => `${at}에서 SSH가 아니라 TLS(HTTPS) 서버가 응답합니다`,
    todo: '호스트와 포트를 확인하세요. 중간의 프록시라면 --proxy https://HOST:PORT를 쓰세요.',
  },
  otherServer: {
    says: ({ at, said, service }) =>
      service === ''
        ? `${at}에서 응답하는 것은 SSH 서버가 아닙니다: "${said}"`
        : `${at}에서 SSH 서버가 아니라 ${service} 서버가 응답합니다: "${said}"`,
    todo: '호스트와 포트를 확인하세요. 다른 서비스가 쓰는 포트이거나, sshd가 자기 말로 거절하는 것입니다.',
  },
  oldSsh: {
    says: ({ at }) => `${at}에서는 SSH 1만 씁니다. 안전하지 않아 지원하지 않습니다`,
    todo: '서버를 업데이트하세요.',
  },
  keysSilent: {
    says: () => 'SSH 서버가 응답했지만 키 교환 중에 멈췄습니다',
    todo: '큰 패킷이 중간에서 사라지거나(VPN의 MTU) 서버가 과부하입니다.',
  },
  keysClosed: {
    says: ({ at }) => `${at}에서 키를 정하기 전에 끊었습니다`,
    todo: `MaxStartups에 걸렸거나, 이 주소가 차단되었거나(PerSourcePenalties, fail2ban), 방금 터널이 끊겼습니다. ${banned}`,
  },
  keysRefused: {
    says: ({ said }) => `서버가 키 교환을 끝냈습니다: "${said}"`,
    todo: '따옴표 안은 서버가 한 말입니다.',
  },
  noCommonKex: { says: () => '양쪽이 함께 쓸 수 있는 키 교환 방식이 없습니다', todo: algorithms },
  postQuantumOnly: {
    says: () => '서버가 양자 내성 키 교환만 받습니다',
    todo: '그 서버에서 curve25519-sha256도 함께 허용하세요(sshd_config의 KexAlgorithms).',
  },
  noCommonHostKey: { says: () => '양쪽이 함께 쓸 수 있는 호스트 키 알고리즘이 없습니다', todo: algorithms },
  noCommonCipher: { says: () => '양쪽이 함께 쓸 수 있는 암호 방식이 없습니다', todo: algorithms },
  noCommonMac: { says: () => '양쪽이 함께 쓸 수 있는 MAC이나 압축 방식이 없습니다', todo: algorithms },
  impostor: {
    says: ({ at }) => `${at}의 서버는 자기가 보여 준 호스트 키의 주인이 아닙니다`,
    todo: '접속하지 마세요. 누군가 중간에 있거나 서버가 고장 났습니다.',
  },
  badCertificate: {
    says: ({ said }) => `호스트 인증서가 잘못되었습니다: ${said}`,
    todo: '인증서가 손상되었거나 누군가 중간에 있습니다. 관리자가 확인하기 전에는 연결하지 마세요. 관리자는 호스트 키에 다시 서명할 수 있습니다(ssh-keygen -s CA -h).',
  },
  damaged: {
    says: ({ said }) => `SSH 규약에 맞지 않는 데이터가 왔습니다: ${said}`,
    todo: '중간에 있는 것(프록시, SSH를 검사하는 방화벽)과 양쪽의 버전을 확인하세요.',
  },
  knownHostsUnreadable: {
    says: ({ said }) => `known_hosts 파일을 읽을 수 없습니다: ${said}`,
    todo: '읽을 수 없는 known_hosts는 결코 신뢰로 치지 않습니다. 소유자와 권한을 고치거나(chmod 600) 다른 파일을 지정하세요(--known-hosts).',
  },
  knownHostsUnwritable: {
    says: ({ said }) => `새 호스트 키를 기록할 수 없습니다: ${said}`,
    todo: '--accept-new는 키를 기록해야 합니다. 이 계정이 파일에 쓸 수 있게 하거나 다른 파일을 지정하세요(--known-hosts).',
  },
  hostKeyUnknown: {
    says: ({ fingerprint, knownAs }) =>
      `이 호스트의 키가 기록에 없습니다. 서버가 보여 준 지문: ${fingerprint}${knownAs && `, 다른 이름으로 기록되어 있음: ${knownAs}`}`,
    todo: ({ knownAs, keyFile, alias }) =>
      `${knownAs && `기록된 그 PC가 맞다면 --host-key-alias ${knownAs} 옵션을 쓰세요. 아니라면: `}PC에서 직접 비교하세요: ssh-keygen -lf C:\\ProgramData\\ssh\\${keyFile} (Linux는 /etc/ssh). 같으면 ${alias ? `다음과 같이 ${alias}의 키로 한 번 기록합니다: --accept-new` : '고유한 이름으로 한 번 기록합니다: --host-key-alias customer-12 --accept-new. 프로그램에서도 같은 alias를 씁니다'}. 또는 --host-key에 그 지문을 주세요.`,
  },
  hostKeyUnknownGateway: {
    says: ({ at, fingerprint, knownAs }) =>
      `${at}: 이 점프 호스트의 키가 기록에 없습니다. 보여 준 지문: ${fingerprint}${knownAs && `, 다른 이름으로 기록되어 있음: ${knownAs}`}`,
    todo: ({ host, port, fingerprint, keyFile, knownAs, recordName }) =>
      `${knownAs && `기록된 그 점프 호스트가 맞다면 ssh_config의 이 호스트에 HostKeyAlias ${knownAs} 한 줄을 쓰세요. 아니라면: `}그 점프 호스트에서 비교하세요: ssh-keygen -lf /etc/ssh/${keyFile}. 같으면 고정하세요: --jump-host-key ${host}:${port}=${fingerprint}. 또는 한 번 기록하세요: --accept-new${recordName && `, 아니면 known_hosts에 한 줄로: 이름 "${recordName}", 빈칸, 그 파일의 내용`}.`,
  },
  hostKeyUncertified: {
    says: ({ said }) => `호스트 인증서를 믿을 근거가 없습니다: ${said}`,
    todo: '호스트 키의 인증 기관(CA)을 관리하는 사람에게 물어보세요.',
  },
  hostKeyChanged: {
    says: ({ fingerprint, record }) =>
      `호스트 키가 다름: 기록된 것과 다른 키입니다. 보여 준 지문: ${fingerprint}${record}`,
    todo: 'PC를 새로 설치했거나, 그 포트가 다른 PC의 것이 되었거나, 누군가 중간에 있습니다. 기록을 바꾸기 전에 물어보세요. --host-key-alias는 포트가 아니라 PC를 고정합니다.',
  },
  hostKeyNotPinned: {
    says: ({ fingerprint }) => `호스트 키가 다름: 지정한 키가 아닙니다. 보여 준 지문: ${fingerprint}`,
    todo: '지정한 지문(--host-key, 고객 파일)이 다른 컴퓨터의 것이거나, PC를 새로 설치했거나, 누군가 중간에 있습니다. 바꾸기 전에 물어보세요.',
  },
  hostKeyRevoked: {
    says: ({ fingerprint, record }) => `폐기된 것으로 표시된 키입니다: ${fingerprint}${record}`,
    todo: '접속하지 마세요. 폐기된 키입니다. known_hosts 파일을 관리하는 사람에게 물어보세요.',
  },
  nothingToLogInWith: {
    says: () => '로그인할 수단이 없습니다. 키도 에이전트도 암호도 주어지지 않았습니다',
    todo: '키를 주거나(--identity FILE), 에이전트를 켜거나, 암호를 주세요(--password-file, --ask-password).',
  },
  methodNotTaken: {
    says: ({ tried, offered }) => `서버는 ${offered}만 받는데, 가진 것은 ${tried}뿐입니다`,
    todo: '서버가 받는 것을 주세요. publickey는 --identity, password와 keyboard-interactive는 --password-file이나 --ask-password입니다.',
  },
  agentDead: {
    says: ({ tried }) => `로그인에 쓸 것은 에이전트뿐인데 응답하지 않습니다: ${tried}`,
    todo: '에이전트를 시작하거나(ssh-agent, Windows는 Start-Service ssh-agent), 찾는 위치를 고치세요: SSH_AUTH_SOCK, ssh_config의 IdentityAgent. 키를 주어도 됩니다: --identity FILE.',
  },
  agentUnsigned: {
    says: ({ tried }) =>
      `서버는 에이전트의 키를 받아들이지만, 에이전트가 그 키로 서명하지 않습니다: ${tried}`,
    todo: '에이전트의 잠금을 풀거나(ssh-add -X), 키가 요구하는 확인이나 터치를 해 주거나, 키 파일을 주세요: --identity FILE. 밤에 도는 워커는 확인을 눌러 줄 수 없습니다.',
  },
  secondFactor: {
    says: ({ tried, offered }) =>
      `첫 번째 인증(${tried})에 더해 서버가 두 번째 인증을 요구합니다: ${offered}`,
    todo: '그것도 주거나(--ask-password, 일회용 코드는 터미널에서 물어봅니다), 이 계정을 예외로 두세요. 자동 작업은 코드를 입력할 수 없습니다(sshd_config의 AuthenticationMethods).',
  },
  tooManyKeys: {
    says: ({ tried }) => `시도가 너무 많아 서버가 끊었습니다. 시도한 것: ${tried}`,
    todo: '서버가 보는 수(MaxAuthTries, 기본 6)보다 많은 키를 내밀었습니다(흔히 에이전트의 키입니다). --identity로 맞는 키를 주세요.',
  },
  accountRefused: {
    says: ({ username, said }) => `${username} 계정은 로그인할 수 없습니다: ${said}`,
    todo: '계정이 만료되었거나 잠겼거나, 지금은 로그인이 막혀 있습니다(/etc/nologin). Linux는 chage -l, passwd -S, Windows는 net user NAME으로 확인하세요.',
  },
  passwordRefused: {
    says: ({ tried }) => `로그인 거절. 시도한 것: ${tried}`,
    todo: ({ username }) =>
      `자꾸 다시 시도하지 마세요. sshd가 벌칙을 줍니다. ${username} 계정이 맞는지(도메인 포함), 로그인이 허용되는지(AllowUsers, DenyUsers, AllowGroups, PermitRootLogin), 암호가 맞는지, 암호가 만료되거나 계정이 잠기지 않았는지 확인하세요.`,
  },
  keyRefused: {
    says: ({ tried }) => `로그인 거절. 시도한 것: ${tried}`,
    todo: ({ username }) =>
      `자꾸 다시 시도하지 마세요. sshd가 벌칙을 줍니다. ${username} 계정이 맞는지, 로그인이 허용되는지(AllowUsers, DenyUsers, AllowGroups, PermitRootLogin), 만료되거나 잠기지 않았는지, 공개 키가 authorized_keys에 있고 from=이나 expiry-time에 막히지 않는지, 그 파일과 폴더와 홈 폴더에 다른 사람이 쓸 수 없는지(StrictModes) 확인하세요. 관리자 계정이면 Windows는 대신 C:\\ProgramData\\ssh\\administrators_authorized_keys를 읽으며, SYSTEM과 Administrators만 쓸 수 있어야 합니다.`,
  },
  certificateRefused: {
    says: ({ tried }) => `로그인 거절. 시도한 것: ${tried}`,
    todo: '자꾸 다시 시도하지 마세요. sshd가 벌칙을 줍니다. 인증서를 발급한 사람에게 확인하세요. 인증서의 대상과 기한은 ssh-keygen -L -f FILE-cert.pub로 볼 수 있습니다.',
  },
  loginBroken: {
    says: ({ said }) => `로그인을 계속할 수 없습니다: ${said}`,
    todo: '원인은 서버가 아니라 이쪽에 있습니다. 키와 에이전트, 질문에 대한 답을 확인하세요.',
  },
  loginSilent: {
    says: () => '서버가 제시간에 로그인을 끝내지 못했습니다',
    todo: 'PC가 도메인 컨트롤러에 닿지 못하거나 인증 서버가 느린 것이 가장 흔한 원인입니다.',
  },
  loginCut: {
    says: ({ said }) => `로그인 중에 끊겼습니다: ${said}`,
    todo: '서버가 로그인 중에 끊었습니다. 계정이나 주소를 막고 있거나, 서버 프로세스가 실패했거나, 터널이 끊겼습니다. 1분 뒤에 한 번만 다시 확인하세요.',
  },
  sessionRefused: {
    says: ({ said }) => `세션이 거절되었습니다: ${said}`,
    todo: '이 계정에 허용되지 않은 일입니다. MaxSessions 0, 강제 명령, ForceCommand internal-sftp, authorized_keys의 restrict, 셸 없음을 확인하세요.',
  },
  sessionSilent: {
    says: ({ said }) => `세션이 열리지 않습니다: ${said}`,
    todo: '로그인은 되지만 세션이 열리지 않습니다. 서버가 과부하이거나 세션 준비가 멈췄습니다(PAM, 네트워크 드라이브의 홈 폴더).',
  },
  commandHangs: {
    says: () => '곧 끝나야 할 명령이 끝나지 않습니다',
    todo: '셸이 시작할 때 하는 일을 확인하세요. 프로필, AutoRun, 답을 기다리는 셸, 강제 명령(ForceCommand, authorized_keys의 command=), 사라진 네트워크 드라이브의 홈 폴더 등입니다.',
  },
  sftpRefused: {
    says: ({ said }) => `SFTP를 쓸 수 없습니다: ${said}`,
    todo: 'sshd_config에 한 줄이 필요합니다. Windows는 "Subsystem sftp sftp-server.exe", 그 밖에는 "Subsystem sftp internal-sftp"입니다. 그 프로그램이 있어야 하고, 강제 명령이 가로채면 안 됩니다.',
  },
  sftpSilent: {
    says: () => 'SFTP가 시작되지만 응답하지 않습니다',
    todo: 'SFTP 서버가 멈췄습니다. 사라진 네트워크 드라이브의 홈 폴더, 백신 프로그램, 강제 명령을 확인하세요.',
  },
  sftpEnded: {
    says: () => 'SFTP가 시작되지만 아무 말 없이 끝납니다',
    todo: 'sshd_config의 Subsystem 줄에 있는 프로그램이 없거나 시작되지 않거나(internal-sftp를 쓰세요), 강제 명령이나 거부하는 로그인 셸이 가로채거나, ChrootDirectory 안에 그 프로그램이 없습니다.',
  },
  sftpFails: {
    says: ({ said }) => `SFTP가 응답하지만 첫 요청을 거절합니다: ${said}`,
    todo: '계정이 시작하는 폴더를 읽을 수 없습니다. 홈 폴더가 있는지, 소유자와 권한이 맞는지(ChrootDirectory도) 확인하세요.',
  },
  sftpSpoilt: {
    says: ({ said }) => `SFTP가 아닌 것이 응답합니다: ${said}`,
    todo: '셸이 시작할 때 출력하는 글이 SFTP를 망칩니다. ~/.bashrc, AutoRun, 프로필에서 출력을 빼거나 internal-sftp를 쓰세요.',
  },
  endedAtCommand: {
    says: ({ said }) => `로그인은 되지만 첫 명령에서 연결이 끊겼습니다: ${said}`,
    todo: '다시 확인하세요. 같은 곳에서 또 끊기면 서버가 세션을 끝내는 것입니다. root가 아닌 사람도 쓸 수 있는 ChrootDirectory, 계정이나 PAM의 제한, 실패하는 sshd 프로세스를 확인하세요.',
  },
  lost: {
    says: ({ said }) => `확인하는 중에 연결이 끊겼습니다: ${said}`,
    todo: '다시 확인하세요. 같은 곳에서 또 끊기면 서버의 로그를 보세요.',
  },
  unknown: { says: ({ said }) => `알 수 없는 오류입니다: ${said}`, todo: '--verbose로 다시 확인하세요.' },
};
