import { koreanAtJump } from './korean-at-jump.ts';
import { koreanFailures } from './korean-failures.ts';
import type { Words } from './words.ts';

export const korean: Words = {
  failures: koreanFailures,
  atJump: koreanAtJump,
  titles: {
    dns: 'DNS',
    tcp: 'TCP',
    banner: '배너',
    keys: '키 교환',
    hostKey: '호스트 키',
    login: '로그인',
    exec: '명령',
    sftp: 'SFTP',
    maxSessions: '동시 세션',
    keepalive: 'keepalive',
    clock: '시계',
    shell: '셸',
    disk: '디스크',
    windows: 'Windows',
  },
  marks: { ok: '정상', warn: '경고', fail: '실패', skipped: '-' },
  logs: '이유는 그 서버의 sshd 로그에 있습니다. Linux는 journalctl -u ssh나 /var/log/auth.log, Windows는 이벤트 뷰어의 응용 프로그램 및 서비스 로그, OpenSSH/Operational입니다.',
  notThePc: (says) => `${says} (PC가 아니라 게이트웨이 문제)`,
  hop: (hop) => hop.replace(/^jump (\d+) of (\d+)/, '점프 호스트 $1/$2'),
  record: (file, line) => (line === undefined ? file : `${file}, ${line}번째 줄`),
  notice: (said) => `서버의 안내: "${said}".`,
  summary: {
    fails: (step, exitCode) => `동작하지 않습니다: ${step} (종료 코드 ${exitCode}).`,
    warns: (count) => `동작합니다. 경고 ${count}개`,
    exitCode: (exitCode) => ` (종료 코드 ${exitCode})`,
    works: '모두 정상입니다.',
  },
  skipped: {
    notReached: '확인하지 못함',
    lostBefore: '그 전에 연결이 끊겼습니다',
    noCommands: '명령이 실행되어야 확인할 수 있습니다',
    noTime: '확인할 시간이 남지 않았습니다',
    noFiles: 'SFTP나 명령이 되어야 확인할 수 있습니다',
  },
  arrival: {
    dnsByRoute: '이름은 이 컴퓨터가 아니라 경로 쪽에서 찾습니다',
    dnsNotNeeded: (host) => `${host}: 이미 주소이므로 찾을 필요가 없습니다`,
    dnsFound: (host, addresses) => `${host}의 주소: ${addresses}`,
    tcp: (at) => `${at}에 연결되었습니다`,
    tcpByRoute: (at) => `경로를 거쳐 ${at}에 닿았습니다`,
    banner: 'SSH 서버가 응답했습니다',
    keys: '키를 정했습니다',
    hostKeyRight: '기록과 같습니다',
    login: (username) => `${username} 계정으로 로그인했습니다`,
    slowly: (says) => `${says}. 다만 느립니다`,
    slowlyTodo:
      '되기는 하지만 느립니다. PC가 바쁘거나 막 켜지는 중이거나, 회선이 느리거나, sshd가 네임 서버를 기다립니다.',
    slowLine: (says, roundTrip) => `${says}. 다만 회선이 느립니다: 왕복 ${roundTrip}`,
    slowLineTodo:
      '되기는 하지만 모두 오래 걸립니다. 접속은 왕복 네 번, 명령은 두 번, 작은 파일은 열 번까지 걸립니다. 시간 제한(--handshake-timeout, --auth-timeout, --timeout)과 keepalive의 간격을 그보다 넉넉히 두고, 연결 하나로 여러 명령을 실행하세요.',
    perhapsSlow: (keys) =>
      `키 교환에 걸린 시간(${keys})을 보면 회선이 느릴 뿐일 수도 있습니다. --auth-timeout 2m으로 더 기다릴 수 있습니다.`,
    unchecked: (fingerprint) => `${fingerprint}, 확인하지 않았습니다`,
    uncheckedTodo: (fingerprint) =>
      `중간의 누구나 내용을 읽고 바꿀 수 있습니다. 맞는 지문이라면 대신 --host-key ${fingerprint} 옵션을 쓰세요.`,
    recorded: (fingerprint, file) =>
      `${fingerprint}, 모르던 키여서 방금 ${file}에 기록했습니다(--accept-new)`,
    right: (fingerprint) => `${fingerprint}, 기록과 같습니다`,
    openKey: (says, file) => `${says}. 다만 이 컴퓨터의 다른 사용자도 개인 키를 읽을 수 있습니다: ${file}`,
    openKeyTodo: (file) => `chmod 600 ${file} 명령을 실행하세요. ssh는 이런 키를 거부합니다.`,
  },
  exec: {
    ok: '명령이 실행되고 출력과 종료 코드가 돌아왔습니다',
    noise: (said) => `명령은 실행되지만 그 앞에 다른 글이 나옵니다: ${said}`,
    noiseTodo:
      '셸이 시작할 때 실행하는 것(~/.bashrc, cmd의 AutoRun, $PROFILE)에서 빼세요. 스크립트가 읽는 출력과 SFTP를 망칩니다.',
    oddEnd: (code) =>
      `명령은 실행되었지만 ${code === null ? '종료 코드가 없습니다' : `종료 코드가 ${code}입니다`}`,
    answer: (said, code) =>
      `"echo"를 보냈는데 응답은 ${said || '없음'}, 종료 코드는 ${code ?? '알 수 없음'}입니다`,
    killed: (signal) => `"echo"를 보냈는데 ${signal} 시그널로 끝났습니다`,
    killedTodo:
      'PC의 무언가가 이 계정이 시작한 것을 끝냅니다. 메모리가 모자라거나, 계정의 제한(ulimit, systemd, cgroups)에 걸렸거나, 감시하는 프로그램이 있습니다. 시스템 로그를 보세요: dmesg, journalctl.',
    forcedTodo:
      '셸이 아닌 것이 명령을 받습니다. 강제 명령(ForceCommand, authorized_keys의 command=), 거부하는 로그인 셸(nologin), Windows라면 레지스트리의 DefaultShell이 없는 프로그램인지 확인하세요.',
    sessionFailsTodo:
      'sshd가 이 계정으로 아무것도 시작하지 못했습니다. root가 아닌 사람도 쓸 수 있거나 안에 셸이 없는 ChrootDirectory, 계정의 제한, 그렇게 끝나는 강제 명령을 확인하세요. 이유는 그 서버의 로그에 있습니다.',
    sftpOnlyTodo:
      'SFTP 전용 계정입니다(ForceCommand internal-sftp). 파일은 옮길 수 있지만 명령에는 다른 계정이 필요합니다.',
    nologinTodo:
      '로그인 셸이 거부합니다(nologin). 실제 셸을 주거나(usermod -s /bin/sh NAME) 다른 계정을 쓰세요.',
    passwordExpiredTodo:
      '계정의 암호가 만료되어 바꾸기 전에는 아무것도 실행되지 않습니다. ssh -t로 한 번 로그인해 바꾸거나 바꿔 달라고 하세요(passwd, Windows는 net user). 자동 작업 계정의 암호는 만료되지 않게 두어야 합니다.',
    accountExpiredTodo: '계정이 만료되었습니다. chage -l NAME으로 확인하고 chage -E -1 NAME으로 풉니다.',
    noShellTodo:
      '로그인 셸이 없거나 시작되지 않습니다. /etc/passwd를, Windows라면 HKLM\\SOFTWARE\\OpenSSH의 DefaultShell을 확인하세요.',
  },
  sftp: { ok: (home) => `SFTP가 응답합니다. 시작 폴더: ${home}` },
  maxSessions: {
    unmeasured: '동시에 몇 개의 명령이 되는지 잴 수 없었습니다',
    more: (count) => `동시에 ${count}개 이상 실행됩니다`,
    limit: (count) => `동시에 ${count}개 실행됩니다. 나머지는 차례를 기다립니다`,
    one: '한 번에 하나만 실행됩니다. SFTP도 하나로 치며, 나머지는 모두 기다립니다',
    oneTodo: 'sshd_config의 기본값은 MaxSessions 10입니다.',
  },
  keepalive: {
    ok: '살아 있는지 물으면 서버가 답합니다',
    closed: '쉬고 있던 연결이 끊겼습니다',
    second: (says) => `두 번째 연결이 되지 않았습니다: ${says}`,
    unanswered: '살아 있는지 물어도 서버가 답하지 않습니다. 쉬고 있는 연결을 죽은 것으로 보게 됩니다',
    unansweredTodo:
      'keepalive: false(--keepalive none)를 쓰세요. 그러면 사라진 PC는 무언가 보낼 때에야 알 수 있습니다. OpenSSH는 답합니다. 다른 서버이거나 중간에서 삼키는 것입니다.',
  },
  clock: {
    unread: '서버의 시계를 읽을 수 없었습니다',
    agrees: '서버의 시계가 이 컴퓨터와 같습니다',
    ahead: (amount) => `서버의 시계가 ${amount} 빠릅니다`,
    behind: (amount) => `서버의 시계가 ${amount} 느립니다`,
    todo: '로그를 비교할 수 없고 인증서와 Kerberos가 실패할 수 있습니다. Windows에서는 w32tm /resync를 실행하세요.',
  },
  shell: {
    unknown: '어떤 셸이 명령을 받는지 알 수 없습니다',
    unknownTodo: '인수 배열, cwd, env를 쓸 때는 shell 옵션을 주세요. 따옴표 규칙이 셸마다 다릅니다.',
    unnamed: '알 수 없는 셸',
    noCodePage: (name) => `${name}, 코드 페이지를 알 수 없습니다`,
    utf8: (name) => `${name}, 코드 페이지 65001: 출력은 UTF-8입니다`,
    codePage: (name, page, encoding) =>
      `${name}, 코드 페이지 ${page}: 출력은 encoding: '${encoding}'으로 읽으세요 (exec --encoding ${encoding})`,
  },
  disk: {
    ok: (free) => `파일을 쓰고 지웠습니다. 남은 공간 ${free}`,
    written: '파일을 쓰고 지웠습니다',
    unknown: '남은 공간을 읽을 수 없었습니다',
    nearlyFull: (percent, free) => `디스크가 ${percent} % 찼습니다. 남은 공간 ${free}`,
    nearlyFullTodo: '업로드나 작업이 다 채우기 전에 공간을 비우세요.',
    full: '디스크가 가득 차서 아무것도 쓸 수 없습니다',
    fullTodo:
      '공간을 비우세요. 업로드가 실패하고 작업의 출력이 남지 않습니다. 무엇이 차지하는지는 df -h, du -xsh *로 봅니다.',
    readOnly: '디스크가 읽기 전용이라 아무것도 쓸 수 없습니다',
    readOnlyTodo:
      'Linux는 손상된 디스크를 읽기 전용으로 바꿉니다. dmesg를 보고 디스크를 검사하세요(fsck). 그 전까지 업로드와 작업이 실패합니다.',
    quota: '계정의 할당량을 다 써서 아무것도 쓸 수 없습니다',
    quotaTodo: '홈 폴더를 비우거나 할당량을 늘리세요.',
    denied: (home) => `계정이 시작 폴더 ${home}에 쓸 수 없습니다`,
    deniedTodo:
      '작업은 상태를 홈 폴더에 둡니다. 소유자와 권한을 고치세요. 홈 폴더가 아예 없으면 sshd는 /에서 시작합니다. 홈 폴더를 만드세요.',
    failed: (said) => `파일을 쓸 수 없었습니다: ${said}`,
    failedTodo:
      '디스크가 가득 찼거나 읽기 전용이거나, 이 계정이 그 폴더에 쓸 수 없는 것이 가장 흔한 원인입니다.',
    silent: '파일을 쓰려 했지만 아무 응답이 없습니다',
    silentTodo:
      '디스크나 네트워크 드라이브가 멈췄거나, 바로 그때 회선이 끊겼습니다. 1분 뒤 한 번 더 확인하세요. 업로드도 거기서 기다리게 됩니다.',
  },
  windows: {
    unread: 'PowerShell이 PC에 대해 아무것도 알려 주지 않았습니다',
    unreadTodo:
      '작업에는 PowerShell이 필요합니다. 이 계정에 막혀 있는지, 시작이 너무 느린지(백신, 네트워크 드라이브의 프로필) 확인하세요.',
    administrator: '모든 권한을 가진 관리자',
    standard: '표준 계정',
    longPaths: '긴 경로 허용',
    shortPaths: '경로는 259자까지',
    free: (amount) => `C: 남은 공간 ${amount}`,
    oldVersion: (version) =>
      `OpenSSH ${version} 버전은 8.6보다 오래되었습니다. 파일을 한 번에 바꿔치기하지 못하고 SFTP 쓰기가 한 번에 100 KiB로 제한됩니다. 업데이트하세요.`,
    restricted: (mode) =>
      `PowerShell이 제한되어 있습니다: ${mode} (AppLocker, WDAC). 작업과 체크섬이 되지 않습니다. 이 계정을 예외로 두세요.`,
    oldPowerShell: (version) => `PowerShell ${version} 버전은 5.1보다 오래되었습니다. 업데이트하세요.`,
    noWmi: (elevated) =>
      elevated
        ? 'WMI가 응답하지 않아 대화형 작업을 시작할 수 없습니다. Winmgmt 서비스를 확인하세요.'
        : '이 계정은 WMI를 쓸 수 없어 대화형 작업을 시작할 수 없습니다. 관리자가 허용할 수 있습니다(wmimgmt.msc).',
    sleeps: (after) =>
      `PC가 ${after} 뒤에 절전 모드로 들어가 그때마다 좀비를 남깁니다: powercfg /change standby-timeout-ac 0.`,
    notAutomatic: (type) =>
      `sshd의 시작 유형(${type}) 때문에 다시 켜면 올라오지 않습니다: Set-Service sshd -StartupType Automatic.`,
    littleRoom: (free) => `C:에 ${free}만 남았습니다. 공간을 비우세요.`,
    notWindows: 'Windows PC가 아닙니다',
  },
};
