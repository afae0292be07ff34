/** The words of the short table and of the line below it. Figures and names are kept. */
const words: ReadonlyArray<readonly [english: RegExp, korean: string]> = [
  [/the best of the others/g, '다른 것 중 가장 나은 것'],
  [/connect \+ first command/g, '접속 + 첫 명령'],
  [/one after another/g, '하나씩 차례로'],
  [/(\d+) at a time/g, '한 번에 $1개씩'],
  [/(\d+) files of (\d+ KiB) up/g, '$2 파일 $1개 올리기'],
  [/(\d+) files of (\d+ KiB) down/g, '$2 파일 $1개 내려받기'],
  [/(\d+ MiB) up/g, '$1 올리기'],
  [/(\d+ MiB) down/g, '$1 내려받기'],
  [/, fresh process/g, ', 새 프로세스'],
  [/\(per s\)/g, '(초당)'],
  [/\((\d[\d.]*)x\)/g, '($1배)'],
  [/files in memory/g, '파일은 메모리에'],
  [/ and (?=\d+ x )/g, ' / '],
  [/, loopback,/g, ', 루프백,'],
  [/(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)/g, '$1부터 $2까지'],
];

/** The short table for README.ko.md. @throws Error for a word that has no translation here. */
export function inKorean(part: string): string {
  const text = words.reduce((said, [english, korean]) => said.replace(english, korean), part);
  const [table = ''] = text.split('\n\n');
  const left = table
    .replace(/no-delay/g, '')
    .match(/(?<![\w-])(?:a|an|and|at|by|down|files?|first|in|of|one|per|the|to|up|with|without)(?![\w-])/g);
  if (left) throw new Error(`bench/report/korean.ts has no Korean for ${left.join(', ')}`);
  return text;
}
