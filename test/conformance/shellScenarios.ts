import type { Scenarios } from './setup.ts';
import { snapshotGreeting } from './snapshot.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const slowLines = Array.from({ length: 10 }, (_, index) => `line ${index}\n`).join('');

const echoServer = [
  'import socketserver',
  'class Echo(socketserver.BaseRequestHandler):',
  '    def handle(self):',
  '        for data in iter(lambda: self.request.recv(65536), b""):',
  '            self.request.sendall(data)',
  'socketserver.ThreadingTCPServer.daemon_threads = True',
  'server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)',
  'print("port", server.server_address[1])',
  'server.serve_forever()',
].join('\n');

/** The scenarios as POSIX shell commands. They expect the files of `makeSnapshot` in their working folder. */
export const shellScenarios: Scenarios = {
  prints: {
    command: String.raw`cat data/greeting.txt; printf 'half a character \303'; printf 'on stderr\n\377\000no end' >&2`,
    stdout: Buffer.concat([bytes(snapshotGreeting), bytes('half a character '), Buffer.from([0xc3])]),
    stderr: Buffer.concat([bytes('on stderr\n'), Buffer.from([0xff, 0x00]), bytes('no end')]),
  },
  fails: { command: 'echo about to fail; exit 3' },
  killed: { command: 'kill -KILL $$' },
  endless: { command: 'echo ready; while :; do sleep 0.1; done' },
  slow: {
    command: 'i=0; while [ $i -lt 10 ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done',
    stdout: bytes(slowLines),
  },
  writes: {
    command: String.raw`mkdir -p out && printf 'loss 0.1\n' > out/metrics.txt && printf '\000\377' > out/model.bin && ln -s /etc/passwd out/away.txt && ln -s /etc outside && printf x > other.txt`,
    files: {
      'out/metrics.txt': bytes('loss 0.1\n'),
      'out/model.bin': Buffer.from([0x00, 0xff]),
      'other.txt': bytes('x'),
    },
    glob: 'out/**',
    escapes: ['out/away.txt', 'outside/passwd'],
  },
  serves: { command: `python3 -u -c '${echoServer}'` },
  shell: {
    says: [
      { types: 'echo one$((1+1))three\r', prints: 'one2three' },
      { types: String.raw`printf 'gr\303\274\303\237e\n'` + '\r', prints: 'grüße' },
    ],
    asksSize: 'stty size\r',
    exits: { types: 'exit 3\r', code: 3 },
  },
};
